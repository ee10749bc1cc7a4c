"""Tasks, their content and their batches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from goldvein.domain.records import BatchProgress, Task, TaskDraft
from goldvein.store.database import Transaction
from goldvein.store.queries import load

_queries = load("tasks")
Key = tuple[int, int]
"""Project and task."""


@dataclass(frozen=True, slots=True)
class NewTask:
    """A checked draft with what was computed from its content."""

    id: int
    draft: TaskDraft
    content: int
    rules: Mapping[str, Sequence[int]]
    deadline: datetime | None


@dataclass(frozen=True, slots=True)
class Content:
    """What a task shows, and what each content shortcut would choose; ``size`` in bytes as it is stored.

    ``characters``: how many there were to read, where the contents were erased.
    """

    input: Mapping[str, Any]
    rules: Mapping[str, Sequence[int]]
    size: int = 0
    characters: int | None = None


@dataclass(frozen=True, slots=True)
class TaskLine:
    """The part of a task that decisions read."""

    state: str
    batch: int | None
    deadline: datetime | None
    priority: int
    content: int


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch's row."""

    id: int
    name: str
    created_at: datetime
    cancelled_at: datetime | None
    drained_at: datetime | None = None


def reserve_ids(tx: Transaction, count: int) -> list[int]:
    """Reserve ids for ``count`` tasks."""
    return [row[0] for row in tx.execute(_queries.reserve_ids, {"count": count})]


def ensure_batch(tx: Transaction, project: int, name: str, now: datetime) -> tuple[int, bool]:
    """Find or make the batch and keep it from being cancelled meanwhile; return its id and whether it was."""
    values = {"project": project, "name": name}
    row = tx.execute(_queries.share_batch, values).fetchone()
    if row is None:
        tx.execute(_queries.insert_batch, {**values, "now": now})
        row = tx.execute(_queries.share_batch, values).fetchone()
    assert row is not None
    return row[0], row[1] is not None


def insert_many(
    tx: Transaction, project: int, tasks: Sequence[NewTask], *, batch: int | None, state: str, now: datetime
) -> set[int]:
    """Store tasks and their content; return the ids of those whose unique_id was free."""
    rows = tx.execute(
        _queries.insert_many,
        {
            "project": project,
            "batch": batch,
            "state": state,
            "now": now,
            "ids": [task.id for task in tasks],
            "unique_ids": [task.draft.unique_id for task in tasks],
            "contents": [task.content for task in tasks],
            "priorities": [task.draft.priority for task in tasks],
            "deadlines": [task.deadline for task in tasks],
        },
    )
    created = {int(row[0]) for row in rows}
    kept = [task for task in tasks if task.id in created]
    if kept:
        tx.execute(
            _queries.insert_inputs,
            {
                "project": project,
                "ids": [task.id for task in kept],
                "inputs": [Jsonb(task.draft.input) for task in kept],
                "metadatas": [
                    None if task.draft.metadata is None else Jsonb(task.draft.metadata) for task in kept
                ],
                "rules": [Jsonb(task.rules) for task in kept],
            },
        )
    return created


def by_unique_ids(
    tx: Transaction, project: int, unique_ids: Sequence[str]
) -> dict[str, tuple[int, int, str]]:
    """Map each known unique_id to its task's id, content and state."""
    rows = tx.execute(_queries.by_unique_ids, {"project": project, "unique_ids": list(unique_ids)})
    return {name: (task, content, state) for name, task, content, state in rows}


def find(tx: Transaction, project: int, task: int) -> Task | None:
    """Read one task, without its label."""
    row = tx.execute(_queries.get, {"project": project, "task": task}).fetchone()
    return Task(*(*row, None)) if row else None


def contents(tx: Transaction, keys: Iterable[Key]) -> dict[Key, Content]:
    """Read the content of some tasks."""
    wanted = list(keys)
    if not wanted:
        return {}
    rows = tx.execute(_queries.inputs, {"projects": [p for p, _ in wanted], "tasks": [t for _, t in wanted]})
    return {(row[0], row[1]): Content(*row[2:]) for row in rows}


def latest_inputs(tx: Transaction, project: int, *, limit: int) -> list[Mapping[str, Any]]:
    """Read the contents of the tasks pushed last; fewer where benchmarks by hand came after many of them."""
    values = {"project": project, "limit": limit, "looks": 20 * limit}
    return [row[0] for row in tx.execute(_queries.latest_inputs, values)]


def lock(tx: Transaction, keys: Iterable[Key]) -> dict[Key, TaskLine]:
    """Lock some tasks in key order and read what decisions need."""
    wanted = sorted(set(keys))
    if not wanted:
        return {}
    rows = tx.execute(
        _queries.lock_states, {"projects": [p for p, _ in wanted], "tasks": [t for _, t in wanted]}
    )
    return {(row[0], row[1]): TaskLine(*row[2:]) for row in rows}


