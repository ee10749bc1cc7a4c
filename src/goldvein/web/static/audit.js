// Judging benchmarks in doubt: one is taken in hand, shown blindly, answered, and only then is all of it told.
// The next one is in hand before this one is left, so that Enter brings it at once.

import { keepInHand, onKeys, optionOf, say, sender } from "/static/in_hand.js";
import { element, TaskView, UNANSWERABLE } from "/static/task.js";

const send = sender("/v1/audit/benchmarks");
const NONE = { words: "Cannot be answered", key: "0" };
const VERDICTS = {
  confirmed: "The key stands: you say the same",
  rekeyed: "You say otherwise: your answer is the key now",
  ambiguous: "Retired: there is no clear answer",
};

const $ = (id) => document.getElementById(id);
const root = $("judging");
const project = root.dataset.project ? Number(root.dataset.project) : null;

let item = null; // what is in hand
let view = null;
let ahead = null; // the promise of the next one
let aheadAt = 0;
let place = null; // the place of the last one given back: the others come after it
let state = "loading"; // asked, sending, told, over

const address = (one) => `/${one.project}/${one.task}`;
const askNext = () => send("/next", { project, after: place });

function show(name) {
  state = name;
  for (const part of ["asked", "told", "over"]) $(part).hidden = part !== name;
}

// --- one in hand -----------------------------------------------------------------------------------

function ask(found, at = Date.now()) {
  item = found;
  claimed(at);
  if (!found) return finish();
  view = new TaskView($("task"), { type: found.type, input: found.input }, { name: "judged", unanswerable: NONE });
  $("project").textContent = found.project;
  $("instruction").textContent = found.instruction;
  tellUntil();
  show("asked");
  $("asked-head").focus();
}

function finish() {
  $("over-text").textContent = place
    ? "That was the last one. Those that you gave back still wait for somebody."
    : "No benchmark in doubt waits for you.";
  show("over");
  $("again").focus();
}

function tellUntil() {
  $("until").textContent = new Date(item.claimed_until).toLocaleTimeString([], { timeStyle: "short" });
}

async function begin() {
  say("");
  state = "loading";
  const wanted = Number(root.dataset.task);
  root.dataset.task = "";
  try {
    ask(wanted ? await send(`/${project}/${wanted}/claim`) : await askNext());
  } catch (error) {
    say(error.message, "warn");
    if (wanted) await begin_anyway();
    else show("over");
  }
}

async function begin_anyway() {
  const why = $("said").textContent;
  ask(await askNext().catch(() => null));
  say(why, "warn");
}

async function answer() {
  if (state !== "asked") return;
  if (view.picked === null) return say("Pick an option first, or say that it cannot be answered.", "warn");
  state = "sending";
  view.disabled = true;
  try {
    tell(await send(`${address(item)}/answer`, { answer: view.answer }));
  } catch (error) {
    await stumble(error);
  }
}

async function stumble(error) {
  if (error.code === "benchmark_claimed" || error.code === "benchmark_unknown") {
    const why =
      error.code === "benchmark_claimed"
        ? "Your time for the last one was over, and another auditor has it now: your answer was not taken. Here is the next one."
        : "The last one is in doubt no more: your answer was not needed. Here is the next one.";
    ask(await askNext().catch(() => null));
    return say(why, "warn");
  }
  view.disabled = false;
  state = "asked";
  say(`${error.message} Nothing is lost: try again.`, "error");
}

async function giveBack() {
  if (state !== "asked") return;
  state = "sending";
  say("");
  try {
    await send(`${address(item)}/release`);
    place = item.place;
    ask(await askNext());
  } catch (error) {
    await stumble(error);
  }
}

// --- all that is known -----------------------------------------------------------------------------

