"""On a phone, pages of projects and people are as wide as the screen, whatever stands in them."""

from datetime import UTC, datetime

import pytest

from goldvein.domain.records import ProjectDraft, TaskDraft
from goldvein.services import accounts, intake, keys, projects, webhooks
from tests.services.town import task_input
from tests.web.browsing import Browsers
from tests.web.conftest import Site
from tests.web.workplace import open_workplace

LONG = "w" * 90
PAGES = {
    "people": "/people",
    "person": "/people/{person}",
    "invitations": "/people/invitations",
    "customers": "/people/customers",
    "customer": "/people/customers/{customer}",
    "settings": "/projects/{project}/settings",
    "webhooks": "/projects/{project}/webhooks",
    "webhook": "/projects/{project}/webhooks/{hook}",
    "rounds": "/projects/{project}/rounds",
    "round": f"/projects/{{project}}/rounds/{LONG}",
    "live": "/operate/{project}",
    "log": "/operate/{project}/log",
}
WHOLE = {"a phone": (390, 844), "half a screen": (640, 800), "a screen": (1280, 800)}


@pytest.fixture(scope="module")
def places(site: Site) -> dict[str, int]:
    """A customer, a person, a project, a round and a receiver of long names."""
    now = datetime.now(UTC)
    customer = keys.create_customer(site.db, LONG, now)
    project = projects.create(site.db, customer, ProjectDraft(LONG, LONG), now).id
    assert not intake.push(site.db, project, [TaskDraft(0, task_input(1, 0))], LONG, now).errors
    hook = webhooks.create(
        site.db, project, f"http://127.0.0.1:9/{LONG}{LONG}", None, allow_private=True, now=now
    ).id
    person = accounts.create(site.db, LONG, None, "labeler", now)
    return {"customer": customer, "project": project, "hook": hook, "person": person}


@pytest.fixture(scope="module")
def buttons(site: Site) -> int:
    """A labeler with a task."""
    return open_workplace(site.db, "narrow").hire("narrow")


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_wider_than_a_phone(
    browsers: Browsers, site: Site, places: dict[str, int], name: str
) -> None:
    """Only tables and code are scrolled aside, each by itself."""
    with browsers.visit(site.accounts["operator"], size=(390, 844)) as visit:
        visit.go(PAGES[name].format(**places))
        visit.screenshot(f"phone-{name}")
        visit.check_fits()
        visit.check_accessible()


@pytest.mark.parametrize("width", WHOLE)
def test_the_labelers_buttons_stand_in_one_row(
    browsers: Browsers, site: Site, buttons: int, width: str
) -> None:
    """Their words are whole, also where a mouse or a keyboard hangs on a narrow screen."""
    with browsers.visit(buttons, size=WHOLE[width]) as visit:
        page = visit.go("/work")
        page.locator(".task-prompt").wait_for()
        visit.screenshot(f"work-{width.replace(' ', '-')}", full_page=False)
        for button in page.locator(".work-actions button").all():
            box = button.bounding_box()
            assert box is not None
            assert box["height"] < 48, button.inner_text()
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= WHOLE[width][0]