def finish(tx: Transaction, ended: Mapping[Key, str], now: datetime) -> None:
    """Write the end state of some tasks."""
    if ended:
        keys = sorted(ended)
        tx.execute(
            _queries.finish,
            {
                "projects": [p for p, _ in keys],
                "tasks": [t for _, t in keys],
                "states": [ended[key] for key in keys],
                "now": now,
            },
        )


def find_batch(tx: Transaction, project: int, name: str) -> Batch | None:
    """Read a batch by its name."""
    row = tx.execute(_queries.find_batch, {"project": project, "name": name}).fetchone()
    return Batch(*row) if row else None


def progress(tx: Transaction, project: int, batch: Batch, now: datetime) -> BatchProgress:
    """Count a batch's tasks and foresee its end from the labels of the last ten minutes."""
    window = timedelta(minutes=10)
    values = {"project": project, "batch": batch.id, "since": now - window}
    row = tx.execute(_queries.batch_counts, values).fetchone()
    assert row is not None
    total, queued, labelled, cancelled, expired, p50, p95, recent = row
    span = min(window, max(now - batch.created_at, timedelta(seconds=1)))
    eta = now + queued * span / recent if recent and queued else None
    return BatchProgress(
        name=batch.name, created_at=batch.created_at, total=total, queued=queued, labelled=labelled,
        cancelled=cancelled, expired=expired, p50_seconds=p50, p95_seconds=p95, eta=eta, done=queued == 0,
    )  # fmt: skip


def batches_page(tx: Transaction, project: int, *, before: int, limit: int) -> list[Batch]:
    """List the latest batches before one."""
    values = {"project": project, "before": before, "limit": limit}
    return [Batch(*row) for row in tx.execute(_queries.batches_page, values)]


def speeds(tx: Transaction, project: int, batches: Sequence[int]) -> dict[int, tuple[float, float]]:
    """Map batches that have labels to the median and 95% of seconds from push to label; reads their tasks."""
    if not batches:
        return {}
    rows = tx.execute(_queries.speeds, {"project": project, "batches": list(batches)})
    return {batch: (found[0], found[1]) for batch, found in rows}


def queued_of_batch(tx: Transaction, project: int, batch: int) -> list[int]:
    """List the waiting tasks of a batch."""
    return [row[0] for row in tx.execute(_queries.queued_of_batch, {"project": project, "batch": batch})]


def queued_among(tx: Transaction, project: int, tasks: Sequence[int]) -> set[int]:
    """Find those of some tasks that wait."""
    if not tasks:
        return set()
    return {row[0] for row in tx.execute(_queries.queued_among, {"project": project, "tasks": list(tasks)})}


def cancel_batch(tx: Transaction, project: int, batch: int, now: datetime) -> None:
    """Mark the batch cancelled."""
    tx.execute(_queries.cancel_batch, {"project": project, "batch": batch, "now": now})


def lock_batches_of(tx: Transaction, project: int, tasks: Sequence[int]) -> dict[int, bool]:
    """Lock the batches of some tasks; map each to whether it was cancelled."""
    rows = tx.execute(_queries.lock_batches_of_tasks, {"project": project, "tasks": list(tasks)})
    return {row[0]: row[1] for row in rows}


def requeue(tx: Transaction, project: int, tasks: Sequence[int], batches: Iterable[int]) -> None:
    """Let finished tasks wait again, and their batches drain anew; locked before, both of them."""
    if tasks:
        tx.execute(_queries.requeue, {"project": project, "tasks": list(tasks)})
        tx.execute(_queries.refill_batches, {"project": project, "batches": sorted(set(batches))})


def first_waiting(tx: Transaction, seen: Mapping[Key, int]) -> dict[Key, int | None]:
    """Find the first waiting task, if any, of each batch not drained, from where one was last seen on."""
    keys = list(seen)
    values = {
        "projects": [project for project, _ in keys],
        "batches": [batch for _, batch in keys],
        "tasks": [seen[key] for key in keys],
    }
    rows = tx.execute(_queries.first_waiting, values)
    return {(project, batch): task for project, batch, task in rows}


def drain_batches(tx: Transaction, keys: Sequence[Key], now: datetime) -> list[Key]:
    """Mark those of some batches of which nothing waits any more; return project and batch of each, once."""
    if not keys:
        return []
    values = {"projects": [p for p, _ in keys], "batches": [b for _, b in keys], "now": now}
    tx.execute(_queries.lock_batches, values)
    return tx.execute(_queries.drain_batches, values).fetchall()


def counts_by_state(tx: Transaction, project: int) -> dict[str, int]:
    """Count a project's tasks by their state."""
    return dict(tx.execute(_queries.counts_by_state, {"project": project}).fetchall())
