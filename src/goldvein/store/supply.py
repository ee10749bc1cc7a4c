"""What keeps benchmarks in supply: candidates, who of the panel is here, how fast they are used up."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb

from goldvein.store.queries import load

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from goldvein.store.database import Transaction

_queries = load("supply")
_LATEST = 100
_LEARNED_FROM = 400


@dataclass(frozen=True, slots=True)
class Pace:
    """Benchmarks that the panel made lately, when its first candidate was begun, and servings so far."""

    promoted: int
    begun_at: datetime | None
    servings: int


def begin_beside(tx: Transaction, project: int, tasks: Sequence[int], now: datetime) -> set[int]:
    """Make candidates of tasks that have just got their label; return those that were none before."""
    values = {"project": project, "tasks": sorted(tasks), "now": now}
    return {row[0] for row in tx.execute(_queries.begin_beside, values)} if tasks else set()


def panel_here(tx: Transaction, project: int, since: datetime) -> int:
    """Count those of the panel who were seen after a moment, or are new."""
    return _one(tx, _queries.panel_here, {"project": project, "since": since})


def panel_left(
    tx: Transaction, project: int, contents: Sequence[int], since: datetime, bound: int
) -> dict[int, int]:
    """For each content, count those of the panel, seen after a moment, who never had it; up to a bound."""
    values = {"project": project, "contents": sorted(set(contents)), "since": since, "bound": bound}
    return dict(tx.execute(_queries.panel_left, values).fetchall()) if contents else {}


def waiting_in_vain(
    tx: Transaction, project: int, since: datetime, limit: int = 100
) -> list[tuple[int, int]]:
    """List open attempts, by project and id, of candidates that nobody of the panel who is here can take."""
    values = {"project": project, "since": since, "limit": limit}
    return tx.execute(_queries.waiting_in_vain, values).fetchall()


def panels(tx: Transaction, project: int, tasks: Sequence[int]) -> dict[int, set[int]]:
    """Map some candidates to who has answered them."""
    return _by_task(tx.execute(_queries.panels, {"project": project, "tasks": list(tasks)}).fetchall())


def latest_panels(tx: Transaction, project: int) -> list[set[int]]:
    """List who has answered each of the candidates begun last."""
    rows = tx.execute(_queries.latest_panels, {"project": project, "limit": _LATEST}).fetchall()
    return list(_by_task(rows).values())


def settled(tx: Transaction, project: int, reasons: Sequence[str]) -> dict[int, bool]:
    """Map the candidates settled last to whether they were promoted, or else dropped for these reasons."""
    values = {"project": project, "reasons": list(reasons), "limit": _LEARNED_FROM}
    return dict(tx.execute(_queries.settled, values).fetchall())


def pace(tx: Transaction, project: int, since: datetime) -> Pace:
    """Say how fast benchmarks come and go; reads every benchmark of a project, so not for the hot path."""
    row = tx.execute(_queries.pace, {"project": project, "since": since}).fetchone()
    assert row is not None
    return Pace(*row)


def people_here(tx: Transaction, project: int, since: datetime) -> int:
    """Count the labelers who are in and were seen after a moment."""
    return _one(tx, _queries.people_here, {"project": project, "since": since})


def wear(tx: Transaction, project: int, now: datetime) -> tuple[list[int], list[float]]:
    """List servings, and ages in seconds, of the active benchmarks."""
    rows = tx.execute(_queries.wear, {"project": project, "now": now}).fetchall()
    return [row[0] for row in rows], [row[1] for row in rows]


def get_plan(tx: Transaction, project: int) -> tuple[datetime, dict[str, Any]] | None:
    """Read what mining is to do, with when that was reckoned."""
    row = tx.execute(_queries.get_plan, {"project": project}).fetchone()
    return (row[0], dict(row[1])) if row else None


def save_plan(tx: Transaction, project: int, plan: Mapping[str, Any], now: datetime) -> None:
    """Store what mining is to do."""
    tx.execute(_queries.save_plan, {"project": project, "plan": Jsonb(plan), "now": now})


def _one(tx: Transaction, query: str, values: Mapping[str, Any]) -> int:
    row = tx.execute(query, values).fetchone()
    assert row is not None
    return int(row[0])


def _by_task(rows: Sequence[tuple[int, int]]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = defaultdict(set)
    for task, labeler in rows:
        found[task].add(labeler)
    return found
