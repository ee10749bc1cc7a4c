// Shows one benchmark's task with its key marked.

import { TaskView } from "/static/task.js";

const { task, key } = JSON.parse(document.getElementById("task-data").textContent);
const view = new TaskView(document.getElementById("task"), task);
view.disabled = true;
if (key !== null) view.reveal(key);
