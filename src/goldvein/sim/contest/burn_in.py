"""What a project has on record before a contest: the panel's answers, and those of earlier labelers.

Item parameters are estimated from these and from nothing else. Keys stand in the items. Where one is wrong,
the panel holds it for right, as it made it: only the crowd's answers speak against it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from goldvein.sim.contest.behaviour import Crowd, Served
from goldvein.sim.contest.groups import Group
from goldvein.stats.arrays import Array, BoolArray, IntArray

if TYPE_CHECKING:
    from goldvein.sim.contest.items import World

ANSWERS_OF_EACH_SORT = 60
PANEL_SIZE, PANEL_ANSWERS, PANEL_ACCURACY = 24, 6, (0.85, 0.95)


@dataclass(frozen=True, slots=True, eq=False)
class BurnIn:
    """Answers on record, in the order in which they came: the panel's, then the earlier labelers'.

    Attributes
    ----------
    labeler : (n,) int
        The earlier labelers from 0, then the panel.
    panel : (n,) bool
        Whether a member of the panel gave the answer.
    is_benchmark : (n,) bool
    item : (n,) int
        Index into the world's benchmarks or ordinary tasks.
    choice : (n,) int
        Option in content order.
    order : (n, K) int
        ``order[i, position]`` is the option shown there.
    exposures : (n,) int
        Servings of the benchmark before this one; mining is not a serving.
    seconds : (n,) float
    """

    labeler: IntArray
    panel: BoolArray
    is_benchmark: BoolArray
    item: IntArray
    choice: IntArray
    order: IntArray
    exposures: IntArray
    seconds: Array

    @property
    def n_labelers(self) -> int:
        """Number of people on record, the panel included."""
        return int(self.labeler.max(initial=-1)) + 1


def burn_in(rng: np.random.Generator, world: World) -> BurnIn:
    """Draw what is on record.

    Each benchmark has six answers of the panel: honest people, 85 to 95% right. Each earlier labeler, of the
    same mix of kinds, answered up to 60 benchmarks and as many ordinary tasks, in random order.
    """
    crowd = Crowd(rng, world, size=world.scenario.earlier)
    panel = Crowd(rng, _believed(world), PANEL_SIZE, [Group("honest", 1.0, "panel", PANEL_ACCURACY)])
    asked = [_mining(rng, world), *_steps(rng, world, crowd.size)]
    given = [panel.answer(rng, asked[0]), *(crowd.answer(rng, served) for served in asked[1:])]
    mined = np.arange(sum(len(served.who) for served in asked)) < len(asked[0].who)
    return BurnIn(
        labeler=_column([served.who for served in asked]) + crowd.size * mined,
        panel=mined,
        is_benchmark=np.concatenate([served.is_benchmark for served in asked]),
        item=_column([served.item for served in asked]),
        choice=_column([answers.choice for answers in given]),
        order=_column([served.order for served in asked]),
        exposures=_column([served.exposures for served in asked]),
        seconds=np.concatenate([answers.seconds for answers in given]),
    )


def shown_orders(rng: np.random.Generator, n: int, options: int) -> IntArray:
    """(n, K) options, each row in a random order."""
    orders: IntArray = rng.random((n, options)).argsort(axis=1)
    return orders


def _believed(world: World) -> World:
    """The world as the panel sees it, which made the keys: where one is wrong, its members agreed on it."""
    items = world.benchmarks
    rows, wrong = np.arange(len(items)), items.wrong.copy()
    erring = items.stored_key != items.key
    wrong[rows, items.key] = np.where(erring, items.wrong[rows, items.stored_key], 0.0)
    wrong[rows, items.stored_key] = 0.0
    return replace(world, benchmarks=replace(items, key=items.stored_key, wrong=wrong))


def _mining(rng: np.random.Generator, world: World) -> Served:
    """Every benchmark before six different members of the panel, whom answering does not change."""
    n = len(world.benchmarks)
    members = rng.permuted(np.tile(np.arange(PANEL_SIZE), (n, 1)), axis=1)[:, :PANEL_ANSWERS]
    item = np.repeat(np.arange(n), PANEL_ANSWERS)
    return _served(
        rng, world, members.ravel(), np.ones(len(item), dtype=bool), item, np.zeros(len(item), dtype=np.int64)
    )


def _steps(rng: np.random.Generator, world: World, size: int) -> list[Served]:
    """Everybody's tasks, one step after the other; no benchmark twice for the same labeler."""
    n = len(world.benchmarks)
    tested = min(ANSWERS_OF_EACH_SORT, n)
    benchmarks = rng.permuted(np.tile(np.arange(n), (size, 1)), axis=1)[:, :tested]
    ordinary = rng.integers(len(world.ordinary), size=(size, ANSWERS_OF_EACH_SORT))
    shuffled = rng.permuted(np.tile(np.arange(tested + ANSWERS_OF_EACH_SORT), (size, 1)), axis=1)
    tasks = np.take_along_axis(np.concatenate([benchmarks, ordinary], axis=1), shuffled, axis=1)
    served, exposures = [], np.zeros(n, dtype=np.int64)
    for item, is_benchmark in zip(tasks.T, (shuffled < tested).T, strict=True):
        before = np.where(is_benchmark, exposures[np.where(is_benchmark, item, 0)], 0)
        served.append(_served(rng, world, np.arange(size), is_benchmark, item, before))
        exposures += np.bincount(item[is_benchmark], minlength=n)
    return served


def _served(
    rng: np.random.Generator,
    world: World,
    who: IntArray,
    is_benchmark: BoolArray,
    item: IntArray,
    exposures: IntArray,
) -> Served:
    """Serve these tasks in random orders, one half of them being benchmarks."""
    orders = shown_orders(rng, len(who), world.scenario.options)
    return Served(who, is_benchmark, item, orders, exposures, np.full(len(who), 0.5))


def _column(parts: list[IntArray]) -> IntArray:
    """Give one array of all servings, end to end."""
    return np.concatenate(parts)
