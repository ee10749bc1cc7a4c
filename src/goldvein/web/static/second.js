// Labelers' tasks, answered a second time: one is taken in hand, answered blindly, and the next one comes.
// Nothing is told of whose work it is, neither before nor after.

import { keepInHand, onKeys, optionOf, say, sender } from "/static/in_hand.js";
import { TaskView, UNANSWERABLE } from "/static/task.js";

const send = sender("/v1/audit/work");
const NONE = { words: "No option is clearly right", key: "0" };

const $ = (id) => document.getElementById(id);
const root = $("seconding");
const project = root.dataset.project ? Number(root.dataset.project) : null;

let item = null; // what is in hand
let view = null;
let place = null; // the place of the last one given back: the others come after it
let state = "loading"; // asked, sending, over
let count = 0;

const address = (one) => `/${one.project}/${one.piece}`;

function show(name) {
  state = name;
  for (const part of ["asked", "over"]) $(part).hidden = part !== name;
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
      : "No labeler's task waits for you. More are drawn through the week.";
    show("over");
    return $("again").focus();
  }
  claimed(Date.now());
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

const claimed = keepInHand({
  send,
  held: () => (state === "asked" ? address(item) : null),
  renew: "renew",
  renewed: (reply) => {
    item.claimed_until = reply.claimed_until;
    tellUntil();
  },
  failed: stumble,
  gone: () => {
    $("over-text").textContent = "Nobody was here for ten minutes, so the task went back to the others.";
    show("over");
  },
});
onKeys((key) => {
  if (state !== "asked") return null;
  const option = optionOf(key);
  return option === null ? { Enter: answer, s: giveBack }[key] : () => view.pick(option);
});

// Whoever leaves the page gives back what is in hand.
addEventListener("pagehide", () => {
  if (state === "asked") send(`${address(item)}/release`, {}, { keepalive: true }).catch(() => {});
});
addEventListener("pageshow", (event) => {
  if (event.persisted) next();
});

$("answer").addEventListener("click", answer);
$("back").addEventListener("click", giveBack);
$("again").addEventListener("click", () => {
  place = null;
  next();
});
next();
