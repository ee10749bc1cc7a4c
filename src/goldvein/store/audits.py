"""Audits of labelers: who was drawn, the pieces that auditors answer, and what was estimated from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from goldvein.store.database import Transaction
from goldvein.store.queries import load

_queries = load("audits")
Place = tuple[float, int, int]
"""Where a piece stands in the queue: its random place, project and id."""


@dataclass(frozen=True, slots=True)
class Work:
    """An ordinary answer that may be answered a second time."""

    labeler: int
    task: int
    content: int
    choice: int


@dataclass(frozen=True, slots=True)
class NewAudit:
    """An audit about to begin; ``posterior`` holds float64 (states,)."""

    labeler: int
    chance: float
    delivers: bool
    p: float
    model_version: int
    posterior: bytes


@dataclass(frozen=True, slots=True)
class NewPiece:
    """An answer that is to be given a second time."""

    audit: int
    work: Work
    is_overlap: bool
    place: float


@dataclass(frozen=True, slots=True)
class Piece:
    """A second answer that is wanted, or was given; choices in content order."""

    project: int
    id: int
    audit: int
    labeler: int
    task: int
    choice: int
    is_overlap: bool
    place: float
    auditor: int | None
    claimed_until: datetime | None
    said: int | None


@dataclass(frozen=True, slots=True)
class Shown:
    """What an auditor sees of a task."""

    instruction: str
    type: str
    input: Mapping[str, Any]
    classes: Sequence[str] | None


@dataclass(frozen=True, slots=True)
class Going:
    """An audit that goes on, with what its pieces say so far."""

    labeler: int
    agreed: int
    answered: int


@dataclass(frozen=True, slots=True)
class Ended:
    """An audit that ended, with what the filter said when it was drawn.

    ``n`` is the version of the standing that it came to; None where there was none to move.
    """

    id: int
    labeler: int
    delivers: bool
    p: float
    model_version: int
    posterior: bytes
    agreed: int
    answered: int
    n: int | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """How often two auditors gave the same answer to the same piece."""

    one: int
    other: int
    agreed: int
    of: int


@dataclass(frozen=True, slots=True)
class Line:
    """An audit in a list."""

    id: int
    labeler: int
    name: str
    drawn_at: datetime
    delivers: bool
    p: float
    wanted: int
    agreed: int | None
    answered: int | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """Pieces of one project that wait for auditors."""

    project: int
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Check:
    """An estimate of how often the filter errs; ``found`` as ``services.filter_checks`` reports it."""

    at: datetime
    audits: int
    found: Mapping[str, Any]


def take_drawing(tx: Transaction, project: int) -> bool:
    """Keep others from drawing audits of a project until the transaction ends; false while somebody does."""
    row = tx.execute(_queries.take_drawing, {"project": project}).fetchone()
    return bool(row and row[0])


def drawn_since(tx: Transaction, project: int, since: datetime) -> dict[int, bool]:
    """Map labelers of whom audits were drawn since to whether the last of them still goes on."""
    return dict(tx.execute(_queries.drawn_since, {"project": project, "since": since}))


def work_of(tx: Transaction, project: int, upto: Mapping[int, int], steps: int) -> dict[int, list[Work]]:
    """Map labelers to their ordinary answers of the last so many steps before a version of the standing."""
    values = {"project": project, "labelers": list(upto), "upto": list(upto.values()), "steps": steps}
    found: dict[int, list[Work]] = {labeler: [] for labeler in upto}
    for row in tx.execute(_queries.work_of, values):
        found[row[0]].append(Work(*row))
    return found


def insert(tx: Transaction, project: int, audit: NewAudit, wanted: int, now: datetime) -> int | None:
    """Begin an audit and return its id; None if one of the same labeler goes on."""
    values = {
        "project": project, "labeler": audit.labeler, "chance": audit.chance, "wanted": wanted,
        "delivers": audit.delivers, "p": audit.p, "model_version": audit.model_version,
        "posterior": audit.posterior, "now": now,
    }  # fmt: skip
    row = tx.execute(_queries.insert, values).fetchone()
    return int(row[0]) if row else None


def insert_pieces(tx: Transaction, project: int, pieces: Sequence[NewPiece]) -> None:
    """Ask for second answers."""
    tx.execute(
        _queries.insert_pieces,
        {
            "project": project,
            "audits": [piece.audit for piece in pieces],
            "labelers": [piece.work.labeler for piece in pieces],
            "tasks": [piece.work.task for piece in pieces],
            "contents": [piece.work.content for piece in pieces],
            "choices": [piece.work.choice for piece in pieces],
            "overlaps": [piece.is_overlap for piece in pieces],
            "places": [piece.place for piece in pieces],
        },
    )


def next_(
    tx: Transaction, auditor: int, now: datetime, *, project: int | None, after: Place
) -> tuple[int, int] | None:
    """Lock the first piece that an auditor may answer; return its project and id."""
    values = {
        "auditor": auditor, "now": now, "project": project, "place": after[0], "after_project": after[1],
        "after": after[2],
    }  # fmt: skip
    row = tx.execute(_queries.next, values).fetchone()
    return (int(row[0]), int(row[1])) if row else None


def claim(tx: Transaction, project: int, id_: int, auditor: int, until: datetime) -> None:
    """Give a piece into an auditor's hands."""
    tx.execute(_queries.claim, {"project": project, "id": id_, "auditor": auditor, "until": until})


