"""Cards: what labelers are shown of themselves, and their wishes for another look."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from goldvein.store.database import Transaction
from goldvein.store.queries import load

_queries = load("cards")


@dataclass(frozen=True, slots=True)
class Moved:
    """A standing beside what its card rests on; ``benchmarks_then`` counts since the same admission."""

    project: int
    labeler: int
    state: str
    p_benchmarks: float
    p_all: float
    benchmarks: int
    admitted_at: datetime
    benchmarks_then: int
    refreshed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Line:
    """One project on a card; ``level`` is null until enough benchmarks were answered.

    ``readmitted_at`` is when somebody who had been dismissed was let in again.
    """

    project: int
    name: str
    is_closed: bool
    is_out: bool
    level: str | None
    refreshed_at: datetime | None
    readmitted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """A wish for another look, and what came of it."""

    id: int
    project: int
    labeler: int
    words: str
    asked_at: datetime
    settled_at: datetime | None
    reply: str | None


@dataclass(frozen=True, slots=True)
class WaitingLook:
    """A wish that somebody should look at."""

    id: int
    project: int
    project_name: str
    labeler: int
    labeler_name: str
    words: str
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class OwnDispute:
    """What a labeler said of a task."""

    project: str
    reason: str
    made_at: datetime


def standings(
    tx: Transaction, living: Sequence[int], over: int, *, after: tuple[int, int], limit: int
) -> list[Moved]:
    """List standings with so many benchmarks or more in some projects, after a (project, labeler)."""
    values = {"living": list(living), "over": over, "project": after[0], "labeler": after[1], "limit": limit}
    return [Moved(*row) for row in tx.execute(_queries.standings, values)]


def save(tx: Transaction, refreshed: Sequence[tuple[Moved, str]], *, before: datetime, now: datetime) -> int:
    """Let cards say these levels; one that was refreshed after ``before`` is left. Returns how many were."""
    if not refreshed:
        return 0
    values = {
        "projects": [one.project for one, _ in refreshed],
        "labelers": [one.labeler for one, _ in refreshed],
        "levels": [level for _, level in refreshed],
        "benchmarks": [one.benchmarks for one, _ in refreshed],
        "admitted": [one.admitted_at for one, _ in refreshed],
        "before": before, "now": now,
    }  # fmt: skip
    return tx.execute(_queries.save, values).rowcount


def of_labeler(tx: Transaction, labeler: int, limit: int) -> list[Line]:
    """List the projects in which a labeler has a standing."""
    return [Line(*row) for row in tx.execute(_queries.of_labeler, {"labeler": labeler, "limit": limit})]


def is_out(tx: Transaction, project: int, labeler: int) -> bool:
    """Say whether a labeler was dismissed, and knows."""
    row = tx.execute(_queries.is_out, {"project": project, "labeler": labeler}).fetchone()
    return row is not None and bool(row[0])


def ask(tx: Transaction, project: int, labeler: int, words: str, now: datetime) -> int | None:
    """Store a wish for another look; None if one waits already."""
    values = {"project": project, "labeler": labeler, "words": words, "now": now}
    row = tx.execute(_queries.ask, values).fetchone()
    return int(row[0]) if row else None


def looks_of(tx: Transaction, labeler: int, limit: int) -> list[Look]:
    """List what a labeler asked for, the latest first."""
    return [Look(*row) for row in tx.execute(_queries.looks_of, {"labeler": labeler, "limit": limit})]


def waiting(tx: Transaction, after: tuple[datetime, int], limit: int) -> Iterator[WaitingLook]:
    """List wishes that wait, the oldest first, from after a (time, id) on."""
    values = {"asked_at": after[0], "id": after[1], "limit": limit}
    return (WaitingLook(*row) for row in tx.execute(_queries.waiting, values))


def settle(tx: Transaction, look: int, account: int, reply: str, now: datetime) -> tuple[int, int] | None:
    """Store what came of a wish; return its project and labeler, None if there is none that waits."""
    values = {"look": look, "account": account, "reply": reply, "now": now}
    row = tx.execute(_queries.settle, values).fetchone()
    return (int(row[0]), int(row[1])) if row else None


def disputes_of(tx: Transaction, labeler: int, limit: int) -> list[OwnDispute]:
    """List a labeler's own disputes, the latest first."""
    return [
        OwnDispute(*row) for row in tx.execute(_queries.disputes_of, {"labeler": labeler, "limit": limit})
    ]
