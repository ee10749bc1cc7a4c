"""A whole operation by people alone: every step is taken on a page, in a browser of that person's own.

An operator makes a project, a customer pushes a file, three labelers come by one link and answer by keyboard,
an auditor mends a key, the customer exports. In the end nothing is on any console, nothing was asked of
another server, axe-core has no serious finding, and `verify` recomputes every decision.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from goldvein.bootstrap import running_server
from goldvein.services import accounts
from goldvein.services.verification import verify
from goldvein.settings import read_settings
from goldvein.sim.background import running_worker
from goldvein.store.database import Database
from tests.never_twice import nobody_saw_twice
from tests.web.browsing import Browsers, Visit, launch

pytestmark = pytest.mark.slow

ANSWERS = 30
BENCHMARKS = 24
TASKS = 120
WRONG = 3
"""The benchmark whose key is wrong at first."""
PASSWORD = "rain on a tin roof"


def content(number: int, right: int) -> dict[str, object]:
    """A task in which one option says that it is right; all are equally long."""
    options = [f"{'right' if place == right else 'wrong'} {number:04}-{place}" for place in range(4)]
    return {"prompt": f"Continuation {number}: it rained, and", "options": options}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser for the story."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@dataclass
class Story:
    """Who takes part, each with a browser of their own, and what they hand on to each other."""

    browsers: Browsers
    stack: ExitStack
    folder: Path
    visits: list[Visit] = field(default_factory=list)
    project: str = ""

    def person(self, account: int | None = None, **more: object) -> Visit:
        """Open a browser for somebody."""
        visit = self.stack.enter_context(self.browsers.visit(account, **more))  # type: ignore[arg-type]
        visit.page.on("dialog", lambda dialog: dialog.accept())
        self.visits.append(visit)
        return visit


@pytest.fixture
def story(browser: Browser, database_url: str, tmp_path: Path) -> Iterator[Story]:
    """A server and a worker as an installation has them."""
    settings = read_settings({})
    with (
        Database(database_url, pool_size=2) as db,
        running_server(database_url, settings, seed=1) as base,
        running_worker(database_url),
    ):
        with ExitStack() as stack:
            yield Story(Browsers(browser, base, db), stack, tmp_path)
        nobody_saw_twice(db)
        checked = verify(db)
        assert checked.ok, checked.broken


def test_people_run_an_operation(story: Story) -> None:
    """From an empty installation to labels in a file, without one call of a program."""
    now = datetime.now(UTC)
    admin = story.person(accounts.create(story.browsers.db, "the-operator", None, "admin", now))
    make_customer(admin, "the lab")
    customer = join(story, invite(admin, "customer", "the lab"), "ada")
    make_project(story, admin)
    auditor = join(story, invite(admin, "auditor"), "ann")
    write_benchmarks(story, auditor)
    push(story, customer)
    link = invite(admin, "labeler", people=3)
    labelers = [
        join(story, link, name, expected=("Failed to load resource", "net::ERR"))
        for name in ("bob", "cem", "dan")
    ]
    for labeler in labelers[:2]:
        work(labeler, ANSWERS)
    work(labelers[2], ANSWERS // 2)
    work_without_connection(labelers[2])
    work(labelers[2], ANSWERS - ANSWERS // 2 - 1)
    mend_key(find_benchmark(story, admin), auditor)
    look_around(story, admin)
    export(story, customer)
    labelers[0].go("/card")
    for visit in story.visits:
        visit.check_accessible()


def invite(admin: Visit, role: str, customer: str = "", *, people: int = 1) -> str:
    """Make a link, and read it where it is shown."""
    page = admin.go("/people/invitations")
    page.get_by_label("Role").select_option(label=role)
    if customer:
        page.get_by_label("Customer").select_option(label=customer)
    page.get_by_label("How many people may come by it").fill(str(people))
    page.get_by_role("button", name="Make the link").click()
    return page.locator(".shown-once code").inner_text()


def join(story: Story, link: str, name: str, *, expected: tuple[str, ...] = ()) -> Visit:
    """Come by a link, with a name and a password."""
    visit = story.person(expected=expected)
    visit.page.goto(link)
    visit.check_accessible()
    visit.page.get_by_label("Name or e-mail address").fill(name)
    visit.page.get_by_label("Password").fill(PASSWORD)
    visit.page.keyboard.press("Enter")
    visit.page.get_by_role("button", name="Sign out").wait_for()
    return visit


def make_customer(admin: Visit, name: str) -> None:
    """Make an organisation."""
    page = admin.go("/people/customers")
    page.get_by_label("Name").fill(name)
    page.keyboard.press("Enter")
    page.get_by_text(name).first.wait_for()


def make_project(story: Story, admin: Visit) -> None:
    """Make a project of a template, after a look at what labelers will see."""
    page = admin.go("/projects/new")
    page.get_by_role("link", name=re.compile("descriptive", re.IGNORECASE)).first.click()
    page.get_by_label("Customer").select_option(label="the lab")
    page.locator("#name").fill("harbour")
    page.locator(".task-option").first.wait_for()
    admin.check_accessible()
    page.get_by_role("button", name="Make the project").click()
    page.wait_for_url(re.compile(r"/projects/\d+$"))
    story.project = page.url.rsplit("/", 1)[1]


def write_benchmarks(story: Story, auditor: Visit) -> None:
    """Give benchmarks by hand in a file; one of the keys is wrong."""
    file = story.folder / "benchmarks.jsonl"
    lines = []
    for number in range(BENCHMARKS):
        right = number % 4
        key = (right + 1) % 4 if number == WRONG else right
        lines.append({"unique_id": f"b-{number}", "input": content(10_000 + number, right), "key": key})
    file.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    page = auditor.go(f"/projects/{story.project}/benchmarks/new")
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Send the file").click()
    page.get_by_text(re.compile(rf"{BENCHMARKS}\b")).first.wait_for()


def push(story: Story, customer: Visit) -> None:
    """Push a file of tasks."""
    file = story.folder / "tasks.jsonl"
    lines = [{"unique_id": f"t-{number}", "input": content(number, number % 4)} for number in range(TASKS)]
    file.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    page = customer.go(f"/projects/{story.project}/push")
    page.locator("input[type=file]").set_input_files(file)
    customer.check_accessible()
    page.locator("#batch").fill("round-1")
    page.locator("#start").click()
    expect(page.locator("#created")).to_have_text(str(TASKS))


def work(labeler: Visit, answers: int) -> None:
    """Answer by keyboard alone, as somebody who reads."""
    page = labeler.page
    if not page.url.endswith("/work"):
        labeler.go("/work")
    for _ in range(answers):
        before = prompt(page)
        page.keyboard.press(str(1 + right_position(page)))
        page.keyboard.press("Enter")
        expect(page.locator(".task-prompt")).not_to_have_text(before)


def work_without_connection(labeler: Visit) -> None:
    """Answer while the connection is lost: the answer is kept, and goes out once it is back."""
    page = labeler.page
    before = prompt(page)
    labeler.context.set_offline(True)
    page.keyboard.press(str(1 + right_position(page)))
    page.keyboard.press("Enter")
    expect(page.locator("[data-part=told]")).to_contain_text("Your answer is kept")
    labeler.context.set_offline(False)
    expect(page.locator(".task-prompt")).not_to_have_text(before, timeout=30_000)


def prompt(page: Page) -> str:
    """What the task on the screen says."""
    page.locator(".task-prompt").wait_for()
    return page.locator(".task-prompt").inner_text()


def right_position(page: Page) -> int:
    """Read the options, and find the one that is right."""
    texts = page.locator(".task-option:not(.task-none) .task-text").all_inner_texts()
    return next(place for place, text in enumerate(texts) if text.startswith("right"))


def find_benchmark(story: Story, admin: Visit) -> str:
    """Find the benchmark whose key is wrong in the operator's list: auditors are shown no texts there."""
    page = admin.go(f"/projects/{story.project}/benchmarks")
    row = page.get_by_role("row").filter(has_text=f"Continuation {10_000 + WRONG}:")
    address = row.get_by_role("link").first.get_attribute("href")
    assert address is not None
    return address


