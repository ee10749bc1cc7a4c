"""Pictures of the pages for the README: a demonstration runs, and a browser looks at it.

    python -m perf.pictures [FOLDER] [--minutes 2] [--people 300] [--seed 1]

Each picture is what somebody sees who signs in by the demonstration's own link: 1280 wide, in light colours.
To show another page, add a line to ``PICTURES``; a page that is not there ends the command with its name.
"""

from __future__ import annotations

import argparse
import queue
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from goldvein.cli.logs import set_up_logs
from goldvein.settings import read_settings
from goldvein.sim.demo.run import Pages, Plan, State, run_demo
from goldvein.sim.scratch import server_url
from tests.web.browsing import launch

if TYPE_CHECKING:
    from goldvein.domain.records import Role

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"
WIDE, HIGH = 1280, 800
SETTLED_MS = 1_500
LONGEST_SECONDS = 1_800.0
"""The demonstration ends by itself if it does not open, or pictures take too long."""
COLOURS = 256


@dataclass(frozen=True)
class Picture:
    """One picture: who looks, at what; ``follow`` selects a link to follow from there.

    ``shows`` selects what has to be on the page before it is taken.
    """

    name: str
    who: Role
    path: str
    follow: str | None = None
    shows: str | None = None


PICTURES = (
    Picture("labeler", "labeler", "/work", shows=".task-option"),
    Picture("operation", "admin", "/operate/{project}?window=15m"),
    Picture("labelers", "admin", "/operate/{project}/labelers"),
    Picture("explained", "admin", "/operate/{project}/labelers?state=dismissed", follow="tbody th a"),
    Picture("customer", "customer", "/projects/{project}"),
    Picture("auditor", "auditor", "/audit/write"),
)


def signed_in(browser: Browser, pages: Pages) -> dict[Role, BrowserContext]:
    """Sign everybody in while their links are good, each in a browser of their own."""
    contexts: dict[Role, BrowserContext] = {}
    for role in {picture.who for picture in PICTURES}:
        contexts[role] = browser.new_context(
            viewport={"width": WIDE, "height": HIGH}, color_scheme="light", reduced_motion="reduce"
        )
        page = contexts[role].new_page()
        page.goto(pages.links[role])
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(lambda url: "/enter/" not in url)
        page.close()
    return contexts


def take(picture: Picture, context: BrowserContext, pages: Pages, folder: Path) -> int:
    """Look at a page and write what it shows; returns the size in bytes."""
    page = context.new_page()
    path = picture.path.format(project=pages.project)
    answer = page.goto(pages.base_url + path)
    if answer is None or answer.status != 200:
        sys.exit(f"picture {picture.name!r}: {path} answered {answer.status if answer else 'nothing'}")
    if picture.follow is not None:
        _follow(page, picture, picture.follow)
    if picture.shows is not None:
        page.locator(picture.shows).first.wait_for(timeout=60_000)
    page.wait_for_timeout(SETTLED_MS)  # charts draw, and events come in
    shot = Image.open(BytesIO(page.screenshot()))
    page.close()
    file = folder / f"{picture.name}.png"
    shot.convert("RGB").quantize(COLOURS).save(file, optimize=True)
    return file.stat().st_size


def _follow(page: Page, picture: Picture, selector: str) -> None:
    link = page.locator(selector)
    if not link.count():
        sys.exit(f"picture {picture.name!r}: {page.url} has no link {selector!r}")
    before = page.url
    link.first.click()
    page.wait_for_url(lambda url: url != before)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    parser.add_argument("--minutes", type=float, default=2, help="between the opening and the pictures")
    parser.add_argument("--people", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    set_up_logs("warning")
    arguments.folder.mkdir(parents=True, exist_ok=True)
    ready: queue.SimpleQueue[Pages] = queue.SimpleQueue()
    due, stop = threading.Event(), threading.Event()
    seconds = 60 * arguments.minutes

    def show(state: State) -> None:
        if state.opened_after is not None and state.elapsed >= state.opened_after + seconds:
            due.set()

    plan = Plan(seconds=LONGEST_SECONDS, people=arguments.people, seed=arguments.seed)
    with server_url(read_settings()) as server, ThreadPoolExecutor(1) as thread:
        running = thread.submit(run_demo, server, plan, ready=ready.put, show=show, stop=stop)
        running.add_done_callback(lambda _: due.set())
        try:
            with sync_playwright() as playwright, launch(playwright) as browser:
                pages = ready.get(timeout=120)
                contexts = signed_in(browser, pages)
                due.wait()
                sizes = [
                    take(picture, contexts[picture.who], pages, arguments.folder) for picture in PICTURES
                ]
        finally:
            stop.set()
        running.result()
    print(f"{len(sizes)} pictures in {arguments.folder}, {sum(sizes) / 1e6:.2f} MB together")


if __name__ == "__main__":
    main()
