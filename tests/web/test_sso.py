"""Single sign-on against a provider that keeps to the rules, and against one that breaks each of them."""

from __future__ import annotations

import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc.jwk import OctKey, RSAKey
from playwright.sync_api import Browser

from goldvein.bootstrap import make_service, running_server
from goldvein.services import accounts, invitations, people
from goldvein.services.invitations import Invitation
from goldvein.services.people import TERMINAL
from goldvein.services.signing_on import SignOnFailed
from goldvein.settings import SettingError, read_settings
from goldvein.store.database import Database
from tests.web.browsing import Browsers
from tests.web.conftest import Site, make_site
from tests.web.provider import CLIENT, SECRET, Provider, running_provider

PAGE = {"Accept": "text/html"}


def settings_for(issuer: str, **more: str) -> Any:
    """Settings of an installation that knows the provider."""
    return read_settings(
        {
            "GOLDVEIN_SSO_ISSUER": issuer,
            "GOLDVEIN_SSO_CLIENT_ID": CLIENT,
            "GOLDVEIN_SSO_CLIENT_SECRET": SECRET,
            "GOLDVEIN_SSO_NAME": "the lab",
            "GOLDVEIN_TRIES_PER_MINUTE": "10000",
            **more,
        }
    )


@pytest.fixture(scope="module")
def providing() -> Iterator[Provider]:
    """A provider that the module's tests share."""
    with running_provider() as provider:
        yield provider


@pytest.fixture
def provider(providing: Provider) -> Provider:
    """The provider, keeping to all rules again, with somebody signed in who is new."""
    fresh = Provider(providing.issuer, key=providing.key)
    for one in fields(Provider):
        setattr(providing, one.name, getattr(fresh, one.name))
    providing.person = {"sub": secrets.token_hex(), "preferred_username": f"ada-{secrets.token_hex(4)}"}
    return providing


@pytest.fixture(scope="module")
def site(module_database_url: str, providing: Provider) -> Iterator[Site]:
    """A server where only invited people may come by the provider."""
    with (
        Database(module_database_url, pool_size=2) as db,
        running_server(module_database_url, settings_for(providing.issuer), seed=1) as base,
    ):
        yield make_site(base, db)


def come(client: httpx.Client, start: str = "/sso/start") -> httpx.Response:
    """Go to the provider and back, and no further."""
    away = client.get(start)
    assert away.status_code == 303, away.text
    there = httpx.get(away.headers["Location"])
    return client.get(there.headers["Location"], headers=PAGE)


def invited(site: Site, **more: Any) -> str:
    """The address to start from for who got a link."""
    token = invitations.invite(site.db, TERMINAL, Invitation("labeler", **more), datetime.now(UTC))
    return f"/sso/start?join={token}"


def test_coming_by_invitation_and_again(site: Site, provider: Provider) -> None:
    """The link makes the account, linked by issuer and subject; later no link is needed."""
    name = provider.person["preferred_username"]
    with httpx.Client(base_url=site.base) as client:
        arrived = come(client, invited(site))
        assert (arrived.status_code, arrived.headers["Location"]) == (303, "/")
        assert name in client.get("/account").text
        assert "goldvein_sso" not in client.cookies
    known = accounts.get_by_login(site.db, name)
    assert (known.issuer, known.subject) == (provider.issuer, provider.person["sub"])
    assert known.password_hash is None
    provider.person["preferred_username"] = "somebody else"
    with httpx.Client(base_url=site.base) as client:
        assert come(client, "/sso/start?next=/account").headers["Location"] == "/account"
        assert name in client.get("/account").text
    assert people.list_(site.db, prefix="somebody") == []


def test_nobody_comes_uninvited(site: Site, provider: Provider) -> None:
    """Nor by a link that has ended, nor by another's name or unverified address."""
    start = invited(site)
    provider.person = {
        "sub": "2",
        "preferred_username": "a-admin",
        "email": "a-admin",
        "email_verified": False,
    }
    with httpx.Client(base_url=site.base) as client:
        refused = come(client)
        assert refused.status_code == 403
        assert "have no account here" in refused.text
        assert client.get("/account", headers=PAGE).status_code == 303
        assert come(client, start).status_code == 303
    assert [one.role for one in people.list_(site.db, prefix="a-admin")] == ["admin", "labeler"]
    provider.person = {"sub": "late", "preferred_username": "late"}
    with httpx.Client(base_url=site.base) as client:
        assert come(client, start).status_code == 410


