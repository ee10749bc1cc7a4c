// One task as a labeler sees it. Work, practice, previews and audits all show tasks by this module, so that
// they look alike. Whatever a model or a customer wrote enters the page as text, never as HTML.

const OWN_PLACE = new Set(["prompt", "options"]);

export class TaskView {
  // root: an element, whose content is replaced; task: {type, input} as the API gives it, options as shown;
  // onPick(position): called when the person picks, not when a program does; keys: what to press for each option.
  constructor(root, task, { onPick = () => {}, keys = "123456789", name = "choice" } = {}) {
    this.root = root;
    this.options = task.input.options ?? [];
    this.fieldset = element("fieldset", "task-options");
    this.fieldset.append(element("legend", "hidden-visually", "Options"));
    this.radios = this.options.map((text, position) => this.#option(text, position, name, keys[position]));
    this.fieldset.addEventListener("change", () => onPick(this.picked));
    root.classList.add("task");
    root.replaceChildren(...content(task.input), this.fieldset);
  }

  // The position picked, from 0; null while nothing is.
  get picked() {
    const position = this.radios.findIndex((radio) => radio.checked);
    return position < 0 ? null : position;
  }

  pick(position) {
    if (this.radios[position] && !this.fieldset.disabled) {
      this.radios[position].checked = true;
      this.radios[position].focus({ preventScroll: false });
    }
  }

  clear() {
    for (const radio of this.radios) radio.checked = false;
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

function element(tag, className = "", text = "") {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text) node.textContent = text;
  return node;
}
