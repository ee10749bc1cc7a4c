"""The pages of a project, in a browser: overview, rounds, settings, preview."""

import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from playwright.sync_api import Dialog

from goldvein.domain.records import Price, ProjectDraft, TaskDraft
from goldvein.services import benchmarks, intake, projects
from goldvein.services.benchmarks import ManualBenchmark
from goldvein.store import labels, outbox
from goldvein.store.labels import NewLabel
from tests.services.town import task_input
from tests.web.browsing import Browsers
from tests.web.conftest import Site


def now() -> datetime:
    return datetime.now(UTC)


def make(site: Site, name: str, tasks: int = 0, batch: str = "round 1") -> int:
    """A project of the customer's with tasks in one round."""
    made = projects.create(site.db, site.customer, ProjectDraft(name, "Pick the right one."), now())
    drafts = [TaskDraft(n, task_input(n, 0)) for n in range(tasks)]
    if drafts:
        assert not intake.push(site.db, made.id, drafts, batch, now()).errors
    return made.id


def deliver(site: Site, project: int, count: int) -> None:
    """Labels for the first tasks that wait, as the services write them."""
    with site.db.transaction() as tx:
        rows = tx.execute(
            "SELECT id FROM tasks WHERE project = %s AND state = 'queued' ORDER BY id LIMIT %s",
            (project, count),
        ).fetchall()
        moment = now()
        new = [
            NewLabel(project, task, {"choice": 0, "value": "a"}, "panel", 1, moment, moment)
            for (task,) in rows
        ]
        ids = labels.insert_many(tx, new)
        tx.execute(
            "UPDATE tasks SET state = 'labelled', finished_at = %s WHERE project = %s AND id = ANY (%s)",
            (moment, project, [task for (task,) in rows]),
        )
        tasks: list[int | None] = [row.task for row in new]
        events = ["label.created"] * len(new)
        outbox.insert_many(tx, [project] * len(new), events, tasks, list(ids), [None] * len(new), moment)


def test_an_overview_says_what_to_do_next(browsers: Browsers, site: Site) -> None:
    """A new project asks for tasks, one with tasks for benchmarks; snippets name this server and project."""
    project = make(site, "Next <i>steps</i>")
    with browsers.visit(site.accounts["customer"]) as visit:
        page = visit.go(f"/projects/{project}")
        assert "Push tasks" in page.locator(".steps .next").inner_text()
        intake.push(site.db, project, [TaskDraft(0, task_input(1, 0))], "one", now())
        page.reload()
        assert "Get benchmarks" in page.locator(".steps .next").inner_text()
        assert "0 of 20 benchmarks are ready" in page.locator(".reasons").inner_text()
        code = page.get_by_role("region", name="Python").inner_text()
        assert f'GoldveinClient("{site.base}", "YOUR_KEY")' in code
        assert f"client.push({project}, tasks" in code
        visit.check_accessible()
        visit.screenshot("project-overview")
    with browsers.visit(site.accounts["customer"], dark=True, size=(390, 844)) as visit:
        visit.go(f"/projects/{project}")
        visit.check_accessible()
        visit.screenshot("project-overview-phone-dark")


def test_a_round_is_followed_live_and_called_off(browsers: Browsers, site: Site) -> None:
    """Figures move without a reload; calling off asks first, and what waits is cancelled."""
    project = make(site, "Rounds", 8)
    projects.update(site.db, project, None, price=Price(Decimal("0.25"), "EUR"), now=now())
    with browsers.visit(site.accounts["customer"]) as visit:
        page = visit.go(f"/projects/{project}/rounds")
        row = page.get_by_role("row").filter(has_text="round 1")
        assert row.locator("[data-show=queued]").inner_text() == "8"
        deliver(site, project, 3)
        row.locator("[data-show=labelled]").get_by_text("3", exact=True).wait_for()
        visit.check_accessible()
        visit.screenshot("project-rounds")
        row.get_by_role("link").click()
        page.wait_for_url("**/rounds/round%201")
        assert page.locator("[data-show=cost]").inner_text() == "0.75 EUR"
        deliver(site, project, 2)
        page.locator("[data-show=labelled]").get_by_text("5", exact=True).wait_for()
        assert page.locator("[data-show=cost]").inner_text() == "1.25 EUR"
        visit.check_accessible()
        visit.screenshot("project-round")
        asked: list[str] = []
        page.once("dialog", lambda dialog: _dismiss(dialog, asked))
        page.get_by_role("button", name="Call the round off").click()
        assert "Labels stay" in asked[0]
        assert page.locator("[data-show=cancelled]").inner_text() == "0"
        page.once("dialog", lambda dialog: dialog.accept())
        page.get_by_role("button", name="Call the round off").click()
        page.get_by_text("The round is called off").wait_for()
        assert page.locator("[data-show=cancelled]").inner_text() == "3"
        page.get_by_role("link", name="Labels of this round").click()
        assert page.input_value("#batch") == "round 1"
        assert page.locator("tbody tr").count() == 5
    assert intake.batch_progress(site.db, project, "round 1", now()).cancelled == 3


