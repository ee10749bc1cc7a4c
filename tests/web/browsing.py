"""A real browser for tests of pages, and what every visit is held to."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, Route, expect

from goldvein.api.keyring import SESSION_COOKIE
from goldvein.services import accounts
from goldvein.store.database import Database

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SERIOUS = {"serious", "critical"}
expect.set_options(timeout=20_000)  # a busy machine is no failure: what comes at all comes in time


def chromium_path() -> str:
    """Find Debian's chromium; where tests must run, its absence is a failure."""
    found = os.environ.get("GOLDVEIN_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if found:
        return found
    reason = "no chromium on this machine: pages were not tested (apt install chromium)"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def launch(playwright: Playwright) -> Browser:
    """Start the browser."""
    return playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)


@dataclass
class Visit:
    """One person's browser: what its pages said and asked for is kept, and checked in the end.

    Whatever looks at how a page lies on the screen waits until it has loaded: a heading may stand there
    before the style sheet came.
    """

    context: BrowserContext
    page: Page
    base: str
    console: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    expected: tuple[str, ...] = ()
    """Parts of console messages that are the test's own doing, such as of a lost connection."""

    def go(self, path: str) -> Page:
        """Open a page of ours."""
        self.page.goto(self.base + path)
        return self.page

    def check_accessible(self, *apart: str) -> None:
        """No serious finding of axe-core on the page as it is (WCAG 2.2 A and AA), some rules apart."""
        options = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
        self.page.wait_for_load_state()
        found = Axe().run(self.page, options=options).response["violations"]
        serious = [
            f"{one['id']} ({one['impact']}): {one['help']}: {[node['target'] for node in one['nodes']][:5]}"
            for one in found
            if one["impact"] in SERIOUS and one["id"] not in apart
        ]
        assert not serious, "\n".join([self.page.url, *serious])

    def check_fits(self) -> None:
        """Nothing is wider than the screen: who reads on a phone scrolls one way."""
        self.page.wait_for_load_state()
        assert self.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), self.page.url

    def check_clean(self) -> None:
        """Nothing on the console, nothing asked of another server."""
        said = [text for text in self.console if not any(part in text for part in self.expected)]
        assert not said, said
        assert not self.foreign, self.foreign

    def screenshot(self, name: str, *, full_page: bool = True) -> None:
        """Keep a picture where ``GOLDVEIN_SCREENSHOTS`` says, to be looked at."""
        if folder := os.environ.get("GOLDVEIN_SCREENSHOTS"):
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.page.wait_for_load_state()
            self.page.screenshot(path=Path(folder) / f"{name}.png", full_page=full_page)


@dataclass
class Browsers:
    """Makes visits to one server."""

    browser: Browser
    base: str
    db: Database

    @contextmanager
    def visit(
        self,
        account: int | None = None,
        *,
        expected: tuple[str, ...] = (),
        dark: bool = False,
        size: tuple[int, int] = (1280, 800),
    ) -> Iterator[Visit]:
        """A browser of its own, signed in as an account; in the end its console must be clean."""
        context = self.browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
        )
        try:
            if account is not None:
                token = accounts.begin_session(self.db, account, "test", datetime.now(UTC))
                context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": self.base}])
            visit = Visit(context, context.new_page(), self.base, expected=expected)
            _watch(visit)
            yield visit
            visit.check_clean()
        finally:
            context.close()


def _watch(visit: Visit) -> None:
    own = urlsplit(visit.base).netloc

    def on_page(page: Page) -> None:
        page.on("console", lambda message: _note(visit, message))
        page.on("pageerror", lambda error: visit.console.append(f"error: {error}"))

    def on_route(route: Route) -> None:
        address = urlsplit(route.request.url)
        if address.netloc != own and address.scheme not in {"data", "blob"}:
            visit.foreign.append(route.request.url)
            route.abort()
        else:
            route.continue_()

    visit.context.on("page", on_page)
    on_page(visit.page)
    visit.context.route("**/*", on_route)


def _note(visit: Visit, message: ConsoleMessage) -> None:
    if message.type in {"error", "warning"}:
        visit.console.append(f"{message.type}: {message.text}")
