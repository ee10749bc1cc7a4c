"""Push, claim, answer and delivery cost the same at a thousand tasks and at a million, amid finished ones.

Whole use cases run over a connection that explains each statement, as a generic and as a custom plan, before
it does it. What a statement touches is counted in blocks: they repeat, where seconds do not.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import cast

from goldvein.domain.records import TaskDraft
from goldvein.services import benchmarks, delivery, intake
from goldvein.services.benchmarks import ManualBenchmark
from goldvein.services.sweeps import Sweeper
from goldvein.services.work import WorkGroup
from goldvein.store import answerlog, log
from goldvein.store.database import Database, Transaction
from tests.services.town import Town, knows, task_input
from tests.store.plans import Seen, Watch

LARGE = {"attempts", "tasks", "task_inputs", "outbox", "answers", "labels", "log_other"}
"""Tables that nothing on the way of a task may read from end to end."""
SMALL_SCAN = 20
"""Blocks of a table that it is cheaper to read at once than by an index."""
SOME = 400
"""Blocks that a statement of some fifty rows may touch, however small the tables."""
Costs = Mapping[tuple[str, str], Seen]
"""The dearest run of each statement, by its name and the kind of its plan."""

ADD = {
    "tasks": """
        INSERT INTO tasks (project, unique_id, batch, content, state, priority, created_at)
        SELECT 1, 'f' || n, (SELECT min(id) FROM batches), n, 'queued', 0, '2026-01-05'
        FROM generate_series(1, {count}) n""",
    "task_inputs": """
        INSERT INTO task_inputs (project, task, input, rules)
        SELECT project, id, '{{"prompt": "p", "options": ["right", "wrong a", "wrong b", "wrong c"]}}', '{{}}'
        FROM tasks WHERE unique_id LIKE 'f%'""",
    "attempts": """
        INSERT INTO attempts (project, task, content, stage, state, lane, due_at, urgency)
        SELECT project, id, content, 'label', 'open', 1, '9999-12-31', 0
        FROM tasks WHERE unique_id LIKE 'f%'""",
}
FINISH = """
    CREATE TEMPORARY TABLE head AS
        SELECT id FROM attempts WHERE project = 1 AND stage = 'label' AND state = 'open'
        ORDER BY lane, due_at, urgency, id LIMIT {count};
    UPDATE attempts SET state = 'leased', fence = 1, labeler = 1000 + task % 500, shown_at = '2026-01-05',
        shown = '{{0,1,2,3}}', expires_at = '2026-01-06' WHERE id IN (SELECT id FROM head);
    UPDATE attempts SET state = 'answered' WHERE id IN (SELECT id FROM head);
    INSERT INTO answers (project, attempt, task, labeler, answer, choice, shown_at, received_at)
        SELECT 1, id, task, labeler, '{{"choice": 0}}', 0, shown_at, shown_at
        FROM attempts WHERE labeler >= 1000;
    UPDATE tasks SET state = 'labelled' WHERE id IN (SELECT task FROM attempts WHERE labeler >= 1000);
    INSERT INTO labels
        (project, task, attempt, answer, basis, labeler, policy_version, answered_at, delivered_at)
        SELECT 1, task, id, '{{"choice": 0}}', 'labeler', labeler, 1, shown_at, shown_at
        FROM attempts WHERE labeler >= 1000;
    INSERT INTO log (project, at, kind, labeler, n, attempt, task, stage)
        SELECT 1, shown_at, 'answer', labeler, id, id, task, stage FROM attempts WHERE labeler >= 1000;
    INSERT INTO outbox (project, event, task, label, created_at)
        SELECT 1, 'label.created', task, id, '2026-01-05' FROM labels
        WHERE labeler >= 1000 LIMIT {count} / 5"""
"""The head of the queue is done: its traces lie in every index until they are vacuumed."""


def add_tasks(tx: Transaction, count: int) -> None:
    """Many tasks at once; their secondary indexes are made afterwards, which is quicker."""
    for table, statement in ADD.items():
        indexes = tx.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s AND indexname !~ 'pkey$'",
            (table,),
        ).fetchall()
        for name, _ in indexes:
            tx.execute(f"DROP INDEX {name}".encode())
        tx.execute(statement.format(count=count).encode())
        for _, definition in indexes:
            tx.execute(definition.encode())


@dataclass
class Scene:
    """A project with its people, all on a connection that is watched."""

    town: Town
    watch: Watch
    sweeper: Sweeper

    def play(self) -> Costs:
        """Everybody answers and gets the next, tasks are pushed, events are read.

        What a process looks at once a second, for all, is left out by the rounds before.
        """
        town, db = self.town, cast("Database", self.watch)
        self.sweeper.sweep(town.now)
        for seconds in (5, 0.01, 0.01):
            town.round(seconds)
        self.watch.seen.clear()
        for _ in range(3):
            town.round(seconds=0.01)
        names = town.rng.integers(10**12, size=50)
        drafts = [TaskDraft(n, task_input(int(name), 0), f"x{name}") for n, name in enumerate(names)]
        for _ in range(2):
            intake.push(db, town.project.id, drafts, "round", town.now)
        last = delivery.last_position(db, town.project.id)
        delivery.events(db, town.project.id, last - 50, 50)
        self.sweeper.sweep(town.now)
        found: dict[tuple[str, str], Seen] = {}
        for one in self.watch.seen:
            key = (one.name, one.mode)
            if key not in found or found[key].blocks < one.blocks:
                found[key] = one
        return found


def make_scene(db: Database, tasks: int) -> Scene:
    """A project that is open and mines on, with its people at work."""
    town = Town(db, policy={"reserve": 100})
    items = [ManualBenchmark(n, task_input(10**7 + n, n % 4), n % 4) for n in range(40)]
    benchmarks.add_manual(db, town.project.id, items, town.now)
    for n in range(20):
        town.hire(f"person {n}", knows(0.9), "trusted" if n < 3 else "labeler")
    town.push(tasks)
    town.run(4)
    watch = Watch(db)
    town.work = WorkGroup(cast("Database", watch))
    return Scene(town, watch, Sweeper(cast("Database", watch)))


def scans(costs: Costs) -> dict[tuple[str, str], dict[str, int]]:
    """Statements that read a large table from end to end."""
    found = {
        key: {
            table: blocks for table, blocks in one.scanned.items() if table in LARGE and blocks > SMALL_SCAN
        }
        for key, one in costs.items()
    }
    return {key: tables for key, tables in found.items() if tables}


def dearer(small: Costs, large: Costs) -> dict[tuple[str, str], tuple[int, int]]:
    """Statements that touch more than twice the blocks that they touched when all was small, and some."""
    return {
        key: (small[key].blocks if key in small else 0, one.blocks)
        for key, one in large.items()
        if one.blocks > 2 * (small[key].blocks if key in small else 0) + SOME
    }


def test_the_cost_of_a_task_does_not_grow_from_a_thousand_tasks_to_a_million(
    database_url: str, module_database_url: str
) -> None:
    """Every statement touches as many blocks amid a million tasks, 50,000 of them finished, not vacuumed."""
    with Database(database_url) as db:
        scene = make_scene(db, 1000)
        with closing(scene.watch):
            scene.watch.tx.execute("ANALYZE")
            small = scene.play()
    with Database(module_database_url) as db:
        scene = make_scene(db, 1000)
        with closing(scene.watch), db.connection() as tx:
            tx.execute("SET maintenance_work_mem = '200MB'")
            add_tasks(tx, 1_000_000)
            tx.execute(FINISH.format(count=50_000).encode())
            delivery.number(db, scene.town.project.id)
            tx.execute("ANALYZE")
            large = scene.play()
    assert len(large) > 60
    assert scans(large) == {}
    assert dearer(small, large) == {}


def test_plans_hold_right_after_a_great_push(database_url: str) -> None:
    """A hundred thousand tasks come to a new project, and nobody has looked at its tables' statistics yet."""
    with Database(database_url) as db:
        scene = make_scene(db, 5)
        with closing(scene.watch), db.connection() as tx:
            small = scene.play()
            add_tasks(tx, 100_000)
            scene.watch.tx.execute("DISCARD PLANS")  # as every connection does now and then
            fresh = scene.play()
    assert scans(fresh) == {}
    assert dearer(small, fresh) == {}


def test_what_is_told_of_a_project_is_found_among_its_answers(db: Database) -> None:
    """Every hour each project asks when it last learned: not by reading all that was ever answered."""
    town = Town(db)
    town.open_by_hand()
    watch = Watch(db)
    with closing(watch), watch.connection() as tx:
        watch.tx.execute(
            "INSERT INTO log (project, at, kind, labeler, n, attempt, task, stage) "
            "SELECT 1, '2026-01-05', 'answer', 7, n, n, n, 'label' FROM generate_series(1, 50000) n"
        )
        watch.tx.execute("ANALYZE")
        assert len(log.of_project(tx, town.project.id, "open")) == 1
        assert log.of_project(tx, town.project.id, "model") == []
        assert len(answerlog.opening_mix(tx, town.project.id)) == 40
        costs = {(one.name, one.mode): one for one in watch.seen}
    assert len(costs) == 4
    assert scans(costs) == {}
