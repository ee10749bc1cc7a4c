// What a labeler's page asks of the API. Every request may be sent again: the server counts it once.

// Nobody answered, or only somebody who says "later": worth trying again.
export class Unreachable extends Error {
  constructor(retryAfterSeconds = null) {
    super("unreachable");
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

// The server said no; code is stable, detail is for people.
export class Refused extends Error {
  constructor(status, problem) {
    super(problem.detail ?? `the server answered ${status}`);
    this.status = status;
    this.code = problem.code ?? "error";
  }
}

let skewMs = 0;

// The time by the server's clock, on which leases run.
export const serverNow = () => Date.now() + skewMs;

const LATER = new Set([408, 429, 500, 502, 503, 504]);
const PATIENCE_MS = 20_000;

export async function post(path, body = {}, { keepalive = false } = {}) {
  let response;
  try {
    response = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify(body),
      keepalive,
      signal: keepalive ? undefined : AbortSignal.timeout(PATIENCE_MS),
    });
    skewMs = (Date.parse(response.headers.get("Date")) || Date.now()) - Date.now();
    if (LATER.has(response.status)) throw new Unreachable(seconds(response));
    if (response.status === 204) {
      return { next: null, reason: response.headers.get("Goldvein-Reason"), retry_after: seconds(response) };
    }
    const content = await response.json();
    if (!response.ok) throw new Refused(response.status, content);
    return content;
  } catch (error) {
    if (error instanceof Unreachable || error instanceof Refused) throw error;
    throw new Unreachable();
  }
}

// The next piece of work in the shape that an answer's reply has: {next, reason, retry_after}.
export async function nextWork(project) {
  const reply = await post("/v1/work/next", project === null ? {} : { project });
  return reply.lease ? { next: reply } : reply;
}

// Keep an answer back; ``kept`` is the one before it, {lease, body}, which goes out now.
export const defer = (lease, kept) =>
  post(`/v1/work/${lease}/defer`, kept ? { kept: { lease: kept.lease, ...kept.body } } : {});
export const answer = (lease, body, options) => post(`/v1/work/${lease}/answer`, body, options);
export const skip = (lease, reason) => post(`/v1/work/${lease}/skip`, { reason });
export const renew = (lease) => post(`/v1/work/${lease}/renew`);
export const dispute = (lease, reason) => post(`/v1/work/${lease}/dispute`, { reason });

function seconds(response) {
  const value = Number(response.headers.get("Retry-After"));
  return Number.isFinite(value) && value > 0 ? value : null;
}
