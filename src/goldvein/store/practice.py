"""Practice tasks and disputes: what labelers learn by, and what they object to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from goldvein.store.database import Transaction
from goldvein.store.queries import load

_queries = load("practice")


@dataclass(frozen=True, slots=True)
class Lesson:
    """A retired benchmark to practise with."""

    task: int
    key: int
    content: int


@dataclass(frozen=True, slots=True)
class Shown:
    """A practice task as one labeler saw it, and why the key is the key, in people's words."""

    task: int
    shown: list[int]
    key: int
    reasons: list[str]


def draw(
    tx: Transaction,
    family: Sequence[int],
    labeler: int,
    since: int,
    before: datetime,
    *,
    key_right: float,
    apart: Sequence[str],
) -> Lesson | None:
    """Find the first lesson from an ordinal on, of those that ended before a time.

    Parameters
    ----------
    family : sequence of int
        The project, then those that share benchmarks with it.
    apart : sequence of str
        Reasons of retirement that make a bad lesson.
    """
    values = {
        "project": family[0], "family": list(family), "labeler": labeler, "since": since, "before": before,
        "key_right": key_right,
        "apart": list(apart),
    }  # fmt: skip
    row = tx.execute(_queries.draw, values).fetchone()
    return Lesson(*row) if row else None


def last_ordinal(tx: Transaction, project: int) -> int:
    """Count the benchmarks that a project has had: their ordinals run up to it."""
    row = tx.execute(_queries.last_ordinal, {"project": project}).fetchone()
    return int(row[0]) if row else 0


def show(
    tx: Transaction, project: int, lesson: Lesson, labeler: int, shown: Sequence[int], now: datetime
) -> int | None:
    """Put a lesson into a labeler's hands; None if its content got there by another way."""
    values = {
        "project": project, "task": lesson.task, "content": lesson.content, "labeler": labeler,
        "shown": list(shown), "now": now,
    }  # fmt: skip
    row = tx.execute(_queries.show, values).fetchone()
    return int(row[0]) if row else None


def find(tx: Transaction, project: int, attempt: int, labeler: int) -> Shown | None:
    """Lock a practice task that a labeler was shown."""
    row = tx.execute(_queries.find, {"project": project, "attempt": attempt, "labeler": labeler}).fetchone()
    return Shown(*row) if row else None


def answered(tx: Transaction, project: int, attempt: int) -> bool:
    """Note that a practice task was answered; false if it was before."""
    return tx.execute(_queries.answered, {"project": project, "attempt": attempt}).rowcount > 0


def dispute(
    tx: Transaction, project: int, attempt: int, labeler: int, reason: str, now: datetime
) -> int | None:
    """Store a dispute; return the task, None if there is one already or the attempt is not the labeler's."""
    values = {"project": project, "attempt": attempt, "labeler": labeler, "reason": reason, "now": now}
    row = tx.execute(_queries.dispute, values).fetchone()
    return int(row[0]) if row else None


def had(tx: Transaction, project: int, attempt: int, labeler: int) -> bool:
    """Say whether an attempt is, or was, in a labeler's hands."""
    row = tx.execute(_queries.had, {"project": project, "attempt": attempt, "labeler": labeler}).fetchone()
    assert row is not None
    return bool(row[0])


def disputed(tx: Transaction, project: int, tasks: Sequence[int]) -> set[int]:
    """List the attempts at some tasks that their labelers disputed."""
    return {row[0] for row in tx.execute(_queries.disputed, {"project": project, "tasks": list(tasks)})}
