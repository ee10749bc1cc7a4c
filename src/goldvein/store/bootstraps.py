"""A start without anybody trusted: the first tasks of a project, which everybody answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from goldvein.store.attempts import OpenAttempt
from goldvein.store.database import Transaction
from goldvein.store.queries import load

_queries = load("bootstraps")


@dataclass(frozen=True, slots=True)
class Bootstrapping:
    """Where a project's start stands; ``why`` it was refused."""

    state: str
    begun_at: datetime
    ended_at: datetime | None
    why: str | None


@dataclass(frozen=True, slots=True)
class Progress:
    """Tasks that everybody answers, those with enough answers, all answers, and the people who gave them."""

    tasks: int
    complete: int
    answers: int
    labelers: int


@dataclass(frozen=True, slots=True)
class Given:
    """One answer; ``shown`` is the option at each position, ``choice`` -1: cannot be answered."""

    labeler: int
    task: int
    choice: int
    shown: Sequence[int]
    received_at: datetime


def state(tx: Transaction, project: int, *, lock: bool = False) -> str | None:
    """Say where a project's start stands; null where it has none."""
    row = tx.execute(_queries.lock if lock else _queries.state, {"project": project}).fetchone()
    return row[0] if row else None


def find(tx: Transaction, project: int) -> Bootstrapping | None:
    """Read what is known of a project's start."""
    row = tx.execute(_queries.find, {"project": project}).fetchone()
    return Bootstrapping(*row) if row else None


def begin(tx: Transaction, project: int, now: datetime) -> None:
    """Begin without anybody trusted."""
    tx.execute(_queries.begin, {"project": project, "now": now})


def finish(tx: Transaction, project: int, state: str, now: datetime, why: str | None = None) -> None:
    """Note what became of it."""
    tx.execute(_queries.finish, {"project": project, "state": state, "now": now, "why": why})


def take_in(tx: Transaction, project: int, limit: int, passed: Sequence[int], now: datetime) -> int:
    """Let the head of the queue of ordinary work be answered by everybody; return how many tasks."""
    values = {"project": project, "limit": limit, "passed": list(passed), "now": now}
    return tx.execute(_queries.take_in, values).rowcount


def progress(tx: Transaction, project: int, answers: int) -> Progress:
    """Count what there is, and what has so many answers."""
    row = tx.execute(_queries.progress, {"project": project, "answers": answers}).fetchone()
    assert row is not None
    return Progress(*map(int, row))


def wanting(
    tx: Transaction, project: int, answers: int, salt: int, limit: int, passed: Sequence[int] = ()
) -> list[OpenAttempt]:
    """Lock some of the tasks that want more answers, shuffled by ``salt``."""
    values = {"project": project, "answers": answers, "salt": str(salt), "limit": limit}
    return [OpenAttempt(*row) for row in tx.execute(_queries.wanting, {**values, "passed": list(passed)})]


def given(tx: Transaction, project: int, labelers: Sequence[int]) -> dict[int, int]:
    """Map some labelers to how many of the tasks each has had."""
    values = {"project": project, "labelers": list(labelers)}
    return dict(tx.execute(_queries.given, values).fetchall())


def own(tx: Transaction, project: int, tasks: Sequence[int]) -> set[int]:
    """Find which of some tasks everybody answers."""
    return {row[0] for row in tx.execute(_queries.own, {"project": project, "tasks": list(tasks)})}


def tasks(tx: Transaction, project: int) -> list[int]:
    """List all tasks that everybody answers."""
    return [row[0] for row in tx.execute(_queries.tasks, {"project": project})]


def answers(tx: Transaction, project: int) -> list[Given]:
    """List what everybody said of them, oldest first."""
    return [Given(*row) for row in tx.execute(_queries.answers, {"project": project})]
