"""What auditors' first page and the boundary queue cost does not grow with standings, nor with the log."""

from __future__ import annotations

from collections.abc import Callable, Sized
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from goldvein.store import audits, boundary, doubts
from goldvein.store.database import Database, Transaction
from goldvein.web.auditing import BOUND
from tests.services.town import Town
from tests.store.plans import Watch, filled

MANY = 1_000_000
AT = datetime(2026, 1, 5, tzinfo=UTC)
FILL = f"""
    INSERT INTO labelers (name, role, created_at)
        SELECT 'person ' || n, 'labeler', '2026-01-05' FROM generate_series(1, 100000) n;
    INSERT INTO projects (customer, name, instruction, type, state, supply_target, created_at)
        SELECT customer, 'p' || n, 'Pick.', 'choice', 'open', 10, '2026-01-05'
        FROM projects, generate_series(1, 9) n;
    INSERT INTO standings
        (project, labeler, state, n, model_version, posterior, p_benchmarks, p_all, benchmarks, answers, seen,
         admitted_at, updated_at)
        SELECT 1 + n % 10, 1 + n / 10, CASE WHEN n % 500 < 10 THEN 'boundary' ELSE 'admitted' END, 0, 1, '',
               0.5, 0.5, 200, 1000, '', '2026-01-05', '2026-01-05'
        FROM generate_series(0, {MANY - 1}) n;
    INSERT INTO log (project, at, kind, labeler, task, decision)
        SELECT 1 + n % 10, '2026-01-05'::timestamptz + n * interval '1 millisecond',
               CASE WHEN n % 5000 = 0 THEN 'audit' ELSE 'answer' END, 1 + n % 100, n, 'confirmed'
        FROM generate_series(1, {MANY}) n;
    INSERT INTO audits (project, labeler, drawn_at, chance, wanted, delivers, p, model_version, posterior)
        SELECT 1 + n % 10, 1 + n / 10, '2026-01-05'::timestamptz - n * interval '1 minute',
               0.1, 10, true, 0.5, 1, ''
        FROM generate_series(0, 19999) n;
    INSERT INTO second_answers
        (project, audit, labeler, task, content, choice, is_overlap, place, said, answered_at)
        SELECT a.project, a.id, a.labeler, 10 * a.id + k, 10 * a.id + k, 0, false,
               (a.id * 7919 + k * 104729) % 1000003, CASE WHEN a.id % 20 > 0 THEN 0 END,
               CASE WHEN a.id % 20 > 0 THEN '2026-01-05'::timestamptz END
        FROM audits a, generate_series(1, 10) k;
    ANALYZE"""
LOOKS: dict[str, tuple[Callable[[Transaction], Sized], int]] = {
    "all at the boundary": (lambda tx: boundary.page(tx, project=None, after=(5, 50_000), limit=50), 50),
    "those of a project": (lambda tx: boundary.page(tx, project=5, after=(0, 50_000), limit=50), 50),
    "counted": (lambda tx: boundary.counts(tx, BOUND), 1),
    "next to answer again": (
        lambda tx: audits.next_(tx, 99_999, AT, project=None, after=(0.0, 1, 1)) or (),
        2,
    ),
    "waiting to be answered again": (lambda tx: audits.waiting(tx, BOUND), 1),
    "whom drawn": (lambda tx: audits.drawn_since(tx, 5, AT - timedelta(days=1)), 144),
    "judged of late": (lambda tx: doubts.audits(tx, AT, 50), 50),
}
BLOCKS = {"counted": 5_000}
SOME = 600
"""Blocks that a page of fifty rows may touch; a count reads up to ``BOUND`` rows, each at its own place."""


@pytest.fixture(scope="module")
def full(module_database_url: str) -> Database:
    """Ten projects with a hundred thousand labelers each, and a million rows of the log."""
    return filled(module_database_url, FILL, "VACUUM ANALYZE standings, second_answers")


@pytest.mark.parametrize("name", LOOKS)
def test_a_look_reads_what_it_shows(full: Database, name: str) -> None:
    """Nothing large from end to end, and a bounded number of blocks, by both kinds of plan."""
    look, rows = LOOKS[name]
    watch = Watch(full)
    with closing(watch), watch.connection() as tx:
        assert len(look(tx)) == rows
    assert watch.seen
    for one in watch.seen:
        large = {table: blocks for table, blocks in one.scanned.items() if table != "standings"}
        assert max(large.values(), default=0) < 20, (one.name, one.mode, one.scanned)
        assert one.blocks < BLOCKS.get(name, SOME), (one.name, one.mode, one.blocks)


def test_an_answer_at_the_boundary_stays_in_its_place(db: Database) -> None:
    """The index of those at the boundary keeps no update of a standing from being a HOT one."""
    Town(db)
    with db.connection() as tx:
        tx.execute(
            b"INSERT INTO standings (project, labeler, state, n, model_version, posterior, p_benchmarks,"
            b" p_all, benchmarks, answers, seen, admitted_at, updated_at)"
            b" SELECT 1, n, CASE WHEN n % 2 = 0 THEN 'boundary' ELSE 'admitted' END, 0, 1, '', 0.5, 0.5,"
            b" 1, 1, '', now(), now() FROM generate_series(1, 20) n"
        )
        tx.execute(
            b"UPDATE standings SET state = state, p_benchmarks = p_benchmarks + 0.1, answers = answers + 1"
        )
        tx.execute(b"SELECT pg_stat_force_next_flush()")
        counted = tx.execute(
            b"SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'standings'"
        ).fetchone()
    assert counted == (20, 20)
