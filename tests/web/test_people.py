"""Inviting people and looking after their accounts, in a browser."""

from datetime import UTC, datetime

import httpx
import pytest
from playwright.sync_api import Page

from goldvein.services import accounts, keys
from tests.web.browsing import Browsers, Visit
from tests.web.conftest import Site

PASSWORD = "a staple for every horse"


def copied(page: Page, name: str) -> str:
    """What is shown this once."""
    return page.get_by_role("region", name=name, exact=True).inner_text().strip()


def accept(visit: Visit) -> None:
    """Say yes to every question."""
    visit.page.on("dialog", lambda dialog: dialog.accept())


def test_somebody_comes_by_a_link(browsers: Browsers, site: Site) -> None:
    """An operator makes a link for two, one comes by keyboard alone, and the link is taken back."""
    with browsers.visit(site.accounts["operator"]) as visit:
        accept(visit)
        page = visit.go("/people")
        page.get_by_role("link", name="Invite people").click()
        page.select_option("#role", "labeler")
        page.fill("#uses", "2")
        page.fill("#note", "<b>the first</b> shift")
        page.get_by_role("button", name="Make the link").click()
        link = copied(page, "The link")
        visit.check_accessible()
        visit.screenshot("invitations")
        assert link.startswith(site.base + "/join/")
        visit.go("/people/invitations")
        assert link not in page.content(), "it is shown once"
        with browsers.visit(expected=("404", "409")) as newcomer:
            there = newcomer.page
            there.goto(link)
            newcomer.check_accessible()
            newcomer.screenshot("join")
            there.keyboard.type("a-labeler")
            there.keyboard.press("Tab")
            there.keyboard.type(PASSWORD)
            there.keyboard.press("Enter")
            there.get_by_text("is taken: choose another").wait_for()
            there.fill("#login", "newcomer")
            there.fill("#password", PASSWORD)
            there.keyboard.press("Enter")
            there.wait_for_url("**/work")
            assert newcomer.go("/account").get_by_text("newcomer").first.is_visible()
        row = visit.go("/people/invitations").locator("tbody tr").first
        assert "1 of 2" in row.inner_text()
        assert "<b>the first</b> shift" in row.inner_text()
        row.get_by_role("button").click()
        page.get_by_text("taken back").wait_for()
    with browsers.visit(expected=("410",)) as late:
        late.page.goto(link)
        late.page.get_by_text("This link was used already").wait_for()


def test_an_account_is_found_changed_and_kept_out(browsers: Browsers, site: Site) -> None:
    """Search by name and role; a new role, a new password, out and in again."""
    account = accounts.create(site.db, "rising-star", PASSWORD, "labeler", datetime.now(UTC))
    with (
        browsers.visit(account, expected=("401", "404")) as star,
        browsers.visit(site.accounts["operator"], dark=True, size=(390, 800)) as visit,
    ):
        accept(visit)
        page = visit.go("/people")
        visit.check_accessible()
        visit.screenshot("people-phone-dark")
        page.fill("#login", "RISING")
        page.select_option("#role", "labeler")
        page.get_by_role("button", name="Find").click()
        page.get_by_role("link", name="rising-star").click()
        page.select_option("#role", "trusted")
        page.get_by_role("button", name="Give this role").click()
        page.locator("dd", has_text="trusted").wait_for()
        page.get_by_role("button", name="Make a link for a new password").click()
        link = copied(page, "The link")
        visit.check_accessible()
        visit.screenshot("person-phone-dark")
        page.get_by_role("button", name="Sign out everywhere").click()
        page.get_by_text("Nowhere at the moment.").wait_for()
        assert "/login?next=" in star.go("/account").url
        star.page.goto(link)
        star.check_accessible()
        star.page.fill("#password", PASSWORD + "!")
        star.page.keyboard.press("Enter")
        star.page.wait_for_url("**/work")
        page.get_by_role("button", name="Disable the account").click()
        page.get_by_role("button", name="Let in again").wait_for()
        assert "/login?next=" in star.go("/account").url
        page.get_by_role("button", name="Let in again").click()
        page.get_by_role("button", name="Disable the account").wait_for()


def test_an_operator_cannot_touch_an_admin(browsers: Browsers, site: Site) -> None:
    """The page shows the account, and offers nothing."""
    with browsers.visit(site.accounts["operator"]) as visit:
        page = visit.go(f"/people/{site.accounts['admin']}")
        page.get_by_role("heading", name="a-admin").wait_for()
        assert page.locator("main button").count() == 0
        visit.go(f"/people/{site.accounts['operator']}")
        assert page.locator("main button").count() == 0


def test_an_operator_makes_a_customer_with_a_key(browsers: Browsers, site: Site) -> None:
    """And finds its people and its keys in one place."""
    with browsers.visit(site.accounts["operator"]) as visit:
        accept(visit)
        page = visit.go("/people/customers")
        visit.check_accessible()
        visit.screenshot("customers")
        page.fill("#name", "A new lab")
        page.get_by_role("button", name="Make the customer").click()
        page.get_by_role("heading", name="A new lab").wait_for()
        page.fill("#name", "training loop")
        page.get_by_role("button", name="Make the key").click()
        token = copied(page, "The key")
        visit.check_accessible()
        visit.screenshot("customer")
        assert keys.authenticate(site.db, token).role == "customer"
        page.get_by_role("button", name="Revoke training loop").click()
        page.get_by_text("revoked").wait_for()


@pytest.mark.parametrize("dark", [False, True])
def test_a_customer_makes_and_revokes_a_key(browsers: Browsers, site: Site, dark: bool) -> None:
    """It is shown once, works at once, and no more after it was revoked."""
    with browsers.visit(site.accounts["customer"], dark=dark) as visit:
        accept(visit)
        page = visit.go("/keys")
        page.fill("#name", "notebook")
        page.keyboard.press("Enter")
        token = copied(page, "The key")
        visit.check_accessible()
        visit.screenshot(f"keys-{'dark' if dark else 'light'}")
        headers = {"Authorization": f"Bearer {token}"}
        assert httpx.get(site.base + "/v1/projects", headers=headers).status_code == 200
        visit.go("/keys")
        assert token not in page.content()
        row = page.locator("tbody tr", has_text=f"…{token[-4:]}")
        row.get_by_role("button").click()
        page.locator("tbody tr", has_text="revoked").first.wait_for()
        assert httpx.get(site.base + "/v1/projects", headers=headers).status_code == 401
