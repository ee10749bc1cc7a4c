"""The log read backwards: what happened to one label, one task or one labeler."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from goldvein.store.queries import load

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from goldvein.store.database import Transaction

_queries = load("history")


@dataclass(frozen=True, slots=True)
class LogRow:
    """One row of the log; ``key`` is the benchmark's key under the item version that was served."""

    project: int
    at: datetime
    id: int
    kind: str
    labeler: int | None
    n: int | None
    attempt: int | None
    task: int | None
    stage: str | None
    choice: int | None
    key: int | None
    item_version: int | None
    rate: float | None
    draw: float | None
    p_benchmarks: float | None
    p_all: float | None
    benchmarks: int | None
    decision: str | None
    policy_version: int | None
    detail: Mapping[str, Any] | None
    shown: Sequence[int] | None = None
    model_version: int | None = None
    exposures: int | None = None
    milliseconds: int | None = None


@dataclass(frozen=True, slots=True)
class LabelRow:
    """A label and when its task was pushed."""

    project: int
    id: int
    task: int
    attempt: int | None
    basis: str
    labeler: int | None
    answer: Mapping[str, Any]
    policy_version: int
    pushed_at: datetime
    answered_at: datetime
    delivered_at: datetime
    withdrawn_at: datetime | None
    replaces: int | None


def of_labeler(tx: Transaction, project: int, labeler: int) -> list[LogRow]:
    """List what the log says of a labeler in a project, oldest first."""
    return [LogRow(*row) for row in tx.execute(_queries.of_labeler, {"project": project, "labeler": labeler})]


def steps_before(tx: Transaction, project: int, labeler: int, n: int, limit: int) -> list[LogRow]:
    """List rows that moved a labeler's standing before step ``n``, the latest first."""
    values = {"project": project, "labeler": labeler, "n": n, "limit": limit}
    return [LogRow(*row) for row in tx.execute(_queries.steps_before, values)]


def asides_before(
    tx: Transaction, project: int, labeler: int, place: tuple[datetime, int], limit: int
) -> list[LogRow]:
    """List a labeler's rows that moved no standing, from before a time and id on, the latest first."""
    at, id_ = place
    values = {"project": project, "labeler": labeler, "at": at, "id": id_, "limit": limit}
    return [LogRow(*row) for row in tx.execute(_queries.asides_before, values)]


def of_task(tx: Transaction, project: int, task: int) -> list[LogRow]:
    """List what the log says of a task, oldest first."""
    return [LogRow(*row) for row in tx.execute(_queries.of_task, {"project": project, "task": task})]


def of_task_before(tx: Transaction, project: int, task: int, before: int, limit: int) -> list[LogRow]:
    """List rows of a task from before an id on, the latest first."""
    values = {"project": project, "task": task, "id": before, "limit": limit}
    return [LogRow(*row) for row in tx.execute(_queries.of_task_before, values)]


def of_project_between(
    tx: Transaction, project: int, ids: tuple[int, int], *, kind: str | None, until: datetime, limit: int
) -> list[LogRow]:
    """List rows of a project with ids from a first one to before another, the latest first."""
    first, before = ids
    values = {
        "project": project, "first": first, "before": before, "kind": kind, "until": until, "limit": limit,
    }  # fmt: skip
    return [LogRow(*row) for row in tx.execute(_queries.of_project_between, values)]


def last_entry_until(tx: Transaction, project: int, until: datetime) -> int | None:
    """Find the last row that was written of a project until about a moment; None if none was rolled up."""
    row = tx.execute(_queries.last_entry_until, {"project": project, "until": until}).fetchone()
    return row[0] if row else None


def find_label(tx: Transaction, label: int) -> LabelRow | None:
    """Find a label by its id."""
    row = tx.execute(_queries.find_label, {"label": label}).fetchone()
    return LabelRow(*row) if row else None


def projects_of_labeler(tx: Transaction, labeler: int) -> list[int]:
    """List the projects in which a labeler did anything."""
    return [row[0] for row in tx.execute(_queries.projects_of_labeler, {"labeler": labeler})]


def labeler_names(tx: Transaction, labelers: Iterable[int]) -> dict[int, str]:
    """Map ids of labelers to their names."""
    return dict(tx.execute(_queries.labeler_names, {"labelers": list(labelers)}).fetchall())


def find_labeler(tx: Transaction, name: str) -> int | None:
    """Find the labeler of a name."""
    row = tx.execute(_queries.find_labeler, {"name": name}).fetchone()
    return row[0] if row else None
