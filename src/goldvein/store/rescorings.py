"""Standings that are to be computed anew, because an answer of theirs counts otherwise by now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from goldvein.store.database import Transaction
from goldvein.store.queries import load

_queries = load("rescorings")


@dataclass(frozen=True, slots=True)
class Asked:
    """One standing to be computed anew; ``asks`` grows when it is asked for again, ``n`` is its version."""

    labeler: int
    asks: int
    n: int


def settle(tx: Transaction, project: int, now: datetime) -> int:
    """Find out who has met the benchmarks whose answers count otherwise by now; return how many that are.

    Only after the change has committed: from then on nobody judges by what was known before, but for groups
    that have locked their standings already, and their attempts are there to be seen.
    """
    changed = tx.execute(_queries.unsettled, {"project": project}).fetchall()
    if not changed:
        return 0
    values = {"project": project, "tasks": [task for task, _ in changed]}
    asked = tx.execute(_queries.ask, {**values, "now": now}).rowcount
    tx.execute(_queries.settled, {**values, "revisions": [revision for _, revision in changed]})
    return asked


def unsettled(tx: Transaction, project: int) -> set[int]:
    """List the benchmarks of which it is still to be found out who has met them."""
    return {row[0] for row in tx.execute(_queries.unsettled, {"project": project})}


def waiting(tx: Transaction, project: int, limit: int) -> list[Asked]:
    """List standings to be computed anew, those first that have waited longest."""
    rows = tx.execute(_queries.waiting, {"project": project, "limit": limit})
    return [Asked(*row) for row in rows]


def labelers(tx: Transaction, project: int) -> set[int]:
    """List all the labelers whose standings wait to be computed anew."""
    return {row[0] for row in tx.execute(_queries.labelers, {"project": project})}


def take(tx: Transaction, project: int, asked: Asked) -> bool:
    """Keep others from rescoring a standing until the transaction ends; false if it is taken or done."""
    values = {"project": project, "labeler": asked.labeler}
    (mine,) = tx.execute(_queries.take, values).fetchone() or (False,)
    return bool(mine) and tx.execute(_queries.waits, values).fetchone() is not None


def done(tx: Transaction, project: int, asked: Sequence[Asked]) -> None:
    """Strike standings off the list, but for those that were asked for again since."""
    values = {
        "project": project,
        "labelers": [one.labeler for one in asked],
        "asks": [one.asks for one in asked],
    }
    tx.execute(_queries.done, values)
