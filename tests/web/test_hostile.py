"""What nobody sends by accident, to pages: refused as what it is, and none of it is our fault."""

from datetime import UTC, datetime

import httpx
import pytest

from goldvein.api.keyring import SESSION_COOKIE
from goldvein.domain.records import Role
from goldvein.services import accounts
from tests.access import ROUTES, filled
from tests.web.conftest import ROLES, Site


def visitor(site: Site, role: Role) -> httpx.Client:
    """Somebody of a role who has signed in, as their browser sends it."""
    token = accounts.begin_session(site.db, site.accounts[role], "test", datetime.now(UTC))
    headers = {
        "Cookie": f"{SESSION_COOKIE}={token}",
        "Sec-Fetch-Site": "same-origin",
        "Accept": "text/html",
    }
    return httpx.Client(base_url=site.base, headers=headers, timeout=30)


@pytest.mark.parametrize("role", ["admin", "auditor", "customer"])
def test_a_nul_in_an_address_is_refused(site: Site, role: Role) -> None:
    """PostgreSQL takes none, so whatever is asked for by one is not there: said once, for all routes."""
    paths = {route.split()[1] for route, who in ROUTES.items() if route.startswith("GET") and role in who}
    names = ("login", "after", "batch", "from", "state", "name", "prefix", "labeler")
    with visitor(site, role) as client:
        for path in sorted(paths):
            for name in names:
                answer = client.get(f"{filled(path, site.project)}?{name}=a%00b")
                assert answer.status_code == 422, (path, name, answer.status_code)


def test_what_is_somebodys_is_kept_by_nobody(site: Site) -> None:
    """Pages, replies, files and streams: a browser's cookie asks for them, and no cache knows whose it is."""
    kept = []
    for role in ROLES:
        with visitor(site, role) as client:
            for route in (route for route, who in ROUTES.items() if route.startswith("GET") and role in who):
                with client.stream("GET", filled(route.split()[1], site.project)) as answer:
                    if answer.status_code == 200 and answer.headers.get("Cache-Control") != "no-store":
                        kept.append((role, route))
    assert not kept


FORM = {
    "name": "n", "instruction": "i", "quality_bar": "70", "start": "trusted", "state": "draft",
    "template": "blank", "deadline_minutes": "", "classes": "", "rows": "", "customer": "", "carry": "",
}  # fmt: skip


@pytest.mark.parametrize("number", ["inf", "-inf", "nan", "1e308", "1e400", "9" * 400, "1E+999999999"])
def test_numbers_that_only_floats_know_are_none(site: Site, number: str) -> None:
    """Beside the field, as with any other wrong one."""
    with visitor(site, "customer") as client:
        for name in ("deadline_minutes", "quality_bar"):
            answer = client.post("/projects/new", data={**FORM, name: number})
            assert (answer.status_code, "no number" in answer.text) == (422, True), name
        shown = {"name": "n", "instruction": "i", "deadline_minutes": number}
        answer = client.post(f"/projects/{site.project}/settings", data=shown)
        assert (answer.status_code, "no number" in answer.text) == (422, True)


@pytest.mark.parametrize("rows", ["nonsense", "{}", "[1]", '{"options": 3}', '{"input": null}', "1e400"])
def test_rows_without_options_are_shown_as_wrong(site: Site, rows: str) -> None:
    """A form with such rows comes back with what is wrong beside them."""
    with visitor(site, "customer") as client:
        answer = client.post("/projects/new", data={**FORM, "rows": rows, "action": "preview"})
        assert (answer.status_code, "row 1" in answer.text) == (200, True)
