"""The pages of labels, in a browser: looked at, asked for, and taken away in every format."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest
from playwright.sync_api import expect

from goldvein.api.keyring import SESSION_COOKIE
from goldvein.domain.records import ProjectDraft, TaskDraft
from goldvein.services import accounts, intake, projects
from goldvein.store import labels, tasks
from goldvein.store.labels import NewLabel
from tests.web.browsing import Browsers, Visit
from tests.web.conftest import Site

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOSTILE = "=cmd|'/c calc'!A1 <img src=x onerror=alert(1)> مرحبا 👋🏽 " + "long" * 60


@pytest.fixture(scope="module")
def project(site: Site) -> int:
    """A project with 130 labels, one of them withdrawn and replaced, of texts that models write."""
    project = projects.create(site.db, site.customer, ProjectDraft("Descriptive", "Pick."), AT).id
    fill(site, project, [HOSTILE, *[f"It rained on day {n}." for n in range(1, 130)]])
    return project


def fill(site: Site, project: int, prompts: Sequence[str]) -> list[int]:
    drafts = [
        TaskDraft(n, {"prompt": text, "options": [f"{n} hard", f"{n} on tin", HOSTILE]}, f"u{n}", {"n": n})
        for n, text in enumerate(prompts)
    ]
    half = len(drafts) // 2
    ids = [
        task.id
        for batch, part in (("round-1", drafts[:half]), ("round-2", drafts[half:]))
        for task in intake.push(site.db, project, part, batch, datetime.now(UTC)).tasks
    ]
    with site.db.transaction() as tx:
        made = labels.insert_many(tx, [label(project, task, n) for n, task in enumerate(ids)])
        labels.withdraw(tx, [(project, made[0])], AT)
        labels.insert_many(tx, [label(project, ids[0], 2, basis="panel", labeler=None)])
        tasks.finish(tx, {(project, task): "labelled" for task in ids}, AT)
    return made


def label(project: int, task: int, n: int, **changes: Any) -> NewLabel:
    value = HOSTILE if n % 3 == 2 else f"{n} {('hard', 'on tin')[n % 3]}"
    values: dict[str, Any] = {
        "answer": {"choice": n % 3, "value": value}, "basis": "labeler", "policy_version": 1,
        "answered_at": AT,
        "delivered_at": datetime.now(UTC) + timedelta(seconds=60 * n), "labeler": 7, "p_benchmarks": 0.97,
        "p_all": 0.96, "benchmarks": 12, "standing_state": "boundary" if n % 5 == 0 else "admitted",
        "confidence": 0.91 if n % 2 else None,
    }  # fmt: skip
    return NewLabel(project=project, task=task, **(values | changes))


def test_browsing(browsers: Browsers, site: Site, project: int) -> None:
    """Page by page to the last label; asked for by round, answer and state; one label with its story."""
    with browsers.visit(site.accounts["customer"]) as visit:
        page = visit.go(f"/projects/{project}/labels")
        visit.check_accessible()
        visit.screenshot("labels")
        seen: list[str] = []
        while True:
            seen += page.locator("tbody th a").all_inner_texts()
            following = page.get_by_role("link", name="Next page")
            if not following.count():
                break
            following.click()
        assert len(seen) == len(set(seen)) == 130
        page.get_by_label("Round").fill("round-2")
        page.get_by_label("Answer").select_option("Option 2")
        page.get_by_label("Order").select_option("Oldest first")
        page.get_by_role("button", name="Show").click()
        answers = page.locator("tbody .label-answer").all_inner_texts()
        assert answers
        assert all(answer.endswith("on tin") for answer in answers)
        page.locator("#state").select_option("Withdrawn")
        page.get_by_label("Answer").select_option("Any")
        page.get_by_label("Round").fill("")
        page.get_by_role("button", name="Show").click()
        page.locator("tbody th a").click()
        page.get_by_text("It no longer counts").wait_for()
        expect(page.locator("input:checked")).to_have_count(1)
        assert page.locator("img[src='x']").count() == 0
        assert page.locator(".chain li").count() == 2
        assert page.get_by_text("How it came about").count() == 0
        visit.check_accessible()
        visit.screenshot("label")
        page.get_by_role("link", name="All labels").click()
        page.get_by_label("Round").fill("nowhere")
        page.get_by_role("button", name="Show").click()
        page.get_by_text("This project has no round").wait_for()


def test_a_phone_in_the_dark(browsers: Browsers, site: Site, project: int) -> None:
    """Nothing is wider than the screen but the table, which scrolls by itself."""
    with browsers.visit(site.accounts["operator"], dark=True, size=(390, 800)) as visit:
        page = visit.go(f"/projects/{project}/labels?order=oldest&state=all")
        visit.check_accessible()
        visit.screenshot("labels-phone")
        visit.check_fits()
        page.locator("tbody th a").first.click()
        page.get_by_text("How it came about").wait_for()
        visit.check_accessible()
        visit.screenshot("label-phone")
        visit.check_fits()


def taken(visit: Visit, button: str, folder: Path) -> bytes:
    with visit.page.expect_download() as download:
        visit.page.get_by_role("link", name=button, exact=True).click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path.read_bytes()


def test_exporting_by_clicking(browsers: Browsers, site: Site, project: int, tmp_path: Path) -> None:
    """Every format, of the round that is looked at."""
    with browsers.visit(site.accounts["customer"]) as visit:
        visit.go(f"/projects/{project}/labels?batch=round-1")
        lines = taken(visit, "JSON Lines", tmp_path).splitlines()
        assert len(lines) == 65
        assert json.loads(lines[0])["basis"] == "panel"
        table = list(csv.DictReader(io.StringIO(taken(visit, "CSV", tmp_path).decode(), newline="")))
        assert len(table) == 65
        assert table[0]["prompt"] == f"'{HOSTILE}"
        assert pq.read_table(io.BytesIO(taken(visit, "Parquet", tmp_path))).num_rows == 65
        pairs = [json.loads(line) for line in taken(visit, "TRL preferences", tmp_path).splitlines()]
        assert len(pairs) == 130
        assert set(pairs[0]) == {"prompt", "chosen", "rejected"}
        best = json.loads(taken(visit, "OpenAI best-of-K", tmp_path))
        assert set(best[0]) == {"query", "sample0", "sample1", "sample2", "best"}
        studio = json.loads(taken(visit, "Label Studio", tmp_path))
        assert len(studio) == 65
        names = sorted(path.name for path in tmp_path.iterdir())
        assert len(names) == 6
        assert all(name.startswith("descriptive-labels-20") for name in names)


@pytest.mark.parametrize(
    "query",
    ["basis=luck", "answer=x", "state=some", "order=up", "since=yesterday", "from=7", "until=9999-12-31"],
)
def test_what_cannot_be_asked_says_so(site: Site, project: int, query: str) -> None:
    """A page that says what to change, never a fault of ours."""
    response = as_person(site, "customer", f"/projects/{project}/labels?{query}")
    assert response.status_code == 422
    assert "change it, or leave it out" in response.text


def test_nobody_sees_what_is_not_theirs(site: Site, project: int) -> None:
    """Another customer's project or label is not found; labelers may not look at labels at all."""
    with site.db.connection() as tx:
        row = tx.execute("SELECT min(id) FROM labels WHERE project = %s", (project,)).fetchone()
    assert row is not None
    assert as_person(site, "customer", f"/projects/{project}/labels/{row[0]}").status_code == 200
    assert as_person(site, "operator", f"/projects/{project}/labels/{row[0]}").status_code == 200
    for path in (
        f"{site.other_project}/labels",
        f"{site.other_project}/labels/{row[0]}",
        f"{site.project}/labels/{row[0]}",
    ):
        assert as_person(site, "customer", f"/projects/{path}").status_code == 404
    for role in ("labeler", "trusted", "auditor"):
        assert as_person(site, role, f"/projects/{project}/labels").status_code == 403


def test_an_empty_project_says_what_comes(site: Site) -> None:
    """And a filter that nothing fits says something else."""
    assert (
        "No label has been delivered yet"
        in as_person(site, "customer", f"/projects/{site.project}/labels").text
    )


def as_person(site: Site, role: Any, path: str) -> httpx.Response:
    token = accounts.begin_session(site.db, site.accounts[role], "test", datetime.now(UTC))
    return httpx.get(
        site.base + path, cookies={SESSION_COOKIE: token}, headers={"Accept": "text/html"}, timeout=30
    )