def _dismiss(dialog: Dialog, asked: list[str]) -> None:
    asked.append(dialog.message)
    dialog.dismiss()


def _accept(dialog: Dialog, asked: list[str]) -> None:
    asked.append(dialog.message)
    dialog.accept()


def test_settings_refuse_a_bad_knob_and_show_a_change_before_it_is_made(
    browsers: Browsers, site: Site
) -> None:
    """A bad value is said beside its field; a good one is previewed, made a version, and taken back."""
    project = make(site, "Settings")
    with browsers.visit(site.accounts["customer"], expected=("422", "403")) as visit:
        page = visit.go(f"/projects/{project}/settings")
        visit.check_accessible()
        visit.screenshot("project-settings")
        page.fill("#quality_bar", "1.5")
        page.get_by_role("button", name="Show what changes").click()
        page.get_by_text("'1.5' must be between 0.05 and 0.99").wait_for()
        assert page.input_value("#quality_bar") == "1.5"
        page.fill("#quality_bar", "0.9")
        page.get_by_role("button", name="Show what changes").click()
        page.get_by_text(re.compile("quality_bar is 0.9, over trust_accuracy", re.IGNORECASE)).wait_for()
        page.fill("#quality_bar", "0.8")
        page.get_by_role("button", name="Show what changes").click()
        row = page.get_by_role("row").filter(has_text="quality_bar")
        assert row.get_by_role("cell").all_inner_texts()[:2] == ["0.7", "0.8"]
        assert projects.policy(site.db, project).quality_bar == 0.7
        visit.check_accessible()
        visit.screenshot("project-policy")
        page.get_by_role("button", name="Make version 2").click()
        page.get_by_text("There is a new version").wait_for()
        assert projects.policy(site.db, project).quality_bar == 0.8
        history = page.get_by_role("region", name="Versions of the policy")
        assert "quality_bar 0.7 → 0.8" in history.get_by_role("row").nth(1).inner_text()
        assert "a-customer" in history.get_by_role("row").nth(1).inner_text()
        history.get_by_role("button", name="Back to this").click()
        page.get_by_role("button", name="Make version 3").click()
        page.get_by_text("There is a new version").wait_for()
        assert page.get_by_role("button", name="Set the price").count() == 0
        response = page.request.post(
            f"{site.base}/projects/{project}/settings/price",
            form={"per_label": "0", "currency": "EUR"},
            headers={"Origin": site.base},
        )
        assert response.status == 403
    found = projects.get(site.db, project, None)
    assert (found.policy_version, projects.policy(site.db, project).quality_bar) == (3, 0.7)


def test_an_open_project_shows_what_another_policy_does_to_whom(browsers: Browsers, site: Site) -> None:
    """The bar of an open project stays, which is said; other knobs are tried on people before they turn."""
    project = make(site, "Open")
    items = [ManualBenchmark(n, task_input(10**6 + n, n % 4), n % 4) for n in range(40)]
    assert not benchmarks.add_manual(site.db, project, items, now()).errors
    with browsers.visit(site.accounts["operator"]) as visit:
        page = visit.go(f"/projects/{project}/settings")
        page.get_by_text("The bar was turned into an ability when the project opened").wait_for()
        page.fill("#deliver_at", "0.99")
        page.get_by_role("button", name="Show what changes").click()
        page.set_default_timeout(300_000)  # some seconds, on a machine that does nothing else
        page.get_by_role("button", name="Work out what it does").click()
        found = page.get_by_role("region", name="Operating characteristic")
        row = found.get_by_role("row").filter(has_text="others who still deliver")
        before, after = (float(cell.rstrip("%")) for cell in row.get_by_role("cell").all_inner_texts())
        assert after < before
        visit.check_accessible()
        visit.screenshot("project-policy-cost")
        page.get_by_role("button", name="Make version 2").click()
        page.get_by_text("There is a new version").wait_for()
        page = visit.go(f"/projects/{project}")
        page.get_by_text("nobody delivers at present").first.wait_for()
        visit.screenshot("project-overview-open")
    assert projects.policy(site.db, project).deliver_at == 0.99


