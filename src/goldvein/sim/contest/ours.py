"""Goldvein's own policy in a contest: the functions that the service calls, on a whole crowd at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from goldvein.decisions.gate import Gate, State, gate, next_state, releases, undecided_after
from goldvein.decisions.judging import hold_joints, judge
from goldvein.decisions.serving import benchmark_rate, draw_benchmarks, eligible
from goldvein.decisions.withdrawing import wants_review
from goldvein.sim.contest.hindsight import Hindsight
from goldvein.sim.contest.player import Moves
from goldvein.stats.items import as_served
from goldvein.stats.mix import bearable, target_mix
from goldvein.stats.posterior import newcomer
from goldvein.stats.shortcuts import hurried_signal, ordinary_signal, rapid_signal

if TYPE_CHECKING:
    from goldvein.decisions.judging import Verdicts
    from goldvein.domain.policy import Policy
    from goldvein.sim.contest.behaviour import Given, Served
    from goldvein.sim.contest.items import World
    from goldvein.sim.contest.knowledge import Knowledge
    from goldvein.stats.arrays import Array, BoolArray, IntArray

SECONDS_A_TASK = 30
"""Pace at which a step of the virtual clock is turned into seconds, for what the policy counts in seconds."""

DRAWS_A_MIX = 25
"""Draws of the whole crowd after which the mix follows what benchmarks can still bear."""


class Ours:
    """The policy ``default``: Bayesian filter, adaptive rate, telling benchmarks, dual gate.

    Parameters
    ----------
    world : World
        Only what an operator sees of it is looked at: options, rules' picks, orders.
    size : int
        Number of labelers, N.
    knowledge : Knowledge
        Model and item tables that the project has when the crowd comes in.
    policy : Policy
    """

    def __init__(self, world: World, size: int, knowledge: Knowledge, policy: Policy) -> None:
        self.name = "default"
        self.policy, self.model, self.pool = policy, knowledge.model, knowledge.pool
        self.size = size
        self._picks, self._benchmarks = world.ordinary.picks, world.benchmarks
        self._weights: Array | None = None
        self._draws = 0
        self._characters = np.concatenate([world.benchmarks.characters, world.ordinary.characters])
        self._posterior_benchmarks = newcomer(self.model, size)
        self._posterior_all = newcomer(self.model, size)
        self.p_benchmarks, self.p_all = np.zeros(size), np.zeros(size)
        self.benchmarks, self.undecided = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)
        self.state = np.full(size, State.ADMITTED.value, dtype="<U9")
        self._exposures = np.zeros(self.pool.shape[1], dtype=np.int64)
        self._exhausted = np.zeros(size, dtype=bool)
        self._grace = np.full(size, policy.dismissal_grace)
        self._hindsight = Hindsight(world.scenario.answers_each, size)
        self._joints = np.empty((self.model.space.size, 0))
        self._held, self._held_until = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)

    # --- serving -------------------------------------------------------------------------------------------

    def rates(self, who: IntArray) -> Array:
        """Share of benchmarks for each labeler, by what is still in doubt."""
        return benchmark_rate(
            self.p_benchmarks[who], self.p_all[who], self.benchmarks[who], self.state[who], self.policy,
            is_watched=bool(self.model.leans),
        )  # fmt: skip

    def draw(self, rng: np.random.Generator, who: IntArray, unseen: BoolArray) -> IntArray:
        """One of the few most telling of some unseen benchmarks, for each labeler."""
        left = [eligible(np.flatnonzero(row), self._exposures, self.policy) for row in unseen]
        if self._draws % DRAWS_A_MIX == 0:
            self._weigh()
        self._draws += 1
        draws = draw_benchmarks(
            rng, self._posterior_all[:, who], left, self.pool, self._exposures, self.model, self.policy,
            self._weights,
        )  # fmt: skip
        items = np.array([-1 if draw is None else draw.index for draw in draws])
        np.add.at(self._exposures, items[items >= 0], 1)
        self._exhausted[who[items < 0]] = True
        return items

    def _weigh(self) -> None:
        """Weights by which no rule that has a state passes more than chance would."""
        if not self.policy.directed_share:
            return
        items = self._benchmarks
        rules = self.model.space.content_rules
        passes = {rule: (items.picks[rule] == items.stored_key).astype(float) for rule in rules}
        most = bearable(self._exposures, self.policy.exposure_budget)
        mix = target_mix(passes, np.full(len(items), items.n_options), most)
        self._weights = None if mix.is_even else mix.weights

    def delivering(self) -> BoolArray:
        """Whose ordinary answer would go out now: (N,)."""
        decided = gate(self.p_benchmarks, self.p_all, self.benchmarks, self.state, self.policy)
        return np.asarray(decided == Gate.DELIVER)

    # --- judging -------------------------------------------------------------------------------------------

    def judge(self, served: Served, given: Given, step: int) -> Moves:
        """Move the standings of all who answered by one answer, and pass their answers through the gate."""
        who, tested = served.who, served.is_benchmark
        owners = np.searchsorted(who, self._held % self.size)
        likelihood, signal = self.evidence(served, given)
        self._hindsight.keep(step, self._posterior_all, who, tested, likelihood * signal)
        verdicts = judge(
            self.model, self._posterior_benchmarks[:, who], self._posterior_all[:, who],
            likelihood, signal, self._joints, owners,
        )  # fmt: skip
        self._posterior_benchmarks[:, who] = verdicts.posterior_benchmarks
        self._posterior_all[:, who] = verdicts.posterior_all
        self._move(served, verdicts)
        decided = gate(
            self.p_benchmarks[who], self.p_all[who], self.benchmarks[who], self.state[who], self.policy
        )
        gone = self.state[who] == State.DISMISSED
        self._grace[who] -= gone
        released, discarded = self._settle(verdicts, step)
        held, delivered = ~tested & (decided == Gate.HOLD), ~tested & (decided == Gate.DELIVER)
        self._hold(who[held], step)
        withdrawn = self._withdraw(served, step, who[delivered], released)
        return Moves(
            delivered=delivered, held=held, dismissed=gone & (self._grace[who] < 0),
            released=released, discarded=discarded, withdrawn=withdrawn,
        )  # fmt: skip

    def _withdraw(self, served: Served, step: int, who: IntArray, released: IntArray) -> IntArray:
        """Note what goes out, and take back what later benchmarks speak against: ids."""
        out = self._hindsight.delivered
        out[step, who] = True
        out[released // self.size, released % self.size] = True
        suspects = wants_review(
            self.p_benchmarks[served.who], self.benchmarks[served.who], self.policy,
            is_benchmark=served.is_benchmark,
        )  # fmt: skip
        return self._hindsight.bad_labels(self.model, self.policy, SECONDS_A_TASK, step, served.who[suspects])

    @property
    def n_options(self) -> int:
        """K."""
        return int(self.pool.shape[2]) - 1

    def evidence(self, served: Served, given: Given) -> tuple[Array, Array]:
        """What answers tell of those who gave them, benchmarks and then signals: each (n_states, n)."""
        likelihood = self._likelihood(served, given)
        return likelihood, self._signal(served, given) * self._hurry(served, given, likelihood)

    def _likelihood(self, served: Served, given: Given) -> Array:
        """Likelihoods of the answers to benchmarks; ones for ordinary ones."""
        likelihood = np.ones((self.model.space.size, len(served.who)))
        at = np.flatnonzero(served.is_benchmark)
        choice, order = given.choice[at], served.order[at]
        chosen = self.pool[:, served.item[at], choice]
        shown = order[:, 0] == choice, order[:, -1] == choice
        likelihood[:, at] = as_served(self.model, chosen, shown, served.exposures[at])
        return likelihood

    def _signal(self, served: Served, given: Given) -> Array:
        """Evidence of ordinary answers, by what each rule picks and where good labelers lean."""
        signal = np.ones((self.model.space.size, len(served.who)))
        at = np.flatnonzero(~served.is_benchmark)
        choice, order, task = given.choice[at], served.order[at], served.item[at]
        rows, options = np.arange(len(at)), order.shape[1]
        weights = np.ones((len(at), options))
        for rule, lean in self.model.leans.items():
            weights[rows, self._picks[rule][task]] *= lean
        lean = weights[rows, choice] / weights.sum(axis=1)
        hits = np.array([self._picks[rule][task] == choice for rule in self.model.space.content_rules])
        shown = order[:, 0] == choice, order[:, -1] == choice
        chance = np.full(len(at), 1 / options)
        signal[:, at] = ordinary_signal(self.model, chance, shown, lean, hits.astype(float))
        return signal

    def _hurry(self, served: Served, given: Given, likelihood: Array) -> Array:
        """Evidence of the time on task."""
        told = self.model.rapid
        if told is None:
            return np.ones_like(likelihood)
        task = np.where(served.is_benchmark, served.item, served.item + self.pool.shape[1])
        rapid = given.seconds < told.base_seconds + told.seconds_per_character * self._characters[task]
        signal = rapid_signal(self.model, rapid)
        hurried = rapid & served.is_benchmark
        signal[:, hurried] *= hurried_signal(self.model, likelihood[:, hurried])
        return signal

    def _move(self, served: Served, verdicts: Verdicts) -> None:
        """Probabilities, counts and states one answer later."""
        who, policy = served.who, self.policy
        self.p_benchmarks[who], self.p_all[who] = verdicts.p_benchmarks, verdicts.p_all
        self.benchmarks[who] += served.is_benchmark
        self.undecided[who] = undecided_after(
            self.undecided[who], verdicts.p_benchmarks, verdicts.p_all, policy,
            is_benchmark=served.is_benchmark, is_exhausted=self._exhausted[who],
        )  # fmt: skip
        self._exhausted[who] = False
        self.state[who] = next_state(
            verdicts.p_benchmarks,
            self.benchmarks[who],
            self.state[who],
            policy,
            undecided=self.undecided[who],
        )

    def _settle(self, verdicts: Verdicts, step: int) -> tuple[IntArray, IntArray]:
        """Release or discard held answers: ids of both."""
        owner = self._held % self.size
        out = releases(verdicts.smoothed, self.p_all[owner], self.benchmarks[owner], self.policy)
        gone = self.state[owner] == State.DISMISSED
        out &= ~gone
        late = ~out & (gone | (self._held_until <= step))
        kept = ~out & ~late
        released, discarded = self._held[out], self._held[late]
        self._joints = verdicts.joints[:, kept]
        self._held, self._held_until = self._held[kept], self._held_until[kept]
        return released, discarded

    def _hold(self, who: IntArray, step: int) -> None:
        """Keep back this step's answers of these labelers."""
        joints = hold_joints(self.model, self._posterior_benchmarks[:, who])
        until = np.full(len(who), step + self.policy.hold_seconds // SECONDS_A_TASK)
        self._joints = np.concatenate([self._joints, joints], axis=1)
        self._held = np.concatenate([self._held, step * self.size + who])
        self._held_until = np.concatenate([self._held_until, until])
