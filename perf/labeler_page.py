"""From Enter to the next task on the screen, in a real browser, while others work.

``python -m perf.labeler_page [--json FILE]``: one labeler in Chromium, by keyboard alone, and 64 others over
HTTP at 1 s of think time; `serve`, `work`, the others and the browser each in processes of their own, with
default settings (`GOLDVEIN_ANSWER_STEP` too) and an embedded PostgreSQL with fsync on. Between the key that
picks and Enter lie 0.2 s, what an average typist takes from key to key (Card, Moran and Newell, The
keystroke-level model, 1980); ``--key-gap 0`` asks for the hardest case. The clock starts when the browser
takes Enter and stops after the frame in which another prompt stands on the page; the pages' own script says
both, so that nothing of the driver is counted.

Keys of the JSON report: ``machine, settings``; ``answers``, ``p50_ms, p95_ms, max_ms`` of the page; ``given``
and ``stored``, the answers given in all and those that the database has in the end; ``others`` {answers,
errors, seconds, p50_ms, p95_ms}, of requests over HTTP.
"""

import argparse
import json
import os
import platform
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Page, sync_playwright

from goldvein.api.keyring import SESSION_COOKIE
from goldvein.services import accounts
from goldvein.settings import read_settings
from goldvein.store.database import Database
from perf.hot_path import Site, site
from perf.load import MARK
from perf.processes import environment

WARM: Final = 10
"""Answers before those that are measured."""
_STARTS_WITHIN: Final = 15
"""Seconds that the browser takes to begin."""
_UNDONE_NO_MORE_MS: Final = 5_000
"""After so long the last answer is out as well."""
_PATIENCE: Final = 60
"""Seconds that a task may take to come before all is given up."""
_WATCH: Final = """
window.enterTimes = [];
let pressedAt = null;
let promptThen = "";
const prompt = () => document.querySelector(".task-prompt")?.textContent ?? "";
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return;
  pressedAt = event.timeStamp;
  promptThen = prompt();
}, true);
new MutationObserver(() => {
  if (pressedAt === null || prompt() === promptThen || !prompt()) return;
  const since = pressedAt;
  pressedAt = null;
  requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => window.enterTimes.push(performance.now() - since);
    port2.postMessage(null);
  });
}).observe(document, { childList: true, subtree: true });
"""
"""A message sent in a frame arrives once that frame is out."""


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Run everything; return the report."""
    with site(arguments.labelers, answer_step=str(read_settings({}).answer_step)) as made:
        made.push(arguments.tasks)
        with Database(made.server.url, pool_size=1) as db:
            now = datetime.now(UTC)
            watched = accounts.create(db, "watched", None, "labeler", now)
            token = accounts.begin_session(db, watched, "perf", now)
        with _others(made, arguments) as load:
            times = _in_browser(made, token, arguments)
            others = json.loads(load.communicate()[0])
        (stored,) = made.query(
            "SELECT count(*) FROM answers a JOIN accounts c ON c.labeler = a.labeler WHERE c.id = %s", watched
        )
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "settings": {**vars(arguments), "json": None},
        **quantiles(times[WARM:]),
        "given": len(times),
        "stored": stored,
        "others": {name: others[name] for name in ("answers", "errors", "seconds", "p50_ms", "p95_ms")},
    }


@contextmanager
def _others(made: Site, arguments: argparse.Namespace) -> Iterator[subprocess.Popen[bytes]]:
    """Let the others work for about as long as the browser does."""
    plan = {
        "host": "127.0.0.1", "port": made.port, "tokens": made.tokens, "think_seconds": 1.0,
        "seconds": _STARTS_WITHIN + (WARM + arguments.answers) * 1.2 * arguments.think,
    }  # fmt: skip
    with subprocess.Popen(
        [sys.executable, "-m", "perf.load"],
        env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as load:  # fmt: skip
        assert load.stdin is not None
        load.stdin.write(json.dumps(plan).encode())
        load.stdin.close()
        load.stdin = None
        yield load


def _in_browser(made: Site, token: str, arguments: argparse.Namespace) -> list[float]:
    """Answer by keyboard; milliseconds from each Enter to the next task on the screen."""
    base, rng = f"http://127.0.0.1:{made.port}", random.Random(1)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("GOLDVEIN_CHROMIUM") or shutil.which("chromium"),
            args=["--no-sandbox", "--disable-gpu"],
        )
        context = browser.new_context()
        context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": base}])
        context.add_init_script(_WATCH)
        page = context.new_page()
        page.goto(f"{base}/work")
        for number in range(WARM + arguments.answers):
            _wait_for(page, number)
            page.locator(".task-prompt").wait_for()
            page.wait_for_timeout(1e3 * arguments.think * rng.uniform(0.5, 1.5))
            page.keyboard.press(str(1 + _right_place(page)))
            page.wait_for_timeout(1e3 * arguments.key_gap)
            page.keyboard.press("Enter")
        _wait_for(page, WARM + arguments.answers)
        page.wait_for_timeout(_UNDONE_NO_MORE_MS)
        times = page.evaluate("window.enterTimes")
        browser.close()
        return [float(time) for time in times]


def _wait_for(page: Page, count: int) -> None:
    """Wait until so many tasks came to the screen; the page's policy forbids the driver's own way to wait."""
    deadline = time.monotonic() + _PATIENCE
    while page.evaluate("window.enterTimes.length") < count:
        if time.monotonic() > deadline:
            raise RuntimeError(f"task {count} did not come to the screen in {_PATIENCE} s")
        page.wait_for_timeout(20)


def _right_place(page: Page) -> int:
    """Find the option that says that it is right."""
    texts = page.locator(".task-option .task-text").all_inner_texts()
    return next(place for place, text in enumerate(texts) if text.startswith(MARK))


def quantiles(times: list[float]) -> dict[str, float]:
    """Count, median, 95% quantile and the longest of some times."""
    ordered = sorted(times)
    at = {share: ordered[min(len(ordered) - 1, len(ordered) * share // 100)] for share in (50, 95)}
    return {"answers": len(ordered), "p50_ms": at[50], "p95_ms": at[95], "max_ms": ordered[-1]}


def main() -> None:
    """Measure, print the report, write it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report to FILE")
    parser.add_argument("--labelers", type=int, default=64, help="others who work")
    parser.add_argument("--tasks", type=int, default=20_000, help="tasks pushed before")
    parser.add_argument("--answers", type=int, default=200, help="answers measured")
    parser.add_argument("--think", type=float, default=1.0, help="mean seconds before each Enter")
    parser.add_argument("--key-gap", type=float, default=0.2, help="seconds from picking to Enter")
    arguments = parser.parse_args()
    text = json.dumps(measure(arguments), indent=2)
    print(text)
    if arguments.json:
        arguments.json.write_text(text + "\n")


if __name__ == "__main__":
    main()
