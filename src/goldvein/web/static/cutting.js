// Where a file may be cut so that no task is. Parts are sent as the bytes that they are, so that nothing is
// changed on the way, and each begins where the last one ended, so that a push can go on at any of them.

const TAB = 9, NEWLINE = 10, RETURN = 13, SPACE = 32, QUOTE = 34, COMMA = 44, SEMICOLON = 59, SLASH = 92;
const OPENS = new Set([91, 123]), CLOSES = new Set([93, 125]), BLANK = new Set([TAB, NEWLINE, RETURN, SPACE]);
const WINDOW = 4_000_000;
const LONGEST = 1_000_000; // the server's limit of one row: a quote that is open for longer was never closed

// Open a file as one of a kind: jsonl, csv, json (a list of tasks) or label-studio. Null where it is none.
export async function openSource(file, kind) {
  const head = new Uint8Array(await file.slice(0, LONGEST).arrayBuffer());
  if (kind === "jsonl") return { file, kind, head: 0 };
  if (kind === "csv") {
    const line = head.subarray(0, head.indexOf(NEWLINE) + 1 || head.length);
    const parts = [COMMA, SEMICOLON, TAB].map((byte) => ({ byte, count: line.filter((one) => one === byte).length }));
    const delimiter = parts.reduce((most, one) => (one.count > most.count ? one : most)).byte;
    return { file, kind, delimiter, head: endOfRow(head, 0, delimiter) || file.size };
  }
  let place = head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf ? 3 : 0;
  while (BLANK.has(head[place])) place += 1;
  return head[place] === 91 ? { file, kind, head: place + 1 } : null;
}

// The next part from `start` on: {end, next, last}. It holds at most `rows` tasks, and not much more than
// `bytes` unless one task does. Bytes from `end` to `next` part it from the one after it.
export async function nextPart(source, start, { rows = 500, bytes = 1_000_000 } = {}) {
  const { file } = source;
  for (let size = WINDOW; ; size *= 2) {
    const whole = start + size >= file.size;
    const window = new Uint8Array(await file.slice(start, start + size).arrayBuffer());
    const found = CUTTERS[source.kind](window, { rows, bytes, whole }, source);
    if (found) {
      const next = start + found.next;
      return { end: start + found.end, next, last: found.last || next >= file.size };
    }
  }
}

// The body that carries a part: below the header, or in a list of its own.
export function bodyOf({ file, kind, head }, start, end) {
  const slice = file.slice(start, end);
  if (kind === "csv") return new Blob([file.slice(0, head), slice]);
  if (kind === "json") return new Blob(['{"tasks": [', slice, "]}"]);
  if (kind === "label-studio") return new Blob(["[", slice, "]"]);
  return slice;
}

const CUTTERS = {
  jsonl: (window, limit) => cut(window, limit, (place) => window.indexOf(NEWLINE, place) + 1),
  csv: (window, limit, { delimiter }) => cut(window, limit, (place) => endOfRow(window, place, delimiter)),
  json: endOfElements,
  "label-studio": endOfElements,
};

function cut(window, { rows, bytes, whole }, endOf) {
  let end = 0;
  for (let row = 0; row < rows && end < bytes; row += 1) {
    const next = endOf(end);
    if (next === 0) {
      if (whole) end = window.length;
      else if (end === 0) return null;
      break;
    }
    end = next;
  }
  return { end, next: end, last: false };
}

// Where a row of CSV ends, 0 if not in this window. A quote opens a text only where a cell begins.
function endOfRow(window, start, delimiter) {
  let open = false, begins = true, closed = false;
  for (let place = start; place < window.length; place += 1) {
    const byte = window[place];
    if (open) {
      if (byte === QUOTE) [open, closed] = [false, true];
      else if (place - start > LONGEST) return window.indexOf(NEWLINE, start) + 1;
    } else if (byte === NEWLINE) {
      return place + 1;
    } else if (byte === QUOTE && (begins || closed)) {
      [open, begins, closed] = [true, false, false];
    } else {
      [begins, closed] = [byte === delimiter, false];
    }
  }
  return 0;
}

// Where some elements of a list end; the window begins before one of them.
function endOfElements(window, { rows, bytes, whole }) {
  let depth = 0, inside = false, count = 0, end = 0;
  for (let place = 0; place < window.length; place += 1) {
    const byte = window[place];
    if (inside) {
      if (byte === SLASH) place += 1;
      else if (byte === QUOTE) inside = false;
    } else if (byte === QUOTE) {
      inside = true;
    } else if (OPENS.has(byte)) {
      depth += 1;
    } else if (CLOSES.has(byte)) {
      depth -= 1;
      if (depth < 0) return { end: place, next: place + 1, last: true };
    } else if (byte === COMMA && depth === 0) {
      count += 1;
      end = place;
      if (count >= rows || end >= bytes) return { end, next: end + 1, last: false };
    }
  }
  if (whole) return { end: window.length, next: window.length, last: true };
  return count ? { end, next: end + 1, last: false } : null;
}
