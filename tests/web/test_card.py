"""The labeler's card, in a browser."""

import pytest

from goldvein.services import accounts, cards
from tests.web.browsing import Browsers
from tests.web.conftest import Site
from tests.web.workplace import Workplace, open_workplace


@pytest.fixture(scope="module")
def place(site: Site) -> Workplace:
    """A project in which cards say something."""
    return open_workplace(site.db, "harbour", tasks=1)


def stand(place: Workplace, account: int, state: str, level: str | None) -> int:
    """Give somebody a standing and a card."""
    with place.db.transaction() as tx:
        row = tx.execute("SELECT labeler FROM accounts WHERE id = %s", (account,)).fetchone()
        assert row is not None
        tx.execute(
            "INSERT INTO standings (project, labeler, state, n, model_version, posterior, p_benchmarks,"
            " p_all, benchmarks, answers, seen, admitted_at, updated_at)"
            " VALUES (%s, %s, %s, 50, 1, '', 0.9, 0.9, 40, 100, '', '2026-01-05', '2026-01-05')",
            (place.project, row[0], state),
        )
        if level:
            tx.execute(
                "INSERT INTO cards VALUES (%s, %s, %s, 40, '2026-01-05', '2026-01-05')",
                (place.project, row[0], level),
            )
        tx.execute("INSERT INTO labeler_days VALUES (%s, current_date, 31, 2)", (row[0],))
        return int(row[0])


def test_a_card_says_how_one_stands(browsers: Browsers, place: Workplace) -> None:
    """Work done, a few words for the standing, and what helps; nothing in figures that a benchmark moves."""
    trusted, fresh = place.hire("trusted-one"), place.hire("fresh-one")
    stand(place, trusted, "admitted", "trusted")
    with browsers.visit(trusted) as visit:
        page = visit.go("/card")
        page.get_by_text("trusted to deliver").wait_for()
        assert page.locator(".stat dd").first.inner_text() == "31"
        visit.check_accessible()
        visit.screenshot("card")
    with browsers.visit(fresh, size=(390, 800), dark=True) as visit:
        page = visit.go("/card")
        page.get_by_text("it begins with your first task").wait_for()
        visit.check_accessible()
        stand(place, fresh, "boundary", "looked_at")
        visit.go("/card")
        page.get_by_text("being looked at").wait_for()
        visit.check_accessible()
        visit.screenshot("card-phone-dark")


def test_the_way_back_after_a_dismissal(browsers: Browsers, site: Site, place: Workplace) -> None:
    """One wish at a time, in one's own words, shown as text; the reply stands on the card."""
    account = place.hire("sent-away")
    stand(place, account, "dismissed", "looked_at")
    with browsers.visit(account, expected=("404", "422")) as visit:
        page = visit.go("/card")
        page.get_by_label("Why should we look again?").fill("<b>I was ill</b>")
        visit.check_accessible()
        visit.screenshot("card-dismissed")
        page.get_by_role("button", name="Ask for another look").click()
        page.get_by_text("Somebody will look again").wait_for()
        page.get_by_text("“<b>I was ill</b>”").wait_for()
        assert page.get_by_role("button", name="Ask for another look").count() == 0
        (waiting,) = cards.looks_waiting(site.db)
        boss = accounts.create(site.db, "boss", None, "operator", waiting.asked_at)
        cards.settle_look(site.db, waiting.id, boss, "We looked: it stands.", waiting.asked_at)
        visit.go("/card")
        page.get_by_text("We looked: it stands.").wait_for()
        answer = page.request.post(
            visit.base + "/card/look",
            form={"project": "nonsense", "words": "x"},
            headers={"Accept": "text/html", "Sec-Fetch-Site": "same-origin"},
        )
        assert answer.status == 422
