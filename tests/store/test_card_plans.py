"""What a card reads, and what refreshes all of them, does not grow with people, projects or time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from goldvein.decisions.cards import OVER
from goldvein.domain.records import ProjectDraft
from goldvein.services import cards as reading
from goldvein.services import projects
from goldvein.store import cards
from goldvein.store.database import Database
from tests.services.town import START, Town
from tests.store.plans import Watch

PROJECTS, LABELERS, ROWS = 10, 100_000, 1_000_000
AT = datetime(2026, 1, 6, tzinfo=UTC)
BOUND = 300
"""Blocks that one statement may touch for a page of a card: some for each of at most 20 lines."""
PAGE = 1_000
LARGE = {"standings", "cards", "looks", "disputes", "labeler_days", "labelers"}
FILL = f"""
    INSERT INTO labelers (name, role, created_at)
        SELECT 'labeler ' || n, 'labeler', '2026-01-05' FROM generate_series(1, {LABELERS}) n;
    INSERT INTO standings
        (project, labeler, state, n, model_version, posterior, p_benchmarks, p_all, benchmarks, answers, seen,
         admitted_at, updated_at)
        SELECT p, n, CASE WHEN n % 50 = 0 THEN 'dismissed' ELSE 'admitted' END, 1, 1, '', 0.9, 0.9,
               n % 60, 9, '', '2026-01-05', '2026-01-05'
        FROM generate_series(1, {PROJECTS}) p, generate_series(1, {LABELERS}) n;
    INSERT INTO cards
        SELECT p, n, 'on_course', 20, '2026-01-05', '2026-01-05'
        FROM generate_series(1, {PROJECTS}) p, generate_series(1, {LABELERS}) n;
    INSERT INTO looks (project, labeler, words, asked_at, settled_at, reply)
        SELECT n % {PROJECTS} + 1, n / {PROJECTS} + 1, 'please',
               '2026-01-05'::timestamptz + n * interval '80 ms',
               CASE WHEN n % 1000 > 0 THEN '2026-01-06'::timestamptz END, CASE WHEN n % 1000 > 0 THEN 'no' END
        FROM generate_series(0, {ROWS - 1}) n;
    INSERT INTO disputes
        SELECT n % {PROJECTS} + 1, n, n, CASE WHEN n % 2 = 0 THEN 100 ELSE n % {LABELERS} + 1 END, 'neither',
               '2026-01-05'::timestamptz + n * interval '80 ms'
        FROM generate_series(1, {ROWS}) n;
    INSERT INTO labeler_days
        SELECT n, '2026-01-06'::date - d, 9, 1
        FROM generate_series(1, {LABELERS}) n, generate_series(0, {ROWS // LABELERS - 1}) d"""
Look = Callable[[Database], Any]
LOOKS: dict[str, Look] = {
    "a card": lambda db: reading.read(db, 77, AT).projects,
    "the card of who disputes without end": lambda db: reading.read(db, 100, AT).disputes,
    "what was done": lambda db: reading.done(db, 77, AT).today,
    "who waits for another look": reading.looks_waiting,
    "who waits, later": lambda db: reading.looks_waiting(db, after=(datetime(2026, 1, 5, 12, tzinfo=UTC), 5)),
}


@pytest.fixture(scope="module")
def full(module_database_url: str) -> Iterator[Database]:
    """Ten projects, a hundred thousand labelers in each of them; of a million disputes half are one's."""
    with Database(module_database_url, pool_size=1) as db:
        town = Town(db)
        for n in range(1, PROJECTS):
            projects.create(db, town.customer, ProjectDraft(f"texts {n}", "Pick."), START)
        with db.connection() as tx:
            tx.execute("SET synchronous_commit TO on")  # else VACUUM finds pages that it may not mark yet
            for statement in FILL.split(";"):
                tx.execute(statement.encode())
            tx.execute("VACUUM ANALYZE")
        yield db


def check(watch: Watch, bound: int) -> None:
    """No large table is read from end to end, by either kind of plan, and few blocks of any."""
    assert watch.seen
    for one in watch.seen:
        large = {table: blocks for table, blocks in one.scanned.items() if table in LARGE and blocks > 20}
        assert large == {}, (one.name, one.mode)
        assert one.blocks < bound, (one.name, one.mode, one.blocks)


@pytest.mark.parametrize("name", LOOKS)
def test_a_card_reads_what_it_shows(full: Database, name: str) -> None:
    """Every statement of a card, and of the list of wishes, touches a bounded number of blocks."""
    with closing(Watch(full)) as watch:
        assert LOOKS[name](cast("Database", watch))
        check(watch, BOUND)


def test_a_refresh_reads_page_by_page(full: Database) -> None:
    """A page of the daily job costs what its standings do, wherever it begins."""
    living = list(range(1, PROJECTS + 1))
    with closing(Watch(full)) as watch, watch.transaction() as tx:
        for after in ((0, 0), (5, 50_000), (9, 99_000)):
            page = cards.standings(tx, living, OVER, after=after, limit=PAGE)
            assert len(page) > PAGE // 2
            assert min((one.project, one.labeler) for one in page) > after
        check(watch, 10 * PAGE)


def test_a_look_is_asked_for_by_a_key(full: Database) -> None:
    """Who was dismissed asks once at a time, at the cost of the rows that it touches."""
    with closing(Watch(full)) as watch, watch.transaction() as tx:
        assert cards.is_out(tx, 3, 50)
        assert not cards.is_out(tx, 3, 51)
        assert cards.ask(tx, 3, 50, "please", AT) is not None
        assert cards.ask(tx, 3, 50, "again", AT) is None
        check(watch, 100)
