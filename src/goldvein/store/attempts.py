"""Attempts: the queue, the leases and their ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from goldvein.store.database import Transaction
from goldvein.store.queries import load

_queries = load("attempts")
Key = tuple[int, int]
"""Project and attempt."""
NO_DEADLINE = datetime(9999, 12, 31, tzinfo=UTC)
"""``due_at`` of a task without a deadline: last in the order."""
FIRST_IN_LINE, AS_PUSHED = 0, 1
Place = tuple[int, datetime, int, int]
"""Lane, deadline, urgency and id: the order of a queue."""
BEGINNING: Place = (-1, NO_DEADLINE, 0, 0)


@dataclass(frozen=True, slots=True)
class Wanted:
    """An answer that is wanted: what a new open attempt says."""

    project: int
    task: int
    content: int
    stage: str
    due_at: datetime
    urgency: int
    lane: int = AS_PUSHED


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt as it stands."""

    project: int
    id: int
    task: int
    content: int
    stage: str
    state: str
    due_at: datetime
    urgency: int
    fence: int
    labeler: int | None
    shown: list[int] | None
    shown_at: datetime | None
    expires_at: datetime | None
    rate: float | None
    draw: float | None
    exposures: int | None
    deferred_at: datetime | None
    begun_at: datetime | None

    @property
    def seen_at(self) -> datetime | None:
        """When its labeler turned to it."""
        return self.begun_at or self.shown_at

    def again(self, stage: str | None = None) -> Wanted:
        """The same task, wanted anew and first in line."""
        return Wanted(
            self.project,
            self.task,
            self.content,
            stage or self.stage,
            self.due_at,
            self.urgency,
            FIRST_IN_LINE,
        )


@dataclass(frozen=True, slots=True)
class OpenAttempt:
    """The head of a queue, locked by this transaction."""

    project: int
    id: int
    task: int
    content: int
    due_at: datetime
    urgency: int
    fence: int
    lane: int = AS_PUSHED

    @property
    def place(self) -> Place:
        """Where it stands in its queue."""
        return self.lane, self.due_at, self.urgency, self.id


@dataclass(frozen=True, slots=True)
class Lease:
    """What to write when work goes into a labeler's hands; ``attempt`` is null where the lease makes it.

    ``exposures`` counts a benchmark's servings by this group so far; those before it are added in SQL.
    """

    project: int
    attempt: int | None
    task: int
    content: int
    stage: str
    due_at: datetime
    labeler: int
    shown: Sequence[int]
    expires_at: datetime
    rate: float | None = None
    draw: float | None = None
    exposures: int | None = None


def insert_open(tx: Transaction, wanted: Sequence[Wanted]) -> None:
    """Queue some wanted answers."""
    if wanted:
        tx.execute(
            _queries.insert_open,
            {
                "projects": [w.project for w in wanted],
                "tasks": [w.task for w in wanted],
                "contents": [w.content for w in wanted],
                "stages": [w.stage for w in wanted],
                "lanes": [w.lane for w in wanted],
                "dues": [w.due_at for w in wanted],
                "urgencies": [w.urgency for w in wanted],
            },
        )


def insert_leased(
    tx: Transaction, leases: Sequence[Lease], budgets: Sequence[int], now: datetime
) -> dict[tuple[int, int, int], int]:
    """Make attempts that begin in a labeler's hands.

    Parameters
    ----------
    budgets : sequence of int
        For each lease, how often its benchmark may be served in all.

    Returns
    -------
    dict
        (project, task, labeler) -> attempt; one whose content the labeler has had before is missing, and one
        whose benchmark has spent its budget.
    """
    if not leases:
        return {}
    rows = tx.execute(
        _queries.insert_leased,
        {
            "projects": [lease.project for lease in leases],
            "tasks": [lease.task for lease in leases],
            "contents": [lease.content for lease in leases],
            "stages": [lease.stage for lease in leases],
            "dues": [lease.due_at for lease in leases],
            "labelers": [lease.labeler for lease in leases],
            "shown": [",".join(map(str, lease.shown)) for lease in leases],
            "expiries": [lease.expires_at for lease in leases],
            "rates": [lease.rate for lease in leases],
            "draws": [lease.draw for lease in leases],
            "exposures": [lease.exposures for lease in leases],
            "budgets": list(budgets),
            "now": now,
        },
    )
    return {(project, task, labeler): attempt for project, task, labeler, attempt in rows}


