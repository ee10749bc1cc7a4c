"""Webhooks, in a browser, against a receiver of ours."""

from datetime import UTC, datetime

from goldvein.services import webhooks
from tests.services.delivery_world import receiver
from tests.web.browsing import Browsers
from tests.web.conftest import Site


def test_a_webhook_is_made_tested_switched_replayed_and_deleted(browsers: Browsers, site: Site) -> None:
    """The secret is shown once; a test says what the receiver answered; every delivery is listed."""
    with receiver() as there, browsers.visit(site.accounts["customer"], expected=("422",)) as visit:
        place = f"/projects/{site.project}/webhooks"
        page = visit.go(place)
        page.fill("#url", "ftp://example.org/")
        page.get_by_role("button", name="Make the webhook").click()
        page.locator(".field.wrong").get_by_text("is no absolute URL").wait_for()
        visit.check_accessible()
        page.fill("#url", there.url)
        page.get_by_role("button", name="Make the webhook").click()
        there.secret = page.get_by_role("region", name="Secret", exact=True).inner_text().strip()
        assert there.secret.startswith("whsec_")
        visit.check_accessible()
        visit.screenshot("webhook-made")
        (hook,) = webhooks.list_(site.db, site.project)
        page = visit.go(f"{place}/{hook.id}")
        assert there.secret not in page.content()
        page.get_by_role("button", name="Send a test message").click()
        page.get_by_text("The receiver took the test message").wait_for()
        assert (len(there.received), there.unverified) == (1, 0)
        there.answer = lambda _: (503, {})
        page.get_by_role("button", name="Send a test message").click()
        page.get_by_text("The test message was not taken: the receiver answered 503").wait_for()
        assert page.get_by_role("region", name="Deliveries").get_by_role("row").count() == 3
        visit.check_accessible()
        visit.screenshot("webhook-tested")
        page.get_by_role("button", name="Switch off").click()
        page.get_by_text("events wait until it is on again").wait_for()
        assert webhooks.get(site.db, hook.id).state == "disabled"
        page.get_by_text("Send again").first.click()
        page.get_by_role("button", name="Send again").click()
        page.get_by_text("Give either a position or a time").wait_for()
        page.fill("#since", "2026-01-05T08:00")
        page.get_by_role("button", name="Send again").click()
        page.get_by_text("What came after is sent again").wait_for()
        assert webhooks.get(site.db, hook.id).state == "enabled"
        page.once("dialog", lambda dialog: dialog.accept())
        page.get_by_role("button", name="Delete").click()
        page.get_by_text("There is no webhook yet").wait_for()


def test_a_webhook_of_another_project_is_not_there(browsers: Browsers, site: Site) -> None:
    """Neither under its own project nor under one's own."""
    hook = webhooks.create(
        site.db, site.other_project, "http://127.0.0.1:9/", None, allow_private=True, now=datetime.now(UTC)
    )
    with browsers.visit(site.accounts["customer"]) as visit:
        for project in (site.project, site.other_project):
            for act in ("test", "replay", "switch", "delete"):
                response = visit.page.request.post(
                    f"{site.base}/projects/{project}/webhooks/{hook.id}/{act}", headers={"Origin": site.base}
                )
                assert response.status == 404, (project, act)
    assert webhooks.get(site.db, hook.id).state == "enabled"
