"""The operator's pages of alerts, in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from goldvein.services import alerting, attending, telling
from goldvein.services.alarms import open_alarm, resolve_alarm
from goldvein.store.figures import begin
from tests.services.test_alerting import Metered
from tests.services.test_telling import Mailbox, mailbox, messenger_of
from tests.web.browsing import Browsers
from tests.web.conftest import Site

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def box() -> Iterator[Mailbox]:
    with mailbox() as found:
        yield found


@pytest.fixture(scope="module")
def place(site: Site, box: Mailbox) -> Metered:
    """A project with five ordinary days, an incident that is open, and others that are over or muted."""
    now = datetime.now(UTC)
    place = Metered(site.db)
    telling.add(site.db, messenger_of(box), "email", "op@label.example", None, "a-operator", now)
    place.now = begin(now, 10) - timedelta(days=5)
    alerting.look(site.db, place.now)
    place.spans(5 * 144 - 18, looks=False)
    place.spans(18, passes=0.7)
    with site.db.transaction() as tx:
        for kind, subject in (("silent", "customer"), ("low", "active_labelers"), ("leak", HOSTILE)):
            open_alarm(tx, place.project, kind, subject, {"why": HOSTILE}, now)  # type: ignore[arg-type]
        resolve_alarm(tx, place.project, "silent", "customer", now)
    telling.tell_due(site.db, messenger_of(box), now)
    return place


@pytest.mark.parametrize(("dark", "size"), [(False, (1280, 900)), (True, (1280, 900)), (False, (390, 800))])
def test_an_alert_is_explained_with_its_metric(
    browsers: Browsers, site: Site, place: Metered, dark: bool, size: tuple[int, int]
) -> None:
    """From all projects to the alert: the metric with what was expected, what to do, and who was told."""
    with browsers.visit(site.accounts["operator"], dark=dark, size=size) as visit:
        visit.go("/operate").get_by_role("link", name="Alerts", exact=True).first.click()
        page = visit.page
        expect(page.get_by_role("heading", name="Alerts")).to_be_visible()
        expect(page.get_by_text("The customer sends nothing")).to_have_count(0)
        visit.check_accessible()
        visit.screenshot(f"alerts-{size[0]}{'-dark' if dark else ''}")
        page.get_by_role("link", name="Fewer benchmarks are answered right").click()
        page.locator(".chart .main-svg").first.wait_for()  # the library of charts is large
        expect(page.get_by_text("The crowd misses more keys than it did.")).to_be_visible()
        expect(page.get_by_text("op@label.example")).to_be_visible()
        page.get_by_text("As a table").click()
        expect(page.get_by_role("columnheader", name="expected at least")).to_be_visible()
        visit.check_accessible()
        visit.screenshot(f"alert-{size[0]}{'-dark' if dark else ''}")


def test_somebody_looks_after_it_and_mutes_it(browsers: Browsers, site: Site, place: Metered) -> None:
    """The name stands on the page; muting says until when; what was written elsewhere is text."""
    with browsers.visit(site.accounts["operator"]) as visit:
        page = visit.go(f"/operate/{place.project}/alerts?show=all")
        expect(page.get_by_text("The customer sends nothing")).to_be_visible()
        page.get_by_role("link", name="A benchmark leaked").click()
        expect(page.get_by_text(HOSTILE).first).to_be_visible()
        page.get_by_role("button", name="I look after it").click()
        expect(page.get_by_text("It says now that you look after it.")).to_be_visible()
        page.select_option("#hours", "8")
        page.get_by_role("button", name="Mute").click()
        expect(page.get_by_text("Muted until")).to_be_visible()
        visit.check_accessible()
    found = attending.list_(site.db, datetime.now(UTC), project=place.project)
    (leak,) = [one for one in found if one.alert.kind == "leak"]
    assert leak.alert.acknowledged_by == "a-operator"
    assert leak.muted_until is not None


def test_a_rule_is_changed(browsers: Browsers, site: Site, place: Metered) -> None:
    """A wrong bound, or one without effect, is explained and stays; a right one is a version with a name."""
    with browsers.visit(site.accounts["operator"], expected=("422",)) as visit:
        page = visit.go(f"/operate/{place.project}/alerts/rules")
        row = page.get_by_role("row").filter(has_text="late share")
        row.get_by_text("Change").first.click()
        row.get_by_label("Range").select_option("fixed")
        row.get_by_label("At most").fill("7")
        row.get_by_role("button", name="Change").click()
        expect(page.get_by_text("a share is at most 1")).to_be_visible()
        expect(row.get_by_label("Range")).to_have_value("fixed")
        expect(row.get_by_label("At most")).to_have_value("7")
        row.get_by_label("At most").fill("0.2")
        visit.check_accessible()
        visit.screenshot("rules")
        row.get_by_role("button", name="Change").click()
        expect(page.get_by_text("The rules are changed.")).to_be_visible()
        expect(row.get_by_text("at most 20%")).to_be_visible()
        row.get_by_text("Change").first.click()
        expect(row.get_by_label("Range")).to_have_value("fixed")
        expect(row.get_by_label("At most")).to_have_value("0.2")
        row = page.get_by_role("row").filter(has_text="held share")
        row.get_by_text("Change").first.click()
        row.get_by_label("At most").fill("0.4")
        row.get_by_role("button", name="Change").click()
        expect(page.get_by_text("bounds hold where the range is fixed")).to_be_visible()
        expect(row.get_by_label("At most")).to_have_value("0.4")
    book = attending.book(site.db, place.project)
    assert book.own == {"late_share": {"on": True, "range": "fixed", "high": 0.2}}
    assert book.versions[0].made_by == "a-operator"


def test_a_channel_is_added_tested_and_deleted(browsers: Browsers, site: Site, place: Metered) -> None:
    """What is no URL is refused; a service's secret is not shown; a test says how it went."""
    with browsers.visit(site.accounts["operator"], expected=("422",)) as visit:
        page = visit.go("/operate/channels")
        page.select_option("#kind", "apprise")
        page.fill("#target", "gopher")
        page.get_by_role("button", name="Add").click()
        expect(page.get_by_text("This is no URL of apprise.")).to_be_visible()
        page.fill("#target", "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ")
        page.get_by_role("button", name="Add").click()
        row = page.get_by_role("row").filter(has_text="slack://")
        expect(row).to_be_visible()
        assert "TIiajkdnlazkcOXrIdevi7FQ" not in page.content()
        mail = page.get_by_role("row").filter(has_text="op@label.example")
        mail.get_by_role("button", name="Send a test").click()
        expect(page.get_by_text("The test message was not taken")).to_be_visible()
        visit.check_accessible()
        visit.screenshot("channels")
        page.once("dialog", lambda dialog: dialog.accept())
        row.get_by_role("button", name="Delete").click()
        expect(page.get_by_text("The channel is told nothing any more.")).to_be_visible()
        expect(row).to_have_count(0)
