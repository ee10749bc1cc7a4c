"""Forgetting by age: what answers came with, and links that have ended."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from goldvein.store.database import Transaction
from goldvein.store.queries import load

_queries = load("forgetting")
What = Literal["focus", "comments"]


def take(tx: Transaction, what: What) -> tuple[int, int] | None:
    """Lock and read how far something was forgotten, and could be; None if somebody else is at it."""
    return tx.execute(_queries.take, {"what": what}).fetchone()


def first_young(tx: Transaction, after: int, upto: int, before: datetime) -> int | None:
    """Find the first row of the log, with an id in (after, upto], that is not old enough."""
    row = tx.execute(_queries.first_young, {"after": after, "upto": upto, "before": before}).fetchone()
    return row[0] if row else None


def forget(tx: Transaction, what: What, after: int, upto: int, before: datetime) -> int:
    """Forget what answers of a stretch of the log came with; return of how many."""
    statement = _queries.focus if what == "focus" else _queries.comments
    count = tx.execute(statement, {"after": after, "upto": upto, "before": before}).rowcount
    tx.execute(_queries.reached, {"what": what, "upto": upto})
    return count


def invitations(tx: Transaction, before: datetime, *, limit: int) -> int:
    """Forget some links that ended earlier; return how many."""
    return tx.execute(_queries.invitations, {"before": before, "limit": limit}).rowcount
