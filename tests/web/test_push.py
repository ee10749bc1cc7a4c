"""The page that pushes files, in a browser: every format, bad rows, lost connections and reloads."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, Route

from goldvein.api.keyring import SESSION_COOKIE
from goldvein.domain.records import ProjectDraft
from goldvein.services import accounts, intake, projects
from tests.web.browsing import Browsers
from tests.web.conftest import Site

HOSTILE = "<img src=x onerror=alert(1)> مرحبا 👋🏽 =1+1"
LOST = ("ERR_INTERNET_DISCONNECTED", "ERR_FAILED")
"""What the console says of the connection that a test takes away."""


@pytest.fixture
def project(site: Site) -> int:
    """A project of the customer's."""
    return projects.create(site.db, site.customer, ProjectDraft("Files", "Pick."), datetime.now(UTC)).id


def task(n: int, **more: Any) -> dict[str, Any]:
    return {
        "unique_id": f"u{n}",
        "input": {"prompt": f"{HOSTILE} {n}", "options": [f"{n} a", f"{n} b"]},
        **more,
    }


def total(site: Site, project: int, batch: str) -> int:
    return intake.batch_progress(site.db, project, batch, datetime.now(UTC)).total


def choose(page: Page, path: Path, batch: str) -> None:
    page.set_input_files("#file", path)
    page.locator("#rows li").first.wait_for()
    page.fill("#batch", batch)


def done(page: Page) -> tuple[str, str, str]:
    page.get_by_text("Everything is sent.").wait_for()
    created, existing, refused = (
        page.locator(f"#{name}").inner_text() for name in ("created", "existing", "refused")
    )
    return created, existing, refused


