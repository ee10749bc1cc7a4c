"""One's own account, in a browser."""

from tests.web.browsing import Browsers
from tests.web.conftest import PASSWORD, Site

NEW = "a staple for every horse"
CUT = "[...document.querySelectorAll('.table-wrap')].filter(one => one.scrollWidth > one.clientWidth).length"


def test_changing_the_password_ends_other_sessions(browsers: Browsers, site: Site) -> None:
    """The old one is asked for, the new one is held to the rules, and only this session lives on."""
    auditor = site.accounts["auditor"]
    with browsers.visit(auditor) as elsewhere, browsers.visit(auditor, expected=("401", "422")) as visit:
        elsewhere.go("/account")
        page = visit.go("/account")
        visit.check_accessible()
        visit.screenshot("account")
        assert page.evaluate(CUT) == 0
        page.fill("#old", "not the password")
        page.fill("#new", NEW)
        page.keyboard.press("Enter")
        page.get_by_text("The login or the password is wrong.").wait_for()
        page.fill("#old", PASSWORD)
        page.locator("#new").evaluate("field => field.removeAttribute('minlength')")
        page.fill("#new", "short")
        page.keyboard.press("Enter")
        page.get_by_text("the password has 5 characters").wait_for()
        page.fill("#old", PASSWORD)
        page.fill("#new", NEW)
        page.keyboard.press("Enter")
        page.get_by_text("Your password is changed.").wait_for()
        assert page.locator("tbody tr").count() == 1
        assert elsewhere.go("/account").url.endswith("/login?next=%2Faccount&ended=1")


def test_signing_out_everywhere(browsers: Browsers, site: Site) -> None:
    """All sessions are listed with their devices, and one button ends them."""
    trusted = site.accounts["trusted"]
    with browsers.visit(trusted) as elsewhere, browsers.visit(trusted, size=(390, 800), dark=True) as visit:
        elsewhere.go("/account")
        page = visit.go("/account")
        visit.check_accessible()
        visit.screenshot("account-phone-dark")
        assert page.locator("tbody tr").count() == 2
        page.once("dialog", lambda dialog: dialog.accept())
        page.get_by_role("button", name="Sign out everywhere").click()
        page.wait_for_url("**/login")
        for one in (visit, elsewhere):
            assert "/login?next=" in one.go("/account").url
