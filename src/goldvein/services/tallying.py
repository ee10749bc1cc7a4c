"""Tallying: what became of tasks and what their labels cost, counted from the events, beside the way.

Nothing on the way of an answer counts. Labels and deadlines are counted by their events, each once and in the
order of the positions; what no event tells, pushes and cancellations, is noted in the transaction that does
it. The sweeper counts every second, and whoever reads counts first what is left, as far as that is little.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from goldvein.domain.records import Tally
from goldvein.services import delivery
from goldvein.store import outbox, tallies
from goldvein.store.database import Database

_AT_ONCE: Final = 2_000
"""Events counted in one transaction."""
_TURNS: Final = 5
"""Transactions that one call makes at most."""
NOTHING: Final = Tally(0, 0, 0, 0, 0, None)


def count(db: Database, project: int) -> None:
    """Count what has happened since somebody last counted; a long backlog only in part."""
    delivery.number(db, project)
    for _ in range(_TURNS):
        with db.connection() as tx:
            if not tallies.is_behind(tx, project):
                return
        with db.transaction() as tx:
            position = tallies.take(tx, project)
            if position is None:
                return
            upto = min(position + _AT_ONCE, outbox.last_position(tx, project))
            tallies.fold(tx, project, position, upto, limit=_AT_ONCE)


def of_project(db: Database, project: int) -> Tally:
    """Count, and read the sums of a project."""
    count(db, project)
    with db.connection() as tx:
        return tallies.of_projects(tx, [project]).get(project, NOTHING)


def of_batches(db: Database, project: int, batches: Sequence[int]) -> dict[int, Tally]:
    """Count, and read the sums of some batches, by their ids."""
    count(db, project)
    with db.connection() as tx:
        found = tallies.of_batches(tx, project, batches)
    return {batch: found.get(batch, NOTHING) for batch in batches}
