"""The page of reference checks, in a browser: given a sample, quiet, and after a drop."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import numpy as np
from playwright.sync_api import expect

from goldvein.domain.records import ProjectDraft
from goldvein.services import projects
from goldvein.stats.arrays import Array
from tests.services.checked import check_days, give_sample, usual
from tests.services.town import task_input
from tests.web.browsing import Browsers
from tests.web.conftest import Site


def make(site: Site, name: str) -> int:
    return projects.create(site.db, site.customer, ProjectDraft(name, "Pick one."), datetime.now(UTC)).id


def worse(day: int, right: Array, rng: np.random.Generator) -> Array:
    """From the twenty-first day on, people agree on another answer to every seventh task."""
    turned = usual(day, right, rng)
    if day >= 20:
        turned[::7] = np.where(rng.random(len(turned[::7])) < 0.9, 2, turned[::7])
    return turned


def test_a_customer_gives_a_sample_from_a_file(browsers: Browsers, site: Site) -> None:
    """Good tasks are taken, bad ones named by their line; what stands there is said, and escaped."""
    project = make(site, "sampled")
    good = [{"unique_id": f"r{n}", "input": task_input(n, n % 4), "key": n % 4} for n in range(30)]
    bad = {"input": {"prompt": "<b>no</b>"}, "key": 0}
    lines = "\n".join(json.dumps(one) for one in [*good, bad]).encode()
    with browsers.visit(site.accounts["customer"], expected=("422",)) as visit:
        page = visit.go(f"/projects/{project}/reference")
        expect(page.get_by_text("There is no sample yet")).to_be_visible()
        visit.check_accessible()
        visit.screenshot("reference-empty")
        send = page.get_by_role("button", name="Send the file")
        page.locator("#file").set_input_files(
            {"name": "sample.jsonl", "mimeType": "application/x-ndjson", "buffer": lines}
        )
        send.click()
        expect(page.get_by_text("Version 1 of the sample is in force.")).to_be_visible()
        expect(page.locator("tbody tr")).to_have_count(1)
        visit.screenshot("reference-given")
        visit.check_accessible()
        page.locator("#file").set_input_files(
            {"name": "sample.txt", "mimeType": "text/plain", "buffer": b"x"}
        )
        send.click()
        expect(page.get_by_role("alert")).to_contain_text("does not say what it is")
        page.locator("#file").set_input_files(
            {
                "name": "s.json",
                "mimeType": "application/json",
                "buffer": json.dumps({"tasks": good[:5]}).encode(),
            }
        )
        page.get_by_label("This is the whole sample").check()
        send.click()
        expect(page.get_by_text("Version 2 of the sample is in force.")).to_be_visible()
        expect(page.get_by_text("5 tasks")).to_be_visible()


def test_quiet_checks_say_what_they_could_see(browsers: Browsers, site: Site) -> None:
    """Accuracy with its interval, power, the chart with its table, and the checks by day."""
    project = make(site, "quiet")
    give_sample(site.db, project, 200)
    check_days(site.db, project, 12)
    with browsers.visit(site.accounts["customer"]) as visit:
        page = visit.go(f"/projects/{project}/reference")
        expect(page.get_by_text("No drop was found.")).to_be_visible()
        expect(page.get_by_text("within 5 days in 85% of cases")).to_be_visible()
        page.locator("#chart-accuracy .main-svg").first.wait_for()
        visit.check_accessible()
        visit.screenshot("reference-quiet")
    with browsers.visit(site.accounts["customer"], dark=True, size=(390, 844)) as visit:
        page = visit.go(f"/projects/{project}/reference")
        page.locator("#chart-accuracy .main-svg").first.wait_for()
        visit.check_fits()
        visit.check_accessible()
        visit.screenshot("reference-quiet-phone-dark")


def test_a_drop_is_told_with_its_cause_and_what_to_do(browsers: Browsers, site: Site) -> None:
    """To the operator as well; the alert stands on the overview."""
    project = make(site, "dropped")
    give_sample(site.db, project, 200)
    check_days(site.db, project, 25, worse)
    with browsers.visit(site.accounts["operator"]) as visit:
        page = visit.go(f"/projects/{project}/reference")
        expect(page.get_by_role("heading", name="Accuracy has fallen since 2026-03-2")).to_be_visible()
        expect(page.locator("[aria-labelledby=causes] tbody tr").first).to_contain_text("The keys")
        expect(page.locator("[aria-labelledby=keys] tbody tr").first).to_contain_text("ref-")
        page.locator("#chart-accuracy .main-svg").first.wait_for()
        visit.check_accessible()
        visit.screenshot("reference-dropped")
        page = visit.go(f"/projects/{project}")
        expect(page.get_by_text("Accuracy against the customer's sample fell")).to_be_visible()
        page.get_by_role("link", name="Reference").click()
        page.wait_for_url("**/reference")
    with browsers.visit(site.accounts["customer"], dark=True) as visit:
        visit.go(f"/projects/{project}/reference").locator("#chart-accuracy .main-svg").first.wait_for()
        visit.screenshot("reference-dropped-dark")
