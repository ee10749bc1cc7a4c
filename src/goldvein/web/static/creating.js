// A new project: the labeler's page follows what is written. Everything is shown as text.
import { TaskView } from "./task.js";

const form = document.getElementById("creating");
const rows = document.getElementById("rows");
const place = document.querySelector("[data-preview-task]");
const next = document.querySelector("[data-preview-next]");
const given = JSON.parse(document.getElementById("preview-samples").textContent);
let current = 0;

// The same rows as the server reads: JSON, or with classes plain text; rows that cannot be read are left out.
function read(row, classes) {
  if (classes.length && !row.startsWith("{")) return { prompt: row };
  try {
    const found = JSON.parse(row);
    const input = found?.input ?? found;
    return input && typeof input === "object" && !Array.isArray(input) ? input : null;
  } catch {
    return null;
  }
}

function lines(text) {
  return text.split("\n").map((line) => line.trim()).filter(Boolean);
}

function inputs() {
  const classes = lines(form.elements.classes.value);
  const own = lines(rows.value).slice(0, 20).map((row) => read(row, classes)).filter(Boolean);
  return (own.length ? own : given).map((input) => {
    const options = classes.length ? classes : Array.isArray(input.options) ? input.options.map(String) : [];
    return { ...input, options };
  });
}

function show() {
  const found = inputs();
  next.hidden = found.length < 2;
  if (found.length) new TaskView(place, { type: "choice", input: found[current % found.length] }, { name: "preview-choice" });
  document.querySelector("[data-preview-name]").textContent = form.elements.name.value;
  document.querySelector("[data-preview-instruction]").textContent = form.elements.instruction.value;
}

function sayBar() {
  const bar = Number(form.elements.quality_bar.value);
  const fitting = [...document.querySelectorAll("[data-bar]")].filter((line) => Number(line.dataset.bar) <= bar);
  const words = fitting.at(-1)?.textContent.split(": ").slice(1).join(": ") ?? "";
  document.querySelector("[data-bar-words]").textContent = bar && words ? ` (${bar}% is ${words})` : "";
}

form.addEventListener("input", show);
form.addEventListener("input", sayBar);
rows.addEventListener("input", show);
next.addEventListener("click", () => {
  current += 1;
  show();
});
show();
sayBar();
