// The live view: parts and charts are replaced as the server says that they are others now.
import { showOwnTimes } from "./app.js";
import { draw, drawAll } from "./charts.js";

const state = document.querySelector("#live-state");
const address = document.querySelector("[data-events]").dataset.events;
let source = null;

function listen() {
  source = new EventSource(address);
  source.addEventListener("open", () => { state.textContent = "Live."; });
  source.addEventListener("message", (event) => {
    for (const [id, value] of Object.entries(JSON.parse(event.data))) put(document.getElementById(id), value);
  });
  source.addEventListener("error", () => {
    state.textContent = "Not live: the connection was lost, trying again.";
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, 5000);
  });
}

function put(place, value) {
  if (typeof value !== "string") {
    draw(place, value);
    return;
  }
  place.innerHTML = value; // a part of the page as the server fills it in, everything in it escaped
  showOwnTimes(place);
}

drawAll();
listen();
document.addEventListener("visibilitychange", () => {
  source.close();
  if (!document.hidden) listen();
});
