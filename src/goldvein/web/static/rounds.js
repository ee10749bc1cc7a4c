// Rounds under way: their figures follow what the API says of them, until they are done or the page is hidden.

const PAUSE = 2000; // milliseconds between two looks
const MOST = 5; // rounds of a list that are followed

function seconds(value) {
  if (value === null) return "–";
  for (const [size, unit] of [[86400, "d"], [3600, "h"], [60, "min"]]) {
    if (value >= 2 * size) return `${+(value / size).toFixed(1)} ${unit}`;
  }
  return value < 10 ? `${+value.toFixed(1)} s` : `${value.toFixed(0)} s`;
}

const WRITTEN = {
  p50_seconds: seconds,
  p95_seconds: seconds,
  eta: (value) => (value ? new Date(value).toLocaleString([], { dateStyle: "medium", timeStyle: "medium" }) : "–"),
  done: (value) => (value ? "Done." : "Under way."),
  cost: (value) => (value ? `${Number(value.amount).toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 6 })} ${value.currency}` : "–"),
};

function show(place, batch) {
  for (const node of place.querySelectorAll("[data-show]")) {
    const value = batch[node.dataset.show];
    const text = (WRITTEN[node.dataset.show] ?? ((count) => count.toLocaleString("en")))(value);
    if (node.textContent !== text) node.textContent = text;
  }
  const bar = place.querySelector("progress");
  bar.max = Math.max(batch.total, 1);
  bar.value = batch.total - batch.queued;
}

async function look(place) {
  const response = await fetch(place.dataset.round, { headers: { Accept: "application/json" } });
  if (response.status === 401) location.reload(); // signed out meanwhile: the server says where to
  if (!response.ok) throw new Error(String(response.status));
  const batch = await response.json();
  show(place, batch);
  return batch.done;
}

async function follow() {
  let places = [...document.querySelectorAll("[data-round]")].slice(0, MOST);
  const lost = document.querySelector("[data-lost]");
  while (places.length) {
    await new Promise((resume) => setTimeout(resume, PAUSE));
    if (document.hidden) continue;
    try {
      const done = await Promise.all(places.map(look));
      places = places.filter((_, index) => !done[index]);
      lost.hidden = true;
    } catch {
      lost.hidden = false;
    }
  }
}

follow();
