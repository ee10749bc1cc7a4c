"""Benchmarks in doubt: the auditors' queue, what is in whose hands, what auditors have judged and seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from goldvein.store.attempts import NO_DEADLINE
from goldvein.store.database import Transaction
from goldvein.store.queries import load

_queries = load("doubts")


@dataclass(frozen=True, slots=True)
class Doubt:
    """A benchmark in the auditors' queue."""

    project: int
    task: int
    instruction: str
    type: str
    input: Mapping[str, Any]
    classes: Sequence[str] | None
    flagged_at: datetime
    claimed_until: datetime | None


@dataclass(frozen=True, slots=True)
class Claim:
    """Who has a benchmark in doubt in hand."""

    state: str
    flag: str
    flagged_at: datetime
    claimed_by: int | None
    claimed_until: datetime | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """Benchmarks of one project in doubt for one reason; ``taken``: in some auditor's hands."""

    project: int
    name: str
    flag: str
    count: int
    since: datetime
    taken: int


@dataclass(frozen=True, slots=True)
class Audit:
    """A judgement on a benchmark."""

    at: datetime
    project: int
    name: str
    task: int
    auditor: int
    auditor_name: str
    verdict: str


def list_(
    tx: Transaction,
    *,
    auditor: int,
    project: int | None,
    after: tuple[datetime, int, int],
    limit: int,
    now: datetime,
    own_until: datetime,
) -> list[Doubt]:
    """List benchmarks in doubt, oldest first, from after a place on.

    Those that the auditor has answered as work are left out where they are in doubt since ``own_until`` only.
    """
    values = {
        "auditor": auditor, "project": project, "flagged_at": after[0], "after_project": after[1],
        "after_task": after[2], "limit": limit, "now": now, "own_until": own_until,
    }  # fmt: skip
    return [Doubt(*row) for row in tx.execute(_queries.list_, values)]


def find(tx: Transaction, project: int, task: int) -> Doubt | None:
    """Read one benchmark in doubt as an auditor may see it."""
    row = tx.execute(_queries.find, {"project": project, "task": task}).fetchone()
    return Doubt(*row) if row else None


def lock(tx: Transaction, project: int, task: int) -> Claim | None:
    """Lock one benchmark in doubt; null if it is in none."""
    row = tx.execute(_queries.lock, {"project": project, "task": task}).fetchone()
    return Claim(*row) if row else None


def lock_next(
    tx: Transaction, *, auditor: int, project: int | None, after: tuple[datetime, int, int], now: datetime,
    own_until: datetime,
) -> tuple[int, int] | None:  # fmt: skip
    """Lock the first benchmark in doubt from a place on that an auditor may take; its project and task."""
    values = {
        "auditor": auditor, "project": project, "flagged_at": after[0], "after_project": after[1],
        "after_task": after[2], "now": now, "own_until": own_until,
    }  # fmt: skip
    return tx.execute(_queries.lock_next, values).fetchone()


def claim(tx: Transaction, project: int, task: int, auditor: int, until: datetime) -> None:
    """Put a benchmark in doubt into one auditor's hands."""
    values = {"project": project, "task": task, "auditor": auditor, "until": until}
    tx.execute(_queries.claim, values)


def unclaim(tx: Transaction, project: int, task: int) -> None:
    """Take it out of them."""
    tx.execute(_queries.unclaim, {"project": project, "task": task})


def release(tx: Transaction, project: int, task: int, auditor: int) -> bool:
    """Take it out of one auditor's hands; false if it is not in them."""
    values = {"project": project, "task": task, "auditor": auditor}
    return tx.execute(_queries.release, values).rowcount > 0


def note_seen(
    tx: Transaction, seen: Sequence[tuple[int, int, Sequence[int]]], *, labeler: int, now: datetime
) -> None:
    """Note that an auditor has had some contents: nobody is tested on what they audited.

    Parameters
    ----------
    seen : sequence of (project, task, shown)
        ``shown`` is the order in which the auditor saw the options, empty for that of the content.
    """
    if seen:
        values = {
            "projects": [project for project, _, _ in seen],
            "tasks": [task for _, task, _ in seen],
            "shown": [",".join(map(str, shown)) for _, _, shown in seen],
        }
        tx.execute(_queries.note_seen, {**values, "labeler": labeler, "now": now, "due_at": NO_DEADLINE})


def at_work(tx: Transaction, project: int, task: int, labeler: int) -> bool:
    """Say whether somebody has the content of a task in hand as work."""
    row = tx.execute(_queries.at_work, {"project": project, "task": task, "labeler": labeler}).fetchone()
    assert row is not None
    return bool(row[0])


def contents_at_work(tx: Transaction, labeler: int) -> set[int]:
    """Name the contents that somebody has in hand as work."""
    return {row[0] for row in tx.execute(_queries.contents_at_work, {"labeler": labeler})}


def has_judged(tx: Transaction, project: int, task: int, auditor: int) -> bool:
    """Say whether an auditor has judged a benchmark."""
    row = tx.execute(_queries.has_judged, {"project": project, "task": task, "auditor": auditor}).fetchone()
    assert row is not None
    return bool(row[0])


def count(tx: Transaction, now: datetime, bound: int) -> list[Waiting]:
    """Count benchmarks in doubt by project and reason, up to a bound of all."""
    rows = tx.execute(_queries.count, {"now": now, "bound": bound})
    return [Waiting(*row) for row in rows]


def audits(tx: Transaction, since: datetime, limit: int) -> list[Audit]:
    """List the latest judgements since a time."""
    return [Audit(*row) for row in tx.execute(_queries.audits, {"since": since, "limit": limit})]
