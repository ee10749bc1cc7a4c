"""A small stage for crowds: scenarios from a few words, and what everybody does on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from goldvein.sim.contest.behaviour import Crowd, Served
from goldvein.sim.contest.burn_in import shown_orders
from goldvein.sim.contest.items import World, make_world
from goldvein.sim.contest.scenario import Scenario, scenario_from_dict

if TYPE_CHECKING:
    from goldvein.stats.arrays import Array, BoolArray, IntArray


def scenario(*labelers: dict[str, Any], **project: Any) -> Scenario:
    """A scenario of these groups; a single one is everybody."""
    groups = [{"share": 1.0, **group} for group in labelers]
    return scenario_from_dict({"project": project, "labelers": groups}, "stage")


def world_of(*labelers: dict[str, Any], seed: int = 7, **project: Any) -> World:
    """The world of such a scenario."""
    return make_world(np.random.default_rng(seed), scenario(*labelers, **project))


@dataclass
class Lives:
    """Everything that happened, one row a step."""

    is_benchmark: BoolArray
    item: IntArray
    order: IntArray
    choice: IntArray
    seconds: Array
    good: BoolArray
    key: IntArray

    @property
    def right(self) -> BoolArray:
        right: BoolArray = self.choice == self.key
        return right


def live(
    world: World,
    size: int = 200,
    steps: int = 100,
    seed: int = 1,
    benchmarks: float = 0.5,
    rate: float = 0.5,
    exposures: int = 0,
) -> tuple[Crowd, Lives]:
    """Let a crowd answer; the same labeler may meet a benchmark twice, unlike in a contest."""
    rng = np.random.default_rng(seed)
    crowd = Crowd(rng, world, size=size)
    rows = []
    for _ in range(steps):
        served = serve(rng, world, np.arange(size), benchmarks, rate, exposures)
        given = crowd.answer(rng, served)
        key = keys(world, served)
        rows.append(
            (served.is_benchmark, served.item, served.order, given.choice, given.seconds, given.good, key)
        )
    return crowd, Lives(*(np.array(column) for column in zip(*rows, strict=True)))


def serve(
    rng: np.random.Generator,
    world: World,
    who: IntArray,
    benchmarks: float = 0.5,
    rate: float = 0.5,
    exposures: int = 0,
) -> Served:
    """Serve random tasks, that share of them being benchmarks."""
    n = len(who)
    is_benchmark = rng.random(n) < benchmarks
    item = rng.integers(np.where(is_benchmark, len(world.benchmarks), len(world.ordinary)))
    orders = shown_orders(rng, n, world.scenario.options)
    return Served(who, is_benchmark, item, orders, np.full(n, exposures), np.full(n, rate))


def keys(world: World, served: Served) -> IntArray:
    """The true keys of what was served."""
    mined = world.benchmarks.key[np.where(served.is_benchmark, served.item, 0)]
    return np.where(served.is_benchmark, mined, world.ordinary.key[served.item])
