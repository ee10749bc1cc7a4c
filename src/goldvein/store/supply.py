"""What keeps benchmarks in supply: candidates, who of the panel is there, how fast they are used up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from goldvein.store.queries import load

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from goldvein.store.database import Transaction

_queries = load("supply")


def begin_beside(tx: Transaction, project: int, tasks: Sequence[int], now: datetime) -> set[int]:
    """Make candidates of tasks that have just got their label; return those that were none before."""
    values = {"project": project, "tasks": sorted(tasks), "now": now}
    return {row[0] for row in tx.execute(_queries.begin_beside, values)} if tasks else set()
