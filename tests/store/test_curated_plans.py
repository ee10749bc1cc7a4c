"""What looking after benchmarks costs does not grow with their number, nor with the tasks beside them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from goldvein.domain.records import TaskDraft
from goldvein.services import intake
from goldvein.store import attempts, curated, doubts
from goldvein.store.database import Database, Transaction
from goldvein.tasktypes.choice import content_identity
from tests.services.town import Town, task_input
from tests.store.plans import Watch, filled

MANY = 200_000
SOME = 400
"""Blocks that a page of fifty rows, with tasks and item versions looked up, may touch."""
FILL = f"""
    INSERT INTO tasks (project, id, content, state, priority, created_at) OVERRIDING SYSTEM VALUE
        SELECT 1, n, n, 'benchmark', 0, '2026-01-05' FROM generate_series(1000, {MANY}) n;
    INSERT INTO task_inputs (project, task, input, rules)
        SELECT 1, n, '{{"prompt": "p", "options": ["a", "b"]}}', '{{}}'
        FROM generate_series(1000, {MANY}) n;
    INSERT INTO benchmarks
        (project, task, state, basis, ordinal, item_version, revision, created_at, promoted_at, flag,
         flagged_at)
        SELECT 1, n, CASE WHEN n % 5000 = 0 THEN 'frozen' ELSE 'active' END,
               CASE WHEN n % 4000 = 0 THEN 'reused' ELSE 'panel' END, n, 1, 1, '2026-01-05', '2026-01-05',
               CASE WHEN n % 3000 = 0 THEN 'doubt' END,
               CASE WHEN n % 3000 = 0 THEN '2026-01-05'::timestamptz + n * interval '1 second' END
        FROM generate_series(1000, {MANY}) n;
    INSERT INTO item_versions
        (project, task, version, key, key_right, key_probabilities, difficulty, made_at)
        SELECT 1, n, 1, 0, 0.9, ARRAY[0.9, 0.1], ARRAY[1.0], '2026-01-05'
        FROM generate_series(1000, {MANY}) n;
    INSERT INTO log (project, at, kind, task, decision)
        SELECT 1, '2026-01-05', 'promote', n, 'manual' FROM generate_series(1000, {MANY}) n;
    INSERT INTO attempts (project, task, content, stage, state, lane, due_at, urgency, labeler)
        SELECT 1, n, n, 'benchmark', 'skipped', 1, '9999-12-31', 0, n % 100
        FROM generate_series(1000, {MANY}) n;
    ANALYZE"""
AT = datetime(2026, 1, 5, tzinfo=UTC)


def page(**asked: Any) -> Callable[[Transaction], list[Any]]:
    values = {"state": None, "basis": None, "flagged": False, "after": MANY // 2, "limit": 50, **asked}
    return lambda tx: list(curated.page(tx, 1, **values))


def in_doubt(project: int | None) -> Callable[[Transaction], list[Any]]:
    after = (AT + timedelta(seconds=MANY // 2), 0, 0)
    return lambda tx: list(
        doubts.list_(tx, auditor=1, project=project, after=after, limit=50, now=AT, own_until=AT)
    )


def worn(tx: Transaction) -> list[Any]:
    return list(
        curated.worn(tx, 1, state="frozen", basis=None, flagged=None, exposures=0, after=MANY // 2, limit=50)
    )


def noted(tx: Transaction) -> list[Any]:
    seen = [(1, task, ()) for task in range(5_000, 5_020)]
    doubts.note_seen(tx, seen, labeler=7, now=AT)
    return seen


LOOKS: dict[str, tuple[Callable[[Transaction], Any], int]] = {
    "all": (page(), 50),
    "by state": (page(state="frozen"), 20),
    "by basis": (page(basis="reused"), 25),
    "flagged": (page(flagged=True), 33),
    "in doubt": (in_doubt(None), 33),
    "in doubt in a project": (in_doubt(1), 33),
    "the next in doubt": (
        lambda tx: [
            doubts.lock_next(
                tx,
                auditor=1,
                project=None,
                after=(AT + timedelta(seconds=MANY // 2), 0, 0),
                now=AT,
                own_until=AT,
            )
        ],
        1,
    ),
    "doubts counted": (lambda tx: doubts.count(tx, AT, 5_000), 1),
    "the latest": (lambda tx: curated.latest(tx, 1, MANY // 2, 50), 50),
    "how they begin": (lambda tx: list(curated.excerpts(tx, 1, range(5_000, 5_050))), 50),
    "what the panel said": (lambda tx: [curated.panel_words(tx, 1, 5_000)], 1),
    "what was disputed": (lambda tx: [curated.dispute_words(tx, 1, 5_000)], 1),
    "whether it is at work": (lambda tx: [doubts.at_work(tx, 1, 5_000, 7)], 1),
    "whether it was judged": (lambda tx: [doubts.has_judged(tx, 1, 5_000, 7)], 1),
    "noted as seen": (noted, 20),
    "to retire": (worn, 20),
    "one": (lambda tx: [curated.find(tx, 1, 5_000)], 1),
    "its servings": (lambda tx: list(curated.servings(tx, 1, 5_000)), 1),
    "its life": (lambda tx: curated.life(tx, 1, 5_000), 1),
    "its versions": (lambda tx: curated.versions(tx, 1, 5_000), 1),
    "by content": (lambda tx: curated.by_contents(tx, 1, range(5_000, 5_050)), 50),
    "to be carried": (
        lambda tx: curated.carried(
            tx, 1, exposures=10, since=datetime(2026, 1, 1, tzinfo=UTC), after=MANY // 2, limit=50
        ),
        50,
    ),
    "had in other projects": (
        lambda tx: list(attempts.seen_pairs_in(tx, [1, 2, 3], [(n, n % 100) for n in range(5_000, 5_050)])),
        50,
    ),
}


@pytest.fixture(scope="module")
def full(module_database_url: str) -> Database:
    """A project with two hundred thousand benchmarks."""
    return filled(module_database_url, FILL)


@pytest.mark.parametrize("name", LOOKS)
def test_a_look_reads_what_it_shows(full: Database, name: str) -> None:
    """No table from end to end, and a bounded number of blocks, by both kinds of plan."""
    look, rows = LOOKS[name]
    watch = Watch(full)
    with closing(watch), watch.connection() as tx:
        assert len(look(tx)) == rows
    assert watch.seen
    for one in watch.seen:
        large = {table: blocks for table, blocks in one.scanned.items() if table != "projects"}  # it has one
        if name == "doubts counted":  # all that are flagged, up to a bound, by an index of these alone
            large.pop("benchmarks")
        assert max(large.values(), default=0) < 20, (one.name, one.mode, one.scanned)
        assert one.blocks < SOME * (1 + rows // 20), (one.name, one.mode, one.blocks)


def test_contents_are_found_among_many_copies(db: Database) -> None:
    """A hundred tasks of one content are read, however many there are."""
    town = Town(db)
    drafts = [TaskDraft(n, task_input(1, 0)) for n in range(300)]
    intake.push(db, 1, drafts, None, town.now)
    with db.connection() as tx:
        assert len(curated.by_contents(tx, 1, [content_identity(task_input(1, 0))])) == 100
