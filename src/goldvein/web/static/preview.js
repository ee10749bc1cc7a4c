// The labeler's page with one task after the other, each shown as labelers see it.
import { TaskView } from "./task.js";

const given = document.getElementById("preview-samples");
const next = document.querySelector("[data-preview-next]");
if (given) {
  const inputs = JSON.parse(given.textContent);
  let current = 0;
  const show = () =>
    new TaskView(document.querySelector("[data-preview-task]"), { type: "choice", input: inputs[current] }, { name: "preview-choice" });
  next.hidden = inputs.length < 2;
  next.addEventListener("click", () => {
    current = (current + 1) % inputs.length;
    show();
  });
  show();
}
