"""The way in and out, in a browser."""

from datetime import UTC, datetime, timedelta

from goldvein.services import accounts
from tests.web.browsing import Browsers
from tests.web.conftest import PASSWORD, Site


def test_signing_in_and_out(browsers: Browsers) -> None:
    """Who is not signed in is sent to the form, and from there to where they wanted to go."""
    with browsers.visit(expected=("401",)) as visit:
        page = visit.go("/account")
        assert page.url.endswith("/login?next=%2Faccount")
        visit.check_accessible()
        page.fill("#login", "A-Customer ")
        page.fill("#password", "not the password")
        page.keyboard.press("Enter")
        page.get_by_text("The login or the password is wrong.").wait_for()
        page.fill("#password", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/account")
        page.get_by_role("button", name="Sign out", exact=True).click()
        page.wait_for_url("**/login")
        assert visit.go("/account").url.endswith("/login?next=%2Faccount")


def test_a_link_signs_in_once(browsers: Browsers, site: Site) -> None:
    """Looking at it uses nothing up, the button does; who follows it again is told to ask for another."""
    token = accounts.make_entry(site.db, site.accounts["labeler"], datetime.now(UTC))
    with browsers.visit(expected=("404", "410")) as visit:
        page = visit.go(f"/enter/{token}")
        page = visit.go(f"/enter/{token}")
        visit.check_accessible()
        visit.screenshot("enter")
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/work")
        assert visit.go("/account").get_by_text("a-labeler").first.is_visible()
        visit.go(f"/enter/{token}").get_by_role("button", name="Sign in").click()
        page.get_by_text("This link was used already").wait_for()


def test_a_link_may_lead_on_to_a_page_of_ours(browsers: Browsers, site: Site) -> None:
    """Where it says, once signed in; never to somebody else's site."""
    for there, arrived in (("/account", "/account"), ("//evil.example/", "/work")):
        token = accounts.make_entry(site.db, site.accounts["labeler"], datetime.now(UTC))
        with browsers.visit(expected=("404",)) as visit:
            visit.go(f"/enter/{token}?next={there}").get_by_role("button", name="Sign in").click()
            visit.page.wait_for_url(f"**{arrived}")


def test_an_old_link_signs_nobody_in(browsers: Browsers, site: Site) -> None:
    """Ten minutes, then it is of no use."""
    then = datetime.now(UTC) - timedelta(minutes=10, seconds=1)
    token = accounts.make_entry(site.db, site.accounts["labeler"], then)
    with browsers.visit(expected=("410",)) as visit:
        visit.go(f"/enter/{token}").get_by_role("button", name="Sign in").click()
        visit.page.get_by_text("This link was used already").wait_for()
