"""Pages of audits, in a browser: tasks answered again blindly, and what operators read of the filter."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from goldvein.services import audits, cards, filter_checks, rulings
from goldvein.services.keys import create_labeler
from goldvein.services.metering import Meter
from goldvein.store.database import Database
from tests.services.test_audits import POLICY, audit_all
from tests.services.town import Town, guesses, knows
from tests.web.browsing import Browsers
from tests.web.conftest import Site


@pytest.fixture(scope="module")
def town(site: Site) -> Iterator[Town]:
    """People with ordinary work behind them, some of whom are audited."""
    with Database(site.db.url, pool_size=2) as db:
        town = Town(db, POLICY, now=datetime.now(UTC) - timedelta(hours=1))
        town.open_by_hand(80)
        town.push(1000)
        for n in range(6):
            town.hire(f"good {n}", knows(0.95))
        town.hire("bad <b>0</b>", guesses)
        town.hire("bad 1", guesses)
        town.run(60)
        Meter(db).step(datetime.now(UTC))
        assert audits.draw(db, town.project.id, town.now) == 6
        yield town


def press_right(page: Page) -> None:
    """Pick the option that says that it is right, by its number, and send it."""
    expect(page.locator("#asked fieldset input").first).to_be_enabled()  # else it is still the last one
    texts = page.locator("#task .task-option .task-text").all_text_contents()
    page.keyboard.press(str(1 + next(n for n, text in enumerate(texts) if text.startswith("right"))))
    page.keyboard.press("Enter")


def test_an_auditor_answers_again_by_keyboard_alone(browsers: Browsers, site: Site, town: Town) -> None:
    """The task and nothing else, one after the other; what is given back comes no more."""
    with browsers.visit(site.accounts["auditor"]) as visit:
        page = visit.go("/audit")
        expect(page.locator("#second")).to_be_visible()
        visit.screenshot("audit-begin")
        page.get_by_role("link", name="Answer these").click()
        page.locator("#asked").wait_for()
        visit.check_accessible()
        visit.screenshot("second-asked")
        assert not any(name in page.content() for name in town.names)
        page.keyboard.press("Enter")
        expect(page.locator("#said")).to_contain_text("Pick an option first")
        for count in range(1, 4):
            press_right(page)
            expect(page.locator("#count")).to_have_text(str(count))
        prompt = page.locator("#task").text_content()
        page.keyboard.press("s")
        expect(page.locator("#task")).not_to_have_text(re.compile(re.escape(prompt or "")))
    done = town.rows("SELECT count(*) FROM second_answers WHERE said IS NOT NULL")
    assert done == [(3,)]


def test_what_is_in_hand_is_kept_while_somebody_is_there(browsers: Browsers, site: Site, town: Town) -> None:
    """Renewed while the pointer moves, given back after ten minutes without, and when the page is left."""
    auditor = town.rows("SELECT labeler FROM accounts WHERE login = 'a-auditor'")[0][0]
    held = f"SELECT count(*) FROM second_answers WHERE auditor = {auditor} AND said IS NULL"
    with browsers.visit(site.accounts["auditor"]) as visit:
        visit.page.clock.install()
        page = visit.go("/audit/work")
        page.locator("#asked").wait_for()
        assert town.rows(held) == [(1,)]
        page.clock.run_for("04:50")
        page.mouse.move(20, 20)
        page.mouse.move(60, 60)
        with page.expect_response(re.compile(r"/renew$")) as renewed:
            page.clock.run_for("01:00")
        assert renewed.value.ok
        with page.expect_response(re.compile(r"/release$")):
            page.clock.run_for("11:00")
        expect(page.locator("#over-text")).to_contain_text("Nobody was here for ten minutes")
        assert town.rows(held) == [(0,)]
        page.get_by_role("button", name="Look again").click()
        page.locator("#asked").wait_for()
        visit.go("/audit")
        for _ in range(50):
            if town.rows(held) == [(0,)]:
                break
            page.wait_for_timeout(100)
        assert town.rows(held) == [(0,)]


def test_operators_read_how_often_the_filter_errs(browsers: Browsers, site: Site, town: Town) -> None:
    """Before the first audit has ended nothing is claimed; then shares with intervals, bars and auditors."""
    project = town.project.id
    with browsers.visit(site.accounts["operator"], size=(1280, 900)) as visit:
        page = visit.go(f"/operate/{project}/filter")
        expect(page.get_by_text("No audit has ended yet")).to_be_visible()
        expect(page.get_by_text("waits for auditors").first).to_be_visible()
        visit.check_accessible()
    for name in ("first auditor", "second auditor"):
        audit_all(town, create_labeler(town.db, name, "auditor", town.now))
    for hours in range(2):
        assert filter_checks.check(town.db, project, town.now + timedelta(hours=hours)) is not None
    for dark, size in ((False, (1280, 900)), (True, (1280, 900)), (False, (390, 844))):
        with browsers.visit(site.accounts["operator"], size=size, dark=dark) as visit:
            page = visit.go(f"/operate/{project}/filter")
            expect(page.get_by_text("Bad among those who deliver").first).to_be_visible()
            expect(page.get_by_role("region", name="Do auditors agree?")).to_contain_text("second auditor")
            page.locator("#chart-filter.js-plotly-plot").wait_for()
            visit.check_accessible()
            visit.screenshot(f"filter-{'dark' if dark else 'light'}-{size[0]}")


def test_somebody_is_dismissed_and_let_in_again_and_told(browsers: Browsers, site: Site, town: Town) -> None:
    """With a reason, by an operator; without one nothing happens; the card tells of the way back."""
    project, labeler = town.project.id, town.names["good 5"]
    with browsers.visit(site.accounts["operator"]) as visit:
        page = visit.go(f"/operate/{project}/labelers/{labeler}")
        page.on("dialog", lambda dialog: dialog.accept())
        page.get_by_label("Reason for this").fill("shared an account")
        page.get_by_role("button", name="Dismiss").click()
        expect(page.get_by_text("is dismissed.")).to_be_visible()
    rulings.rule(town.db, project, labeler, "readmit", "cleared up", town.now)
    line = cards.read(town.db, labeler, town.now).projects[0]
    assert line.readmitted_at == town.now
    told = town.rows(f"SELECT detail FROM log WHERE kind = 'ruling' AND labeler = {labeler} ORDER BY n")
    assert [detail["reason"] for (detail,) in told] == ["shared an account", "cleared up"]
    assert town.proof() == []
