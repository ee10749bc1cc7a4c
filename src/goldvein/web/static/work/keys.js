// Which key does what: shown on the page, changed in a dialog, kept in the browser. No key needs another one
// held down, so each can be reached with one finger.

export const ACTIONS = [
  ["submit", "Submit the answer", "Enter"],
  ["undo", "Take the last answer back", "z"],
  ["none", "Cannot be answered", "0"],
  ["skip", "Skip the task", "s"],
  ["unclear", "Say that the task is unclear", "u"],
  ["comment", "Add a comment", "c"],
  ["instructions", "Read the instructions", "i"],
  ["keys", "Change keys", "k"],
  ...Array.from({ length: 9 }, (_, place) => [`option${place + 1}`, `Pick option ${place + 1}`, String(place + 1)]),
];
const DEFAULTS = Object.fromEntries(ACTIONS.map(([action, , key]) => [action, key]));
const NOT_TAKEN = new Set(["Tab", "Escape", "Shift", "Control", "Alt", "Meta", "Dead", "Process", "Unidentified", "CapsLock", "ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"]);
const TYPED_IN = "textarea, select, [contenteditable], input:not([type=radio])";

export class Keys {
  constructor(account, storage = window.localStorage) {
    this.storageKey = `goldvein.keys.${account}`;
    this.storage = storage;
    this.map = { ...DEFAULTS, ...this.#stored() };
  }

  // The action that a key press means; null where it means what it always does in a browser.
  action(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.repeat) return null;
    if (document.querySelector("dialog[open]") || event.target.closest?.(TYPED_IN)) return null;
    if (event.key === "Enter" && event.target.closest?.("a, button, summary")) return null;
    const key = normal(event.key);
    return Object.keys(this.map).find((action) => this.map[action] === key) ?? null;
  }

  get options() {
    return Array.from({ length: 9 }, (_, place) => shown(this.map[`option${place + 1}`]));
  }

  label(action) {
    return shown(this.map[action]);
  }

  // Give an action another key; says why not, or null.
  change(action, key) {
    if (NOT_TAKEN.has(key)) return `${shown(key)} has another use in browsers: take another key.`;
    const taken = Object.keys(this.map).find((other) => other !== action && this.map[other] === normal(key));
    if (taken) return `${shown(key)} is taken: "${title(taken)}". Change that one first.`;
    this.map[action] = normal(key);
    this.#store();
    return null;
  }

  reset() {
    this.map = { ...DEFAULTS };
    this.#store();
  }

  #stored() {
    try {
      const found = Object.entries(JSON.parse(this.storage.getItem(this.storageKey) ?? "{}"));
      return Object.fromEntries(found.filter(([action, key]) => action in DEFAULTS && typeof key === "string"));
    } catch {
      return {};
    }
  }

  #store() {
    const changed = Object.entries(this.map).filter(([action, key]) => DEFAULTS[action] !== key);
    try {
      this.storage.setItem(this.storageKey, JSON.stringify(Object.fromEntries(changed)));
    } catch {
      // Storage is forbidden: the change lasts as long as the page.
    }
  }
}

// The dialog in which keys are changed; onChange() after each change.
export function keysDialog(dialog, keys, onChange) {
  const list = dialog.querySelector("ul");
  const said = dialog.querySelector("[role=status]");
  const draw = () => {
    list.replaceChildren(...ACTIONS.map(([action, words]) => line(action, words)));
    onChange();
  };
  const line = (action, words) => {
    const item = document.createElement("li");
    const text = document.createElement("span");
    const button = document.createElement("button");
    text.textContent = words;
    button.type = "button";
    button.className = "secondary";
    button.dataset.action = action;
    button.textContent = keys.label(action);
    button.setAttribute("aria-label", `${words}: ${keys.label(action)}. Press to change.`);
    button.addEventListener("click", () => listen(button, action));
    item.append(text, button);
    return item;
  };
  const listen = (button, action) => {
    button.textContent = "press a key";
    said.textContent = "Press the key that you want, or Escape to leave it.";
    button.addEventListener(
      "keydown",
      (event) => {
        event.preventDefault();
        event.stopPropagation();
        const refused = event.key === "Escape" ? null : keys.change(action, event.key);
        said.textContent = refused ?? "";
        draw();
        list.querySelector(`[data-action=${action}]`).focus();
      },
      { once: true },
    );
  };
  dialog.querySelector("[data-reset]").addEventListener("click", () => {
    keys.reset();
    draw();
  });
  draw();
}

const title = (action) => ACTIONS.find(([name]) => name === action)[1];
const normal = (key) => (key.length === 1 ? key.toLowerCase() : key);
const shown = (key) => (key === " " ? "Space" : key.length === 1 ? key.toUpperCase() : key);
