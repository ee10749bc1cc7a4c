"""Labelers and what each has in hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from goldvein.store.attempts import Key
from goldvein.store.database import Transaction
from goldvein.store.queries import load

_queries = load("labelers")


@dataclass(frozen=True, slots=True)
class Hand:
    """A labeler, the lease in that labeler's hands, if any, and the one that was deferred last.

    ``sandbox``: of a simulated labeler, the one project to work in.
    """

    labeler: int
    role: str
    project: int | None
    attempt: int | None
    expires_at: datetime | None
    deferred_project: int | None
    deferred_attempt: int | None
    is_erased: bool
    sandbox: int | None = None

    @property
    def lease(self) -> Key | None:
        """The lease in hand."""
        return _key(self.project, self.attempt)

    @property
    def deferred(self) -> Key | None:
        """The lease deferred last, which may have ended since."""
        return _key(self.deferred_project, self.deferred_attempt)


def _key(project: int | None, attempt: int | None) -> Key | None:
    return None if project is None or attempt is None else (project, attempt)


@dataclass(frozen=True, slots=True)
class LeaseInHand:
    """The attempt that a labeler works on."""

    project: int
    attempt: int
    expires_at: datetime


def lock(tx: Transaction, labelers: Iterable[int]) -> dict[int, Hand]:
    """Lock labelers in key order, first of all rows that a group locks."""
    return {row[0]: Hand(*row) for row in tx.execute(_queries.lock, {"labelers": sorted(labelers)})}


def set_leases(tx: Transaction, leases: Mapping[int, LeaseInHand | None], now: datetime) -> None:
    """Write what each labeler has in hand now, and so when each was last seen."""
    if leases:
        rows = sorted(leases.items())
        tx.execute(
            _queries.set_leases,
            {
                "labelers": [labeler for labeler, _ in rows],
                "projects": [lease and lease.project for _, lease in rows],
                "attempts": [lease and lease.attempt for _, lease in rows],
                "expiries": [lease and lease.expires_at for _, lease in rows],
                "now": now,
            },
        )


def defer(tx: Transaction, deferred: Mapping[int, Key]) -> None:
    """Write which lease each labeler has deferred."""
    if deferred:
        rows = sorted(deferred.items())
        tx.execute(
            _queries.defer,
            {
                "labelers": [labeler for labeler, _ in rows],
                "projects": [project for _, (project, _) in rows],
                "attempts": [attempt for _, (_, attempt) in rows],
            },
        )


def count_trusted(tx: Transaction, project: int) -> int:
    """Count the people who may answer a project's candidates."""
    row = tx.execute(_queries.count_trusted, {"project": project}).fetchone()
    assert row is not None
    return int(row[0])
