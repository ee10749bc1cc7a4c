// What every page has: times in the reader's zone, buttons that copy, and a question before what cannot be undone.

export const OWN_TIME = new Intl.DateTimeFormat([], { dateStyle: "medium", timeStyle: "medium" });
const SHORT_TIME = new Intl.DateTimeFormat([], { dateStyle: "short", timeStyle: "short" });

/** Show moments in the reader's own time, wherever they stand below. */
export function showOwnTimes(within) {
  for (const time of within.querySelectorAll("time[datetime]")) {
    const moment = new Date(time.dateTime);
    if (!Number.isNaN(moment.valueOf())) {
      time.title = time.textContent + " UTC";
      time.textContent = ("short" in time.dataset ? SHORT_TIME : OWN_TIME).format(moment);
    }
  }
}
showOwnTimes(document);

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.parentElement.querySelector("code").textContent);
  button.textContent = "Copied";
});

document.addEventListener("submit", (event) => {
  const question = event.submitter?.dataset.confirm ?? event.target.dataset.confirm;
  if (question && !window.confirm(question)) event.preventDefault();
});
