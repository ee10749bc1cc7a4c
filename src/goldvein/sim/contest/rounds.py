"""Rounds of a contest: the same seeds, the same people and tasks, one policy after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from goldvein.domain.errors import InvalidInput
from goldvein.sim.contest.behaviour import Crowd
from goldvein.sim.contest.figures import Measured, figures, measure
from goldvein.sim.contest.items import World, make_world
from goldvein.sim.contest.peer import Setting
from goldvein.sim.contest.peers import PEERS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from goldvein.sim.contest.player import Player, Record
    from goldvein.sim.contest.scenario import Scenario

OURS = "default"
POLICIES = (OURS, *PEERS)
"""Names of all policies; the first is Goldvein's own."""

MATCHED = " matched"
"""Ending of the name of a peer that serves as many benchmarks as ours."""

SCALES = (1 / 16, 16.0)


class UnknownPolicyError(InvalidInput):
    """A policy that nobody has described."""

    code = "policy_unknown"


def make_player(name: str, world: World, rng: np.random.Generator, scale: float = 1.0) -> Player:
    """Set up a policy for a world.

    Parameters
    ----------
    name : str
        One of ``POLICIES``.
    world : World
    rng : numpy.random.Generator
        For what a policy learns before the contest.
    scale : float
        Factor on a peer's benchmarks; 1 is as published.
    """
    if name == OURS:
        return _ours(world, rng)
    benchmarks = world.benchmarks
    setting = Setting(
        n_labelers=world.scenario.size,
        key=benchmarks.stored_key,
        picks=benchmarks.picks,
        bar=world.scenario.quality_bar,
        scale=scale,
    )
    return PEERS[name](name, setting)


def _ours(world: World, rng: np.random.Generator) -> Player:
    """Goldvein's own policy, with what it learned from a record or was given."""
    from goldvein.domain.policy import Policy
    from goldvein.sim.contest.knowledge import knowledge
    from goldvein.sim.contest.upkeeping import Upkept

    policy = Policy.from_dict(world.scenario.policy)
    return Upkept(world, world.scenario.size, knowledge(rng, world, policy), policy)


def play_round(
    scenario: Scenario,
    name: str,
    seed: int,
    scale: float = 1.0,
    progress: Callable[[int], None] | None = None,
) -> Record:
    """Play one policy on the population of one seed.

    Tasks, people and what the policy learns beforehand depend on the seed alone; each has a generator of its
    own, so that all policies meet the same.
    """
    from goldvein.sim.contest.course import play

    tasks, people, learning, course = (
        np.random.default_rng(stream) for stream in np.random.SeedSequence(seed).spawn(4)
    )
    world = make_world(tasks, scenario)
    crowd = Crowd(people, world)
    return play(world, crowd, make_player(name, world, learning, scale), course, progress)


def measure_round(
    scenario: Scenario,
    name: str,
    seed: int,
    scale: float = 1.0,
    progress: Callable[[int], None] | None = None,
) -> Measured:
    """Play one round and keep its figures' sums."""
    return measure(play_round(scenario, name, seed, scale, progress))


def seeds_of(scenario: Scenario, count: int) -> range:
    """As many seeds as are wanted, from the scenario's own upwards."""
    return range(scenario.seed, scenario.seed + count)


def match_scale(
    share_at: Callable[[float], float], wanted: float, *, close: float = 0.02, steps: int = 7
) -> tuple[float, float]:
    """Scale at which a peer spends the wanted share of all answers on benchmarks, and what it then spends.

    By the secant through the last two shares, on logarithms; where that leads out of the bracket, bisection
    goes on. A share out of reach gives the nearest end of the range.

    Parameters
    ----------
    share_at : callable
        Share of benchmarks at a scale; grows with the scale.
    wanted : float
    close : float
        Relative deviation that is good enough.
    steps : int
        Shares that are asked for at most.
    """
    low, high = (float(end) for end in np.log(SCALES))
    place, slope, share = 0.0, 1.0, share_at(1.0)
    best = (place, share)
    for _ in range(steps - 1):
        if abs(share - wanted) <= close * wanted:
            break
        low, high = (place, high) if share < wanted else (low, place)
        guess = place + float(np.log(wanted / share)) / slope if share > 0 else high
        last = (place, share)
        place = guess if low < guess < high else 0.5 * (low + high)
        share = share_at(float(np.exp(place)))
        if share > 0 and last[1] > 0:
            slope = min(2.0, max(0.2, float(np.log(share / last[1])) / (place - last[0])))
        if abs(share - wanted) < abs(best[1] - wanted):
            best = place, share
    return float(np.exp(best[0])), best[1]


