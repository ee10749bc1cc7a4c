"""Sandboxes: copies of projects that belong to the house, and what people may do in them in a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from goldvein.store.database import Transaction
from goldvein.store.queries import load
from goldvein.store.tasks import Key

_queries = load("sandboxes")
HOUSE = "the house"


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A sandbox as lists show it: ``spent``: pieces of work that were answered there today."""

    id: int
    name: str
    of: int
    state: str
    policy_version: int
    warm_per_day: int
    warm_on: bool
    spent: int
    simulated: int
    created_at: datetime


def house(tx: Transaction, now: datetime) -> int:
    """Give the customer to whom sandboxes belong; made with the first."""
    tx.execute(_queries.make_house, {"name": HOUSE, "now": now})
    row = tx.execute(_queries.house).fetchone()
    assert row is not None
    return int(row[0])


def mark(tx: Transaction, project: int, original: int) -> None:
    """Make a new project a sandbox of another one."""
    tx.execute(_queries.mark, {"project": project, "original": original})


def list_(tx: Transaction, original: int | None, today: datetime) -> list[Sandbox]:
    """List sandboxes of a project, or of all, the latest first; closed ones are left out."""
    values = {"original": original, "sandbox": None, "today": today}
    return [Sandbox(*row) for row in tx.execute(_queries.list, values)]


def find(tx: Transaction, sandbox: int, today: datetime) -> Sandbox | None:
    """Read one sandbox; None if the project is none, or closed."""
    values = {"original": None, "sandbox": sandbox, "today": today}
    row = tx.execute(_queries.list, values).fetchone()
    return Sandbox(*row) if row else None


def worn(tx: Transaction, project: int, *, limit: int) -> list[int]:
    """List the tasks of the most worn benchmarks in use that nobody doubts."""
    return [row[0] for row in tx.execute(_queries.worn, {"project": project, "limit": limit})]


def labelled(tx: Transaction, project: int, *, settled: datetime, limit: int) -> list[Key]:
    """List the tasks that were labelled last, those first whose labels were delivered before a moment."""
    values = {"project": project, "settled": settled, "limit": limit}
    return [(project, row[0]) for row in tx.execute(_queries.labelled, values)]


def copy_tasks(tx: Transaction, project: int, sources: Sequence[Key], now: datetime) -> int:
    """Copy tasks of another project, with their inputs, and let each wait for a label; return how many."""
    values = {
        "project": project, "source": sources[0][0], "tasks": [task for _, task in sources], "now": now,
    }  # fmt: skip
    return tx.execute(_queries.copy_tasks, values).rowcount


def set_budget(tx: Transaction, project: int, per_day: int) -> bool:
    """Say how much people may do a day in a sandbox; false if it is none."""
    return tx.execute(_queries.set_budget, {"project": project, "per_day": per_day}).rowcount > 0


def turn(tx: Transaction, today: datetime) -> None:
    """Turn sandboxes on where budget is left and real work could be, and off elsewhere."""
    tx.execute(_queries.turn, {"today": today})


def warm(tx: Transaction) -> list[int]:
    """List the sandboxes whose work people may get now."""
    return [row[0] for row in tx.execute(_queries.warm)]


def refill(tx: Transaction, project: int, ready: int) -> int:
    """Let labelled tasks wait for somebody else once more, where few wait; return how many."""
    return tx.execute(_queries.refill, {"project": project, "ready": ready}).rowcount


def hire(tx: Transaction, project: int, names: Sequence[str], now: datetime) -> list[int]:
    """Make simulated labelers who work in a sandbox and nowhere else; those who are there already stay."""
    values = {"project": project, "names": list(names), "now": now}
    tx.execute(_queries.hire, values)
    return [row[0] for row in tx.execute(_queries.hired, values)]


def truths(tx: Transaction, project: int) -> list[tuple[Mapping[str, Any], int | None]]:
    """List inputs of a sandbox's tasks with the option that was found right; None where nobody knows."""
    return [(row[0], row[1]) for row in tx.execute(_queries.truths, {"project": project})]
