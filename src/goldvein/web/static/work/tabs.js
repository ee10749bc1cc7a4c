// One tab works at a time. A browser without locks (they need https) has no such guard: the server then gives
// every tab the same task, and counts an answer once.

const LOCK = "goldvein-work";

// gained(): this tab may work; lost(): another one took over; busy(): another one works already.
export function workHere({ gained, lost, busy, steal = false }) {
  if (!navigator.locks) {
    gained();
    return;
  }
  let had = false;
  navigator.locks
    .request(LOCK, steal ? { steal: true } : { ifAvailable: true }, (lock) => {
      if (!lock) {
        busy();
        return undefined;
      }
      had = true;
      gained();
      return new Promise(() => {}); // held until the tab closes, or another one steals it
    })
    .catch(() => {
      if (had) lost();
    });
}
