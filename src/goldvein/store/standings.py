"""Standings, and the answers held until a standing is known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from goldvein.store.database import Transaction
from goldvein.store.queries import load

_queries = load("standings")
Key = tuple[int, int]
"""Project and labeler."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One labeler's record in one project; ``posterior`` holds float64 (2, states)."""

    project: int
    labeler: int
    state: str
    panel: str | None
    n: int
    model_version: int
    posterior: bytes
    p_benchmarks: float
    p_all: float
    benchmarks: int
    undecided: int
    answers: int
    skips: int
    held: int
    grace: int
    seen: bytes
    admitted_at: datetime
    review_wanted: int | None = None

    @property
    def key(self) -> Key:
        """Project and labeler."""
        return self.project, self.labeler


@dataclass(frozen=True, slots=True)
class StandingLine:
    """A standing as reports show it."""

    project: int
    labeler: int
    name: str
    state: str
    panel: str | None
    n: int
    p_benchmarks: float
    p_all: float
    benchmarks: int
    answers: int
    skips: int
    held: int
    posterior: bytes
    model_version: int


@dataclass(frozen=True, slots=True)
class Hold:
    """An answer kept back; ``joint`` holds float64 (states,)."""

    project: int
    labeler: int
    attempt: int
    task: int
    expires_at: datetime
    joint: bytes


def lock(tx: Transaction, keys: Iterable[Key]) -> dict[Key, Standing]:
    """Lock some standings in key order."""
    wanted = sorted(set(keys))
    if not wanted:
        return {}
    rows = tx.execute(_queries.lock, {"projects": [p for p, _ in wanted], "labelers": [w for _, w in wanted]})
    return {(row[0], row[1]): Standing(*row) for row in rows}


def find(tx: Transaction, key: Key) -> Standing | None:
    """Read one standing as it is now, without locking it."""
    row = tx.execute(_queries.find, {"project": key[0], "labeler": key[1]}).fetchone()
    return Standing(*row) if row else None


def latest_elsewhere(tx: Transaction, project: int, labeler: int, limit: int) -> list[Standing]:
    """Read a labeler's standings in other projects in which benchmarks were answered, the latest first."""
    values = {"project": project, "labeler": labeler, "limit": limit}
    return [Standing(*row) for row in tx.execute(_queries.latest_elsewhere, values)]


def insert(tx: Transaction, standing: Standing) -> None:
    """Let a labeler in."""
    tx.execute(
        _queries.insert,
        {
            "project": standing.project,
            "labeler": standing.labeler,
            "state": standing.state,
            "panel": standing.panel,
            "model_version": standing.model_version,
            "posterior": standing.posterior,
            "p_benchmarks": standing.p_benchmarks,
            "p_all": standing.p_all,
            "seen": standing.seen,
            "now": standing.admitted_at,
        },
    )


def save(tx: Transaction, standings: Sequence[Standing], now: datetime) -> None:
    """Write some standings as they are now."""
    if standings:
        rows = sorted(standings, key=lambda standing: standing.key)
        tx.execute(
            _queries.save,
            {
                "projects": [s.project for s in rows],
                "labelers": [s.labeler for s in rows],
                "states": [s.state for s in rows],
                "panels": [s.panel for s in rows],
                "ns": [s.n for s in rows],
                "model_versions": [s.model_version for s in rows],
                "posteriors": [s.posterior for s in rows],
                "p_benchmarks": [s.p_benchmarks for s in rows],
                "p_all": [s.p_all for s in rows],
                "benchmarks": [s.benchmarks for s in rows],
                "undecided": [s.undecided for s in rows],
                "answers": [s.answers for s in rows],
                "skips": [s.skips for s in rows],
                "held": [s.held for s in rows],
                "graces": [s.grace for s in rows],
                "seen": [s.seen for s in rows],
                "reviews_wanted": [s.review_wanted for s in rows],
                "now": now,
            },
        )


def readmit(tx: Transaction, key: Key, now: datetime) -> None:
    """Note that somebody who had been dismissed begins anew."""
    tx.execute(_queries.readmit, {"project": key[0], "labeler": key[1], "now": now})


