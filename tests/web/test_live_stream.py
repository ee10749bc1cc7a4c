"""The stream behind the live view: what changed and nothing else, and an end when it should end."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from time import monotonic

import httpx

from goldvein.api.keyring import SESSION_COOKIE
from goldvein.bootstrap import running_server
from goldvein.domain.records import ProjectDraft
from goldvein.services import accounts, keys, projects
from goldvein.services.metering import Meter
from goldvein.settings import read_settings
from goldvein.store.database import Database


def operator(db: Database) -> tuple[int, str]:
    """An operator's account and session, and a project."""
    now = datetime.now(UTC)
    projects.create(db, keys.create_customer(db, "lab", now), ProjectDraft("texts", "Pick one."), now)
    account = accounts.create(db, "operator", "correct horse battery", "operator", now)
    return account, accounts.begin_session(db, account, "test", now)


def streaming(base: str, token: str) -> httpx.Client:
    return httpx.Client(base_url=base, cookies={SESSION_COOKIE: token}, timeout=30)


def test_only_what_changed_is_sent_and_the_stream_ends_with_the_session(db: Database) -> None:
    """The first event is the whole page; the next has what a sample changed; signed out, nothing comes."""
    account, token = operator(db)
    settings = read_settings({"GOLDVEIN_POOL_SIZE": "2"})
    with (
        running_server(db.url, settings) as base,
        streaming(base, token) as client,
        client.stream("GET", "/operate/1/events?window=15m") as stream,
    ):
        events = (json.loads(line[6:]) for line in stream.iter_lines() if line.startswith("data: "))
        first = next(events)
        assert {"part-summary", "part-notices", "part-shortcuts", "chart-answers"} <= first.keys()
        Meter(db).step(datetime.now(UTC))
        changed = next(events)
        assert "part-summary" in changed
        assert "part-shortcuts" not in changed
        assert [name for name, part in changed.items() if part == first[name]] == []
        accounts.sign_out_everywhere(db, account, datetime.now(UTC))
        begun = monotonic()
        for _ in events:
            pass  # what was on its way
        assert monotonic() - begun < 15


def test_the_stream_holds_no_connection_and_no_stop_up(db: Database) -> None:
    """More people watch than there are connections, pages are served beside, and a stop ends them all."""
    _, token = operator(db)
    settings = read_settings({"GOLDVEIN_POOL_SIZE": "2"})
    with running_server(db.url, settings) as base, streaming(base, token) as client:
        streams = [
            client.send(client.build_request("GET", "/operate/1/events"), stream=True) for _ in range(6)
        ]
        begun = monotonic()
        assert client.get("/operate", headers={"Accept": "text/html"}).status_code == 200
        assert monotonic() - begun < 5
        begun = monotonic()
    assert monotonic() - begun < 5
    for stream in streams:
        assert stream.status_code == 200
