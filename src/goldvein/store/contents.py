"""Contents of closed projects: the statements that erase what tasks say, and what was said of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from goldvein.store.database import Transaction
from goldvein.store.queries import load

_queries = load("contents")
_BLANKS = (
    _queries.blank_inputs, _queries.blank_labels, _queries.blank_answers, _queries.blank_benchmarks,
    _queries.blank_disputes, _queries.blank_log,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Erasure:
    """One that is under way: what was said in and of tasks up to ``task`` is gone for good.

    ``own``: whether what can be picked stands in the tasks, and not in the project.
    """

    asked_at: datetime
    task: int
    own: bool


def ask(tx: Transaction, project: int, now: datetime) -> bool:
    """Note that a closed project's contents are to be erased; whether it was the first time."""
    return tx.execute(_queries.ask, {"project": project, "now": now}).rowcount > 0


def old(tx: Transaction, before: datetime, *, limit: int) -> list[int]:
    """List some projects that were closed earlier, and whose contents nobody has asked to erase."""
    return [row[0] for row in tx.execute(_queries.old, {"before": before, "limit": limit})]


def under_way(tx: Transaction) -> list[int]:
    """List projects whose contents are being erased."""
    return [row[0] for row in tx.execute(_queries.under_way)]


def sandboxes(tx: Transaction, project: int) -> list[int]:
    """List a project's sandboxes that have copies of its contents."""
    return [row[0] for row in tx.execute(_queries.sandboxes, {"project": project})]


def take(tx: Transaction, project: int) -> Erasure | None:
    """Lock an erasure that has not ended; None if it has, or somebody else is at it."""
    row = tx.execute(_queries.take, {"project": project}).fetchone()
    return Erasure(*row) if row else None


def blank(tx: Transaction, project: int, *, after: int, own: bool, limit: int) -> int | None:
    """Erase the contents of the next tasks after one; return the last of them, if there is any.

    ``own``: as in ``Erasure``.
    """
    values = {"project": project, "after": after, "limit": limit, "own": own}
    row = tx.execute(_queries.last_of, values).fetchone()
    assert row is not None
    last: int | None = row[0]
    if last is not None:
        for statement in _BLANKS:
            tx.execute(statement, {**values, "upto": last})
    return last


def reached(tx: Transaction, project: int, task: int) -> None:
    """Note that everything up to a task is gone for good."""
    tx.execute(_queries.reached, {"project": project, "task": task})


def end(tx: Transaction, project: int, now: datetime) -> None:
    """Note that nothing is left."""
    tx.execute(_queries.end, {"project": project, "now": now})
