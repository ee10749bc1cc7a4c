// One labeler at work. Once an option is picked the next task is fetched (`defer`), so that it is there when the
// answer is given. The answer waits in the browser for a few seconds, so that it can be taken back: nothing that
// was sent has to be unsent. At most one answer waits: with the next pick it goes out, in the same request.

import * as api from "./api.js";

const UNDO_MS = 4_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
const GONE = new Set(["lease_lost", "lease_unknown", "project_closed"]);
const TOO_LATE = { project_closed: "its project has closed", lease_lost: "its task went to somebody else" };
const SIGNED_OUT = new Set([401, 403]);
const AWAY_MS = 5 * 60_000;
const RENEW_CHECK_MS = 5_000;

export class Desk {
  // screen: what is shown; unsent: where answers wait; attention: what the person looked at;
  // onAnswered(): an answer was given; onSignedOut(): the session has ended.
  constructor({ screen, unsent, attention, project, onAnswered, onSignedOut }) {
    Object.assign(this, { screen, unsent, attention, project, onAnswered, onSignedOut });
    this.current = null; // the work on the screen
    this.kept = null; // the answer that can be taken back
    this.sent = null; // settles once the answer that was sent last has arrived
    this.ahead = null; // the reply that holds what comes after the task on the screen, where it is known
    this.fetching = null; // settles once it was asked for that
    this.busy = false;
    this.stopped = true;
    this.lease = null; // of the current work: {id, lasts, until}, in milliseconds of the server's clock
    window.addEventListener("online", () => this.wake?.());
    window.addEventListener("pagehide", () => this.#leave());
    document.addEventListener("visibilitychange", () => this.#keepLease());
    setInterval(() => this.#keepLease(), RENEW_CHECK_MS);
  }

  // Send what is left from before, then work.
  async start() {
    this.stopped = false;
    this.screen.showLoading();
    for (const { lease, body } of this.unsent.all()) await this.#send({ lease, body });
    await this.#goOn(() => api.nextWork(this.project));
  }

  // Stop working here: another tab goes on.
  stop() {
    this.stopped = true;
    this.#settle();
    clearTimeout(this.looking);
    this.current = null;
  }

  async submit() {
    if (!this.current || this.busy) return;
    if (this.screen.picked === null) {
      this.screen.tell("Pick an option first.", "warn");
      this.screen.say("Pick an option first.");
      return;
    }
    this.screen.tell("");
    this.lookAhead();
    const given = this.#give();
    this.#keep(given);
    this.onAnswered();
    if (this.#isThere(this.ahead)) {
      this.#show(this.ahead);
      api.defer(given.lease).catch(() => {}); // the time on this task ends now, and that on the next begins
      return;
    }
    await this.#goOn(() => this.#handOver(given));
  }

  // Fetch what comes after the task on the screen, and send the answer that was kept back until now.
  lookAhead() {
    if (!this.current || this.busy || this.ahead || this.fetching) return;
    const { current, sent } = this;
    const before = this.#takeKept();
    const ask = async () => {
      await sent; // an answer on its way by itself has to arrive first
      const reply = await api.defer(current.lease.id, before);
      if (before) this.#arrived(before, reply.refused);
      if (this.current === current) this.ahead = reply;
    };
    this.fetching = ask()
      .catch(() => before && void this.#send(before)) // and whoever gives the answer asks again
      .finally(() => (this.fetching = null));
  }

  undo() {
    if (!this.kept || this.busy) return;
    const given = this.#takeKept();
    this.unsent.drop(given.lease);
    clearTimeout(this.looking);
    const ahead = this.current ? { next: this.current } : { next: null, ...this.nothing };
    this.onAnswered(-1);
    this.#show({ next: given.work }, given);
    this.ahead = ahead;
    this.screen.say("Your last answer is taken back: this is its task again.");
  }

  async skip(reason) {
    if (!this.current || this.busy) return;
    const lease = this.current.lease.id;
    const sent = this.#settle();
    await this.#goOn(async () => {
      await this.fetching;
      await sent;
      return api.skip(lease, reason).catch((error) => this.#afterGone(error));
    });
  }

  async dispute(reason) {
    if (!this.current) return;
    try {
      await api.dispute(this.current.lease.id, reason);
      this.screen.tell("Thank you: it is noted. Answer as well as you can, or skip the task.", "good");
    } catch (error) {
      this.#trouble(error);
    }
  }

  look() {
    clearTimeout(this.looking);
    if (!this.busy && !this.stopped) this.#goOn(() => api.nextWork(this.project));
  }

  // --- one step: ask for something, and show what comes --------------------------------------------------------

  // Ask until there is a reply, and show it.
  async #goOn(ask) {
    this.busy = true;
    this.screen.sending = true;
    const reply = await this.#persist(ask);
    this.busy = false;
    this.screen.sending = false;
    if (reply && !this.stopped) this.#show(reply);
  }

  // Try until the server answers; null where it refused for good.
  async #persist(ask) {
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      try {
        const reply = await ask();
        this.#connected();
        return reply;
      } catch (error) {
        if (!(error instanceof api.Unreachable)) {
          this.#trouble(error);
          return null;
        }
        this.screen.tell("No connection. Your answer is kept here, and goes out as soon as there is one.", "warn");
        this.offline = true;
        await this.#pause(error.retryAfterSeconds ? 1_000 * error.retryAfterSeconds : pause);
      }
    }
  }