def test_an_unverified_address_is_no_name(site: Site, provider: Provider) -> None:
    """What operators see as a name must not be an address that the person does not own."""
    start = invited(site, uses=3)
    for subject, verified, name in (
        ("4", True, "chief@lab.example"),
        ("5", False, "chief"),
        ("6", "true", "chief"),
    ):
        provider.person = {"sub": subject, "email": "chief@lab.example", "email_verified": verified}
        provider.person["preferred_username"] = "chief@lab.example"
        with httpx.Client(base_url=site.base) as client:
            assert come(client, start).status_code == 303
            assert name in client.get("/account").text
    assert [one.login for one in people.list_(site.db, prefix="chief@")] == ["chief@lab.example"]


def test_a_disabled_account_stays_out(site: Site, provider: Provider) -> None:
    """Whatever the provider says."""
    with httpx.Client(base_url=site.base) as client:
        come(client, invited(site))
    people.disable(
        site.db,
        TERMINAL,
        accounts.get_by_login(site.db, provider.person["preferred_username"]).id,
        datetime.now(UTC),
    )
    with httpx.Client(base_url=site.base) as client:
        assert come(client).status_code == 403
        assert client.get("/account", headers=PAGE).status_code == 303


def test_who_comes_by_single_sign_on_has_no_password(site: Site, provider: Provider) -> None:
    """Neither sets one, nor gets a link for one: leaving there means leaving here."""
    with httpx.Client(base_url=site.base) as client:
        come(client, invited(site))
        wanted = {"old": "", "new": "correct horse battery"}
        refused = client.post("/account/password", data=wanted, headers={"Sec-Fetch-Site": "same-origin"})
        assert refused.status_code == 409


BROKEN: dict[str, dict[str, Any]] = {
    "another nonce": {"claims": {"nonce": "another"}},
    "no nonce": {"claims": {"nonce": None}},
    "expired": {"claims": {"exp": int(time.time()) - 120}},
    "no expiry": {"claims": {"exp": None}},
    "from the future": {"claims": {"iat": int(time.time()) + 3600}},
    "for another client": {"claims": {"aud": "another-client"}},
    "for another client too": {"claims": {"aud": [CLIENT, "another-client"]}},
    "given to another client": {"claims": {"aud": [CLIENT, "another-client"], "azp": "another-client"}},
    "for nobody": {"claims": {"aud": None}},
    "of another issuer": {"claims": {"iss": "https://elsewhere.example"}},
    "about nobody": {"claims": {"sub": None}},
    "about nothing": {"claims": {"sub": ""}},
    "by another key": {"signs_with": RSAKey.generate_key(2048, {"kid": "k"})},
    "by the client secret": {"algorithm": "HS256", "signs_with": OctKey.import_key(SECRET)},
    "by no key": {"algorithm": "none"},
}


@pytest.mark.parametrize("broken", BROKEN)
def test_what_a_provider_must_not_do(site: Site, provider: Provider, broken: str) -> None:
    """Another nonce, time, audience, issuer, key or algorithm: nobody is signed in, no account is made."""
    start, before = invited(site), people.list_(site.db)
    for name, value in BROKEN[broken].items():
        setattr(provider, name, value)
    with httpx.Client(base_url=site.base) as client:
        refused = come(client, start)
        assert refused.status_code == 403
        assert "Single sign-on did not work" in refused.text
        assert client.get("/account", headers=PAGE).status_code == 303
    assert people.list_(site.db) == before


def test_a_provider_that_calls_itself_otherwise(db: Database, provider: Provider) -> None:
    """Whoever answers at its address says that it is somebody else: nobody is sent there."""
    provider.calls_itself = "https://elsewhere.example"
    open_id = make_service(db, settings_for(provider.issuer)).open_id
    assert open_id is not None
    with pytest.raises(SignOnFailed):
        open_id.depart("https://label.example/sso/callback")


@pytest.mark.parametrize("issuer", ["http://login.example", "ftp://127.0.0.1", "https://127.0.0.1:1"])
def test_a_provider_that_is_not_to_be_asked(db: Database, issuer: str) -> None:
    """In the clear over a network, or out of reach: the same clear refusal."""
    open_id = make_service(db, settings_for(issuer)).open_id
    assert open_id is not None
    with pytest.raises(SignOnFailed):
        open_id.depart("https://label.example/sso/callback")


