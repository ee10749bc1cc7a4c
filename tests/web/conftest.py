"""A server with an account of every role, and a browser."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, sync_playwright

from goldvein.bootstrap import running_server
from goldvein.domain.records import ProjectDraft, Role
from goldvein.services import accounts, keys, projects
from goldvein.settings import read_settings
from goldvein.store.database import Database
from tests.web.browsing import Browsers, launch

PASSWORD = "correct horse battery"
ROLES: tuple[Role, ...] = ("customer", "labeler", "trusted", "auditor", "operator", "admin")


@dataclass(frozen=True)
class Site:
    """A running server with two customers, a project each, and an account of every role."""

    base: str
    db: Database
    accounts: dict[Role, int]
    customer: int
    project: int
    other_customer: int
    other_project: int


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for the tests of a module; its event loop, which no other may run beside, ends with it."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def site(module_database_url: str) -> Iterator[Site]:
    """A server that the module's tests share."""
    settings = read_settings({"GOLDVEIN_ALLOW_PRIVATE_WEBHOOKS": "yes", "GOLDVEIN_ANSWER_STEP": "0"})
    with (
        Database(module_database_url, pool_size=2) as db,
        running_server(module_database_url, settings, seed=1) as base,
    ):
        yield make_site(base, db)


@pytest.fixture
def browsers(browser: Browser, site: Site) -> Browsers:
    """Visits to the module's server."""
    return Browsers(browser, site.base, site.db)


def make_site(base: str, db: Database) -> Site:
    """Make customers, projects and accounts."""
    now = datetime.now(UTC)
    ours, theirs = (keys.create_customer(db, name, now) for name in ("ours", "theirs"))
    made = {
        role: accounts.create(
            db, f"a-{role}", PASSWORD, role, now, customer=ours if role == "customer" else None
        )
        for role in ROLES
    }
    own = projects.create(db, ours, ProjectDraft("own", "Pick the most descriptive."), now)
    foreign = projects.create(db, theirs, ProjectDraft("foreign", "Pick one."), now)
    return Site(base, db, made, ours, own.id, theirs, foreign.id)
