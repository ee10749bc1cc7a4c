// Pushing a file: its first tasks are shown as labelers will see them, then it is sent part by part. Each part
// may be sent again without harm, so a lost connection is waited for, and a reload goes on where it was.

import { bodyOf, nextPart, openSource } from "./cutting.js";
import { TaskView } from "./task.js";

const MEDIA = { jsonl: "application/x-ndjson", csv: "text/csv", json: "application/json", "label-studio": "application/json" };
const NAMES = { jsonl: "JSON Lines", csv: "CSV", json: "a JSON list of tasks", "label-studio": "Label Studio's JSON" };
const ERRORS_KEPT = 1_000, ERRORS_SHOWN = 50;
const PAUSES = [1, 2, 4, 8, 15]; // seconds between two tries

const root = document.getElementById("push");
const project = root.dataset.project;
const part = (id) => document.getElementById(id);
const count = (number) => number.toLocaleString();
let source = null; // the file as it is read
let push = null; // how far it is: what is kept over a reload
let waiting = null; // ends a pause between two tries

// --- choosing ---------------------------------------------------------------------------------------

part("file").addEventListener("change", () => take(part("file").files[0]));
part("take-pasted").addEventListener("click", () => {
  const text = part("pasted").value;
  if (text.trim()) take(new File([text], "pasted", { lastModified: 0 }));
});
const drop = part("drop");
for (const name of ["dragover", "dragleave", "drop"]) {
  drop.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.toggle("over", name === "dragover");
    if (name === "drop") take(event.dataTransfer.files[0]);
  });
}
part("kind").addEventListener("change", () => look(source.file, part("kind").value));
for (const id of ["other", "again"]) part(id).addEventListener("click", () => show("choose"));

async function take(file) {
  if (!file) return;
  const kind = await guess(file);
  part("kind").value = kind;
  const kept = remembered(file);
  if (kept) part("batch").value = kept.batch;
  await look(file, kind);
}

async function guess(file) {
  const begin = (await file.slice(0, 4_096).text()).replace(/^\uFEFF/, "").trimStart();
  if (/\.(csv|tsv)$/i.test(file.name)) return "csv";
  if (begin.startsWith("[")) return /"data"\s*:/.test(begin) && !/"input"\s*:/.test(begin) ? "label-studio" : "json";
  return begin.startsWith("{") ? "jsonl" : "csv";
}

// --- looking ----------------------------------------------------------------------------------------

async function look(file, kind) {
  show("look");
  source = { file, kind };
  part("what").textContent = `${file.name}, ${size(file.size)}, read as ${NAMES[kind]}.`;
  part("rows").replaceChildren();
  part("start").textContent = remembered(file) ? "Go on" : "Push";
  const problem = await preview(file, kind);
  part("unreadable").hidden = problem === null;
  part("unreadable").textContent = problem ?? "";
  part("start").disabled = problem !== null;
}

// Show the first rows; returns why there is nothing to show, or null.
async function preview(file, kind) {
  const opened = await openSource(file, kind);
  if (!opened) return `The file does not begin with a list: it cannot be read as ${NAMES[kind]}.`;
  source = opened;
  const { end } = await nextPart(opened, opened.head, { rows: 5, bytes: 500_000 });
  let body = bodyOf(opened, opened.head, end);
  let asked = kind;
  if (kind === "json") {
    try {
      const tasks = JSON.parse(`[${await file.slice(opened.head, end).text()}]`);
      body = new Blob(tasks.map((task) => `${JSON.stringify(task)}\n`));
      asked = "jsonl";
    } catch (error) {
      return `The file is no JSON: ${error.message}`;
    }
  }
  const format = kind === "label-studio" ? "?format=label-studio" : "";
  let reply, found;
  try {
    reply = await fetch(`/projects/${project}/push/preview${format}`, { method: "POST", body, headers: { "Content-Type": MEDIA[asked] } });
    found = await reply.json();
  } catch {
    return "There is no connection just now: choose the file again in a moment.";
  }
  if (!reply.ok) return found.detail;
  if (!found.rows.length) return "There is no task in this file.";
  part("rows").replaceChildren(...found.rows.map(row));
  return null;
}

