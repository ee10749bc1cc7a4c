// Labelers' tasks, answered a second time: one is taken in hand, answered blindly, and the next one comes.
// Nothing is told of whose work it is, neither before nor after.

import { TaskView, UNANSWERABLE } from "/static/task.js";

const RENEW_EVERY = 5 * 60_000; // a claim lasts 15 minutes
const IDLE_AFTER = 10 * 60_000; // whoever is gone for so long gives it back
const HERE = "/v1/audit/work";
const NONE = { words: "No option is clearly right", key: "0" };

const $ = (id) => document.getElementById(id);
const root = $("seconding");
const project = root.dataset.project ? Number(root.dataset.project) : null;

let item = null; // what is in hand
let view = null;
let place = null; // the place of the last one given back: the others come after it
let state = "loading"; // asked, sending, over
let claimedAt = 0;
let movedAt = Date.now();
let count = 0;

async function send(path, body, more = {}) {
  const response = await fetch(HERE + path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body ?? {}),
    ...more,
  });
  if (response.status === 204) return null;
  const reply = await response.json().catch(() => ({}));
  if (!response.ok) throw Object.assign(new Error(reply.detail ?? "The server did not answer."), { code: reply.code });
  return reply;
}

const address = (one) => `/${one.project}/${one.piece}`;

function show(name) {
  state = name;
  for (const part of ["asked", "over"]) $(part).hidden = part !== name;
}

function say(text, kind = "") {
  $("said").className = `notice ${kind}`;
  $("said").textContent = text;
  $("said").hidden = !text;
}

async function next() {
  state = "loading";
  try {
    item = await send("/next", { project, after: place });
  } catch (error) {
    say(error.message, "error");
    $("over-text").textContent = "Nothing could be fetched.";
    return show("over");
  }
  if (!item) {
    $("over-text").textContent = place
      ? "That was the last one. Those that you gave back wait for somebody else."
      : "No labeler's task waits for you. They are drawn once a week.";
    show("over");
    return $("again").focus();
  }
  claimedAt = Date.now();
  view = new TaskView($("task"), { type: item.type, input: item.input }, { name: "second", unanswerable: NONE });
  $("project").textContent = item.project;
  $("instruction").textContent = item.instruction;
  tellUntil();
  show("asked");
  $("asked-head").focus();
}

function tellUntil() {
  $("until").textContent = new Date(item.claimed_until).toLocaleTimeString([], { timeStyle: "short" });
}

async function answer() {
  if (state !== "asked") return;
  if (view.picked === null) return say("Pick an option first, or say that none is clearly right.", "warn");
  state = "sending";
  view.disabled = true;
  const said = view.picked === UNANSWERABLE ? { unclear: true } : { answer: view.answer };
  try {
    await send(`${address(item)}/answer`, said);
    $("count").textContent = ++count;
    say("");
    await next();
  } catch (error) {
    await stumble(error);
  }
}

async function stumble(error) {
  if (error.code === "piece_not_in_hand" || error.code === "piece_unknown") {
    await next();
    return say("Your time for the last one was over: your answer was not taken. Here is the next one.", "warn");
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
    await next();
  } catch (error) {
    await stumble(error);
  }
}

document.addEventListener("keydown", (event) => {
  movedAt = Date.now();
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.repeat) return;
  const onControl = event.target.matches("button, a, summary");
  if (state !== "asked" || (event.key === "Enter" && onControl)) return;
  const act = { Enter: answer, s: giveBack, S: giveBack }[event.key];
  if (act) act();
  else if (/^[0-9]$/.test(event.key)) view.pick(event.key === "0" ? UNANSWERABLE : Number(event.key) - 1);
  else return;
  event.preventDefault();
});
document.addEventListener("pointermove", () => (movedAt = Date.now()), { passive: true });

setInterval(async () => {
  if (state !== "asked") return;
  if (Date.now() - movedAt > IDLE_AFTER) {
    await send(`${address(item)}/release`).catch(() => {});
    $("over-text").textContent = "Nobody was here for ten minutes, so the task went back to the others.";
    show("over");
  } else if (Date.now() - claimedAt > RENEW_EVERY) {
    try {
      item.claimed_until = (await send(`${address(item)}/renew`)).claimed_until;
      claimedAt = Date.now();
      tellUntil();
    } catch (error) {
      await stumble(error);
    }
  }
}, 30_000);

$("answer").addEventListener("click", answer);
$("back").addEventListener("click", giveBack);
$("again").addEventListener("click", () => {
  place = null;
  next();
});
next();
