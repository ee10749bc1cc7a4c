"""Every role against every route, by key and by session, held to the table in `tests/access.py`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import httpx
import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute

from goldvein.api.app import make_litestar
from goldvein.api.keyring import SESSION_COOKIE
from goldvein.bootstrap import make_service, running_server
from goldvein.domain.records import Role
from goldvein.services import accounts, keys
from goldvein.settings import read_settings
from goldvein.store.database import Database
from goldvein.web.pages import PAGES
from tests.access import BODIES, EVERYBODY, PEOPLE, ROUTES, filled, is_page
from tests.web.conftest import ROLES, Site, make_site

GUARDED: Final = [route for route, allowed in ROUTES.items() if allowed != EVERYBODY]
CHANGING: Final = [route for route in ROUTES if not route.startswith("GET ")]
OWN: Final = [route for route in GUARDED if "{project}" in route and "customer" in ROUTES[route].split()]
FROM_HERE: Final = {"Sec-Fetch-Site": "same-origin"}


@dataclass(frozen=True)
class Town:
    """A server, and a key of everybody who may have one."""

    site: Site
    keys: Mapping[Role, str]
    client: httpx.Client

    def by_key(self, role: Role, route: str, project: int | None = None) -> httpx.Response:
        """A request with the key of a role."""
        return self.send(route, {"Authorization": f"Bearer {self.keys[role]}"}, project)

    def by_session(
        self,
        role: Role,
        route: str,
        project: int | None = None,
        *,
        sent_from: Mapping[str, str] = FROM_HERE,
    ) -> httpx.Response:
        """A request of somebody who has just signed in: some routes end sessions."""
        account, now = self.site.accounts[role], datetime.now(UTC)
        token = accounts.begin_session(self.site.db, account, "test", now)
        return self.send(route, {"Cookie": f"{SESSION_COOKIE}={token}", **sent_from}, project)

    def send(self, route: str, headers: Mapping[str, str], project: int | None = None) -> httpx.Response:
        """A request to a route, its gaps filled in; streams, which do not end, are left after the head."""
        method, path = route.split()
        address = filled(path, project or self.site.project)
        body = {} if method == "GET" else {"json": BODIES.get(route, {})}
        with self.client.stream(method, address, headers=headers, **body) as response:
            if "event-stream" not in response.headers.get("content-type", ""):
                response.read()
        assert response.status_code < 500, (route, response.text)
        return response


@pytest.fixture(scope="module")
def town(module_database_url: str) -> Iterator[Town]:
    """Two customers, and somebody of every role."""
    settings = read_settings({"GOLDVEIN_ANSWER_STEP": "0"})
    with (
        Database(module_database_url, pool_size=2) as db,
        running_server(module_database_url, settings, seed=1) as base,
        httpx.Client(base_url=base, timeout=30) as client,
    ):
        site, now = make_site(base, db), datetime.now(UTC)
        made: dict[Role, str] = {
            "operator": keys.issue(db, "operator", None, "k", now),
            "customer": keys.issue(db, "customer", site.customer, "k", now),
        }
        for role in accounts.LABELER_ROLES:
            made[role] = keys.issue(db, role, accounts.get(db, site.accounts[role]).labeler, "k", now)
        yield Town(site, made, client)


@pytest.fixture(scope="module")
def application(module_database_url: str) -> Iterator[Litestar]:
    """The application, to ask for its routes."""
    with Database(module_database_url, pool_size=2) as db:
        service = make_service(db, read_settings({}))
        yield make_litestar(service, PAGES)
        service.close()


def routes_of(application: Litestar, *, with_roles: bool) -> set[str]:
    """Routes that name who may use them, or those that do not."""
    return {
        f"{method} {re.sub(r':[a-z]+}', '}', route.path)}"
        for route in application.routes
        if isinstance(route, HTTPRoute)
        for method, (handler, _) in route.route_handler_map.items()
        if method != "OPTIONS" and ("roles" in handler.opt) == with_roles
    }


def test_every_route_is_in_the_table(application: Litestar) -> None:
    """Whoever adds a route says here who may use it; whoever removes one removes its line."""
    assert routes_of(application, with_roles=True) == ROUTES.keys()


def test_what_names_no_roles_does_not_exist(application: Litestar, town: Town) -> None:
    """Litestar brings routes of its own; nobody finds them."""
    for route in routes_of(application, with_roles=False):
        response = town.by_session("admin", route.replace("{path}", "openapi.json"))
        assert (response.status_code, response.json()["code"]) == (404, "route_unknown")


@pytest.mark.parametrize("route", ROUTES)
def test_each_role_gets_in_where_it_may(town: Town, route: str) -> None:
    """403 for those who may not, anything else for those who may; by key as by session."""
    allowed = set(PEOPLE.split() if ROUTES[route] == EVERYBODY else ROUTES[route].split())
    by_session = {role for role in ROLES if not is_refused(town.by_session(role, route))}
    assert by_session == allowed
    if is_page(route):  # they are for people: a key is nobody there, or is refused as one of another role
        return
    by_key = {role for role in town.keys if not is_refused(town.by_key(role, route))}
    assert by_key == allowed - {"admin"}, "an admin has no key"


@pytest.mark.parametrize("route", GUARDED)
@pytest.mark.parametrize(
    "header", [None, "Bearer gv_cus_" + "x" * 43, "Bearer nonsense", "Basic dTpw", "Bearer", "\xe4\xf6"]
)
def test_nobody_gets_in_without_a_key_or_a_session(town: Town, header: str | None, route: str) -> None:
    """401 with the scheme that is asked for; a browser that wants a page is sent to sign in."""
    headers: dict[Any, Any] = {} if header is None else {b"Authorization": header.encode("latin-1")}
    response = town.send(route, headers)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert response.json()["code"] == "unauthenticated"
    if is_page(route) and route.startswith("GET "):
        response = town.send(route, headers | {"Accept": "text/html"})
        assert (response.status_code, response.headers["Location"][:12]) == (303, "/login?next=")


@pytest.mark.parametrize("route", GUARDED)
@pytest.mark.parametrize("token", ["", "x", "A" * 43, "A" * 5_000])
def test_a_session_that_is_none_opens_nothing(town: Town, route: str, token: str) -> None:
    """Whatever stands in the cookie."""
    assert town.send(route, {"Cookie": f"{SESSION_COOKIE}={token}", **FROM_HERE}).status_code == 401


@pytest.mark.parametrize("route", OWN)
def test_another_customers_project_does_not_exist(town: Town, route: str) -> None:
    """404 by key and by session, the same as for a project that nobody has."""
    for send in (town.by_key, town.by_session)[is_page(route) :]:
        theirs = send("customer", route, town.site.other_project)
        nobodys = send("customer", route, 999_999)
        assert theirs.status_code == nobodys.status_code == 404, theirs.text
        hidden = theirs.text.replace(str(town.site.other_project), "N")
        assert hidden == nobodys.text.replace("999999", "N"), "the answers differ, so one can probe for ids"


@pytest.mark.parametrize("route", CHANGING)
@pytest.mark.parametrize(
    "sent_from",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {},
    ],
    ids=["cross-site", "a sibling's domain", "another origin", "a sandbox", "says nothing"],
)
def test_no_other_site_changes_anything(town: Town, route: str, sent_from: Mapping[str, str]) -> None:
    """A browser sends its cookie along whoever makes it send: what no page of ours sent is refused."""
    allowed = PEOPLE if ROUTES[route] == EVERYBODY else ROUTES[route]
    role: Any = allowed.split()[0]
    response = town.by_session(role, route, sent_from=sent_from)
    assert response.status_code == 403
    assert response.json()["code"] == "cross_site_request"


@pytest.mark.parametrize(
    "sent_from", [{"Sec-Fetch-Site": "none"}, {"Origin": "here"}], ids=["typed", "origin"]
)
def test_pages_of_ours_change_things(town: Town, sent_from: Mapping[str, str]) -> None:
    """Also in a browser that tells the origin alone."""
    headers = {name: town.site.base if value == "here" else value for name, value in sent_from.items()}
    assert town.by_session("customer", "POST /logout", sent_from=headers).status_code == 303


def is_refused(response: httpx.Response) -> bool:
    """Whether it was the sender who was refused, and not what was sent: such as a wrong password."""
    return response.status_code == 403 or "WWW-Authenticate" in response.headers