def lock(tx: Transaction, keys: Iterable[Key]) -> dict[Key, Attempt]:
    """Lock some attempts in key order."""
    wanted = sorted(set(keys))
    if not wanted:
        return {}
    rows = tx.execute(_queries.lock, {"projects": [p for p, _ in wanted], "attempts": [a for _, a in wanted]})
    return {(row[0], row[1]): Attempt(*row) for row in rows}


def lock_of_tasks(tx: Transaction, project: int, tasks: Sequence[int]) -> list[Attempt]:
    """Lock the unfinished attempts of some tasks."""
    rows = tx.execute(_queries.lock_of_tasks, {"project": project, "tasks": list(tasks)})
    return [Attempt(*row) for row in rows]


def take_open(
    tx: Transaction,
    project: int,
    stage: str,
    limit: int,
    passed: Sequence[int] = (),
    since: Place = BEGINNING,
) -> list[OpenAttempt]:
    """Lock the head of a queue from a place on, without the attempts that were passed over already."""
    values = {"project": project, "stage": stage, "limit": limit, "passed": list(passed), **_place(since)}
    return [OpenAttempt(*row) for row in tx.execute(_queries.take_open, values)]


def take_unmined(
    tx: Transaction, project: int, limit: int, passed: Sequence[int] = (), since: Place = BEGINNING
) -> list[OpenAttempt]:
    """Lock the head of the queue of ordinary work, without tasks that were mined before."""
    values = {"project": project, "limit": limit, "passed": list(passed), **_place(since)}
    return [OpenAttempt(*row) for row in tx.execute(_queries.take_unmined, values)]


def take_unseen(
    tx: Transaction, projects: Sequence[int], labeler: int, passed: Sequence[int], since: Place
) -> OpenAttempt | None:
    """Lock the first ordinary work of the first project whose content a labeler has had in none of them."""
    values = {
        "project": projects[0], "projects": list(projects), "labeler": labeler, "passed": list(passed),
        **_place(since),
    }  # fmt: skip
    row = tx.execute(_queries.take_unseen, values).fetchone()
    return OpenAttempt(*row) if row else None


def _place(place: Place) -> dict[str, Any]:
    return dict(zip(("lane", "due_at", "urgency", "id"), place, strict=True))


def seen_contents(
    tx: Transaction, project: int, contents: Sequence[int], labelers: Sequence[int]
) -> set[tuple[int, int]]:
    """Find the pairs (content, labeler) that were together before."""
    values = {"project": project, "contents": list(contents), "labelers": list(labelers)}
    return {(row[0], row[1]) for row in tx.execute(_queries.seen_contents, values)}


def seen_pairs_in(
    tx: Transaction, projects: Sequence[int], pairs: Sequence[tuple[int, int]]
) -> set[tuple[int, int]]:
    """Find those of the pairs (content, labeler) that were together before, in any of some projects."""
    if len(projects) == 1 or not pairs:
        return seen_pairs(tx, projects[0], pairs)
    values = {
        "projects": list(projects),
        "contents": [c for c, _ in pairs],
        "labelers": [w for _, w in pairs],
    }
    return {(row[0], row[1]) for row in tx.execute(_queries.seen_pairs_in, values)}


def seen_pairs(tx: Transaction, project: int, pairs: Sequence[tuple[int, int]]) -> set[tuple[int, int]]:
    """Find those of the pairs (content, labeler) that were together before."""
    values = {"project": project, "contents": [c for c, _ in pairs], "labelers": [w for _, w in pairs]}
    return {(row[0], row[1]) for row in tx.execute(_queries.seen_pairs, values)} if pairs else set()


def lease(tx: Transaction, leases: Sequence[Lease], now: datetime) -> None:
    """Put open attempts into labelers' hands."""
    if leases:
        tx.execute(
            _queries.lease,
            {
                "projects": [given.project for given in leases],
                "attempts": [given.attempt for given in leases],
                "stages": [given.stage for given in leases],
                "labelers": [given.labeler for given in leases],
                "shown": [",".join(map(str, given.shown)) for given in leases],
                "expiries": [given.expires_at for given in leases],
                "rates": [given.rate for given in leases],
                "draws": [given.draw for given in leases],
                "now": now,
            },
        )