BAD: dict[str, Any] = {"unique_id": "bad", "input": {"prompt": "p", "options": ["only one"]}}
FILES = {
    "tasks.jsonl": "\n".join(json.dumps(one) for one in [task(0), BAD, task(1)]) + "\n",
    "tasks.csv": "unique_id;prompt;option_0;option_1\n"
    f'u0;"{HOSTILE}\n 0; ""so""";0 a;0 b\nbad;p;one;\nu1;p;1 a;1 b\n',
    "tasks.json": json.dumps([task(0), BAD, task(1)], indent=1),
    "studio.json": json.dumps(
        [
            {"id": n, "data": {"prompt": HOSTILE, "options": options}}
            for n, options in enumerate([["a", "b"], ["a"], ["a", "c"]])
        ]
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_with_a_bad_row(
    browsers: Browsers, site: Site, project: int, tmp_path: Path, name: str
) -> None:
    """Looked at, pushed, the bad row named; pushed again, nothing happens twice."""
    path = tmp_path / name
    path.write_text(FILES[name], encoding="utf-8")
    with browsers.visit(site.accounts["customer"], expected=("422",)) as visit:
        page = visit.go(f"/projects/{project}/push")
        visit.check_accessible()
        visit.screenshot("push")
        choose(page, path, "round-1")
        assert page.locator("#rows li").count() == 3
        assert page.locator("#rows .notice.error").count() == 1
        assert page.locator("#rows img").count() == 0
        visit.check_accessible()
        visit.screenshot(f"push-look-{name}")
        page.get_by_role("button", name="Push", exact=True).click()
        assert done(page) == ("2", "0", "1")
        assert page.locator("#errors tr").inner_text().split("\t")[0] == "2"
        visit.check_accessible()
        visit.screenshot("push-done")
        with page.expect_download() as download:
            page.get_by_role("link", name="Download the list").click()
        listed = download.value.path().read_text().splitlines()
        assert listed[0] == "row,code,where,detail"
        assert listed[1].startswith("2,options_count,")
        assert (
            page.get_by_role("link", name="See the round").get_attribute("href")
            == f"/projects/{project}/rounds/round-1"
        )
        page.get_by_role("button", name="Push more").click()
        choose(page, path, "round-1")
        page.get_by_role("button", name="Push", exact=True).click()
        assert done(page) == ("0", "2", "1")
    assert total(site, project, "round-1") == 2


def long_file(tmp_path: Path, rows: int = 2_000) -> Path:
    path = tmp_path / "long.csv"
    lines = [f'"{n}, and\n""so""",{n} a,{n} b' for n in range(rows)]
    path.write_text("prompt,option_0,option_1\n" + "\n".join(lines), encoding="utf-8")
    return path


def test_a_lost_connection_is_waited_for(
    browsers: Browsers, site: Site, project: int, tmp_path: Path
) -> None:
    """It goes on by itself when the connection is back; each row is there once."""
    with browsers.visit(site.accounts["operator"], expected=LOST) as visit:
        page = visit.go(f"/projects/{project}/push")
        choose(page, long_file(tmp_path), "long")
        sent = 0

        def lose(route: Route) -> None:
            nonlocal sent
            sent += 1
            if sent == 2:
                visit.context.set_offline(True)
            route.continue_()

        page.route("**/v1/projects/*/tasks?*", lose)
        page.get_by_role("button", name="Push", exact=True).click()
        page.get_by_text("The connection is lost.").wait_for()
        visit.screenshot("push-lost")
        visit.context.set_offline(False)
        assert done(page)[2] == "0"
    assert total(site, project, "long") == 2_000


def test_an_answer_that_is_lost_costs_nothing(
    browsers: Browsers, site: Site, project: int, tmp_path: Path
) -> None:
    """The server has stored the part, and the page does not know: it sends it again."""
    with browsers.visit(site.accounts["customer"], expected=LOST) as visit:
        page = visit.go(f"/projects/{project}/push")
        choose(page, long_file(tmp_path, 700), "answers")
        calls: list[int] = []

        def answer(route: Route) -> None:
            calls.append(route.fetch().status)
            if len(calls) == 1:
                route.abort()
            else:
                route.continue_()

        page.route("**/v1/projects/*/tasks?*", answer)
        page.get_by_role("button", name="Push", exact=True).click()
        assert done(page)[2] == "0"
        assert len(calls) == 3
    assert total(site, project, "answers") == 700


def test_a_reload_goes_on_where_it_was(browsers: Browsers, site: Site, project: int, tmp_path: Path) -> None:
    """The page remembers how far it was, and asks for the file again."""
    with browsers.visit(site.accounts["customer"], expected=LOST) as visit:
        page = visit.go(f"/projects/{project}/push")
        path = long_file(tmp_path)
        choose(page, path, "reload")
        bodies: list[int] = []

        def stop(route: Route) -> None:
            bodies.append(len(route.request.post_data_buffer or b""))
            if len(bodies) == 2:
                route.abort()
            else:
                route.continue_()

        page.route("**/v1/projects/*/tasks?*", stop)
        page.get_by_role("button", name="Push", exact=True).click()
        page.get_by_text("The connection is lost.").wait_for()
        page.get_by_role("button", name="Pause").click()
        page.get_by_text("Paused.").wait_for()
        page.reload()
        page.get_by_text("was sent into reload up to row 500").wait_for()
        visit.check_accessible()
        page.set_input_files("#file", path)
        page.get_by_role("button", name="Go on").wait_for()
        assert page.input_value("#batch") == "reload"
        page.get_by_role("button", name="Go on").click()
        assert done(page) == ("2,000", "0", "0")
        assert len(bodies) == 5
    assert total(site, project, "reload") == 2_000


def test_pasted_tasks(browsers: Browsers, site: Site, project: int) -> None:
    """A few lines without a file, on a phone in the dark."""
    with browsers.visit(site.accounts["customer"], dark=True, size=(390, 800)) as visit:
        page = visit.go(f"/projects/{project}/push")
        page.get_by_text("Paste some tasks instead").click()
        page.get_by_role("textbox", name="Tasks").fill("prompt,option_0,option_1\nIt rained.,Hard.,On tin.\n")
        page.get_by_role("button", name="Look at them").click()
        page.locator("#rows li").wait_for()
        visit.check_accessible()
        visit.screenshot("push-phone")
        visit.check_fits()
        page.fill("#batch", "pasted")
        page.get_by_role("button", name="Push", exact=True).click()
        assert done(page) == ("1", "0", "0")
    assert total(site, project, "pasted") == 1


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("empty.csv", b"", "There is no task in this file"),
        ("keys.csv", b"prompt,option_0,option_1,key\np,a,b,0\n", "would tell labelers the answer"),
        ("wide.csv", "prompt,option_0\n".encode("utf-16"), "no UTF-8"),
        ("broken.json", b"[{,]", "no JSON"),
    ],
)
def test_a_file_that_is_none_says_why(
    browsers: Browsers, site: Site, project: int, tmp_path: Path, name: str, content: bytes, says: str
) -> None:
    """Before anything is pushed."""
    path = tmp_path / name
    path.write_bytes(content)
    with browsers.visit(site.accounts["customer"], expected=("422",)) as visit:
        page = visit.go(f"/projects/{project}/push")
        page.set_input_files("#file", path)
        page.locator("#unreadable").wait_for()
        page.get_by_text(says).wait_for()
        assert page.get_by_role("button", name="Push", exact=True).is_disabled()


def test_nobody_pushes_elsewhere(site: Site) -> None:
    """Not into another customer's project, not as a labeler, and not from another site's page."""

    def ask(role: Any, project: int, **headers: str) -> int:
        token = accounts.begin_session(site.db, site.accounts[role], "test", datetime.now(UTC))
        return httpx.post(
            f"{site.base}/projects/{project}/push/preview",
            content=b'{"input": {"options": ["a", "b"]}}', cookies={SESSION_COOKIE: token},
            headers={"Content-Type": "application/x-ndjson", "Sec-Fetch-Site": "same-origin", **headers},
        ).status_code  # fmt: skip

    assert ask("customer", site.project) == 200
    assert ask("customer", site.other_project) == 404
    assert ask("labeler", site.project) == 403
    assert ask("customer", site.project, **{"Sec-Fetch-Site": "cross-site"}) == 403
    assert ask("customer", site.project, **{"Content-Type": "application/pdf"}) == 415