function row({ task, unique_id: name, error }, index) {
  const item = element("li", "card");
  item.append(element("p", "note", `Row ${index + 1}${name ? `, ${name}` : ""}`));
  if (error) {
    item.append(element("p", "notice error", error.detail));
  } else {
    const view = new TaskView(item.appendChild(element("div")), task, { keys: "", name: `row-${index}` });
    view.disabled = true;
  }
  return item;
}

// --- sending ----------------------------------------------------------------------------------------

part("start").addEventListener("click", async () => {
  const batch = part("batch").value.trim();
  if (!batch || !part("batch").checkValidity()) {
    part("batch").reportValidity();
    return;
  }
  const kept = remembered(source.file);
  const goesOn = kept && kept.batch === batch && kept.kind === source.kind && (await isThere(kept));
  push = goesOn ? kept : begin(batch);
  run();
});
part("pause").addEventListener("click", () => {
  if (push.paused) {
    run();
  } else {
    push.paused = true;
    waiting?.();
  }
});
window.addEventListener("online", () => waiting?.());
window.addEventListener("beforeunload", (event) => {
  if (push && !push.done && !push.paused) event.preventDefault();
});

function begin(batch) {
  const { file, kind, head } = source;
  return { file: fingerprint(file), name: file.name, batch, kind, at: head, row: 0, created: 0, existing: 0, refused: 0, errors: [], done: false };
}

// What the server counts decides whether a push that was begun is to be gone on with.
async function isThere({ batch, created, existing }) {
  if (created + existing === 0) return true;
  const reply = await fetch(`/v1/projects/${project}/batches/${encodeURIComponent(batch)}`).catch(() => null);
  if (!reply?.ok) return reply === null;
  return (await reply.json()).total >= created;
}

async function run() {
  push.paused = false;
  show("send");
  part("pause").hidden = false;
  part("pause").textContent = "Pause";
  let tries = 0;
  while (!push.done && !push.paused) {
    tell();
    const next = await nextPart(source, push.at);
    const trouble = await send(next);
    if (trouble === null) {
      tries = 0;
      push.at = next.next;
      push.done = next.last;
      keep();
    } else if (trouble.final) {
      push.paused = true;
      tell(trouble.text);
      part("pause").textContent = "Try again";
      return;
    } else {
      const seconds = PAUSES[Math.min(tries, PAUSES.length - 1)];
      tries += 1;
      tell(`${trouble.text} What was sent is stored, and the rest goes on by itself.`);
      await pause(seconds);
    }
  }
  tell(push.done ? "Everything is sent." : "Paused. What was sent is stored; go on whenever you like.");
  part("pause").textContent = "Go on";
  if (push.done) finish();
}

// Send one part; null if the server has taken it, else what is in the way, and whether trying again helps.
async function send({ end }) {
  const query = new URLSearchParams({ batch: push.batch, names: "content" });
  if (source.kind === "label-studio") query.set("format", "label-studio");
  let reply, found;
  try {
    reply = await fetch(`/v1/projects/${project}/tasks?${query}`, {
      method: "POST", body: bodyOf(source, push.at, end), headers: { "Content-Type": MEDIA[source.kind] },
    });
    found = await reply.json();
  } catch {
    return { text: "The connection is lost.", final: false };
  }
  if (reply.status === 201 || reply.status === 207) return took(found, found.errors);
  if (found.errors?.length && found.errors.every((error) => error.index !== undefined && error.index !== null)) {
    return took({ created: 0, existing: 0, refused: found.errors.length }, found.errors);
  }
  if (found.code === "push_empty") return null; // empty lines
  if (reply.status === 401) return { text: "Your session has ended: sign in again in another tab, then try again.", final: true };
  if (reply.status >= 500 || reply.status === 429) return { text: "The server is busy.", final: false };
  return { text: found.detail ?? `The server answers ${reply.status}.`, final: true };
}

