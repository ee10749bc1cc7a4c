"""Standings at the boundary, over all projects."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from goldvein.store.database import Transaction
from goldvein.store.queries import load

_queries = load("boundary")


@dataclass(frozen=True, slots=True)
class Doubtful:
    """A standing at the boundary; ``posterior`` holds float64 (2, states)."""

    project: int
    project_name: str
    labeler: int
    name: str
    p_benchmarks: float
    p_all: float
    benchmarks: int
    answers: int
    skips: int
    held: int
    admitted_at: datetime
    updated_at: datetime
    model_version: int
    posterior: bytes


@dataclass(frozen=True, slots=True)
class Count:
    """How many labelers of one project stand at the boundary."""

    project: int
    name: str
    count: int


def page(
    tx: Transaction, *, project: int | None, after: tuple[int, int], limit: int, own: int | None = None
) -> list[Doubtful]:
    """List labelers at the boundary, of one project or all, from after (project, labeler) on, but for one."""
    values = {
        "project": project, "after_project": after[0], "after_labeler": after[1], "limit": limit, "own": own,
    }  # fmt: skip
    query = _queries.page if project is None else _queries.page_of_project
    return [Doubtful(*row) for row in tx.execute(query, values)]


def counts(tx: Transaction, bound: int) -> list[Count]:
    """Count them by project, up to a bound of all."""
    return [Count(*row) for row in tx.execute(_queries.counts, {"bound": bound})]
