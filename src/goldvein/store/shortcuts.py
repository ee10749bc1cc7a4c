"""What the shortcut report counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from goldvein.decisions.seeking import PUT_BACK, WITHHELD, Ended
from goldvein.store.queries import load

if TYPE_CHECKING:
    from goldvein.store.database import Transaction

_queries = load("shortcuts")


def candidates(tx: Transaction, project: int, bound: int = 1_000) -> list[int]:
    """List the tasks of candidates under way, up to a bound."""
    return [row[0] for row in tx.execute(_queries.candidates, {"project": project, "bound": bound})]


def count_ended(tx: Transaction, project: int) -> Ended:
    """Count the candidates that ended without having been benchmarks, by why."""
    reasons = {"project": project, "put_back": PUT_BACK, "withheld": WITHHELD}
    row = tx.execute(_queries.count_ended, reasons).fetchone()
    assert row is not None
    return Ended(*row)
