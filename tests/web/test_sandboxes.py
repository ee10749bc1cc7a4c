"""The page of sandboxes, in a browser: one is made, kept warm, put to work and taken back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Dialog, expect

from goldvein.services import projects, sandboxes
from goldvein.services.metering import Meter
from goldvein.services.sandboxes import SandboxDraft
from goldvein.services.sweeps import Sweeper
from goldvein.sim import sandboxed
from tests.services.town import Town, knows
from tests.web.browsing import Browsers
from tests.web.conftest import Site


@pytest.fixture(scope="module")
def town(site: Site) -> Town:
    """An open project with some labels, worked on within the last hour."""
    policy = {"open_at": 12, "rate_ceiling": 0.4, "audit_labelers": 0}
    town = Town(site.db, policy, now=datetime.now(UTC) - timedelta(hours=1))
    town.open_by_hand(40)
    for n in range(5):
        town.hire(f"good {n}", knows(0.97))
    town.push(80)
    town.run(35)
    return town


@pytest.mark.parametrize(("dark", "size"), [(False, (1280, 800)), (True, (390, 800))])
def test_an_operator_tries_a_policy(
    browsers: Browsers, site: Site, town: Town, dark: bool, size: tuple[int, int]
) -> None:
    """Made on the page, warm, run, compared, promoted and reverted; every step says what it did."""
    project = town.project.id
    name = f"looser {size[0]}"
    kind = "phone-dark" if dark else "wide"
    with browsers.visit(site.accounts["operator"], dark=dark, size=size) as visit:
        page = visit.go(f"/operate/{project}/sandboxes")
        page.on("dialog", _accept)
        page.get_by_label("Name, as labelers see it").fill(name)
        page.get_by_label("Knobs to try").fill("deliver_at = 0.8")
        page.get_by_label("Tasks").fill("40")
        page.get_by_role("button", name="Make a sandbox").click()
        expect(page.get_by_role("status")).to_contain_text("The sandbox is there")
        made = sandboxes.list_(site.db, project, datetime.now(UTC))[0]
        assert made.name == name
        sandboxed.run(site.db, made.id, people=12, answers=120, seed=1)
        page.locator(f"#per-day-{made.id}").fill("500")
        card = page.locator(f"section[aria-labelledby='sandbox-{made.id}']")
        card.get_by_role("button", name="Set the budget").click()
        expect(page.get_by_role("status")).to_contain_text("The budget is set")
        Meter(site.db).step(datetime.now(UTC))
        Sweeper(site.db).sweep(datetime.now(UTC))
        page = visit.go(f"/operate/{project}/sandboxes")
        expect(card.get_by_text("warm", exact=True)).to_be_visible()
        expect(page.get_by_role("row", name=name)).to_contain_text("0.8 instead of 0.9")
        visit.check_accessible()
        visit.screenshot(f"sandboxes-{kind}")
        card.get_by_role("button", name="Put it to work").click()
        expect(page.get_by_role("status")).to_contain_text("a new version of this project's policy")
        assert projects.policy(site.db, project).deliver_at == 0.8
        page.get_by_role("button", name="Go back to version").click()
        expect(page.get_by_role("status")).to_contain_text("an earlier version again")
        assert projects.policy(site.db, project).deliver_at == 0.9
        page = visit.go(f"/operate/{made.id}/sandboxes")
        expect(page.get_by_text("no customer sees it")).to_be_visible()
        visit.check_accessible()


def test_what_cannot_be_is_said(browsers: Browsers, site: Site, town: Town) -> None:
    """A knob that is none, a copy without benchmarks, a budget beyond reason; what was typed stays there."""
    project = town.project.id
    sandboxes.create(site.db, project, SandboxDraft(tasks=5), datetime.now(UTC))
    with browsers.visit(site.accounts["operator"], expected=("422", "409")) as visit:
        page = visit.go(f"/operate/{project}/sandboxes")
        page.get_by_label("Knobs to try").fill("<b>deliver_at</b>")
        page.get_by_role("button", name="Make a sandbox").click()
        expect(page.get_by_role("alert")).to_contain_text("is no knob with a number")
        expect(page.get_by_label("Knobs to try")).to_have_value("<b>deliver_at</b>")
        visit.check_accessible()
        for knob, said in (
            ("deliver_att = 0.95", "unknown policy value 'deliver_att'; known are"),
            ("deliver_at = nan", "policy value deliver_at"),
            ("min_benchmarks = 4.5", "must be a whole number"),
        ):
            page.get_by_label("Knobs to try").fill(knob)
            page.get_by_role("button", name="Make a sandbox").click()
            expect(page.get_by_role("alert")).to_contain_text(said)
            expect(page.get_by_label("Knobs to try")).to_have_value(knob)
        page.get_by_label("Knobs to try").fill("open_at = 900")
        page.get_by_role("button", name="Make a sandbox").click()
        expect(page.get_by_role("alert")).to_contain_text("a sandbox needs 900")


def test_a_customer_knows_nothing_of_it(browsers: Browsers, site: Site, town: Town) -> None:
    """Neither a list nor an address leads a customer to a sandbox."""
    made = sandboxes.create(site.db, town.project.id, SandboxDraft("not theirs", tasks=5), datetime.now(UTC))
    with browsers.visit(site.accounts["customer"], expected=("404", "403")) as visit:
        page = visit.go("/projects")
        expect(page.get_by_text("not theirs")).to_have_count(0)
        page = visit.go(f"/projects/{made.id}")
        expect(page.get_by_role("alert")).to_contain_text(f"there is no project {made.id} here")


def _accept(dialog: Dialog) -> None:
    dialog.accept()
