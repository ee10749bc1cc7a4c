"""The way in and out, in a browser."""

from tests.web.browsing import Browsers
from tests.web.conftest import PASSWORD


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
        page.get_by_role("button", name="Sign out").click()
        page.wait_for_url("**/login")
        assert visit.go("/account").url.endswith("/login?next=%2Faccount")