def chosen(names: Sequence[str]) -> tuple[str, ...]:
    """Policies by name, each once; ``all`` stands for every one.

    Raises
    ------
    UnknownPolicyError
        For a name that no policy has.
    """
    for name in names:
        if name not in {*POLICIES, "all"}:
            raise UnknownPolicyError(f"there is no policy {name!r}; there are {', '.join(POLICIES)}, and all")
    return POLICIES if "all" in names else tuple(dict.fromkeys(names))


class Contest:
    """Some policies on the populations of some seeds.

    Parameters
    ----------
    scenario : Scenario
    policies : sequence of str
    seeds : int
        How many, from the scenario's own upwards.
    matched : bool
        Play every peer once more, at the share of benchmarks that ours spends on the same seeds; ours is
        played for that in any case.
    published : bool
        Play peers as published as well.

    Attributes
    ----------
    runs : dict of str to list of Measured
        One per seed, by the name of the policy, with ``MATCHED`` at its end for a second time.
    scales : dict of str to float
        Factor on a matched peer's benchmarks.
    given : int
        Answers that were given in the rounds so far; dismissed labelers give none.
    """

    def __init__(
        self,
        scenario: Scenario,
        policies: Sequence[str],
        seeds: int,
        *,
        matched: bool = False,
        published: bool = True,
    ) -> None:
        self.scenario, self.matched, self.published = scenario, matched, published
        self.policies = tuple(dict.fromkeys((OURS, *policies) if matched else policies))
        self.seeds = seeds_of(scenario, seeds)
        self.runs: dict[str, list[Measured]] = {}
        self.scales: dict[str, float] = {}
        self.given = 0

    @property
    def answers(self) -> int:
        """Answers to come, but for those that finding the scales takes."""
        return len(self.rounds) * len(self.seeds) * self.scenario.size * self.scenario.answers_each

    @property
    def rounds(self) -> tuple[str, ...]:
        """Names in ``runs`` and in the report, in the order in which they are played."""
        peers = [name for name in self.policies if name != OURS]
        plain = [name for name in self.policies if name == OURS or self.published]
        return (*plain, *(name + MATCHED for name in peers if self.matched))

    def play(
        self,
        show: Callable[[str, int], None],
        after_each: Callable[[dict[str, Any]], None] | None = None,
    ) -> None:
        """Play all rounds.

        Parameters
        ----------
        show : callable
            Told what is being played, and how many answers are done; those that a dismissed labeler would
            have given count as done at the end of the round.
        after_each : callable, optional
            Given the report so far after each policy.
        """
        for name in self.rounds:
            policy, scale = name.removesuffix(MATCHED), 1.0
            if name.endswith(MATCHED):
                show(f"matching {policy}", self._done)
                scale = self.scales[name] = self._matching(policy)
            self._play(policy, name, scale, show)
            if after_each is not None:
                after_each(self.report())

    def report(self) -> dict[str, Any]:
        """Report as ``simulate --json`` writes it."""
        return {
            "scenario": self.scenario.name,
            "seeds": list(self.seeds),
            "labelers": self.scenario.size,
            "answers_each": self.scenario.answers_each,
            "policies": {
                name: {**figures(runs), "scale": self.scales.get(name, 1.0)}
                for name, runs in self.runs.items()
            },
        }

    @property
    def _done(self) -> int:
        """Answers of all rounds that are over."""
        rounds = sum(len(runs) for runs in self.runs.values())
        return rounds * self.scenario.size * self.scenario.answers_each

    def _play(self, name: str, as_name: str, scale: float, show: Callable[[str, int], None]) -> None:
        """Play one policy on all seeds."""
        runs = self.runs.setdefault(as_name, [])
        for seed in self.seeds:
            done = self._done

            def count(answers: int, what: str = f"{as_name}, seed {seed}") -> None:
                nonlocal done
                done += answers
                self.given += answers
                show(what, done)

            runs.append(measure_round(self.scenario, name, seed, scale, count))
            show(as_name, self._done)

    def _matching(self, name: str) -> float:
        """Scale at which a peer spends the share that ours spends, by the first seed."""
        wanted = self.runs[OURS][0].ratios["benchmark_share"].value

        def share_at(scale: float) -> float:
            run = measure_round(self.scenario, name, self.seeds[0], scale)
            return run.ratios["benchmark_share"].value

        return match_scale(share_at, wanted)[0]