function tell(found) {
  say("");
  $("verdict").textContent = VERDICTS[found.verdict];
  $("follows").textContent = follows(found);
  $("reason").textContent = `It was in doubt because: ${found.flag}.`;
  const panel = (option) => found.panel.filter((word) => word.choice === option).length;
  const rows = found.shown.map((option, position) => [
    String(position + 1),
    item.input.options[position],
    String(found.choices[option]),
    String(panel(option)),
    marks(found, option),
  ]);
  if (found.unanswerable || panel(-1) || found.choice === null)
    rows.push(["", "It cannot be answered", String(found.unanswerable), String(panel(-1)), marks(found, null)]);
  $("options").replaceChildren(...rows.map(row));
  $("words").replaceChildren(
    ...quotes("The panel's comments", found.panel.filter((word) => word.text), found),
    ...quotes("Disputes", found.disputes, found),
  );
  const again = new TaskView($("task-again"), { type: item.type, input: item.input }, { name: "again" });
  again.disabled = true;
  $("comment").hidden = false;
  $("comment-text").value = "";
  $("whole").href = `/projects/${found.project}/benchmarks/${found.task}`;
  ahead = askNext();
  aheadAt = Date.now();
  ahead.catch(() => {});
  show("told");
  $("verdict").focus();
}

function follows(found) {
  const sure = found.key_right === null ? "" : `${(100 * found.key_right).toFixed(1)}%`;
  if (found.verdict === "confirmed")
    return `It is in use, and its key is believed at ${sure}. What was struck out of its answers while it was frozen counts again.`;
  if (found.verdict === "rekeyed")
    return `The new key is believed at ${sure}. Whoever answered it is judged anew within seconds, and the customer's label of this task is withdrawn and delivered anew.`;
  return "Nobody is tested with it any more. What was answered to it stays as it counts.";
}

function marks(found, option) {
  const said = [];
  if (option === found.choice) said.push(["your answer", "info"]);
  if (option === found.key_before) said.push([found.verdict === "rekeyed" ? "the key until now" : "the key", "warn"]);
  if (found.verdict === "rekeyed" && option === found.choice) said.push(["the key", "good"]);
  return said.map(([text, kind]) => element("span", `badge ${kind}`, text));
}

function row(cells) {
  const line = document.createElement("tr");
  cells.forEach((cell, place) => {
    const box = element("td", place === 2 || place === 3 ? "num" : "");
    if (place === 1) box.dir = "auto";
    box.append(...(Array.isArray(cell) ? cell.flatMap((part) => [part, " "]) : [cell]));
    line.append(box);
  });
  return line;
}

function quotes(title, words, found) {
  if (!words.length) return [];
  const list = element("ul", "quotes");
  for (const word of words) {
    const line = element("li");
    const chose = word.choice === null ? "" : word.choice < 0 ? " (cannot be answered)" : ` (option ${found.shown.indexOf(word.choice) + 1})`;
    const text = element("q", "", word.text);
    text.dir = "auto";
    line.append(element("bdi", "", word.labeler), `${chose}: `, text);
    list.append(line);
  }
  return [element("h3", "", title), list];
}

async function next() {
  if (state !== "told") return;
  state = "loading";
  say("");
  try {
    ask(await ahead, aheadAt);
  } catch {
    await begin();
  }
}

async function comment(event) {
  event.preventDefault();
  const text = $("comment-text").value.trim();
  if (!text) return;
  try {
    await send(`${address(item)}/comment`, { comment: text });
    $("comment").hidden = true;
    say("Your comment stands in the log of this benchmark.", "good");
    $("next").focus();
  } catch (error) {
    say(error.message, "error");
  }
}

// --- keys, and time --------------------------------------------------------------------------------

const claimed = keepInHand({
  send,
  held: () => (state === "asked" ? address(item) : null),
  renew: "claim",
  renewed: (reply) => {
    item.claimed_until = reply.claimed_until;
    tellUntil();
  },
  failed: stumble,
  gone: () => {
    $("over-text").textContent = "Nobody was here for ten minutes, so the benchmark went back to the others.";
    show("over");
  },
});
onKeys((key) => {
  if (state === "told" && key === "Enter") return next;
  if (state !== "asked") return null;
  const option = optionOf(key);
  return option === null ? { Enter: answer, s: giveBack }[key] : () => view.pick(option);
});

// Whoever leaves the page gives back what is in hand, and what was fetched ahead.
addEventListener("pagehide", () => {
  const release = (one) => one && send(`${address(one)}/release`, {}, { keepalive: true }).catch(() => {});
  if (state === "asked") release(item);
  if (state === "told") ahead?.then(release, () => {});
});
addEventListener("pageshow", (event) => {
  if (event.persisted) begin();
});

$("answer").addEventListener("click", answer);
$("back").addEventListener("click", giveBack);
$("next").addEventListener("click", next);
$("again").addEventListener("click", () => {
  place = null;
  begin();
});
$("comment").addEventListener("submit", comment);
begin();
