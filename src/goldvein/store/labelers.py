"""Labelers and what each has in hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from goldvein.store.database import Transaction
from goldvein.store.queries import load

_queries = load("labelers")


@dataclass(frozen=True, slots=True)
class Hand:
    """A labeler and the lease in that labeler's hands, if any."""

    labeler: int
    role: str
    project: int | None
    attempt: int | None
    expires_at: datetime | None


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


def count_trusted(tx: Transaction, project: int) -> int:
    """Count the people who may answer a project's candidates."""
    row = tx.execute(_queries.count_trusted, {"project": project}).fetchone()
    assert row is not None
    return int(row[0])
