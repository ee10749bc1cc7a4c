"""On a phone, pages of projects and people are as wide as the screen, whatever stands in them."""

from datetime import UTC, datetime

import pytest

from goldvein.domain.records import ProjectDraft, TaskDraft
from goldvein.services import accounts, intake, keys, projects, webhooks
from tests.services.town import task_input
from tests.web.browsing import Browsers
from tests.web.conftest import Site

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


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_wider_than_a_phone(
    browsers: Browsers, site: Site, places: dict[str, int], name: str
) -> None:
    """Only tables and code are scrolled aside, each by itself."""
    with browsers.visit(site.accounts["operator"], size=(390, 844)) as visit:
        page = visit.go(PAGES[name].format(**places))
        visit.screenshot(f"phone-{name}")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        visit.check_accessible()
