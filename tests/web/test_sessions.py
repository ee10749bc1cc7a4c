"""Cookies and sessions as a browser gets them, and how soon what ended is noticed elsewhere."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime

import httpx
import pytest

from goldvein.api.keyring import SESSION_COOKIE
from goldvein.bootstrap import running_server
from goldvein.services import accounts, people
from goldvein.services.people import TERMINAL
from goldvein.settings import read_settings
from goldvein.store.database import Database
from tests.eventually import eventually
from tests.web.conftest import PASSWORD, Site, make_site

OURS = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def towns(database_url: str) -> Iterator[tuple[Site, str]]:
    """Two processes' worth of servers over one database; the second is found by https."""
    secure = read_settings({"GOLDVEIN_PUBLIC_URL": "https://label.example", "GOLDVEIN_TRIES_PER_MINUTE": "3"})
    with ExitStack() as stack:
        db = stack.enter_context(Database(database_url, pool_size=2))
        first = stack.enter_context(running_server(database_url, seed=1))
        yield make_site(first, db), stack.enter_context(running_server(database_url, secure, seed=2))


def sign_in(base: str, login: str = "a-labeler", cookie: str = "") -> httpx.Response:
    """Send the form, perhaps with a cookie that somebody planted."""
    headers = OURS | ({"Cookie": f"{SESSION_COOKIE}={cookie}"} if cookie else {})
    return httpx.post(base + "/login", data={"login": login, "password": PASSWORD}, headers=headers)


def token_of(response: httpx.Response) -> str:
    """The session's token."""
    return response.headers["Set-Cookie"].split(";")[0].partition("=")[2]


def is_in(base: str, token: str) -> bool:
    """Whether a token opens the account's page."""
    headers = {"Cookie": f"{SESSION_COOKIE}={token}"}
    return httpx.get(base + "/account", headers=headers).status_code == 200


def test_the_cookie(towns: tuple[Site, str]) -> None:
    """No script reads it, no other site's form sends it, by https it goes by https only."""
    site, secure = towns
    for base, is_secure in ((site.base, False), (secure, True)):
        parts = {part.strip().lower() for part in sign_in(base).headers["Set-Cookie"].split(";")[1:]}
        assert {"httponly", "samesite=lax", "path=/", "max-age=1209600"} <= parts
        assert ("secure" in parts) == is_secure
        assert not any(part.startswith("domain") for part in parts)


def test_a_planted_session_is_not_taken_over(towns: tuple[Site, str]) -> None:
    """Each sign-in makes a new token, and ends the session that the browser had."""
    site, _ = towns
    planted = accounts.begin_session(site.db, site.accounts["customer"], "attacker", datetime.now(UTC))
    assert is_in(site.base, planted)
    fresh = token_of(sign_in(site.base, cookie=planted))
    assert fresh != planted
    assert is_in(site.base, fresh)
    assert not is_in(site.base, planted)
    assert token_of(sign_in(site.base, cookie="A" * 43)) != "A" * 43


def test_other_processes_notice_within_seconds(towns: tuple[Site, str]) -> None:
    """A disabled account at the process that did not hear of it, and a changed role in what it may open."""
    site, other = towns
    now = datetime.now(UTC)
    out, changed = (
        accounts.begin_session(site.db, site.accounts[role], "test", now) for role in ("labeler", "operator")
    )
    headers = {"Cookie": f"{SESSION_COOKIE}={changed}"}
    assert is_in(other, out)
    assert httpx.get(other + "/people", headers=headers).status_code == 200
    people.disable(site.db, TERMINAL, site.accounts["labeler"], now)
    people.change_role(site.db, TERMINAL, site.accounts["operator"], "admin", now)
    assert eventually(lambda: not is_in(other, out))
    assert eventually(  # each session is remembered from when it was seen, the two not at once
        lambda: '<option value="admin"' in httpx.get(other + "/people/invitations", headers=headers).text
    )


def test_tries_of_an_address_are_counted(towns: tuple[Site, str]) -> None:
    """The right password too, since only the count is known before it is checked; the wait is said."""
    _, other = towns
    assert [sign_in(other).status_code for _ in range(4)] == [303, 303, 303, 429]
    refused = sign_in(other)
    assert 1 <= int(refused.headers["Retry-After"]) <= 20
    assert refused.json()["code"] == "too_many_tries"
    assert httpx.get(other + "/login").status_code == 200
    forged = OURS | {"X-Forwarded-For": "192.0.2.7"}
    fields = {"login": "a-labeler", "password": PASSWORD}
    assert httpx.post(other + "/login", data=fields, headers=forged).status_code == 429
