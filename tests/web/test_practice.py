"""Practice, in a browser: an answer, and at once what is right."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from tests.web.browsing import Browsers
from tests.web.conftest import Site
from tests.web.workplace import Workplace, open_workplace


@pytest.fixture(scope="module")
def place(site: Site) -> Workplace:
    """A project of which two benchmarks have done their service, an hour and more ago."""
    place = open_workplace(site.db, "lessons", tasks=5)
    with site.db.transaction() as tx:
        tx.execute(
            """UPDATE benchmarks SET state = 'retired', reason = 'exposures', ended_at = %s,
                      revision = revision + 1 WHERE project = %s AND ordinal <= 2""",
            (datetime.now(UTC) - timedelta(hours=2), place.project),
        )
    return place


def test_practice_tells_what_is_right(browsers: Browsers, place: Workplace) -> None:
    """By keyboard: pick, check, read, next; in the end it says that none is left, and work has not begun."""
    account = place.hire("practises")
    with browsers.visit(account) as visit:
        page = visit.go(f"/work/practice?project={place.project}")
        for done in (1, 2):
            page.locator(".task-option").first.wait_for()
            expect(page.locator(".task-option.right")).to_have_count(0)
            page.keyboard.press("1")
            page.keyboard.press("Enter")
            expect(page.locator(".task-option.right")).to_have_count(1)
            expect(page.locator("[data-part=score]")).to_contain_text(f"of {done} right")
            visit.check_accessible()
            visit.screenshot("practice")
            page.keyboard.press("Enter")
        page.get_by_role("heading", name="No practice tasks are left").wait_for()
        assert place.answers(account) == []


def test_practice_of_a_project_that_is_not_under_way(browsers: Browsers, place: Workplace) -> None:
    """The page says so; another project can be chosen."""
    account = place.hire("chooses")
    with browsers.visit(account, expected=("404",)) as visit:
        page = visit.go("/work/practice?project=99999")
        expect(page.get_by_role("alert")).to_contain_text("choose another one to practise")
        page = visit.go("/work/practice")
        page.get_by_label("Project").select_option(label="lessons")
        page.get_by_role("button", name="Practise this one").click()
        page.locator(".task-option").first.wait_for()
