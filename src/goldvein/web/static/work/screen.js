// What a labeler's page shows: a task, or why there is none, and a line that says how things stand.

import { TaskView, UNANSWERABLE } from "../task.js";
import { inWords, whyNothing } from "./words.js";

const SAID = 200;

export class Screen {
  // root: the page's part; keys: which key does what; onPick(): an option was picked.
  constructor(root, keys, onPick) {
    this.root = root;
    this.onPick = onPick;
    this.keys = keys;
    this.part = (name) => root.querySelector(`[data-part=${name}]`);
    this.view = null;
    this.showKeys();
  }

  // A task, with what was picked before where it comes back by undo.
  showTask(work, { picked = null, comment = "" } = {}) {
    this.#only("task");
    this.part("project").textContent = work.project.name;
    this.part("question").textContent = work.project.instructions;
    document.querySelector("#instructions-text").textContent = work.project.instructions;
    this.view = new TaskView(this.part("content"), work.task, {
      onPick: this.onPick,
      keys: this.keys.options,
      unanswerable: { words: "Cannot be answered", key: this.keys.label("none") },
    });
    this.comment = comment;
    if (picked !== null) this.view.pick(picked);
    else this.part("content").focus({ preventScroll: true });
    window.scrollTo({ top: 0, behavior: "instant" });
    this.say(`${picked === null ? "Next task" : "Again"}: ${String(work.task.input.prompt ?? "").slice(0, SAID)}`);
  }

  showNothing(reason, retryAfterSeconds) {
    const { title, text } = whyNothing(reason);
    this.#only("nothing");
    this.part("why").textContent = title;
    this.part("why-text").textContent = text;
    this.part("when").textContent = `This page looks again by itself, in ${inWords(retryAfterSeconds)}.`;
    this.say(title);
  }

  showElsewhere() {
    this.#only("elsewhere");
  }

  showLoading() {
    this.#only("loading");
  }

  // A line that stays until another one comes: kind is info, warn, error or empty for none.
  tell(text, kind = "info") {
    const line = this.part("told");
    line.hidden = !text;
    line.className = `notice ${kind}`;
    line.textContent = text;
  }

  // For those who listen instead of looking.
  say(text) {
    this.part("said").textContent = text;
  }

  get comment() {
    return this.root.querySelector("#comment").value.trim();
  }

  set comment(text) {
    this.root.querySelector("#comment").value = text;
    this.part("comment").open = text !== "";
  }

  set sending(value) {
    if (this.view) this.view.disabled = value;
    this.part("submit").disabled = value;
    this.root.setAttribute("aria-busy", String(value));
  }

  set canUndo(value) {
    this.part("undo").disabled = !value;
    this.part("undo-last").hidden = !value;
  }

  set today(count) {
    this.part("today").textContent = `${count.toLocaleString()} today`;
  }

  // Which keys do what, wherever it stands on the page.
  showKeys() {
    for (const place of this.root.querySelectorAll("kbd[data-key]")) {
      place.textContent = this.keys.label(place.dataset.key);
    }
    this.part("content").querySelectorAll(".task-option:not(.task-none) > kbd").forEach((place, position) => {
      place.textContent = this.keys.options[position];
    });
    const none = this.part("content").querySelector(".task-none > kbd");
    if (none) none.textContent = this.keys.label("none");
  }

  get picked() {
    return this.view?.picked ?? null;
  }

  pick(position) {
    this.view?.pick(position);
    if (this.picked !== null) this.onPick();
  }

  pickNone() {
    this.pick(UNANSWERABLE);
  }

  #only(name) {
    for (const one of ["task", "nothing", "elsewhere", "loading"]) this.part(one).hidden = one !== name;
  }
}
