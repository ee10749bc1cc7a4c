"""One's own data, and the way to be forgotten, in a browser."""

import json
from datetime import UTC, datetime
from pathlib import Path

from goldvein.services import accounts, erasing
from tests.web.browsing import Browsers
from tests.web.conftest import Site

PASSWORD = "a staple for every horse"


def test_somebody_downloads_what_is_stored(browsers: Browsers, site: Site, tmp_path: Path) -> None:
    """A click brings a file whose lines are this person's, and nobody else's."""
    account = accounts.create(site.db, "reads-on", PASSWORD, "labeler", datetime.now(UTC))
    with browsers.visit(account) as visit:
        page = visit.go("/account")
        with page.expect_download() as waiting:
            page.get_by_role("link", name="Download my data").click()
        waiting.value.save_as(tmp_path / "data.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "data.jsonl").read_text().splitlines()]
    assert {line["kind"] for line in lines} == {"account", "session", "labeler"}
    assert lines[0]["login"] == "reads-on"


def test_somebody_asks_and_is_forgotten(browsers: Browsers, site: Site) -> None:
    """Asked, taken back, asked again; an operator types the name, and the session is over."""
    account = accounts.create(site.db, "leaves-us", PASSWORD, "labeler", datetime.now(UTC))
    with (
        browsers.visit(account, size=(390, 800)) as visit,
        browsers.visit(site.accounts["operator"], dark=True, expected=("422",)) as operator,
    ):
        page = visit.go("/account")
        page.on("dialog", lambda dialog: dialog.accept())
        page.get_by_role("button", name="Ask to be erased").click()
        page.get_by_role("button", name="thought better").click()
        page.get_by_role("button", name="Ask to be erased").click()
        page.get_by_text("has yet to confirm it").wait_for()
        visit.check_accessible()
        visit.screenshot("erasure-asked-phone")
        there = operator.go("/people/erasures")
        there.get_by_role("row", name="How long a task was in focus").get_by_text("90 days").wait_for()
        operator.check_accessible()
        operator.screenshot("erasures-dark")
        there.get_by_role("link", name="leaves-us").click()
        there.fill("#typed", "somebody")
        there.get_by_role("button", name="Erase for good").click()
        there.get_by_text("the name of the person to erase").wait_for()
        operator.check_accessible()
        operator.screenshot("erasure-confirm-dark")
        there.fill("#typed", "leaves-us")
        there.get_by_role("button", name="Erase for good").click()
        there.get_by_role("heading", name=f"erased #{account}").wait_for()
        operator.check_accessible()
        assert "leaves-us" not in there.content()
        assert "/login?next=" in visit.go("/account").url
    assert erasing.waiting(site.db) == []