def test_a_project_is_described_paused_and_closed(browsers: Browsers, site: Site) -> None:
    """Each state says what it does to work in hand before it comes; a closed project stays closed."""
    project = make(site, "Life")
    with browsers.visit(site.accounts["operator"], expected=("422",), size=(390, 844)) as visit:
        page = visit.go(f"/projects/{project}/settings")
        page.fill("#name", "A long life")
        page.locator("#deadline_minutes").evaluate("field => { field.form.noValidate = true; }")
        page.fill("#deadline_minutes", "-5")
        page.get_by_role("button", name="Save").click()
        page.get_by_text("A deadline is between a second and a year.").wait_for()
        assert page.input_value("#deadline_minutes") == "-5"
        assert page.input_value("#name") == "A long life"
        page.fill("#deadline_minutes", "")
        page.get_by_role("button", name="Save").click()
        page.get_by_role("heading", name="A long life").wait_for()
        page.fill("#per_label", "a lot")
        page.get_by_role("button", name="Set the price").click()
        page.get_by_text("A price is a number").wait_for()
        page.fill("#per_label", "0.045")
        page.get_by_role("button", name="Set the price").click()
        page.get_by_text("0.045 EUR").wait_for()
        asked: list[str] = []
        page.on("dialog", lambda dialog: _accept(dialog, asked))
        page.get_by_role("button", name="Pause").click()
        page.get_by_role("button", name="Go on").wait_for()
        assert "has a task in hand may still answer" in asked[0]
        visit.check_accessible()
        visit.screenshot("project-settings-phone")
        page.get_by_role("button", name="Go on").click()
        page.get_by_role("button", name="Close").click()
        page.get_by_text("A closed project stays closed").wait_for()
        assert "cannot be undone" in asked[-1]
        page.get_by_role("textbox", name="to confirm").fill("A short life")
        page.get_by_role("button", name="Erase for good").click()
        page.get_by_text("type 'A long life'").wait_for()
        page.get_by_role("textbox", name="to confirm").fill("A long life")
        visit.check_accessible()
        visit.screenshot("project-settings-erase")
        page.get_by_role("button", name="Erase for good").click()
        page.get_by_text("is being erased").wait_for()
        assert page.get_by_role("button", name="Erase for good").count() == 0
    found = projects.get(site.db, project, None)
    assert (found.state, found.contents) == ("closed", "erasing")


def test_the_preview_shows_what_was_pushed(browsers: Browsers, site: Site) -> None:
    """Tasks of the project, as labelers see them."""
    project = make(site, "Preview", 2)
    with browsers.visit(site.accounts["customer"]) as visit:
        page = visit.go(f"/projects/{project}/preview")
        assert "task 1" in page.locator("[data-preview-task]").inner_text()
        page.get_by_role("button", name="Next task").click()
        assert "task 0" in page.locator("[data-preview-task]").inner_text()
        visit.check_accessible()
        visit.screenshot("project-preview")


@pytest.mark.parametrize(
    "path", ["", "/rounds", "/rounds/x", "/settings", "/preview", "/webhooks", "/webhooks/1"]
)
def test_a_customer_never_sees_anothers_project(browsers: Browsers, site: Site, path: str) -> None:
    """What belongs to others is not there."""
    with browsers.visit(site.accounts["customer"]) as visit:
        response = visit.page.request.get(f"{site.base}/projects/{site.other_project}{path}")
        assert response.status == 404
    with browsers.visit(site.accounts["labeler"]) as visit:
        response = visit.page.request.get(f"{site.base}/projects/{site.project}{path}")
        assert response.status == 403