  #connected() {
    if (!this.offline) return;
    this.offline = false;
    this.screen.tell("Connected again: nothing is lost.", "good");
  }

  #pause(milliseconds) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  // Get the next task while an answer is kept back: it was asked for when the answer was picked. Where the answer
  // is on its way by now, its reply holds the next task.
  async #handOver(given) {
    await this.fetching;
    if (this.#isThere(this.ahead)) return this.ahead;
    await this.sent;
    if (given.sent) return given.reply ?? api.nextWork(this.project);
    try {
      return await api.defer(given.lease);
    } catch (error) {
      if (!GONE.has(error.code)) throw error;
      await this.#settle(); // late as it is, it may count
      return given.reply ?? api.nextWork(this.project);
    }
  }

  // Whether a reply can be shown still: the lease of what was fetched ahead may have run out meanwhile.
  #isThere(reply) {
    return reply !== null && (!reply.next || Date.parse(reply.next.lease.expires_at) > api.serverNow());
  }

  // What was in hand is no more: say so, and go on with the next.
  #afterGone(error) {
    if (!(error instanceof api.Refused) || !GONE.has(error.code)) throw error;
    this.screen.tell("Time ran out for that task: somebody else has it now. This is the next one.", "warn");
    return api.nextWork(this.project);
  }

  #show(reply, { picked = null, comment = "" } = {}) {
    clearTimeout(this.looking);
    this.ahead = null;
    this.current = reply.next;
    if (reply.next) {
      this.#note(reply.next);
      this.screen.showTask(reply.next, { picked, comment });
      this.attention.begin();
      return;
    }
    const seconds = reply.retry_after ?? 30;
    this.nothing = { reason: reply.reason, retry_after: seconds };
    this.screen.showNothing(reply.reason, seconds);
    this.looking = setTimeout(() => this.look(), 1_000 * seconds);
  }

  #trouble(error) {
    if (error.status === 401) this.onSignedOut();
    else this.screen.tell(error.message, "error");
  }

  // --- answers ---------------------------------------------------------------------------------------------------

  #give() {
    const body = { answer: this.screen.view.answer, focus_ms: this.attention.focusMs };
    if (this.screen.comment) body.comment = this.screen.comment;
    return {
      lease: this.current.lease.id, body, work: this.current, picked: this.screen.picked, comment: this.screen.comment,
    };
  }

  // Keep an answer back for a while.
  #keep(given) {
    this.unsent.put(given.lease, given.body);
    this.kept = given;
    this.screen.canUndo = true;
    given.timer = setTimeout(() => this.#settle(), UNDO_MS);
  }

  // The answer that is kept back, if there is one: it is so no longer.
  #takeKept() {
    const given = this.kept;
    if (given) clearTimeout(given.timer);
    this.kept = null;
    this.screen.canUndo = false;
    return given;
  }

  // Send the answer that was kept back, if there is one.
  async #settle() {
    const given = this.#takeKept();
    if (given) await this.#send(given);
  }

  // Send an answer until the server has it, or says that it can never count; who has signed out sends it later.
  #send(given) {
    const sending = this.#persist(() => api.answer(given.lease, given.body).catch((error) => this.#notTaken(error)));
    given.sent = sending.then((reply) => {
      if (!reply) return;
      given.reply = reply.next || reply.reason ? reply : undefined;
      this.#arrived(given, reply.refused);
      const isWaiting = !this.current && !this.busy && !this.stopped;
      if (isWaiting && reply.next) this.#show(reply);
    });
    this.sent = given.sent;
    return given.sent;
  }

  #notTaken(error) {
    if (!(error instanceof api.Refused) || SIGNED_OUT.has(error.status)) throw error;
    return { refused: error.code };
  }

  // The server has an answer, or refused it for good with a code.
  #arrived(given, refused) {
    this.unsent.drop(given.lease);
    if (refused) this.screen.tell(`One answer came too late: ${TOO_LATE[refused] ?? TOO_LATE.lease_lost}.`, "warn");
  }

  // The page is going away: what waits is sent on the last breath, and kept in case that fails.
  #leave() {
    for (const { lease, body } of this.unsent.all()) api.answer(lease, body, { keepalive: true }).catch(() => {});
  }

  // --- the lease ---------------------------------------------------------------------------------------------------

  #note(work) {
    if (this.lease?.id === work.lease.id) return;
    const until = Date.parse(work.lease.expires_at);
    this.lease = { id: work.lease.id, lasts: until - api.serverNow(), until };
  }

  // Renew the lease of what is on the screen while somebody sits before it.
  async #keepLease() {
    const { current: work, lease } = this;
    const isThere = document.visibilityState === "visible" && this.attention.idleMs < AWAY_MS;
    if (!work || this.busy || !isThere || lease.until - api.serverNow() > lease.lasts / 2) return;
    lease.until += lease.lasts; // not asked twice
    try {
      const reply = await api.renew(work.lease.id);
      lease.until = Date.parse(reply.lease.expires_at);
    } catch (error) {
      if (error instanceof api.Unreachable || this.current !== work) return;
      await this.#goOn(() => this.#afterGone(error));
    }
  }
}
