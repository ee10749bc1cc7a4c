// One label's page: the task as it was shown, with what was chosen.

import { TaskView } from "./task.js";

const root = document.getElementById("task");
if (root) {
  const task = JSON.parse(document.getElementById("task-data").textContent);
  const view = new TaskView(root, task, { keys: "" });
  const radio = view.radios[Number(root.dataset.choice)];
  if (radio) radio.checked = true;
  view.disabled = true;
}
