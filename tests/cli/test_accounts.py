"""Accounts at the terminal: the first admin, a link for somebody, a link for many."""

import json
from datetime import UTC, datetime

import pytest

from goldvein.services import accounts, invitations
from goldvein.store.database import Database
from tests.cli.conftest import Run


def test_the_first_admin_gets_in_by_a_link(
    on_database: Run, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Made at the terminal, without a password; the link has the address where people find the pages."""
    made = json.loads(
        on_database("admin", "accounts", "add", "Boss", "--role", "admin", "--json", "-").stdout
    )
    assert made == [{"id": 1, "login": "boss", "role": "admin"}]
    monkeypatch.setenv("GOLDVEIN_PUBLIC_URL", "https://label.example/")
    link = on_database("admin", "accounts", "link", "boss").stdout.strip()
    address, _, token = link.rpartition("/")
    assert address == "https://label.example/enter"
    now = datetime.now(UTC)
    with Database(database_url, pool_size=2) as db:
        assert accounts.authenticate(db, accounts.enter(db, token, "test", now), now).role == "admin"
    assert "there is no account 'nobody'" in on_database("admin", "accounts", "link", "nobody", code=1).output


def test_a_link_for_a_customers_people(on_database: Run, database_url: str) -> None:
    """Good for as many people and days as it says, at the server's own address where no other is set."""
    arguments = ("admin", "accounts", "invite", "--role", "customer")
    assert "belongs to a customer" in on_database(*arguments, code=1).output
    on_database("admin", "customers", "add", "lab")
    link = on_database(
        *arguments, "--customer", "1", "--uses", "3", "--days", "2", "--note", "the lab"
    ).stdout
    address, _, token = link.strip().rpartition("/")
    assert address == "http://127.0.0.1:8000/join"
    with Database(database_url, pool_size=2) as db:
        assert invitations.look(db, token, datetime.now(UTC)).customer == 1
        (line,) = invitations.list_latest(db)
    assert (line.uses_left, line.note, line.created_by) == (3, "the lab", None)
