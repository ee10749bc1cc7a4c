"""Recording a contest as a project records its work: what an operator sees, and nothing of what is true."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from goldvein.domain.policy import Policy
from goldvein.sim.contest.behaviour import Crowd, Given, Served
from goldvein.sim.contest.course import play
from goldvein.sim.contest.figures import measure
from goldvein.sim.contest.items import make_world
from goldvein.sim.contest.knowledge import knowledge
from goldvein.sim.contest.upkeeping import Upkept
from goldvein.sim.twin.past import Past

if TYPE_CHECKING:
    from goldvein.sim.contest.figures import Measured
    from goldvein.sim.contest.items import World
    from goldvein.sim.contest.knowledge import Knowledge
    from goldvein.sim.contest.player import Moves
    from goldvein.sim.contest.scenario import Scenario


class Recorded(Upkept):
    """The policy ``default``, which keeps what was served and what was answered."""

    def __init__(self, world: World, size: int, known: Knowledge, policy: Policy) -> None:
        super().__init__(world, size, known, policy)
        self.kept: list[tuple[Served, Given]] = []
        self._key_right = known.starts[:, :-1].sum(axis=2).max(axis=1)

    def judge(self, served: Served, given: Given, step: int) -> Moves:
        """Judge as ever; of the answer keep what a log keeps."""
        blind = Given(given.choice, given.seconds, np.zeros(len(served.who), dtype=bool))
        self.kept.append((served, blind))
        return super().judge(served, blind, step)

    def past(self) -> Past:
        """The record so far, as evidence under the model of the end."""
        steps, states = len(self.kept), self.model.space.size
        evidence = np.ones((steps, states, self.size))
        tested, longest = (np.zeros((steps, self.size), dtype=bool) for _ in range(2))
        answers = np.zeros(self.size, dtype=np.int64)
        for step, (served, given) in enumerate(self.kept):
            likelihood, signal = self.evidence(served, given)
            evidence[step][:, served.who] = likelihood * signal
            picks = np.where(
                served.is_benchmark,
                self._benchmarks.picks["longest"][np.where(served.is_benchmark, served.item, 0)],
                self._picks["longest"][np.where(served.is_benchmark, 0, served.item)],
            )
            tested[step, served.who] = served.is_benchmark
            longest[step, served.who] = given.choice == picks
            answers[served.who] += 1
        return Past(
            policy=self.policy, model=self.model, evidence=evidence, answers=answers, is_benchmark=tested,
            longest=longest, pool=self.pool, keys=self._keys, key_right=self._key_right,
            longest_picks=self._benchmarks.picks["longest"],
        )  # fmt: skip


def record(scenario: Scenario, seed: int) -> tuple[Past, Measured]:
    """Play a scenario under its own policy: what is on record of it, and its true figures."""
    tasks, people, learning, course = (
        np.random.default_rng(stream) for stream in np.random.SeedSequence(seed).spawn(4)
    )
    world = make_world(tasks, scenario)
    policy = Policy.from_dict(scenario.policy)
    player = Recorded(world, scenario.size, knowledge(learning, world, policy), policy)
    truth = measure(play(world, Crowd(people, world), player, course))
    return player.past(), truth