def list_project(tx: Transaction, project: int, page: int = 10_000) -> Iterator[StandingLine]:
    """List a project's standings in the order of labelers."""
    after = 0
    while rows := tx.execute(
        _queries.list_project, {"project": project, "after": after, "limit": page}
    ).fetchall():
        yield from (StandingLine(*row) for row in rows)
        after = rows[-1][1]


def insert_holds(tx: Transaction, holds: Sequence[Hold]) -> None:
    """Keep some answers back."""
    if holds:
        tx.execute(
            _queries.insert_holds,
            {
                "projects": [hold.project for hold in holds],
                "labelers": [hold.labeler for hold in holds],
                "attempts": [hold.attempt for hold in holds],
                "tasks": [hold.task for hold in holds],
                "expiries": [hold.expires_at for hold in holds],
                "joints": [hold.joint for hold in holds],
            },
        )


def lock_holds(tx: Transaction, owners: Iterable[Key]) -> list[Hold]:
    """Lock the held answers of some labelers, in key order."""
    wanted = sorted(set(owners))
    if not wanted:
        return []
    rows = tx.execute(
        _queries.lock_holds, {"projects": [p for p, _ in wanted], "labelers": [w for _, w in wanted]}
    )
    return [Hold(*row) for row in rows]


def save_holds(tx: Transaction, holds: Sequence[Hold]) -> None:
    """Write what is now known of held answers."""
    if holds:
        tx.execute(
            _queries.save_holds,
            {
                "projects": [hold.project for hold in holds],
                "labelers": [hold.labeler for hold in holds],
                "attempts": [hold.attempt for hold in holds],
                "joints": [hold.joint for hold in holds],
            },
        )


def delete_holds(tx: Transaction, attempts: Iterable[tuple[int, int]]) -> list[tuple[int, int, int, int]]:
    """End some holds; return (project, labeler, attempt, task) of those that were there."""
    keys = sorted(set(attempts))
    if not keys:
        return []
    values = {"projects": [p for p, _ in keys], "attempts": [a for _, a in keys]}
    return tx.execute(_queries.delete_holds, values).fetchall()


def expired_holds(
    tx: Transaction, project: int, now: datetime, limit: int = 500
) -> list[tuple[int, int, int]]:
    """List (project, labeler, attempt) of holds whose time is up."""
    return tx.execute(_queries.expired_holds, {"project": project, "now": now, "limit": limit}).fetchall()


def holds_of_tasks(tx: Transaction, tasks: Iterable[tuple[int, int]]) -> list[tuple[int, int, int]]:
    """List (project, labeler, attempt) of the held answers of some tasks."""
    keys = sorted(set(tasks))
    if not keys:
        return []
    values = {"projects": [p for p, _ in keys], "tasks": [t for _, t in keys]}
    return tx.execute(_queries.holds_of_tasks, values).fetchall()


def unheld(tx: Transaction, counts: dict[Key, int]) -> None:
    """Lower the counts of held answers of some standings."""
    if counts:
        keys = sorted(counts)
        tx.execute(
            _queries.unheld,
            {
                "projects": [p for p, _ in keys],
                "labelers": [w for _, w in keys],
                "counts": [counts[key] for key in keys],
            },
        )


def reviews_wanted(tx: Transaction, project: int, limit: int) -> list[tuple[int, int]]:
    """List labelers whose past labels are to be looked at, and the version of the standing since which."""
    return tx.execute(_queries.reviews_wanted, {"project": project, "limit": limit}).fetchall()


def try_to_review(tx: Transaction, labeler: int) -> bool:
    """Keep other processes from a labeler's past until the transaction ends; false if one is at it."""
    row = tx.execute(_queries.try_to_review, {"labeler": labeler}).fetchone()
    return row is not None and bool(row[0])


def reviewed(tx: Transaction, key: Key, version: int) -> None:
    """Note that a labeler's past was looked at, with everything known up to a version."""
    tx.execute(_queries.reviewed, {"project": key[0], "labeler": key[1], "version": version})
