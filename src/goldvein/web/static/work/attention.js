// How long somebody has looked at a task, and when it is time for a rest. The server's clock says how long a
// task took; this only says how much of that time the page was in front of its person.

const REST_AFTER_MS = 50 * 60_000;
const A_REST_MS = 5 * 60_000;
const TICK_MS = 1_000;

export class Attention {
  constructor({ onTired = () => {} } = {}) {
    this.looked = 0;
    this.since = performance.now();
    this.worked = 0;
    this.lastAct = Date.now();
    this.onTired = onTired;
    for (const event of ["focus", "blur"]) window.addEventListener(event, () => this.#turn());
    document.addEventListener("visibilitychange", () => this.#turn());
    for (const event of ["keydown", "pointerdown", "scroll"]) {
      document.addEventListener(event, () => this.#act(), { passive: true, capture: true });
    }
    this.looking = isInFront();
    setInterval(() => this.#tick(), TICK_MS);
  }

  // Begin with another task.
  begin() {
    this.looked = 0;
    this.since = performance.now();
  }

  get focusMs() {
    return Math.round(this.looked + (this.looking ? performance.now() - this.since : 0));
  }

  get idleMs() {
    return Date.now() - this.lastAct;
  }

  #turn() {
    const looking = isInFront();
    if (this.looking && !looking) this.looked += performance.now() - this.since;
    if (!this.looking && looking) this.since = performance.now();
    this.looking = looking;
  }

  #act() {
    if (this.idleMs >= A_REST_MS) this.worked = 0;
    this.lastAct = Date.now();
  }

  #tick() {
    this.#turn();
    if (!this.looking || this.idleMs >= A_REST_MS) return;
    this.worked += TICK_MS;
    if (this.worked >= REST_AFTER_MS) {
      this.worked = 0;
      this.onTired();
    }
  }
}

function isInFront() {
  return document.visibilityState === "visible" && document.hasFocus();
}
