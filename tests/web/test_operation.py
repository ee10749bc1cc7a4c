"""The operator's pages in a browser: a living project, live."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from unittest.mock import Mock

import pytest
from playwright.sync_api import Dialog, expect

from goldvein.services.metering import Meter
from goldvein.services.sweeps import Sweeper
from goldvein.store.database import Database
from goldvein.web.responses import part
from tests.services.town import Town, guesses, knows
from tests.web.browsing import Browsers
from tests.web.conftest import Site

DRAWN = "() => document.querySelectorAll('.chart.js-plotly-plot').length === 9"
ALL_DRAWN = "() => document.querySelectorAll('.chart.js-plotly-plot').length === 15"
EMPTY = """[...document.querySelectorAll('.chart')]
    .filter(chart => chart.data.every(one => one.y.every(value => value === null))).length"""
QUICK = {"deliver_at": 0.6, "min_benchmarks": 1, "rate_floor": 0.1, "decoy_share": 0.05}


@pytest.fixture(scope="module")
def town(site: Site) -> Iterator[Town]:
    """A project with an hour of history up to now."""
    with Database(site.db.url, pool_size=3) as db:
        town = Town(db, QUICK, now=datetime.now(UTC) - timedelta(hours=1))
        town.open_by_hand(60)
        for n in range(12):
            town.hire(f"person {n:02}", knows(0.92) if n % 4 else guesses)
        town.push(1500, deadline=datetime.now(UTC) + timedelta(hours=2))
        sweeper, meter = Sweeper(db), Meter(db)
        while town.now < datetime.now(UTC) - timedelta(seconds=40):
            town.round(40)
            meter.step(town.now)
            if town.rng.random() < 0.1:
                sweeper.sweep(town.now)
        yield town


@contextmanager
def at_work(town: Town) -> Iterator[None]:
    """People answer and a meter runs while a page is watched."""
    stop = threading.Event()

    def run() -> None:
        meter = Meter(town.db)
        while not stop.wait(0.2):
            town.now = datetime.now(UTC)
            town.round(0)
            meter.step(datetime.now(UTC))

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def live_path(town: Town) -> str:
    return f"/operate/{town.project.id}"


def test_all_projects_at_a_glance(browsers: Browsers, site: Site, town: Town) -> None:
    """Each project with its customer, its speed and what needs an eye; its name leads to its live view."""
    with browsers.visit(site.accounts["operator"]) as visit:
        page = visit.go("/operate")
        row = page.get_by_role("row").filter(has_text="texts")
        expect(row.get_by_role("cell").first).to_have_text("lab")
        visit.check_accessible()
        visit.screenshot("operate")
        row.get_by_role("link", name="texts").click()
        expect(page).to_have_url(site.base + live_path(town))


@pytest.mark.parametrize(("dark", "size"), [(False, (1280, 900)), (True, (1280, 900)), (False, (390, 800))])
def test_a_project_live(
    browsers: Browsers,
    site: Site,
    town: Town,
    dark: bool,
    size: tuple[int, int],
) -> None:
    """Charts are drawn, each with a table; the console is clean and axe finds nothing serious."""
    with browsers.visit(site.accounts["operator"], dark=dark, size=size) as visit:
        page = visit.go(live_path(town))
        expect(page.locator(".chart .main-svg").first).to_be_visible()
        page.wait_for_function(DRAWN)
        page.wait_for_timeout(500)
        visit.check_accessible()
        visit.screenshot(f"live-{'dark' if dark else 'light'}-{size[0]}")
        visit.check_fits()
        page.locator("summary").first.click()
        expect(page.get_by_role("region", name="Ordinary answers").get_by_role("row").nth(3)).to_be_visible()
        box = page.locator("#chart-answers .draglayer").bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + box["height"] / 2)
        expect(page.locator("#chart-answers .hoverlayer text").first).to_be_visible()


@pytest.mark.parametrize(("dark", "size"), [(False, (1280, 900)), (True, (1280, 900)), (False, (390, 800))])
def test_all_metrics_over_time(
    browsers: Browsers,
    site: Site,
    town: Town,
    dark: bool,
    size: tuple[int, int],
) -> None:
    """Every series is a chart with hover and a table, agreement with its interval, over the span chosen."""
    with browsers.visit(site.accounts["operator"], dark=dark, size=size) as visit:
        page = visit.go(live_path(town))
        page.get_by_role("link", name="Metrics", exact=True).click()
        page.get_by_role("link", name="3 hours").click()
        expect(page.get_by_role("link", name="3 hours")).to_have_attribute("aria-current", "true")
        page.wait_for_function(ALL_DRAWN)
        page.wait_for_timeout(500)
        visit.check_accessible()
        visit.screenshot(f"metrics-{'dark' if dark else 'light'}-{size[0]}")
        visit.check_fits()
        told = page.evaluate("document.querySelector('#chart-agreement-alpha').data.map(d => d.y)")
        whole = [values for values in zip(*told, strict=True) if None not in values]
        assert whole
        assert all(low <= value <= high for value, high, low in whole)
        assert page.evaluate(EMPTY) == page.get_by_text("nothing to show here").count()
        bars = page.evaluate(
            "document.querySelector('#chart-standings-by-p-parts').data.map(d => d.marker.color)"
        )
        assert len(bars) == len(set(bars)) > 1
        page.locator("summary").first.click()
        expect(
            page.get_by_role("region", name="Krippendorff's alpha").get_by_role("row").nth(3)
        ).to_be_visible()
        page.locator("#chart-throughput-per-hour").scroll_into_view_if_needed()
        box = page.locator("#chart-throughput-per-hour .draglayer").bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + box["height"] / 2)
        expect(page.locator("#chart-throughput-per-hour .hoverlayer text").first).to_be_visible()


def test_every_span_of_metrics_is_drawn(browsers: Browsers, site: Site, town: Town) -> None:
    """From three hours to a year; agreement stands on the live view as well."""
    with browsers.visit(site.accounts["operator"]) as visit:
        page = visit.go(live_path(town))
        expect(page.locator("#part-summary")).to_contain_text("Agreement, alpha")
        for window in ("24h", "7d", "30d", "1y"):
            page = visit.go(f"{live_path(town)}/metrics?window={window}")
            page.wait_for_function(ALL_DRAWN)
            visit.screenshot(f"metrics-{window}")


def test_the_live_view_moves_while_people_answer(browsers: Browsers, site: Site, town: Town) -> None:
    """Without a reload the page shows what was answered since, and the charts with it."""
    with browsers.visit(site.accounts["operator"]) as visit:
        page = visit.go(live_path(town) + "?window=15m")
        page.wait_for_function(DRAWN)
        expect(page.locator("#live-state")).to_have_text("Live.")
        total = "document.querySelector('#chart-answers').data.flatMap(d => d.y).reduce((a, b) => a + b, 0)"
        before, waiting = page.evaluate(total), page.locator("#part-summary").inner_text()
        with at_work(town):
            page.wait_for_function(f"() => {total} > {before} + 20")
            page.wait_for_function(
                "before => document.querySelector('#part-summary').innerText !== before", arg=waiting
            )
        for window in ("3 hours", "24 hours", "7 days"):
            page.get_by_role("link", name=window).click()
            page.wait_for_function(DRAWN)
            visit.screenshot(f"live-{window[0]}")


def test_labelers_are_sorted_filtered_and_found(browsers: Browsers, site: Site, town: Town) -> None:
    """A click on a column sorts, a second one turns it round; states and beginnings of names filter."""
    with browsers.visit(site.accounts["operator"]) as visit:
        page = visit.go(live_path(town) + "/labelers")
        names = page.locator("tbody th")
        expect(names).to_have_count(12)
        table = page.get_by_role("region", name="Labelers")
        assert table.evaluate("one => one.scrollWidth <= one.clientWidth")
        visit.check_accessible()
        visit.screenshot("labelers")
        page.get_by_role("link", name="Labeler", exact=True).click()
        expect(page.locator("th[aria-sort=ascending]")).to_contain_text("Labeler")
        assert names.all_inner_texts() == sorted(town.names)
        page.get_by_role("link", name="Labeler", exact=True).click()
        expect(page.locator("th[aria-sort=descending]")).to_contain_text("Labeler")
        assert names.all_inner_texts() == sorted(town.names, reverse=True)
        page.get_by_role("link", name="dismissed").click()
        expect(page.locator("tbody .badge").first).to_have_text("dismissed")
        page.get_by_role("link", name="All", exact=True).click()
        page.get_by_label("Name begins with").fill("person 0")
        page.keyboard.press("Enter")
        expect(names).to_have_count(10)


@pytest.mark.parametrize(("dark", "size"), [(False, (1280, 900)), (True, (390, 800))])
def test_a_labeler_is_explained(
    browsers: Browsers, site: Site, town: Town, dark: bool, size: tuple[int, int]
) -> None:
    """The chart, the benchmark answers with their tasks, the story, and a word about the panel."""
    with browsers.visit(site.accounts["operator"], dark=dark, size=size) as visit:
        page = visit.go(f"{live_path(town)}/labelers/{town.names['person 00' if dark else 'person 05']}")
        expect(page.locator("#chart-history .main-svg").first).to_be_visible()
        page.wait_for_timeout(500)
        visit.check_accessible()
        visit.screenshot(f"labeler-{'dark' if dark else 'light'}-{size[0]}")
        visit.check_fits()
        expect(
            page.get_by_role("region", name="Benchmark answers").get_by_text("right 1").first
        ).to_be_visible()
        expect(page.locator(".timeline")).to_contain_text("was let in")
        asked: list[str] = []

        def confirm(dialog: Dialog) -> None:
            asked.append(dialog.message)
            dialog.accept()

        page.on("dialog", confirm)
        page.get_by_label("Reason for the panel").fill("answers <b>best</b>")
        page.get_by_role("button", name="Bar").click()
        expect(page.get_by_role("status")).to_contain_text("is barred from the panel")
        expect(page.locator(".timeline")).to_contain_text("a-operator: answers <b>best</b>")
        assert len(asked) == 1
        page.get_by_label("Reason for the panel").fill("a mistake")
        page.get_by_role("button", name="Let benchmarks decide").click()
        expect(page.get_by_role("status")).to_contain_text("is judged by benchmarks again")


def test_what_the_panel_cannot_be_told(browsers: Browsers, site: Site, town: Town) -> None:
    """No reason, an unknown action or an unknown labeler change nothing and say why."""
    with browsers.visit(site.accounts["operator"], expected=("422", "404", "409")) as visit:
        who = town.names["person 01"]
        page = visit.go(f"{live_path(town)}/labelers/{who}")
        page.get_by_label("Reason for the panel").fill("   ")
        page.once("dialog", lambda dialog: dialog.accept())
        page.get_by_role("button", name="Appoint").click()
        expect(page.get_by_role("alert")).to_contain_text("say why")
        visit.go(f"{live_path(town)}/labelers/99999")
        expect(page.get_by_role("alert")).to_contain_text("there is no labeler 99999")


def test_the_log_is_read_backwards(browsers: Browsers, site: Site, town: Town) -> None:
    """The latest first, page by page, by labeler, task and kind; every row says all that it knows."""
    with browsers.visit(site.accounts["operator"], expected=("422", "404")) as visit:
        page = visit.go(live_path(town) + "/log")
        rows = page.locator("tbody tr")
        expect(rows).to_have_count(100)
        visit.check_accessible()
        rows.first.locator("summary").click()
        expect(rows.first.locator(".facts dt").first).to_be_visible()
        visit.screenshot("log")
        first = rows.first.inner_text()
        page.get_by_role("link", name="Earlier").click()
        expect(page.get_by_role("link", name="The latest")).to_be_visible()
        assert rows.first.inner_text() != first
        page.get_by_label("Labeler").fill("person 04")
        page.get_by_label("Kind").select_option("dismiss")
        page.get_by_role("button", name="Show").click()
        expect(rows).to_have_count(1)
        rows.first.get_by_role("link", name="person 04").click()
        expect(page.get_by_role("heading", name="person 04")).to_be_visible()
        page.get_by_role("region", name="Benchmark answers").get_by_role("link").first.click()
        expect(rows.first).to_contain_text("benchmark")
        page.get_by_role("link", name="Log", exact=True).click()
        for field, typed, said in (("Labeler", "nobody", "no labeler called"), ("Task", "x", "is no number")):
            page.get_by_label(field, exact=True).fill(typed)
            page.get_by_role("button", name="Show").click()
            expect(page.get_by_role("alert")).to_contain_text(said)
            expect(page.get_by_label(field, exact=True)).to_have_value(typed)
        visit.check_accessible()
        visit.go("/operate/1/nothing")
        expect(page.get_by_role("alert")).to_contain_text("There is no such page")


def test_a_window_that_is_not_there(browsers: Browsers, site: Site, town: Town) -> None:
    """A wrong address says what would be right."""
    with browsers.visit(site.accounts["operator"], expected=("422", "404")) as visit:
        page = visit.go(live_path(town) + "?window=9y")
        expect(page.get_by_role("alert")).to_contain_text("15m, 3h, 24h, 7d")
        visit.go("/operate/999999")
        expect(page.get_by_role("heading", level=1)).to_be_visible()


@pytest.mark.parametrize("role", ["customer", "labeler", "trusted", "auditor"])
def test_nobody_else_watches(browsers: Browsers, site: Site, town: Town, role: str) -> None:
    """Names and standings of labelers are for operators; who is refused sees as whom, and the way back."""
    with browsers.visit(site.accounts[role], expected=("403",)) as visit:  # type: ignore[index]
        for path in ("/operate", *(live_path(town) + rest for rest in ("", "/events", "/metrics"))):
            response = visit.page.request.get(site.base + path)
            assert response.status == 403
        page = visit.go("/operate")
        expect(page.get_by_role("alert")).to_contain_text(f"the role {role} may not do this")
        expect(page.get_by_role("button", name="Sign out")).to_be_visible()
        expect(page.get_by_role("navigation", name="Main")).to_be_visible()
        visit.check_accessible()


@pytest.mark.parametrize(
    ("minutes", "said"), [(1, "has just opened"), (20, "no label was delivered for 15 minutes")]
)
def test_silence_is_told_of_once_it_can_be_one(minutes: int, said: str) -> None:
    """A project that opened a minute ago has not been silent for fifteen."""
    now = datetime.now(UTC)
    project = Mock(id=1, state="open", opened_at=now - timedelta(minutes=minutes))
    forecast = Mock(late_seconds=None, done_seconds=None)
    live = Mock(line=Mock(project=project, forecast=forecast, sample=Mock(sampled_at=now)))
    live.alerts = live.why_empty = []
    assert said in part("operation/notices.html", live=live)
