// The form in which a benchmark is written: options come and go, and the task stands beside it as labelers see it.

import { TaskView } from "/static/task.js";

const form = document.getElementById("writing");
const given = document.getElementById("given-task");
if (given) {
  new TaskView(given, JSON.parse(document.getElementById("task-data").textContent), { name: "key" });
} else if (form) {
  const classes = document.getElementById("classes");
  write(form, classes ? JSON.parse(classes.textContent) : null);
}

function write(form, classes) {
  const preview = document.getElementById("preview");
  const box = form.querySelector("#options");
  const rows = () => [...box.querySelectorAll(".option-row")];
  document.getElementById("preview-box").hidden = false;

  function draw() {
    const options = classes ?? rows().map((row) => row.querySelector("textarea").value).filter((text) => text.trim());
    new TaskView(preview, { type: "choice", input: { prompt: form.elements.prompt.value, options } }, { name: "preview" });
  }

  function number() {
    const all = rows();
    all.forEach((row, place) => {
      const [radio, text, button] = ["input", "textarea", "button"].map((tag) => row.querySelector(tag));
      radio.value = place;
      radio.setAttribute("aria-label", `Option ${place + 1} is right`);
      text.name = `option_${place}`;
      text.setAttribute("aria-label", `Option ${place + 1}`);
      button.setAttribute("aria-label", `Remove option ${place + 1}`);
      button.hidden = all.length <= 2;
    });
    add.disabled = all.length >= Number(form.dataset.most);
    draw();
  }

  form.addEventListener("input", draw);
  if (classes) return draw();
  const add = document.getElementById("add-option");
  document.getElementById("option-tools").hidden = false;
  add.addEventListener("click", () => {
    const row = rows()[0].cloneNode(true);
    row.classList.remove("field", "wrong");
    row.querySelector(".hint")?.remove();
    Object.assign(row.querySelector("input"), { checked: false });
    const text = row.querySelector("textarea");
    text.value = "";
    text.removeAttribute("aria-invalid");
    text.removeAttribute("aria-describedby");
    rows().at(-1).after(row);
    number();
    text.focus();
  });
  box.addEventListener("click", (event) => {
    const button = event.target.closest("[data-remove]");
    if (!button) return;
    button.closest(".option-row").remove();
    number();
    rows().at(-1).querySelector("textarea").focus();
  });
  number();
}
