"""Days: how much each labeler did on each day, rolled up from the log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from goldvein.store.database import Transaction
from goldvein.store.queries import load

_queries = load("days")


@dataclass(frozen=True, slots=True)
class Done:
    """Answers of a labeler today, in the last seven days, and in all; skips in the last seven days."""

    today: int
    week: int
    ever: int
    skips: int


def roll(tx: Transaction, after: int, upto: int) -> None:
    """Add what rows of the log with ids in (after, upto] tell."""
    tx.execute(_queries.roll, {"after": after, "upto": upto})


def of_labeler(tx: Transaction, labeler: int, today: date) -> Done:
    """Sum a labeler's days."""
    row = tx.execute(_queries.of_labeler, {"labeler": labeler, "today": today}).fetchone()
    assert row is not None
    return Done(*(int(count) for count in row))
