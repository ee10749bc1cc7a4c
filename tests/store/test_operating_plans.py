"""What an operator's page reads does not grow with labelers, answers or time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from goldvein.domain.metrics import METRICS
from goldvein.services import following, listing, logbook, operating, series
from goldvein.services.listing import Asked
from goldvein.store import figures, gauges, history, pairs, roster
from goldvein.store.database import Database
from goldvein.store.roster import SORTS
from tests.services.town import Town
from tests.store.plans import Watch

LABELERS, ROWS = 100_000, 1_000_000
AT = datetime(2026, 1, 6, tzinfo=UTC)
BOUND = 1_000
"""Blocks that one statement may touch for a page of a hundred rows, or for a window of a chart."""
LARGE = {
    "log_other",
    "log_20260105",
    "roster",
    "figures",
    "spreads",
    "gauges",
    "pairs",
    "standings",
    "attempts",
    "tasks",
}
FILL = f"""
    INSERT INTO labelers (name, role, created_at)
        SELECT 'labeler ' || lpad(n::text, 6, '0'), 'labeler', '2026-01-05'
        FROM generate_series(1, {LABELERS}) n;
    INSERT INTO roster
        SELECT 1, n, 'labeler ' || lpad(n::text, 6, '0'),
               CASE n % 100 WHEN 0 THEN 'boundary' WHEN 1 THEN 'dismissed' WHEN 2 THEN 'panel'
                            ELSE 'admitted' END,
               n % 997 / 997.0::float8, n % 991 / 991.0::float8, n % 200, 0, n % 100 / 100.0::float8,
               n % 5000, n % 4000, n % 20, n % 3, n % 7, n % 11, n % 60, '{{}}',
               '2026-01-05'::timestamptz + n % 86400 * interval '1 second'
        FROM generate_series(1, {LABELERS}) n;
    INSERT INTO standings
        (project, labeler, state, n, model_version, posterior, p_benchmarks, p_all, benchmarks, answers, seen,
         admitted_at, updated_at)
        SELECT 1, n, 'admitted', 1, 1, '', 0.9, 0.9, 9, 9, '', '2026-01-05', '2026-01-05'
        FROM generate_series(2, {LABELERS}) n;
    INSERT INTO tasks (project, content, state, priority, created_at)
        SELECT 1, n, 'labelled', 0, '2026-01-05' FROM generate_series(1, {LABELERS}) n;
    INSERT INTO log (project, at, kind, labeler, n, attempt, task, stage, decision, p_benchmarks, p_all,
                     milliseconds)
        SELECT 1, '2026-01-05'::timestamptz + n * interval '80 milliseconds',
               CASE WHEN n % 500 = 0 THEN 'withdraw' WHEN n % 50 = 0 THEN 'release' ELSE 'answer' END,
               CASE WHEN n % 2 = 0 THEN 1 ELSE n % {LABELERS} + 1 END, CASE WHEN n % 50 > 0 THEN n END, n,
               CASE WHEN n % 10 = 0 THEN 7 ELSE n END, 'label', 'deliver', 0.9, 0.9, 5000
        FROM generate_series(1, {ROWS}) n;
    INSERT INTO figures
        SELECT p, span, '2026-01-06'::timestamptz - n * span * interval '1 minute', 9,
               greatest(1, 750 * (1440 - (n - 1) * span)),
               9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9
        FROM generate_series(1, 20) p, unnest(ARRAY[1, 10, 60]) span, generate_series(0, 3000) n;
    INSERT INTO spreads
        SELECT 1, span, '2026-01-06'::timestamptz - n * span * interval '1 minute', measure, bucket, 9
        FROM unnest(ARRAY[1, 10, 60]) span, generate_series(0, 3000) n,
             unnest(ARRAY['task', 'label', 'due']) measure, generate_series(0, 11) bucket;
    INSERT INTO gauges
        SELECT p, span, '2026-01-06'::timestamptz - n * span * interval '1 minute', '2026-01-06',
               9, 9, 9, 9, 9, 9, 9, 9, '{{}}', '{{}}', '[]', '{{"states": {{}}, "p_all": []}}',
               1, 9, 9, 9, 9, 9, 9, '[]'
        FROM generate_series(1, 20) p, unnest(ARRAY[1, 10, 60]) span, generate_series(0, 3000) n;
    INSERT INTO pairs
        SELECT 1, span, '2026-01-06'::timestamptz - n * span * interval '1 minute', source, 4, one, 3, 9
        FROM unnest(ARRAY[1, 10, 60]) span, generate_series(0, 3000) n,
             unnest(ARRAY['decoys', 'panels']) source, generate_series(0, 3) one"""
NOTHING = {"labeler": "", "task": "", "kind": "", "until": "", "before": ""}
Look = Callable[[Database], Any]


def listed(sort: str, **more: Any) -> Look:
    after = {"name": "labeler 050000~50000", "seen_at": "2026-01-05T12:00:00+00:00~5"}.get(sort, "0.5~5")
    return lambda db: listing.labelers(db, 1, Asked(sort=sort, after=after, **more)).lines


def logged(**asked: str) -> Look:
    return lambda db: logbook.page(db, 1, logbook.ask(**{**NOTHING, **asked})).rows


def seen_live(window: operating.Window) -> Look:
    return lambda db: operating.live(db, 1, window, AT).points


def told(hours: int, span: int) -> Look:
    since = AT - timedelta(hours=hours)
    return lambda db: [_with(db, lambda tx: series.read(tx, 1, METRICS, since, AT, span))]


LOOKS: dict[str, Look] = {
    **{f"by {sort}": listed(sort) for sort in SORTS},
    "the dismissed": listed("p_all", state="dismissed"),
    "by a prefix": lambda db: listing.labelers(db, 1, Asked(sort="name", prefix="labeler 09")).lines,
    "all projects": lambda db: operating.overview(db, AT),
    **{f"live, {name}": seen_live(window) for name, window in operating.WINDOWS.items()},
    "metrics of an hour": told(3, 10),
    "metrics of a day": told(24, 10),
    "metrics of a week": told(168, 60),
    "metrics of lately": lambda db: [_with(db, lambda tx: series.lately(tx, 1, AT))],
    "what is scraped": operating.watched,
    "a busy labeler": lambda db: following.portray(db, 1, 1).rows,
    "a busy labeler, long ago": lambda db: (
        following.portray(db, 1, 1, "200000~2026-01-05T05:00:00+00:00~200000").rows
    ),
    "the log": logged(),
    "a kind": logged(kind="withdraw"),
    "a kind that is not there": lambda db: [logged(kind="policy")(db)],
    "until a moment": logged(until="2026-01-05T03:00:00+00:00"),
    "of a labeler": logged(labeler="1"),
    "who is at work": lambda db: [_with(db, lambda tx: roster.at_work(tx, [1], AT - timedelta(minutes=5)))],
    "a queue": lambda db: [
        _with(db, lambda tx: gauges.queue(tx, 1, pace=1.0, bound=20_000, now=AT)),
    ],
}


def _with(db: Database, look: Callable[[Any], Any]) -> Any:
    with db.connection() as tx:
        return look(tx)


@pytest.fixture(scope="module")
def full(module_database_url: str) -> Iterator[Database]:
    """A project with a hundred thousand labelers, of a million rows in the log half one labeler's."""
    with Database(module_database_url, pool_size=1) as db:
        Town(db)
        with db.connection() as tx:
            for statement in FILL.split(";"):
                tx.execute(statement.encode())
            tx.execute("ANALYZE")
        with db.transaction() as tx:
            figures.summarize(tx)
        yield db


