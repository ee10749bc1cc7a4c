// The pattern of a task, as work, practice and previews show it; the second one tells what is right.
import { TaskView } from "./task.js";

const task = JSON.parse(document.querySelector("#pattern-task").textContent);
new TaskView(document.querySelector("#task-plain"), task, { name: "plain" });
new TaskView(document.querySelector("#task-told"), task, { name: "told" }).reveal(1, 0);
document.querySelector("#open-dialog").addEventListener("click", () => document.querySelector("#dialog").showModal());
