"""What the shortcut report counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from goldvein.decisions.seeking import PUT_BACK
from goldvein.store.queries import load

if TYPE_CHECKING:
    from goldvein.store.database import Transaction

_queries = load("shortcuts")


def candidates(tx: Transaction, project: int, bound: int = 1_000) -> list[int]:
    """List the tasks of candidates under way, up to a bound."""
    return [row[0] for row in tx.execute(_queries.candidates, {"project": project, "bound": bound})]


def count_put_back(tx: Transaction, project: int) -> int:
    """Count candidates that went back because they agree with a shortcut."""
    row = tx.execute(_queries.count_put_back, {"project": project, "reason": PUT_BACK}).fetchone()
    assert row is not None
    return int(row[0])
