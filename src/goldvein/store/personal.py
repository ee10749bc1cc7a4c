"""Reads for the file of a person's own data, each a page by key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from goldvein.store.database import Transaction
from goldvein.store.queries import load

_queries = load("personal")


@dataclass(frozen=True, slots=True)
class Given:
    """An answer with its task as it was shown; nothing here depends on what the task was for."""

    received_at: datetime
    shown_at: datetime
    choice: int
    focus_ms: int | None
    comment: str | None
    shown: Sequence[int]
    input: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Aside:
    """Something else that a labeler did: a skip, a practice task, a comment on a benchmark."""

    at: datetime
    id: int
    kind: str
    words: str | None


@dataclass(frozen=True, slots=True)
class Dispute:
    """What a labeler said of a task."""

    made_at: datetime
    project: int
    attempt: int
    project_name: str
    reason: str


def judged(tx: Transaction, project: int, labeler: int, after: int, limit: int) -> list[tuple[int, Given]]:
    """List answers that moved a standing after a step, each with its step."""
    values = {"project": project, "labeler": labeler, "after": after, "limit": limit}
    return [(row[0], Given(*row[1:])) for row in tx.execute(_queries.judged, values)]


def others(
    tx: Transaction, project: int, labeler: int, after: tuple[datetime, int], limit: int
) -> list[tuple[tuple[datetime, int], Given]]:
    """List answers that moved none after a place in the log, each with its place."""
    values = {"project": project, "labeler": labeler, "at": after[0], "id": after[1], "limit": limit}
    return [((row[0], row[1]), Given(*row[2:])) for row in tx.execute(_queries.others, values)]


def asides(
    tx: Transaction, project: int, labeler: int, after: tuple[datetime, int], limit: int
) -> list[Aside]:
    """List what else a labeler did after a place in the log."""
    values = {"project": project, "labeler": labeler, "at": after[0], "id": after[1], "limit": limit}
    return [Aside(*row) for row in tx.execute(_queries.asides, values)]


def disputes(tx: Transaction, labeler: int, after: tuple[datetime, int, int], limit: int) -> list[Dispute]:
    """List what a labeler said of tasks after a (time, project, attempt)."""
    at, project, attempt = after
    values = {"labeler": labeler, "at": at, "project": project, "attempt": attempt, "limit": limit}
    return [Dispute(*row) for row in tx.execute(_queries.disputes, values)]


def days(tx: Transaction, labeler: int, after: date, limit: int) -> list[tuple[date, int, int]]:
    """List days after one with answers and skips."""
    return tx.execute(_queries.days, {"labeler": labeler, "after": after, "limit": limit}).fetchall()


def keys(tx: Transaction, labeler: int, limit: int) -> list[tuple[str, datetime, datetime | None]]:
    """List a labeler's keys: name, when made and when ended."""
    return tx.execute(_queries.keys, {"labeler": labeler, "limit": limit}).fetchall()
