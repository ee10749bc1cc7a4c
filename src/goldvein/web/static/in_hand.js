// What an auditor has in hand: asked for and answered at one address, kept while somebody is there, given back
// when nobody is.

import { UNANSWERABLE } from "/static/task.js";

const RENEW_EVERY = 5 * 60_000; // a claim lasts 15 minutes
const IDLE_AFTER = 10 * 60_000; // whoever is gone for so long gives it back
const LOOK_EVERY = 30_000;

/** Send JSON below an address; what comes back, or null where there is nothing. Errors carry the server's code. */
export function sender(here) {
  return async (path, body, more = {}) => {
    const response = await fetch(here + path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body ?? {}),
      ...more,
    });
    if (response.status === 204) return null;
    const reply = await response.json().catch(() => ({}));
    if (!response.ok) throw Object.assign(new Error(reply.detail ?? "The server did not answer."), { code: reply.code });
    return reply;
  };
}

/**
 * Keep what is in hand while keys or pointer move, and give it back after a while without.
 *
 * `held()`: its address, or null while nothing is; `renew`: the last part of the address that keeps it;
 * `renewed(reply)`, `failed(error)` and `gone()` are told what became of it. Returns a function to call with
 * the moment of each new claim.
 */
export function keepInHand({ send, held, renew, renewed, failed, gone }) {
  let claimedAt = 0;
  let movedAt = Date.now();
  const moved = () => (movedAt = Date.now());
  document.addEventListener("keydown", moved);
  document.addEventListener("pointermove", moved, { passive: true });
  const look = async (address) => {
    if (Date.now() - movedAt > IDLE_AFTER) {
      await send(`${address}/release`).catch(() => {});
      return gone();
    }
    if (Date.now() - claimedAt <= RENEW_EVERY) return;
    try {
      const reply = await send(`${address}/${renew}`);
      claimedAt = Date.now();
      renewed(reply);
    } catch (error) {
      await failed(error);
    }
  };
  let looking = false; // a slow reply may outlast a look: nothing is given back twice
  setInterval(async () => {
    const address = held();
    if (!address || looking) return;
    looking = true;
    await look(address).finally(() => (looking = false));
  }, LOOK_EVERY);
  return (at) => (claimedAt = at);
}

/** Do what a key says, by a function that gives what is to be done, if anything: never in a field, nor on a button. */
export function onKeys(actOf) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.repeat) return;
    const inField = event.target.matches("textarea, input:not([type=radio]), select");
    const onControl = event.target.matches("button, a, summary");
    if (inField || (event.key === "Enter" && onControl)) return;
    const act = actOf(event.key.length === 1 ? event.key.toLowerCase() : event.key);
    if (!act) return;
    act();
    event.preventDefault();
  });
}

/** Say something in the page's notice; nothing hides it. */
export function say(text, kind = "") {
  const said = document.getElementById("said");
  said.className = `notice ${kind}`;
  said.textContent = text;
  said.hidden = !text;
}

/** The option that a key picks: 1 to 9 in order, 0 none of them; null for any other key. */
export const optionOf = (key) => (/^[0-9]$/.test(key) ? (key === "0" ? UNANSWERABLE : Number(key) - 1) : null);
