"""The incident, simulated: three filters, each before benchmarks mined at random and sought."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from goldvein.domain.policy import Policy
from goldvein.sim.contest.behaviour import Crowd
from goldvein.sim.contest.course import play
from goldvein.sim.contest.items import make_world
from goldvein.sim.contest.knowledge import LISTED_RULES, knowledge
from goldvein.sim.contest.ours import Ours
from goldvein.sim.contest.peer import Setting
from goldvein.sim.contest.peers import FixedRate
from goldvein.stats.mix import bearable, target_mix

if TYPE_CHECKING:
    from collections.abc import Callable

    from goldvein.sim.contest.behaviour import Given, Served
    from goldvein.sim.contest.items import World
    from goldvein.sim.contest.player import Moves, Player
    from goldvein.sim.contest.scenario import Scenario
    from goldvein.stats.arrays import Array, BoolArray, IntArray

CAUGHT_BELOW: Final = 0.02
"""P(good) at which somebody counts as caught, whether dismissed yet or not."""

ACCURACY, WITHOUT_STATES, OURS = "accuracy, as in 2019", "ours without states for shortcuts", "ours"
FILTERS: Final = (ACCURACY, WITHOUT_STATES, OURS)


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of those who take the longest option, and of the honest.

    Attributes
    ----------
    filter, mining : str
    people, delivering : int
        Those who take the longest option, and those of them whose next answer would be delivered in the end.
    caught : (n,) int
        Benchmarks each had answered when caught; -1 for those who never were.
    honest, honest_lost : int
        The honest, and those of them who were dismissed.
    """

    filter: str
    mining: str
    people: int
    delivering: int
    caught: IntArray
    honest: int
    honest_lost: int


class AccuracyInMix(FixedRate):
    """As in 2019: a quiz of 10, then 10% of all work, out while the accuracy is under the bar.

    Benchmarks are drawn by weights, if there are any, and all alike otherwise.
    """

    def __init__(self, name: str, setting: Setting, weights: Array | None) -> None:
        super().__init__(name, setting)
        self._weights = weights

    def draw(self, rng: np.random.Generator, who: IntArray, unseen: BoolArray) -> IntArray:
        """One unseen benchmark each, by weight."""
        if self._weights is None:
            return super().draw(rng, who, unseen)
        up_to = np.cumsum(unseen * self._weights, axis=1)
        places = (up_to <= rng.random((len(who), 1)) * up_to[:, -1:]).sum(axis=1)
        return np.where(unseen.any(axis=1), np.minimum(places, unseen.shape[1] - 1), -1)


class Watched:
    """A policy with somebody who notes when each labeler is caught."""

    def __init__(self, player: Player, size: int) -> None:
        self.name, self._player = player.name, player
        self.answered = np.zeros(size, dtype=np.int64)
        self.caught = np.full(size, -1)

    def rates(self, who: IntArray) -> Array:
        """As the policy."""
        return self._player.rates(who)

    def draw(self, rng: np.random.Generator, who: IntArray, unseen: BoolArray) -> IntArray:
        """As the policy."""
        return self._player.draw(rng, who, unseen)

    def delivering(self) -> BoolArray:
        """As the policy."""
        return self._player.delivering()

    def judge(self, served: Served, given: Given, step: int) -> Moves:
        """As the policy; note who was dismissed by this, or is hardly believed to be good any more."""
        moves = self._player.judge(served, given, step)
        self.answered[served.who] += served.is_benchmark
        gone = moves.dismissed.copy()
        if isinstance(self._player, Ours):
            gone |= self._player.p_benchmarks[served.who] <= CAUGHT_BELOW
        fresh = served.who[gone & (self.caught[served.who] < 0)]
        self.caught[fresh] = self.answered[fresh]
        return moves


def play_incident(scenario: Scenario, filter_: str, seed: int) -> Fate:
    """Play one filter on the population of one seed; how benchmarks came about stands in the scenario."""
    tasks, people, learning, course = (
        np.random.default_rng(stream) for stream in np.random.SeedSequence(seed).spawn(4)
    )
    world = make_world(tasks, scenario)
    crowd = Crowd(people, world)
    player = Watched(_MAKERS[filter_](world, learning), scenario.size)
    record = play(world, crowd, player, course)
    longest, honest = (record.kind_of == record.kinds.index(kind) for kind in ("longest", "honest"))
    return Fate(
        filter_, scenario.mining, int(longest.sum()), int(record.delivering_at_end[longest].sum()),
        player.caught[longest], int(honest.sum()), int((record.dismissed_at[honest] >= 0).sum()),
    )  # fmt: skip


def _accuracy(world: World, learning: np.random.Generator) -> Player:  # noqa: ARG001
    items, scenario = world.benchmarks, world.scenario
    setting = Setting(scenario.size, items.stored_key, items.picks, scenario.quality_bar)
    policy, weights = Policy.from_dict(scenario.policy), None
    if policy.directed_share:
        passes = {rule: (items.picks[rule] == items.stored_key).astype(float) for rule in LISTED_RULES}
        most = bearable(np.zeros(len(items), dtype=np.int64), policy.exposure_budget)
        weights = target_mix(passes, np.full(len(items), items.n_options), most).weights
    return AccuracyInMix(ACCURACY, setting, weights)


def _ours(world: World, learning: np.random.Generator, rules: tuple[str, ...] = LISTED_RULES) -> Player:
    policy = Policy.from_dict(world.scenario.policy)
    return Ours(world, world.scenario.size, knowledge(learning, world, policy, rules), policy)


def _without_states(world: World, learning: np.random.Generator) -> Player:
    return _ours(world, learning, ())


_MAKERS: Final[dict[str, Callable[[World, np.random.Generator], Player]]] = {
    ACCURACY: _accuracy,
    WITHOUT_STATES: _without_states,
    OURS: _ours,
}
