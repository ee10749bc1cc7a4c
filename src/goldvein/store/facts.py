"""Everything that happened in one project, read whole: for reports on a finished run, not for requests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from goldvein.store.queries import load

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from goldvein.store.database import Transaction

_queries = load("facts")


@dataclass(frozen=True, slots=True)
class AnswerFact:
    """A stored answer; ``state`` is that of its attempt."""

    attempt: int
    task: int
    labeler: int
    stage: str
    state: str
    choice: int
    received_at: datetime


@dataclass(frozen=True, slots=True)
class LabelFact:
    """A label, and when its task was pushed."""

    id: int
    task: int
    basis: str
    labeler: int | None
    choice: int
    pushed_at: datetime
    answered_at: datetime
    delivered_at: datetime
    withdrawn_at: datetime | None


@dataclass(frozen=True, slots=True)
class KeyFact:
    """A benchmark or candidate; key, P(key right) and difficulty are null for a candidate."""

    task: int
    state: str
    basis: str
    key: int | None
    key_right: float | None
    exposures: int
    difficulty: Sequence[float] | None


@dataclass(frozen=True, slots=True)
class TaskFact:
    """A task and the customer's name of it."""

    id: int
    unique_id: str | None
    state: str


@dataclass(frozen=True, slots=True)
class ServingFact:
    """A task in a labeler's hands; ``rate`` and ``draw`` are what it was drawn with, null on the panel."""

    attempt: int
    task: int
    labeler: int
    stage: str
    state: str
    shown_at: datetime
    shown: Sequence[int]
    rate: float | None
    draw: float | None
    exposures: int | None
    pushed_at: datetime


def answers(tx: Transaction, project: int) -> list[AnswerFact]:
    """List the answers in the order received."""
    return [AnswerFact(*row) for row in tx.execute(_queries.answers, {"project": project})]


def labels(tx: Transaction, project: int) -> list[LabelFact]:
    """List the labels in the order made."""
    return [LabelFact(*row) for row in tx.execute(_queries.labels, {"project": project})]


def keys(tx: Transaction, project: int) -> list[KeyFact]:
    """List benchmarks and candidates."""
    return [KeyFact(*row) for row in tx.execute(_queries.keys, {"project": project})]


def tasks(tx: Transaction, project: int) -> list[TaskFact]:
    """List the tasks in the order pushed."""
    return [TaskFact(*row) for row in tx.execute(_queries.task_names, {"project": project})]


def holds(tx: Transaction, project: int) -> list[tuple[int, int, int]]:
    """List (attempt, task, labeler) of the answers held now."""
    return tx.execute(_queries.holds, {"project": project}).fetchall()


def servings(tx: Transaction, project: int) -> list[ServingFact]:
    """List everything that labelers were handed, in the order shown."""
    return [ServingFact(*row) for row in tx.execute(_queries.servings, {"project": project})]


def inputs(tx: Transaction, project: int) -> dict[int, Mapping[str, Any]]:
    """Read the content of all tasks."""
    return dict(tx.execute(_queries.inputs, {"project": project}).fetchall())


def seen_twice(tx: Transaction) -> list[tuple[int, int, int]]:
    """List (labeler, task, times) of those who were handed equal content more than once, in any project."""
    return tx.execute(_queries.seen_twice).fetchall()


def had_by(tx: Transaction, project: int, tasks: Sequence[int]) -> list[tuple[int, int]]:
    """List (labeler, task) of those who have had the content of some tasks in hand."""
    return tx.execute(_queries.had_by, {"project": project, "tasks": list(tasks)}).fetchall()
