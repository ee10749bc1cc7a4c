"""Labels: what customers receive, and which of them are current."""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec
from psycopg.types.json import Jsonb

from goldvein.domain.records import Label
from goldvein.store.database import Transaction
from goldvein.store.queries import load

_queries = load("labels")


@dataclass(frozen=True, slots=True)
class NewLabel:
    """A label about to be delivered; ``labeler`` is the person, whom the customer sees as a pseudonym."""

    project: int
    task: int
    answer: Mapping[str, Any]
    basis: str
    policy_version: int
    answered_at: datetime
    delivered_at: datetime
    attempt: int | None = None
    labeler: int | None = None
    confidence: float | None = None
    p_benchmarks: float | None = None
    p_all: float | None = None
    benchmarks: int | None = None
    standing_state: str | None = None


@dataclass(frozen=True, slots=True)
class Delivered:
    """A current label of a labeler's attempt."""

    id: int
    task: int
    attempt: int
    delivered_at: datetime


@dataclass(frozen=True, slots=True)
class Current:
    """The current label of a task; ``labeler`` is the person."""

    id: int
    choice: int
    attempt: int | None
    labeler: int | None


@lru_cache(maxsize=65536)
def pseudonym(key: bytes, project: int, labeler: int) -> str:
    """Name a labeler for one project's customer: the same there always, not to be traced to the person."""
    digest = hmac.digest(key, b"labeler:%d:%d" % (project, labeler), hashlib.sha256)
    return base64.b32encode(digest)[:10].decode().lower()


def from_row(project: int, row: Sequence[Any]) -> Label:
    """Make a label from the columns that `current_for_tasks` lists; the last is the pseudonyms' key."""
    *fields, key = row
    if fields[5] is not None:
        fields[5] = pseudonym(key, project, fields[5])
    return Label(*fields)


def insert_many(tx: Transaction, rows: Sequence[NewLabel]) -> list[int]:
    """Store labels in one statement; return their ids in the order of ``rows``.

    One whose task had a label that was withdrawn ``replaces`` the last of those.

    Raises
    ------
    psycopg.errors.UniqueViolation
        If a task has a current label already: withdraw that one first.
    """
    if not rows:
        return []
    returned = tx.execute(
        _queries.insert_many,
        {
            "projects": [row.project for row in rows],
            "tasks": [row.task for row in rows],
            "attempts": [row.attempt for row in rows],
            "answers": [Jsonb(row.answer, msgspec.json.encode) for row in rows],
            "bases": [row.basis for row in rows],
            "labelers": [row.labeler for row in rows],
            "confidences": [row.confidence for row in rows],
            "p_benchmarks": [row.p_benchmarks for row in rows],
            "p_alls": [row.p_all for row in rows],
            "benchmarks": [row.benchmarks for row in rows],
            "standing_states": [row.standing_state for row in rows],
            "policy_versions": [row.policy_version for row in rows],
            "answered_ats": [row.answered_at for row in rows],
            "delivered_ats": [row.delivered_at for row in rows],
        },
    )
    ids = {(project, task): label for project, task, label in returned}
    return [ids[row.project, row.task] for row in rows]


def withdraw(tx: Transaction, keys: Iterable[tuple[int, int]], now: datetime) -> list[tuple[int, int, int]]:
    """Take back labels, named by (project, id); return (project, task, id) of those that were current."""
    taken = sorted(set(keys))
    if not taken:
        return []
    values = {"projects": [p for p, _ in taken], "ids": [i for _, i in taken], "now": now}
    return sorted(tx.execute(_queries.withdraw, values).fetchall())


def current_of_task(tx: Transaction, project: int, task: int) -> Current | None:
    """Find the current label of a task."""
    row = tx.execute(_queries.current_of_task, {"project": project, "task": task}).fetchone()
    return Current(*row) if row else None


def current_of_attempts(
    tx: Transaction, project: int, tasks: Sequence[int], attempts: Sequence[int]
) -> list[Delivered]:
    """List the current labels of some attempts, given with their tasks."""
    values = {"project": project, "tasks": list(tasks), "attempts": list(attempts)}
    return [Delivered(*row) for row in tx.execute(_queries.current_of_attempts, values)]


def current_for_tasks(tx: Transaction, project: int, tasks: Iterable[int]) -> dict[int, Label]:
    """Map each of these tasks that has a current label to it."""
    rows = tx.execute(_queries.current_for_tasks, {"project": project, "tasks": list(tasks)})
    return {row[1]: from_row(project, row) for row in rows}