def mend_key(address: str, auditor: Visit) -> None:
    """Give a benchmark the right key."""
    page = auditor.go(address)
    page.locator(".task-option.right").wait_for()
    auditor.check_accessible()
    page.get_by_label("The right option").select_option(str(WRONG % 4))
    page.get_by_role("button", name="Change the key").click()
    page.get_by_role("status").first.wait_for()
    expect(page.locator(".task-option.right")).to_contain_text("right")


def look_around(story: Story, admin: Visit) -> None:
    """What an operator sees of it."""
    for path in ("/operate", f"/operate/{story.project}", f"/projects/{story.project}", "/people"):
        admin.go(path)
        admin.page.locator("h1").first.wait_for()
        admin.check_accessible()


def export(story: Story, customer: Visit) -> None:
    """Export the labels as CSV; every one of them is right."""
    page = customer.go(f"/projects/{story.project}/labels")
    with page.expect_download() as download:
        page.get_by_role("link", name=re.compile("CSV")).first.click()
    with download.value.path().open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) >= ANSWERS
    named = {row["unique_id"]: row for row in rows if row["unique_id"].startswith("t-")}
    wrong = [row for name, row in named.items() if int(row["choice"]) != int(name.removeprefix("t-")) % 4]
    assert named
    assert not wrong
