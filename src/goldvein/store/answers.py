"""Answers as submitted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from psycopg.types.json import Jsonb

from goldvein.store.database import Transaction
from goldvein.store.queries import load

_queries = load("answers")


@dataclass(frozen=True, slots=True)
class NewAnswer:
    """What a labeler submitted for an attempt; ``choice`` is the content option, -1: cannot be answered."""

    project: int
    attempt: int
    task: int
    labeler: int
    answer: Mapping[str, Any]
    choice: int
    shown_at: datetime
    focus_ms: int | None
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """The part of a stored answer that later decisions read."""

    project: int
    attempt: int
    task: int
    labeler: int
    choice: int
    received_at: datetime


def insert_many(tx: Transaction, answers: Sequence[NewAnswer], now: datetime) -> None:
    """Store some answers."""
    if answers:
        tx.execute(
            _queries.insert_many,
            {
                "projects": [a.project for a in answers],
                "attempts": [a.attempt for a in answers],
                "tasks": [a.task for a in answers],
                "labelers": [a.labeler for a in answers],
                "answers": [Jsonb(a.answer, msgspec.json.encode) for a in answers],
                "choices": [a.choice for a in answers],
                "shown": [a.shown_at for a in answers],
                "focus": [a.focus_ms for a in answers],
                "comments": [a.comment for a in answers],
                "now": now,
            },
        )


def by_attempts(tx: Transaction, keys: Iterable[tuple[int, int]]) -> dict[tuple[int, int], StoredAnswer]:
    """Read the answers of some attempts, given by project and attempt."""
    wanted = sorted(set(keys))
    if not wanted:
        return {}
    rows = tx.execute(
        _queries.by_attempts, {"projects": [p for p, _ in wanted], "attempts": [a for _, a in wanted]}
    )
    return {(row[0], row[1]): StoredAnswer(*row) for row in rows}
