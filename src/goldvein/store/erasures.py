"""Erasures: who asked to be forgotten, and the statements that forget."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from goldvein.store.database import Transaction
from goldvein.store.queries import load

_queries = load("erasures")
BEGINNING: Final = (datetime.min.replace(tzinfo=UTC), 0)
"""A place in the log before all others."""


@dataclass(frozen=True, slots=True)
class Erasure:
    """Somebody's wish to be forgotten; ``project``: in those up to it, what they said is gone."""

    id: int
    account: int | None
    labeler: int | None
    asked_at: datetime
    confirmed_at: datetime | None
    project: int
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Wish:
    """A wish that waits for somebody to confirm it."""

    id: int
    account: int
    login: str
    asked_at: datetime


def ask(tx: Transaction, account: int | None, labeler: int | None, now: datetime) -> None:
    """Note that somebody asks to be forgotten, once."""
    tx.execute(_queries.ask, {"account": account, "labeler": labeler, "now": now})


def take_back(tx: Transaction, account: int) -> bool:
    """Drop a wish that nobody has confirmed; whether there was one."""
    return tx.execute(_queries.take_back, {"account": account}).rowcount > 0


def find(tx: Transaction, account: int | None, labeler: int | None) -> Erasure | None:
    """Read the wish of an account or a labeler."""
    row = tx.execute(_queries.find, {"account": account, "labeler": labeler}).fetchone()
    return Erasure(*row) if row else None


def confirm(tx: Transaction, erasure: int, by: int | None, now: datetime) -> bool:
    """Note who confirmed a wish; whether it was the first time."""
    return tx.execute(_queries.confirm, {"erasure": erasure, "by": by, "now": now}).rowcount > 0


def waiting(tx: Transaction, *, after: int, limit: int) -> list[Wish]:
    """List wishes that wait to be confirmed, from after an id on."""
    return [Wish(*row) for row in tx.execute(_queries.waiting, {"after": after, "limit": limit})]


def under_way(tx: Transaction) -> list[int]:
    """List erasures that were confirmed and have not ended."""
    return [row[0] for row in tx.execute(_queries.under_way)]


def take(tx: Transaction, erasure: int) -> Erasure | None:
    """Lock an erasure that has not ended; None if it has, or somebody else is at it."""
    row = tx.execute(_queries.take, {"erasure": erasure}).fetchone()
    return Erasure(*row) if row else None


def reached(tx: Transaction, erasure: int, project: int) -> None:
    """Note that everything up to a project is gone."""
    tx.execute(_queries.reached, {"erasure": erasure, "project": project})


def end(tx: Transaction, erasure: int, now: datetime) -> None:
    """Note that nothing is left."""
    tx.execute(_queries.end, {"erasure": erasure, "now": now})


def blank_account(tx: Transaction, account: int, login: str, now: datetime) -> None:
    """Take name, password and identity from an account, and its name from invitations and alerts."""
    values = {"account": account, "login": login, "now": now}
    for statement in (_queries.blank_account, _queries.blank_invitations, _queries.blank_logins):
        tx.execute(statement, values)


def blank_labeler(tx: Transaction, labeler: int, now: datetime) -> None:
    """Take from a labeler the name, the keys, and what was said in wishes for another look."""
    values = {"labeler": labeler, "now": now}
    for statement in (_queries.blank_labeler, _queries.drop_keys, _queries.blank_looks):
        tx.execute(statement, values)
    blank_roster(tx, labeler)


def blank_roster(tx: Transaction, labeler: int) -> None:
    """Take a labeler's name from lists of labelers."""
    tx.execute(_queries.blank_roster, {"labeler": labeler})


def blank_disputes(tx: Transaction, labeler: int, *, limit: int) -> int:
    """Take the words from some disputes; return how many had any."""
    return tx.execute(_queries.blank_disputes, {"labeler": labeler, "limit": limit}).rowcount


def next_project(tx: Transaction, labeler: int, after: int) -> int | None:
    """Find the next project in which the log knows a labeler."""
    row = tx.execute(_queries.next_project, {"labeler": labeler, "after": after}).fetchone()
    return row[0] if row else None


def blank_judged(tx: Transaction, project: int, labeler: int, *, after: int, limit: int) -> int | None:
    """Take comments and focus times from answers of some steps; return the last step, if there is one."""
    values = {"project": project, "labeler": labeler, "after": after, "limit": limit}
    row = tx.execute(_queries.blank_judged, values).fetchone()
    return row[0] if row else None


def blank_asides(
    tx: Transaction, project: int, labeler: int, *, after: tuple[datetime, int], limit: int
) -> tuple[datetime, int] | None:
    """Do the same of rows that moved no standing, and of their words; return the last place in the log."""
    values = {"project": project, "labeler": labeler, "at": after[0], "id": after[1], "limit": limit}
    return tx.execute(_queries.blank_asides, values).fetchone()