def lock_piece(tx: Transaction, project: int, id_: int) -> Piece | None:
    """Lock one piece."""
    row = tx.execute(_queries.lock_piece, {"project": project, "id": id_}).fetchone()
    return Piece(*row) if row else None


def shown(tx: Transaction, project: int, task: int) -> Shown:
    """Read what an auditor is shown of a task."""
    row = tx.execute(_queries.shown, {"project": project, "task": task}).fetchone()
    assert row is not None
    return Shown(*row)


def release(tx: Transaction, project: int, id_: int, auditor: int) -> bool:
    """Take a piece out of an auditor's hands; false if it is not there."""
    values = {"project": project, "id": id_, "auditor": auditor}
    return tx.execute(_queries.release, values).rowcount > 0


def say(
    tx: Transaction, project: int, id_: int, auditor: int, said: int, shown: Sequence[int], now: datetime
) -> None:
    """Store a second answer."""
    values = {
        "project": project, "id": id_, "auditor": auditor, "said": said, "shown": list(shown), "now": now,
    }  # fmt: skip
    tx.execute(_queries.say, values)


def lock(tx: Transaction, project: int, id_: int) -> Going | None:
    """Lock an audit that goes on; None if it is over."""
    row = tx.execute(_queries.lock, {"project": project, "id": id_}).fetchone()
    return Going(*row) if row else None


def end(tx: Transaction, project: int, id_: int, *, agreed: int, answered: int, now: datetime) -> None:
    """End an audit; what was not answered is not asked any more."""
    values = {"project": project, "id": id_, "agreed": agreed, "answered": answered, "now": now}
    tx.execute(_queries.end, values)
    tx.execute(_queries.drop_pieces, {"project": project, "id": id_})


def drop_stale(tx: Transaction, project: int, stale: datetime) -> None:
    """Ask no more for what nobody answered of audits that were drawn until a moment and are over."""
    tx.execute(_queries.drop_stale, {"project": project, "stale": stale})


def due(tx: Transaction, project: int, stale: datetime) -> list[int]:
    """List audits that can end."""
    return [row[0] for row in tx.execute(_queries.due, {"project": project, "stale": stale})]


def ended(tx: Transaction, project: int, since: datetime) -> list[Ended]:
    """List audits that ended since a moment and tell something, the latest of each labeler."""
    return [Ended(*row) for row in tx.execute(_queries.ended, {"project": project, "since": since})]


def overlaps(tx: Transaction, project: int, since: datetime) -> list[Pair]:
    """List how often auditors agreed with each other since a moment, pair by pair."""
    return [Pair(*row) for row in tx.execute(_queries.overlaps, {"project": project, "since": since})]


def waiting(tx: Transaction, bound: int) -> list[Waiting]:
    """Count the pieces that wait, by project, up to a bound of all."""
    return [Waiting(*row) for row in tx.execute(_queries.waiting, {"bound": bound})]


def latest(tx: Transaction, project: int, limit: int) -> list[Line]:
    """List audits, the latest first."""
    return [Line(*row) for row in tx.execute(_queries.latest, {"project": project, "limit": limit})]


def names(tx: Transaction, labelers: Sequence[int]) -> dict[int, str]:
    """Map labelers to their names."""
    return dict(tx.execute(_queries.names_of, {"labelers": list(labelers)}).fetchall())


def save_check(tx: Transaction, project: int, audits: int, found: Mapping[str, Any], now: datetime) -> None:
    """Keep an estimate."""
    values = {"project": project, "audits": audits, "found": Jsonb(dict(found)), "now": now}
    tx.execute(_queries.save_check, values)


def checks(tx: Transaction, project: int, limit: int) -> list[Check]:
    """List estimates, the latest first."""
    return [Check(*row) for row in tx.execute(_queries.checks, {"project": project, "limit": limit})]


def ended_after(tx: Transaction, project: int, since: datetime) -> bool:
    """Say whether an audit ended after a moment."""
    row = tx.execute(_queries.ended_after, {"project": project, "since": since}).fetchone()
    assert row is not None
    return bool(row[0])
