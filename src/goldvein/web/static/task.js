// One task as a labeler sees it. Work, practice, previews and audits all show tasks by this module, so that
// they look alike. Whatever a model or a customer wrote enters the page as text, never as HTML.

const OWN_PLACE = new Set(["prompt", "options"]);
export const UNANSWERABLE = -1;

export class TaskView {
  // root: an element, whose content is replaced; task: {type, input} as the API gives it, options as shown;
  // onPick(position): called when the person picks, not when a program does; keys: what to press for each option;
  // unanswerable: {words, key} for a last choice beside the options, which says that none of them can be picked.
  constructor(root, task, { onPick = () => {}, keys = [..."123456789"], name = "choice", unanswerable = null } = {}) {
    this.root = root;
    this.options = task.input.options ?? [];
    this.fieldset = element("fieldset", "task-options");
    this.fieldset.append(element("legend", "hidden-visually", "Options"));
    this.radios = this.options.map((text, position) => this.#option(text, position, name, keys[position]));
    if (unanswerable) {
      this.none = this.#option(unanswerable.words, UNANSWERABLE, name, unanswerable.key);
      this.none.closest("label").classList.add("task-none");
    }
    this.fieldset.addEventListener("change", () => onPick(this.picked));
    root.classList.add("task");
    root.replaceChildren(...content(task.input), this.fieldset);
    for (const prompt of root.querySelectorAll(".task-prompt")) letKeysScroll(prompt);
  }

  // The position picked, from 0, or UNANSWERABLE; null while nothing is.
  get picked() {
    if (this.none?.checked) return UNANSWERABLE;
    const position = this.radios.findIndex((radio) => radio.checked);
    return position < 0 ? null : position;
  }

  // The same as the API takes it.
  get answer() {
    return this.picked === UNANSWERABLE ? { unanswerable: true } : { choice: this.picked };
  }

  pick(position) {
    const radio = position === UNANSWERABLE ? this.none : this.radios[position];
    if (!radio || this.fieldset.disabled) return;
    radio.checked = true;
    radio.focus();
  }

  set disabled(value) {
    this.fieldset.disabled = value;
  }

  // Show which option is right, and which was picked instead: for practice and audits, never for work.
  reveal(right, picked) {
    this.disabled = true;
    this.#mark(right, "right", "right");
    if (picked !== null && picked !== undefined && picked !== right) this.#mark(picked, "wrong", "your answer");
  }

  #mark(position, kind, words) {
    const label = this.radios[position]?.closest("label");
    if (!label) return;
    label.classList.add(kind);
    label.append(element("span", `badge ${kind === "right" ? "good" : "bad"}`, words));
  }

  #option(text, position, name, key) {
    const label = element("label", "task-option");
    const radio = document.createElement("input");
    Object.assign(radio, { type: "radio", name, value: String(position) });
    if (key) label.append(radio, element("kbd", "", key));
    else label.append(radio);
    label.append(prose("span", "task-text", text));
    this.fieldset.append(label);
    return radio;
  }
}

// What is longer than its place has to be reached by keys, too.
function letKeysScroll(node) {
  if (node.scrollHeight <= node.clientHeight) return;
  node.tabIndex = 0;
  node.setAttribute("role", "region");
  node.setAttribute("aria-label", "The text of the task");
}

function content(input) {
  const parts = [];
  if (input.prompt !== undefined) parts.push(prose("div", "task-prompt task-text", asText(input.prompt)));
  for (const [key, value] of Object.entries(input)) {
    if (OWN_PLACE.has(key)) continue;
    const part = element("section", "task-part");
    part.append(element("h3", "", key.replaceAll("_", " ")), prose("div", "task-text", asText(value)));
    parts.push(part);
  }
  return parts;
}

function asText(value) {
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}

function prose(tag, className, text) {
  const node = element(tag, className, text);
  node.dir = "auto"; // right-to-left text stands right to left
  return node;
}

/** An element with its class and its text. */
export function element(tag, className = "", text = "") {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text) node.textContent = text;
  return node;
}
