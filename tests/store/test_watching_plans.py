"""What watching reads each minute, and what pages of alerts read, does not grow with the past."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from goldvein.store import alerts, channels, watching
from goldvein.store.database import Database, Transaction
from tests.store.plans import Watch, filled

AT = datetime(2026, 1, 26, tzinfo=UTC)
FILL = """
    INSERT INTO projects (customer, name, instruction, type, state, supply_target, created_at)
        SELECT customer, 'p' || n, 'Pick.', 'choice', 'open', 10, '2026-01-05'
        FROM projects, generate_series(1, 99) n;
    INSERT INTO looked (project, upto, pushed) SELECT id, '2026-01-25 23:50Z', 0 FROM projects;
    INSERT INTO tallies (project, batch, price, pushed, labels, cancelled, expired, withdrawn)
        SELECT p, n, 0, 9, 9, 0, 0, 0 FROM generate_series(1, 100) p, generate_series(0, 5000) n;
    INSERT INTO pushes SELECT p, '2026-01-05Z'::timestamptz + n * interval '10 minutes'
        FROM generate_series(1, 100) p, generate_series(0, 3000) n;
    UPDATE looked SET habit = '{"rates": [], "limit": 3}';
    INSERT INTO gauges (project, span, at, sampled_at, queued, leased, active, admitted, benchmarks,
                        candidates, shortcuts, supply, why_empty, standings, samples, sum_queued, sum_active,
                        sum_admitted, sum_standings, sum_delivering, metrics)
        SELECT p, 1, '2026-01-26Z'::timestamptz - n * interval '1 minute', '2026-01-26Z', 0, 0, 0, 0, 0, 0,
               '{}', '{}', '[]', '{}', 1, 0, 0, 0, 0, 0, '[]'
        FROM generate_series(1, 100) p, generate_series(0, 2880) n;
    INSERT INTO webhooks (project, url, secret, events, state, tries, next_try_at, created_at)
        SELECT p, 'https://a.example', 's', '{}', 'enabled', p % 10, '2026-01-05Z', '2026-01-05Z'
        FROM generate_series(1, 100) p;
    INSERT INTO deliveries (webhook, message, from_position, to_position, try, duration_ms, sent_at)
        SELECT 1 + n % 100, 'm', n, n, 1, 9, '2026-01-05Z' FROM generate_series(1, 1000000) n;
    INSERT INTO alerts (project, kind, subject, detail, opened_at, resolved_at)
        SELECT 1 + n % 100, 'low', 'm' || n, '{}', '2026-01-05Z', CASE WHEN n % 1000 > 0 THEN now() END
        FROM generate_series(1, 100000) n;
    INSERT INTO channels (kind, target, made_at, made_by)
        VALUES ('email', 'a@b.example', '2026-01-05Z', 'op');
    INSERT INTO notices (channel, project, alert, event, next_try_at)
        SELECT 1, project, id, 'opened', CASE WHEN id % 5000 = 0 THEN opened_at END FROM alerts;
    ANALYZE"""
LOOKS: dict[str, Callable[[Transaction], Any]] = {
    "due": lambda tx: watching.due(tx, AT, AT),
    "new pushes": lambda tx: watching.note_pushes(tx, AT),
    "pushes": lambda tx: watching.pushes(tx, 5, AT - timedelta(days=21)),
    "failing webhooks": lambda tx: watching.failing_webhooks(tx, 1),
    "open alerts": lambda tx: alerts.page(
        tx, project=None, customer=None, is_open=True, before=2**62, limit=50, now=AT
    ),
    "all alerts": lambda tx: alerts.page(
        tx, project=None, customer=None, is_open=False, before=2**62, limit=50, now=AT
    ),
    "spells": lambda tx: alerts.spells(tx, 5, AT - timedelta(days=21), AT),
    "waiting": lambda tx: alerts.waiting(tx, ("silent",)),
    "unacknowledged": lambda tx: alerts.count_waiting(tx, 100),
    "notices": lambda tx: channels.claim(tx, AT, timedelta(minutes=2), limit=20),
}
LARGE = {"tallies", "pushes", "gauges", "deliveries", "alerts", "notices"}


@pytest.fixture(scope="module")
def full(module_database_url: str) -> Database:
    """A hundred projects with three weeks of history, a million deliveries and many alerts."""
    return filled(module_database_url, FILL)


@pytest.mark.parametrize("name", LOOKS)
def test_a_look_reads_what_it_needs(full: Database, name: str) -> None:
    """Nothing large from end to end, and some blocks a project at most, by both kinds of plan."""
    watch = Watch(full)
    with closing(watch), watch.connection() as tx:
        LOOKS[name](tx)
    assert watch.seen
    for one in watch.seen:
        scanned = {table: blocks for table, blocks in one.scanned.items() if table in LARGE}
        # a hundred alerts are open, each at a place of its own
        assert max(scanned.values(), default=0) < 150, (one.name, one.mode, one.scanned)
        assert one.blocks < 3_000, (one.name, one.mode, one.blocks)