def test_a_browser_brings_back_what_it_left_with(site: Site, provider: Provider) -> None:
    """Another state, another browser's cookie, none, or a code used before: nobody is signed in."""
    start = invited(site, uses=9)
    with httpx.Client(base_url=site.base) as ours, httpx.Client(base_url=site.base) as theirs:
        back = httpx.get(ours.get(start).headers["Location"]).headers["Location"]
        state = parse_qs(urlsplit(back).query)["state"][0]
        for client, address in (
            (ours, back.replace(state, "A" * len(state))),
            (ours, back.split("?", maxsplit=1)[0]),
            (ours, f"/sso/callback?state={state}&error=access_denied"),
            (ours, back + "&iss=https://elsewhere.example"),
            (theirs, back),
        ):
            assert client.get(address, headers=PAGE).status_code == 403, address
        theirs.get(start)
        assert theirs.get(back, headers=PAGE).status_code == 403
        theirs.cookies.set("goldvein_sso", "%%%", domain="127.0.0.1", path="/sso")
        assert theirs.get(back, headers=PAGE).status_code == 403
        assert ours.get(back, headers=PAGE).status_code == 303
        ours.get(start)
        assert ours.get(back, headers=PAGE).status_code == 403


def test_a_verifier_of_another_browser_is_of_no_use(site: Site, provider: Provider) -> None:
    """PKCE: a stolen code is bound to the browser that left, even where its state is known."""
    with httpx.Client(base_url=site.base) as client:
        back = httpx.get(client.get(invited(site)).headers["Location"]).headers["Location"]
        for asked in provider.codes.values():
            asked["code_challenge"] = "A" * 43
        assert client.get(back, headers=PAGE).status_code == 403


def test_a_role_for_whoever_comes(database_url: str, provider: Provider) -> None:
    """Where the settings say so, nobody needs an invitation."""
    with (
        Database(database_url, pool_size=2) as db,
        running_server(database_url, settings_for(provider.issuer, GOLDVEIN_SSO_ROLE="trusted")) as base,
        httpx.Client(base_url=base) as client,
    ):
        assert come(client).status_code == 303
        assert accounts.get_by_login(db, provider.person["preferred_username"]).role == "trusted"


def test_the_cookie_while_away(site: Site, provider: Provider) -> None:
    """No script reads it, it lasts ten minutes, and it goes to these addresses alone."""
    with httpx.Client(base_url=site.base) as client:
        cookie = client.get("/sso/start").headers["Set-Cookie"].lower()
    assert all(part in cookie for part in ("httponly", "samesite=lax", "path=/sso", "max-age=600"))


def test_the_button(browser: Browser, site: Site) -> None:
    """On the page to sign in and on the one to join."""
    token = invitations.invite(site.db, TERMINAL, Invitation("labeler"), datetime.now(UTC))
    with Browsers(browser, site.base, site.db).visit(size=(390, 800)) as visit:
        page = visit.go("/login?next=/keys")
        assert (
            page.get_by_role("link", name="Sign in with the lab").get_attribute("href")
            == "/sso/start?next=%2Fkeys"
        )
        visit.check_accessible()
        visit.screenshot("login-sso-phone")
        page = visit.go(f"/join/{token}")
        assert (
            page.get_by_role("link", name="Join with the lab").get_attribute("href")
            == f"/sso/start?join={token}"
        )
        visit.check_accessible()


def test_without_a_provider_there_is_nothing(database_url: str) -> None:
    """No button, no address, and the library is not even imported."""
    with running_server(database_url) as base:
        assert "Sign in with" not in httpx.get(base + "/login").text
        for path in ("/sso/start", "/sso/callback?code=x&state=y"):
            assert httpx.get(base + path).status_code == 404
    program = "import sys, goldvein.bootstrap; print([m for m in sys.modules if m in ('authlib', 'joserfc')])"
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "more",
    [
        {"GOLDVEIN_SSO_CLIENT_ID": ""},
        {"GOLDVEIN_SSO_ROLE": "customer"},
        {"GOLDVEIN_SSO_ROLE": "labeler", "GOLDVEIN_SSO_CUSTOMER": "1"},
    ],
)
def test_settings_that_do_not_go_together(db: Database, more: dict[str, str]) -> None:
    """Said when the server starts, not when somebody comes."""
    with pytest.raises(SettingError):
        make_service(db, settings_for("https://login.example", **more))
