// Why there is no work, in words for the person who wants some. None of them says what a task was for.

const REASONS = {
  no_project: ["No work at the moment", "No project needs people now."],
  mining: ["Not open yet", "The project is being prepared. Work begins as soon as it is ready."],
  admission_full: ["All places are taken", "Places come free as the project grows."],
  queue_empty: ["All done for now", "Every task is in somebody's hands. New ones often come within seconds."],
  benchmarks_exhausted: ["Nothing suitable for you right now", "You have seen what there is. New tasks are being prepared."],
  holds_full: ["A short wait", "Your latest answers are being looked through. Then it goes on."],
  dismissed: ["No more work for you here", "Your card says why, and how you can ask for another look."],
  paused: ["The project is paused", "It goes on when its owner says so."],
};

export function whyNothing(reason) {
  const [title, text] = REASONS[reason] ?? ["No work at the moment", "There is nothing for you right now."];
  return { title, text };
}

export function inWords(seconds) {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} seconds`;
  if (seconds < 5_400) return `${Math.round(seconds / 60)} minutes`;
  return `${Math.round(seconds / 3_600)} hours`;
}