function took({ created, existing, refused }, errors) {
  for (const error of errors) {
    if (push.errors.length === ERRORS_KEPT) break;
    const where = error.facts?.column ?? (error.pointer ?? "").replace(/^\/tasks\/\d+/, "");
    push.errors.push({ row: push.row + error.index + 1, code: error.code, where, detail: error.detail });
  }
  push.created += created;
  push.existing += existing;
  push.refused += refused;
  push.row += created + existing + refused;
  return null;
}

function pause(seconds) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, seconds * 1_000);
    waiting = () => {
      clearTimeout(timer);
      resolve();
    };
  }).finally(() => { waiting = null; });
}

// --- telling ----------------------------------------------------------------------------------------

function tell(text) {
  const share = Math.min(1, push.at / Math.max(1, source.file.size));
  part("bar").value = push.done ? 1 : share;
  part("part").textContent = `${push.done ? 100 : Math.floor(100 * share)}%`;
  const status = text ?? `Sending ${push.name} into ${push.batch}: ${count(push.row)} rows so far.`;
  if (part("status").textContent !== status) part("status").textContent = status;
  for (const name of ["created", "existing", "refused"]) part(name).textContent = count(push[name]);
  part("refusals").hidden = push.errors.length === 0;
  part("errors").replaceChildren(...push.errors.slice(0, ERRORS_SHOWN).map(refusal));
  part("more-errors").hidden = push.refused <= ERRORS_SHOWN;
  part("more-errors").textContent = `The first ${ERRORS_SHOWN} are shown; the list has ${count(push.errors.length)} of ${count(push.refused)}.`;
}

function refusal({ row: number, where, detail }) {
  const line = document.createElement("tr");
  line.append(element("td", "num", count(number)), element("td", "", where), element("td", "", detail));
  return line;
}

function finish() {
  forget();
  part("pause").hidden = true;
  part("after").hidden = false;
  part("round-link").href = `/projects/${project}/rounds/${encodeURIComponent(push.batch)}`;
}

part("download").addEventListener("click", () => {
  const lines = [["row", "code", "where", "detail"], ...push.errors.map(({ row: number, code, where, detail }) => [number, code, where, detail])];
  const text = lines.map((cells) => cells.map(cell).join(",")).join("\r\n");
  const link = part("download");
  URL.revokeObjectURL(link.href);
  link.href = URL.createObjectURL(new Blob([text, "\r\n"], { type: "text/csv" }));
});

// A cell of CSV; what a spreadsheet would take for a formula has an apostrophe before it.
function cell(value) {
  const text = String(value).replace(/^('*[=+\-@\t\r])/, "'$1");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function show(id) {
  for (const section of ["choose", "look", "send"]) part(section).hidden = section !== id;
  part("after").hidden = true;
  if (id !== "send") remind();
  if (id === "choose") part("file").value = "";
  part(id).querySelector("h2").scrollIntoView({ block: "nearest" });
}

function size(bytes) {
  return bytes < 1_000_000 ? `${count(Math.ceil(bytes / 1_000))} kB` : `${count(Math.round(bytes / 1_000_000))} MB`;
}

function element(tag, className = "", text = "") {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text) node.textContent = text;
  node.dir = "auto";
  return node;
}

// --- remembering ------------------------------------------------------------------------------------

const KEY = `goldvein-push-${project}`;

function fingerprint({ name, size: bytes, lastModified }) {
  return `${name}/${bytes}/${lastModified}`;
}

function keep() {
  try {
    localStorage.setItem(KEY, JSON.stringify(push));
  } catch { /* a full or forbidden storage only costs a push from the beginning, which is harmless */ }
}

function forget() {
  localStorage.removeItem(KEY);
}

function kept() {
  try {
    return JSON.parse(localStorage.getItem(KEY));
  } catch {
    return null;
  }
}

function remembered(file) {
  const found = kept();
  return found?.file === fingerprint(file) ? found : null;
}

function remind() {
  const found = kept();
  part("unfinished").hidden = !found;
  if (found) {
    part("unfinished").textContent = `${found.name} was sent into ${found.batch} up to row ${count(found.row)}. Choose the same file again to go on from there.`;
  }
}

remind();
