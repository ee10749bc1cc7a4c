// Practice: a task, an answer, and at once what is right and why. It counts for nothing.

import { TaskView } from "./task.js";
import { post } from "./work/api.js";
import { Keys } from "./work/keys.js";

const root = document.querySelector("#practice");
const project = Number(root.dataset.project);
const keys = new Keys(root.dataset.account);
const part = (name) => root.querySelector(`[data-part=${name}]`);
let task = null;
let view = null;
let isTold = false;
let done = 0;
let right = 0;

async function next() {
  await guarded(async () => {
    const reply = await post("/v1/practice/next", { project });
    isTold = false;
    part("feedback").hidden = true;
    if (!reply.practice) {
      part("task").hidden = true;
      part("none").hidden = false;
      return;
    }
    task = reply;
    part("question").textContent = task.project.instructions;
    part("task").hidden = false;
    view = new TaskView(part("content"), task.task, { keys: keys.options });
    part("go-words").textContent = "Check";
    part("content").focus({ preventScroll: true });
    window.scrollTo({ top: 0, behavior: "instant" });
  });
}

async function check() {
  if (view.picked === null) {
    tell("Pick an option first.", "warn");
    return;
  }
  await guarded(async () => {
    const told = await post(`/v1/practice/${task.practice}/answer`, { answer: view.answer });
    isTold = true;
    done += 1;
    right += told.right ? 1 : 0;
    view.reveal(told.choice, view.picked);
    part("verdict").textContent = told.right ? "That is right." : "Others see it differently: the marked option is right.";
    part("feedback").className = `notice ${told.right ? "good" : "warn"}`;
    part("reasons").replaceChildren(...told.reasons.map(quoted));
    part("feedback").hidden = false;
    part("score").textContent = `${right} of ${done} right`;
    part("go-words").textContent = "Next";
  });
}

function quoted(reason) {
  const item = document.createElement("li");
  item.dir = "auto";
  item.textContent = reason;
  return item;
}

async function guarded(act) {
  part("go").disabled = true;
  tell("");
  try {
    await act();
  } catch (error) {
    if (error.status === 401) window.location.assign(`/login?next=${encodeURIComponent(window.location.pathname + window.location.search)}`);
    else tell(error.status ? error.message : "No connection: try again in a moment.", "error");
  } finally {
    part("go").disabled = false;
  }
}

function tell(text, kind = "info") {
  part("told").hidden = !text;
  part("told").className = `notice ${kind}`;
  part("told").textContent = text;
}

const go = () => !part("go").disabled && (isTold || !view ? next() : check());
part("go").addEventListener("click", go);
document.addEventListener("keydown", (event) => {
  const action = keys.action(event);
  const place = /^option(\d)$/.exec(action ?? "");
  if (!place && action !== "submit") return;
  event.preventDefault();
  if (place) view?.pick(Number(place[1]) - 1);
  else go();
});
for (const place of root.querySelectorAll("kbd[data-key]")) place.textContent = keys.label(place.dataset.key);
next();