@pytest.mark.parametrize("name", LOOKS)
def test_a_look_reads_what_it_shows(full: Database, name: str) -> None:
    """Every statement of a page touches a bounded number of blocks, by both kinds of plan."""
    watch = Watch(full)
    with closing(watch):
        assert LOOKS[name](cast("Database", watch))
        assert watch.seen
        for one in watch.seen:
            large = {table: blocks for table, blocks in one.scanned.items() if table in LARGE and blocks > 20}
            assert large == {}, (one.name, one.mode)
            assert one.blocks < BOUND * (5 if one.rows > 500 else 1), (one.name, one.mode, one.blocks)


def test_a_rollup_reads_what_is_new(full: Database) -> None:
    """A second's rows at the end of a million are found by a few blocks of an index."""
    with full.connection() as tx:
        row = tx.execute("SELECT max(id) FROM log").fetchone()
    assert row is not None
    watch = Watch(full)
    with closing(watch), watch.transaction() as tx:
        figures.by_index(tx)
        figures.roll(tx, row[0] - 100, row[0])
        roster.roll(tx, row[0] - 100, row[0])
        pairs.roll(tx, row[0] - 100, row[0])
        history.last_entry_until(tx, 1, AT)
        for one in watch.seen:
            assert not {table for table, blocks in one.scanned.items() if table in LARGE and blocks > 20}
            assert one.blocks < 6_000, (one.name, one.mode, one.blocks)  # what is written counts as well
