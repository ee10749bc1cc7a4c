"""What the pages of a project read does not grow with its tasks, nor with the projects beside it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest

from goldvein.services import keys
from goldvein.store import contents, outbox, projects, tallies, tasks
from goldvein.store.database import Database, Transaction
from tests.store.plans import Watch, filled

MANY = 200_000
SOME = 300
"""Blocks that a page of fifty rows may touch."""
AT_ONCE = 100
"""Events counted in one step."""
PER_EVENT = 30
"""Blocks for one of them: its task, its label, the sums of its batch."""
FILL = f"""
    INSERT INTO tasks (project, id, batch, content, state, priority, created_at, finished_at)
        OVERRIDING SYSTEM VALUE
        SELECT 1, n, n / 100 + 1, n, 'labelled', 0, '2026-01-05', '2026-01-06'
        FROM generate_series(1, {MANY}) n;
    INSERT INTO task_inputs (project, task, input, rules)
        SELECT 1, n, '{{"prompt": "p", "options": ["a", "b"]}}', '{{}}' FROM generate_series(1, {MANY}) n;
    INSERT INTO labels (project, id, task, answer, basis, policy_version, answered_at, delivered_at)
        OVERRIDING SYSTEM VALUE
        SELECT 1, n, n, '{{"choice": 0}}', 'panel', 1, '2026-01-06', '2026-01-06'
        FROM generate_series(1, {MANY}) n;
    INSERT INTO outbox (project, event, task, label, created_at, position)
        SELECT 1, 'label.created', n, n, '2026-01-06', n FROM generate_series(1, {MANY}) n;
    INSERT INTO outbox_positions VALUES (1, {MANY});
    INSERT INTO batches (project, id, name, created_at) OVERRIDING SYSTEM VALUE
        SELECT 1, n, 'round ' || n, '2026-01-05' FROM generate_series(1, {MANY} / 100 + 1) n;
    INSERT INTO prices VALUES (1, 1, 0.05, 'EUR', '2026-01-01');
    INSERT INTO tallied VALUES (1, 0);
    INSERT INTO tallies SELECT 1, n, 1, 100, 90, 0, 0, 0 FROM generate_series(0, {MANY} / 100) n;
    INSERT INTO projects (customer, name, instruction, type, state, supply_target, created_at, closed_at)
        SELECT 1, 'p', 'i', 'choice', CASE WHEN n % 100 = 0 THEN 'draft' ELSE 'closed' END, 1, '2026-01-05',
            CASE WHEN n % 100 > 0 THEN '2026-01-06'::timestamptz END
        FROM generate_series(1, 20000) n;
    ANALYZE"""
ANSWERED = f"""
    INSERT INTO attempts (project, id, task, content, stage, state, lane, due_at, urgency, labeler)
        OVERRIDING SYSTEM VALUE
        SELECT 1, n, n, n, 'label', 'answered', 1, '2026-01-05', 0, 1 FROM generate_series(1, {MANY}) n;
    INSERT INTO answers (project, attempt, task, labeler, answer, choice, shown_at, received_at, comment)
        SELECT 1, n, n, 1, '{{"choice": 0}}', 0, '2026-01-05', '2026-01-06', 'words'
        FROM generate_series(1, {MANY}) n;
    INSERT INTO log (project, at, kind, task)
        SELECT 1, '2026-01-06', 'release', n FROM generate_series(1, {MANY}) n;
    ANALYZE"""
LOOKS: dict[str, tuple[Callable[[Transaction], Any], int]] = {
    "projects": (lambda tx: projects.page(tx, None, state=None, before=10_000, limit=50), 50),
    "projects in a state": (lambda tx: projects.page(tx, None, state="draft", before=10_000, limit=50), 50),
    "a customer's": (lambda tx: projects.page(tx, 1, state=None, before=10_000, limit=50), 50),
    "closed long ago": (lambda tx: contents.old(tx, datetime(2027, 1, 1, tzinfo=UTC), limit=50), 50),
    "rounds": (lambda tx: tasks.batches_page(tx, 1, before=1_000, limit=50), 50),
    "how fast a round was": (lambda tx: tasks.speeds(tx, 1, [500]), 1),
    "the latest tasks": (lambda tx: tasks.latest_inputs(tx, 1, limit=10), 10),
    "sums of rounds": (lambda tx: tallies.of_batches(tx, 1, range(100, 150)), 50),
    "sums of projects": (lambda tx: tallies.of_projects(tx, [1]), 1),
    "whether counting is behind": (lambda tx: [tallies.is_behind(tx, 1)], 1),
    "when an event was": (lambda tx: [outbox.created_at(tx, 1, MANY // 2)], 1),
}


@pytest.fixture(scope="module")
def full(module_database_url: str) -> Database:
    """A project with two hundred thousand tasks in two thousand rounds, among twenty thousand others."""
    return filled(module_database_url, FILL)


@pytest.mark.parametrize("name", LOOKS)
def test_a_page_reads_what_it_shows(full: Database, name: str) -> None:
    """No large table from end to end, and a bounded number of blocks, by both kinds of plan."""
    look, rows = LOOKS[name]
    watch = Watch(full)
    with closing(watch), watch.connection() as tx:
        assert len(look(tx)) == rows
    assert {one.name: one.blocks for one in watch.seen if one.blocks > SOME} == {}
    assert not {"tasks", "outbox", "labels", "tallies"} & {
        table for one in watch.seen for table in one.scanned
    }


def test_counting_costs_what_is_counted(full: Database) -> None:
    """A step finds its events, tasks and labels by their keys."""
    watch = Watch(full)
    with closing(watch), watch.transaction() as tx:
        tallies.fold(tx, 1, MANY // 2, MANY // 2 + AT_ONCE, limit=AT_ONCE)
    assert {one.name: one.blocks for one in watch.seen if one.blocks > PER_EVENT * AT_ONCE} == {}
    assert not {"tasks", "outbox", "labels"} & {table for one in watch.seen for table in one.scanned}


def test_erasing_contents_costs_what_is_erased(full: Database) -> None:
    """A batch finds its tasks, labels, answers and words by their keys, wherever in the project it is."""
    keys.create_labeler(full, "somebody", "labeler", datetime(2026, 1, 1, tzinfo=UTC))
    with full.transaction() as tx:
        tx.execute(ANSWERED.encode())
        tx.execute(b"UPDATE projects SET state = 'closed', closed_at = now() WHERE id = 1")
        contents.ask(tx, 1, datetime(2027, 1, 1, tzinfo=UTC))
        contents.reached(tx, 1, MANY // 2)
    watch = Watch(full)
    with closing(watch), watch.transaction() as tx:
        found = contents.take(tx, 1)
        assert found is not None
        assert contents.blank(tx, 1, after=found.task, own=True, limit=AT_ONCE) == MANY // 2 + AT_ONCE
    assert {one.name: one.blocks for one in watch.seen if one.blocks > PER_EVENT * AT_ONCE} == {}
    scanned = {table for one in watch.seen for table in one.scanned}
    assert not {"task_inputs", "labels", "attempts", "answers", "log_other"} & scanned
