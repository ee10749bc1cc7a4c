"""Pages of benchmarks, in a browser: the list, one of them, and what can be done about it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from goldvein.domain.records import ProjectDraft
from goldvein.services import benchmarks, contents, curating, projects
from goldvein.services.benchmarks import ManualBenchmark
from tests.services.town import task_input
from tests.web.browsing import Browsers
from tests.web.conftest import ROLES, Site
from tests.web.doubts import dispute

HOSTILE = '<img src=x onerror="alert(1)"> \N{ARABIC LETTER ALEF} & "quotes"'


def make(site: Site, count: int) -> tuple[int, list[int]]:
    """A project of the first customer with benchmarks, the first of them hostile."""
    now = datetime.now(UTC)
    project = projects.create(site.db, site.customer, ProjectDraft("gold", "Pick the right one."), now).id
    items = [
        ManualBenchmark(n, task_input(1000 * project + n, 1), 1, unique_id=f"g-{project}-{n}")
        for n in range(count)
    ]
    first = {"prompt": HOSTILE, "options": [f"right {HOSTILE}", "wrong"]}
    items[0] = ManualBenchmark(0, first, 0, explanation=HOSTILE)
    made = benchmarks.add_manual(site.db, project, items, now)
    assert not made.errors
    return project, [task.id for task in made.tasks]


def act(page: Page, name: str) -> None:
    """Press a button that asks first."""
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name=name, exact=True).click()


def test_a_customer_looks_after_its_own(browsers: Browsers, site: Site) -> None:
    """List, filter, look, freeze, confirm, another key, retire: each with its consequence, and no names."""
    project, tasks = make(site, 60)
    dispute(site, project, tasks[1], HOSTILE)
    with browsers.visit(site.accounts["customer"], expected=("422",)) as visit:
        page = visit.go(f"/projects/{project}/benchmarks")
        expect(page.get_by_role("row")).to_have_count(51)
        visit.check_accessible()
        visit.screenshot("benchmarks-list")
        page.get_by_role("link", name="Later ones").click()
        expect(page.get_by_role("row")).to_have_count(11)
        page.get_by_label("State").select_option("retired")
        page.get_by_role("button", name="Filter").click()
        page.get_by_text("There is none here.").wait_for()
        page = visit.go(f"/projects/{project}/benchmarks/{tasks[1]}")
        page.locator("#task .task-option.right").wait_for()
        assert page.get_by_role("listitem").filter(has_text=HOSTILE).count() == 2
        assert "Grace" not in page.content()
        visit.check_accessible()
        visit.screenshot("benchmark-one")
        act(page, "Freeze")
        page.get_by_text("Frozen: nobody is tested with it").wait_for()
        page.get_by_role("heading", name="Use it again").wait_for()
        act(page, "Confirm")
        page.get_by_text("Confirmed: the benchmark is in use").wait_for()
        act(page, "Change the key")
        expect(page.locator("#key-hint")).to_have_text("say which option is right")
        page.get_by_label("The right option").select_option("2")
        page.get_by_label("How sure, in per cent").fill("10")
        act(page, "Change the key")
        expect(page.locator("#key_right-hint")).to_contain_text("must lie between chance")
        page.get_by_label("How sure, in per cent").fill("97,5")
        page.get_by_label("Why it is right").fill("It says so.")
        act(page, "Change the key")
        page.get_by_text("The key is another one now").wait_for()
        page.get_by_text("key changed by somebody by hand from option 2").wait_for()
        act(page, "Retire")
        page.get_by_text("nobody is tested with it any more").first.wait_for()
        expect(page.get_by_role("button", name="Retire")).to_have_count(0)
    found = curating.look(site.db, project, tasks[1])
    assert (found.key, found.key_right, found.benchmark.state) == (2, 0.975, "retired")
    assert found.benchmark.explanation == "It says so."


def test_what_people_wrote_is_text(browsers: Browsers, site: Site) -> None:
    """In the list, in the task, in the words of the panel and in the log; those who may know see names."""
    project, tasks = make(site, 1)
    dispute(site, project, tasks[0], HOSTILE)
    with browsers.visit(site.accounts["operator"], dark=True, size=(390, 844)) as visit:
        page = visit.go(f"/projects/{project}/benchmarks/{tasks[0]}")
        page.locator("#task .task-option.right").wait_for()
        assert page.locator(".page img").count() == 0
        assert page.get_by_text(HOSTILE).count() >= 4
        assert page.get_by_text("Grace Hopper").count() == 2
        visit.check_fits()
        visit.check_accessible()
        visit.screenshot("benchmark-one-phone-dark")
        visit.go(f"/projects/{project}/benchmarks")
        visit.check_fits()
        visit.screenshot("benchmarks-list-phone-dark")


def test_what_was_erased_is_looked_at_as_before(browsers: Browsers, site: Site) -> None:
    """A benchmark, its project's tasks and labels without their texts: pages show that nothing is said."""
    project, tasks = make(site, 2)
    now = datetime.now(UTC)
    projects.update(site.db, project, None, state="closed", now=now)
    contents.ask(site.db, project, None, "gold", now)
    assert contents.finish(site.db, project, now + contents.LINGERS)
    with browsers.visit(site.accounts["customer"]) as visit:
        for path in (f"benchmarks/{tasks[0]}", "benchmarks", "preview", "labels", "settings"):
            page = visit.go(f"/projects/{project}/{path}")
            page.get_by_text("was erased").wait_for()
            assert "onerror" not in page.content()
            visit.check_accessible()


def test_an_auditor_who_looked_is_not_tested_on_it(browsers: Browsers, site: Site) -> None:
    """The content counts as had; it is known to be a benchmark, with its key."""
    project, tasks = make(site, 2)
    with browsers.visit(site.accounts["auditor"]) as visit:
        visit.go(f"/projects/{project}/benchmarks/{tasks[0]}")
    with site.db.connection() as tx:
        seen = tx.execute(b"SELECT task, stage FROM attempts WHERE project = %s", (project,)).fetchall()
    assert seen == [(tasks[0], "audit")]


@pytest.mark.parametrize("path", ["", "/new", "/{task}"])
def test_who_may_look(browsers: Browsers, site: Site, path: str) -> None:
    """Customers at their own, labelers at nothing."""
    project, tasks = make(site, 1)
    path = path.format(task=tasks[0])
    for role in ROLES:
        status = 403 if role in ("labeler", "trusted") else 200
        with browsers.visit(site.accounts[role], expected=("403", "404")) as visit:
            answered = visit.page.goto(f"{site.base}/projects/{project}/benchmarks{path}")
            assert answered is not None
            assert answered.status == status, role
            if role == "customer":
                foreign = visit.page.goto(f"{site.base}/projects/{site.other_project}/benchmarks{path}")
                assert foreign is not None
                assert foreign.status == 404
