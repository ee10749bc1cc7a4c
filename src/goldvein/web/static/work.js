// The labeler's page: keys and buttons to the desk, dialogs, and the one tab that works.

import { Attention } from "./work/attention.js";
import { Desk } from "./work/desk.js";
import { Keys, keysDialog } from "./work/keys.js";
import { Screen } from "./work/screen.js";
import { workHere } from "./work/tabs.js";
import { Unsent } from "./work/unsent.js";

const root = document.querySelector("#work");
const { account, project, today } = root.dataset;
const dialog = (name) => document.querySelector(`#${name}-dialog`);

const keys = new Keys(account);
const screen = new Screen(root, keys, () => desk.lookAhead());
const remind = document.querySelector("#remind");
const silent = `goldvein.silent.${account}`;
remind.checked = localStorage.getItem(silent) === null;
remind.addEventListener("change", () => {
  if (remind.checked) localStorage.removeItem(silent);
  else localStorage.setItem(silent, "1");
});
const attention = new Attention({
  onTired: () => remind.checked && screen.tell("You have worked for 50 minutes: look away for a while, stretch, drink something."),
});
let count = Number(today);
const counted = (more = 1) => {
  count += more;
  screen.today = count;
};
const desk = new Desk({
  screen,
  unsent: new Unsent(account),
  attention,
  project: project ? Number(project) : null,
  onAnswered: counted,
  onSignedOut: () => dialog("signed-out").showModal(),
});

const ACTIONS = {
  submit: () => desk.submit(),
  undo: () => desk.undo(),
  none: () => screen.pickNone(),
  skip: () => desk.current && dialog("skip").showModal(),
  unclear: () => desk.current && dialog("unclear").showModal(),
  comment: () => {
    screen.part("comment").open = true;
    root.querySelector("#comment").focus();
  },
  instructions: () => dialog("instructions").showModal(),
  keys: () => dialog("keys").showModal(),
  look: () => desk.look(),
  here: () => begin(true),
};

document.addEventListener("keydown", (event) => {
  const action = keys.action(event);
  if (!action) return;
  const place = /^option(\d)$/.exec(action);
  if (!place && !(action in ACTIONS)) return;
  event.preventDefault();
  if (place) screen.pick(Number(place[1]) - 1);
  else ACTIONS[action]();
});

root.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  if (button) ACTIONS[button.dataset.do]();
});

// Escape leaves the comment and goes back to the task.
root.querySelector("#comment").addEventListener("keydown", (event) => {
  if (event.key === "Escape") screen.part("content").focus();
});

for (const name of ["skip", "unclear"]) {
  dialog(name).querySelector("form").addEventListener("submit", (event) => {
    if (event.submitter?.value !== "yes") return;
    const form = new FormData(event.target);
    const reason = (form.get(`${name}-words`) || form.get("reason") || "").trim();
    if (name === "skip") desk.skip(reason || null);
    else desk.dispute(reason || "unclear");
    event.target.reset();
  });
}
keysDialog(dialog("keys"), keys, () => screen.showKeys());

function begin(steal = false) {
  const elsewhere = () => {
    desk.stop();
    screen.showElsewhere();
  };
  workHere({ gained: () => desk.start(), lost: elsewhere, busy: elsewhere, steal });
}
counted(0);
begin();
