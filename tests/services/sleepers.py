"""A sleeper who is found out, and a town whose labels can be taken back by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from goldvein.domain.records import Work
from goldvein.services.sweeps import Sweeper
from goldvein.services.withdrawing import Withdrawal, withdraw_labels
from goldvein.store.database import Database
from tests.services.town import Town, guesses, knows

SLEEPY = {
    "rate_floor": 0.04, "rate_slope": 0.05, "exposure_cap": 10**6, "deliver_at": 0.9, "withdraw_at": 0.75,
}  # fmt: skip


@dataclass
class Sleeper:
    """Works well until told to turn."""

    turned: bool = False

    def __call__(self, work: Work, rng: np.random.Generator) -> Mapping[str, Any]:
        return (guesses if self.turned else knows(0.97))(work, rng)


def slept(
    db: Database,
    others: int = 3,
    sweeper: Sweeper | None = None,
    at_turn: Callable[[Town], Any] | None = None,
) -> tuple[Town, int]:
    """A town whose sleeper has turned and is found out; without a sweeper, nobody has looked back yet."""
    town = Town(db, SLEEPY)
    town.open_by_hand(300)
    town.push(2000)
    sleeper = Sleeper()
    who = town.hire("sleeper", sleeper)
    for n in range(others):
        town.hire(f"good {n}", knows(0.97))
    town.run(60)
    sleeper.turned = True
    if at_turn is not None:
        at_turn(town)
    for _ in range(400):
        town.round()
        if sweeper is not None:
            sweeper.sweep(town.now)
        if town.rows(f"SELECT state FROM standings WHERE labeler = {who}") == [("dismissed",)]:
            return town, who
    raise AssertionError("the sleeper was never found out")


def labels_of(town: Town, what: str = "true") -> list[int]:
    return [row[0] for row in town.rows(f"SELECT id FROM labels WHERE {what} ORDER BY id")]


def quick(db: Database, answered: int = 6, **more: Any) -> Town:
    """A town in which ann has delivered some labels of batch ``round`` after few benchmarks."""
    policy = {"deliver_at": 0.6, "min_benchmarks": 1, "rate_ceiling": 0.5, "rate_fresh_benchmarks": 0}
    town = Town(db, {**policy, "rate_slope": 0.1, "rate_floor": 0.05})
    town.open_by_hand(60)
    town.push(12, **more)
    town.hire("ann", knows(1.0))
    for _ in range(100):
        town.round()
        if len(labels_of(town)) >= answered:
            return town
    raise AssertionError("ann delivers nothing")


def take(town: Town, *wanted: int) -> list[int]:
    """Withdraw labels."""
    with town.db.transaction() as tx:
        return withdraw_labels(tx, 1, some(town, *wanted), "for a test", town.now)


def some(town: Town, *wanted: int) -> list[Withdrawal]:
    found = town.rows(
        f"SELECT id, task, attempt, labeler FROM labels WHERE id = ANY ('{{{str(list(wanted))[1:-1]}}}')"
    )
    return [Withdrawal(*row) for row in found]


def task_of(town: Town, label: int) -> int:
    return int(town.rows(f"SELECT task FROM labels WHERE id = {label}")[0][0])


def places(town: Town, task: int) -> list[tuple[Any, ...]]:
    """Where a task waits."""
    return town.rows(
        f"SELECT stage, state, lane FROM attempts WHERE task = {task} AND state IN ('open', 'leased')"
    )
