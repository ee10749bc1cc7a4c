"""Customers know labelers by pseudonyms alone, whatever they read."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import urldefrag

import httpx
import pytest

from goldvein.api.keyring import SESSION_COOKIE
from goldvein.services import accounts, auditing, curating, lifecycle, measuring, trusting
from tests.services.town import Town, knows
from tests.web.conftest import Site
from tests.web.doubts import dispute

NAME = "Quillon"
"""What every name of a person in this operation begins with."""
_LINK = re.compile(r'(?:href|data-round)="(/[^"]*)"')
_SAID = (
    "labels",
    "labels/export",
    "quality",
    "webhooks",
    "benchmarks",
    "tasks/41",
    "why-empty",
)


@pytest.fixture(scope="module")
def town(site: Site) -> Town:
    """Labels of people with names, a panel, a key that people and an auditor spoke against."""
    town = Town(site.db, now=datetime.now(UTC) - timedelta(hours=2))
    town.open_by_hand()
    town.push(200)
    for n in range(3):
        town.hire(f"{NAME} {n}", knows(0.97))
    project = town.project.id
    reason = f"an-operator: {NAME} is an old hand"
    trusting.appoint(site.db, project, town.names[f"{NAME} 0"], reason, town.now)
    town.run(60)
    dispute(site, project, 1, "neither fits", f"{NAME} the trusted")
    auditor = town.hire(f"{NAME} the auditor", knows(1.0), "auditor")
    with site.db.transaction() as tx:
        lifecycle.flag(tx, project, 1, "good labelers miss it", town.now)
    (task,) = auditing.queue(site.db, auditor, town.now)
    auditing.answer(site.db, project, task.task, auditor, {"choice": 0}, town.now)
    curating.act(site.db, project, 2, "confirm", town.now, by=auditor)
    measuring.measure(site.db, project, town.now)
    return town


def reader(site: Site, account: int) -> httpx.Client:
    """A browser without scripts, signed in."""
    token = accounts.begin_session(site.db, account, "test", datetime.now(UTC))
    cookies, headers = {SESSION_COOKIE: token}, {"Accept": "text/html"}
    return httpx.Client(base_url=site.base, cookies=cookies, headers=headers, timeout=60)


def read_all(client: httpx.Client, *begin: str) -> Mapping[str, str]:
    """All that can be reached by links, by address."""
    found: dict[str, str] = {}
    waiting = deque(begin)
    while waiting:
        address = waiting.popleft()
        if address in found or address.startswith("/static/"):
            continue
        response = client.get(address, follow_redirects=True)
        assert response.status_code == 200, f"{address}: {response.status_code}"
        found[address] = response.text
        if response.headers["content-type"].startswith("text/html"):
            waiting += (urldefrag(unescape(link)).url for link in _LINK.findall(response.text))
    return found


def test_no_page_of_a_customer_names_a_labeler(site: Site, town: Town) -> None:
    """Neither its pages nor their files nor the API that they use, while an operator reads names there."""
    project = town.project.id
    begin = ("/projects", *(f"/v1/projects/{project}/{said}" for said in _SAID))
    login = accounts.create(site.db, "lab-owner", None, "customer", datetime.now(UTC), customer=town.customer)
    with reader(site, login) as client:
        told = read_all(client, *begin)
    shown = {f"/projects/{project}{part}" for part in ("", "/rounds/round", "/settings", "/benchmarks/1")}
    assert shown <= told.keys()
    assert [address for address in told if re.fullmatch(r"/projects/\d+/labels/\d+", address)]
    assert [address for address, text in told.items() if NAME.lower() in text.lower()] == []
    assert "a name for your project only" in "".join(told.values())
    with reader(site, site.accounts["operator"]) as client:
        named = [
            address for address in (f"/projects/{project}/benchmarks/1", f"/v1/projects/{project}/quality")
            if NAME in client.get(address).text
        ]  # fmt: skip
    assert len(named) == 2