def end(tx: Transaction, ended: Mapping[Key, str]) -> None:
    """Write how some attempts ended."""
    if ended:
        keys = sorted(ended)
        tx.execute(
            _queries.end,
            {
                "projects": [p for p, _ in keys],
                "attempts": [a for _, a in keys],
                "states": [ended[key] for key in keys],
            },
        )


def defer(tx: Transaction, keys: Iterable[Key], now: datetime) -> None:
    """Note when labelers were done with some leases whose answers they keep back."""
    if deferred := sorted(keys):
        tx.execute(_queries.defer, {**_columns(deferred), "now": now})


def begin(tx: Transaction, keys: Iterable[Key], now: datetime) -> None:
    """Note when labelers turned to leases that they had in hand before."""
    if begun := sorted(keys):
        tx.execute(_queries.begin, {**_columns(begun), "now": now})


def _columns(keys: Sequence[Key]) -> dict[str, list[int]]:
    return {"projects": [project for project, _ in keys], "attempts": [attempt for _, attempt in keys]}


def renew(tx: Transaction, key: Key, expires_at: datetime) -> None:
    """Give a lease more time."""
    tx.execute(_queries.renew, {"project": key[0], "attempt": key[1], "expires_at": expires_at})


def take_lapsed(
    tx: Transaction, project: int, now: datetime, passed: Sequence[int] = (), limit: int = 500
) -> list[tuple[int, Wanted]]:
    """Lock leases that ran out, but for some; return each attempt's id and the answer that is wanted anew."""
    values = {"project": project, "now": now, "passed": list(passed), "limit": limit}
    rows = tx.execute(_queries.take_lapsed, values)
    return [
        (attempt, Wanted(project, task, content, stage, due_at, urgency, FIRST_IN_LINE))
        for project, attempt, task, content, stage, due_at, urgency in rows
    ]


def take_overdue(tx: Transaction, project: int, now: datetime, limit: int = 500) -> list[tuple[int, int]]:
    """Lock waiting attempts whose deadline has passed; return attempt and task."""
    found: list[tuple[int, int]] = []
    for stage in ("label", "panel"):
        for lane in (FIRST_IN_LINE, AS_PUSHED):
            values = {"project": project, "stage": stage, "lane": lane, "now": now, "limit": limit}
            found += [(row[1], row[2]) for row in tx.execute(_queries.take_overdue, values)]
    return found


def count_open(tx: Transaction, project: int, stage: str, bound: int = 10_000) -> int:
    """Count a queue, up to a bound."""
    row = tx.execute(_queries.count_open, {"project": project, "stage": stage, "bound": bound}).fetchone()
    assert row is not None
    return int(row[0])


def count_leased(tx: Transaction, project: int) -> int:
    """Count the leases that are out."""
    row = tx.execute(_queries.count_leased, {"project": project}).fetchone()
    assert row is not None
    return int(row[0])


def mined_places(tx: Transaction, project: int, tasks: Sequence[int]) -> set[int]:
    """Find those of some tasks that are with the panel: in its queue or in hand. Nothing is locked."""
    values = {"project": project, "tasks": list(tasks)}
    return {row[0] for row in tx.execute(_queries.mined_places, values)} if tasks else set()


def first_due(tx: Transaction, project: int) -> datetime | None:
    """Find the earliest deadline that waits."""
    row = tx.execute(_queries.first_due, {"project": project}).fetchone()
    return row[0] if row else None


def end_decoys(tx: Transaction, project: int, tasks: Sequence[int]) -> None:
    """Let tasks that ended go to no second person any more."""
    tx.execute(_queries.end_decoys, {"project": project, "tasks": list(tasks)})


def taken_since(tx: Transaction, project: int, moment: datetime) -> bool:
    """Say whether any lease of ordinary work that is out was given after a moment."""
    row = tx.execute(_queries.taken_since, {"project": project, "moment": moment}).fetchone()
    assert row is not None
    return bool(row[0])


def left_in_closed(tx: Transaction, limit: int) -> list[tuple[int, int]]:
    """List project and task of what still waits in closed projects."""
    return tx.execute(_queries.left_in_closed, {"limit": limit}).fetchall()
