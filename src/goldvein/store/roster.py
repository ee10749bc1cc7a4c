"""The roster: one line for each labeler of a project, to be listed in the order of any column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from goldvein.store.database import Transaction
from goldvein.store.queries import load

_queries = load("roster")
TASK_FIRST, TASK_LAST = -8, 48
"""Buckets of a labeler's seconds on task: from a quarter of a second to more than an hour."""


@dataclass(frozen=True, slots=True)
class Line:
    """One labeler of a project; ``benchmarks`` are answers, ever, and ``right_share`` is of them."""

    labeler: int
    name: str
    state: str
    p_benchmarks: float | None
    p_all: float | None
    benchmarks: int
    right_share: float | None
    answers: int
    delivered: int
    held: int
    withdrawn: int
    skips: int
    panel_answers: int
    median_seconds: float | None
    seen_at: datetime


def roll(tx: Transaction, after: int, upto: int) -> None:
    """Bring the lines up to date of whom rows of the log with ids in (after, upto] tell."""
    tx.execute(_queries.roll, {"after": after, "upto": upto, "first": TASK_FIRST, "last": TASK_LAST})


def active(tx: Transaction, project: int, since: datetime) -> int:
    """Count the labelers of a project seen since a moment."""
    row = tx.execute(_queries.active, {"project": project, "since": since}).fetchone()
    assert row is not None
    return int(row[0])


def at_work(tx: Transaction, projects: Sequence[int], since: datetime) -> dict[int, int]:
    """Map projects to how many who are let in were seen since a moment."""
    return dict(tx.execute(_queries.at_work, {"projects": list(projects), "since": since}).fetchall())


def distribution(tx: Transaction, project: int) -> list[tuple[str, int, int]]:
    """List (state, twentieth of P(good) from 1 on, count) of a project's standings."""
    return tx.execute(_queries.distribution, {"project": project}).fetchall()


def find(tx: Transaction, project: int, labeler: int) -> Line | None:
    """Find one labeler's line."""
    row = tx.execute(_queries.find, {"project": project, "labeler": labeler}).fetchone()
    return Line(*row) if row else None
