"""Everything that happened in one project, read whole: for reports on a finished run, not for requests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from goldvein.store.queries import load

if TYPE_CHECKING:
    from collections.abc import Sequence
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


def had_by(tx: Transaction, project: int, tasks: Sequence[int]) -> list[tuple[int, int]]:
    """List (labeler, task) of those who have had the content of some tasks in hand."""
    return tx.execute(_queries.had_by, {"project": project, "tasks": list(tasks)}).fetchall()
