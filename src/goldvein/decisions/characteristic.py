"""The operating characteristic by simulation: what a policy does to labelers of every true ability.

The filter, the draw, the rate and the gate are those of the service; only answers are invented, from the very
probabilities that the benchmarks' tables give to each state.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from goldvein.decisions.gate import Gate, State, gate, next_state, suspicion, threshold, undecided_after
from goldvein.decisions.serving import benchmark_rate, eligible
from goldvein.stats.arrays import Array, BoolArray, IntArray
from goldvein.stats.items import as_served
from goldvein.stats.posterior import advance, condition, good_mass, newcomer
from goldvein.stats.servings import Servings, outcomes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from goldvein.domain.policy import Policy
    from goldvein.stats.model import Model

_LONGEST_GAP = 1023
# Products so small are done by one thread; several would wait for each other longer than they work.
_BLOCK = 256


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """What became of simulated labelers; row n is after n benchmarks.

    Attributes
    ----------
    truths : (n_truths,) int
        Their true states.
    delivering, dismissed : (horizon + 1, n_truths) float
        Share whose ordinary answers would be delivered now; share that was dismissed by now.
    let_through : (horizon + 1, n_truths) float
        Share that has been delivering at least once by now.
    delivered : (n_truths,) float
        Mean share of their ordinary answers that went out until the horizon, at once or from being held.
    to_verdict : (n_truths,) float
        Mean benchmarks until the first of the two; the horizon counts for those without.
    decided : (n_truths,) float
        Share with a verdict within the horizon.
    """

    truths: IntArray
    delivering: Array
    dismissed: Array
    let_through: Array
    delivered: Array
    to_verdict: Array
    decided: Array


def simulate(
    rng: np.random.Generator,
    model: Model,
    servings: Servings,
    policy: Policy,
    truths: Sequence[int],
    *,
    labelers: int = 200,
    horizon: int = 60,
    best_of: bool = True,
) -> Course:
    """Let so many labelers of each true state answer benchmarks, and look what the policy does.

    People stay what they are, the pool and its exposures too. Between benchmarks time passes as the policy's
    rate has it. This is what benchmarks alone decide: where the model reads ordinary answers, they are taken
    to raise no suspicion, so that shares of bad people let through are upper bounds.

    Parameters
    ----------
    rng : numpy Generator
    model : Model
    servings : Servings
    policy : Policy
    truths : n_truths states
    labelers : int
        For each true state.
    horizon : int
        Benchmarks that each answers; no more than there are.
    best_of : bool
        Draw as the policy says, or any unseen benchmark.
    """
    pool = eligible(np.arange(servings.n_items), servings.exposures, policy)
    crowd = _Crowd(rng, model, servings, policy, pool, np.asarray(truths), labelers, best_of=best_of)
    horizon = min(horizon, len(pool))
    delivering, dismissed, let_through = np.zeros((3, horizon + 1, len(crowd.truths)))
    for n in range(1, horizon + 1):
        crowd.answer(n)
        delivering[n], dismissed[n], let_through[n] = crowd.shares()
    return Course(
        crowd.truths, delivering, dismissed, let_through,
        (crowd.delivered / np.maximum(crowd.ordinary, 1)).mean(axis=1),
        np.where(crowd.verdict_at > 0, crowd.verdict_at, horizon).mean(axis=1),
        (crowd.verdict_at > 0).mean(axis=1),
    )  # fmt: skip


class _Crowd:
    """Simulated labelers, (n_truths, labelers); the same draws are offered to every true state."""

    def __init__(
        self, rng: np.random.Generator, model: Model, servings: Servings, policy: Policy, pool: IntArray,
        truths: IntArray, labelers: int, *, best_of: bool,
    ) -> None:  # fmt: skip
        self.rng, self.model, self.policy = rng, model, policy
        self.is_watched = bool(model.leans)
        self.truths, self.shape = truths, (len(truths), labelers)
        chances = outcomes(model, servings)[:, pool]
        self.cumulative = chances.cumsum(axis=2)
        self.by_outcome = np.ascontiguousarray(chances.transpose(1, 2, 0))
        self.compared = drawn_by(model, servings)[pool]
        self.drawn = min(policy.candidates_drawn, len(pool)) if best_of else 1
        self.best_of = policy.best_of if best_of else 1
        self.steps = _powers(advance(np.eye(model.space.size), model))
        self.p = newcomer(model, truths.size * labelers)
        self.seen = np.zeros((*self.shape, len(pool)), dtype=bool)
        self.state = np.full(self.shape, State.ADMITTED.value)
        self.good = np.full(self.shape, float(good_mass(newcomer(model), model)[0]))
        self.undecided = np.zeros(self.shape, dtype=np.int64)
        self.verdict_at = np.zeros(self.shape, dtype=np.int64)
        self.delivers, self.came_through = np.zeros((2, *self.shape), dtype=bool)
        self.delivered, self.ordinary, self.held = np.zeros((3, *self.shape), dtype=np.int64)

    def answer(self, n: int) -> None:
        """Let everybody who is left answer their n-th benchmark."""
        self._work(n)
        item = self._draw(n).ravel()
        truth = np.repeat(self.truths, self.shape[1])
        chances = self.cumulative[truth, item]
        lot = self.rng.random(len(item)) * chances[:, -1]
        outcome = (lot[:, None] >= chances).sum(axis=1)
        self.p, _ = condition(self.p, self.by_outcome[item, outcome].T)
        self.good = good_mass(self.p, self.model).reshape(self.shape)
        self._decide(n)

    def _work(self, n: int) -> None:
        """Let ordinary answers pass until the n-th benchmark is served.

        Trust decays while nothing renews it; where it falls under the threshold, delivery ends and the rate
        goes up to the ceiling.
        """
        rate = benchmark_rate(
            self.good, self._all(), n - 1, self.state, self.policy, is_watched=self.is_watched
        )
        answers = self.rng.geometric(rate)
        lasts = self._trust_lasts()
        looked_at = self.delivers & (answers > lasts)
        soon = self.rng.geometric(self.policy.rate_ceiling, self.shape)
        answers = np.minimum(np.where(looked_at, lasts + soon, answers), _LONGEST_GAP)
        self._let_time_pass(answers.ravel())
        worked = np.where(self.state == State.DISMISSED, 0, answers - 1)
        at_once = np.where(self.delivers, np.minimum(worked, lasts), 0)
        self.ordinary += worked
        self.delivered += at_once
        self.held = np.minimum(self.held + worked - at_once, self.policy.max_held)

    def _trust_lasts(self) -> IntArray:
        """Ordinary answers until P(good), pulled down by the hazard, is under the threshold."""
        rest = float(self.model.turns[self.model.space.good].sum())
        over = np.where(self.delivers, self.good - rest, 1.0)
        asked = threshold(self.state, self.policy)
        if not self.is_watched:
            asked = np.maximum(asked, suspicion(self.state, self.policy))
        needed = asked - rest
        if self.model.hazard <= 0 or (needed <= 0).any():
            return np.full(self.shape, _LONGEST_GAP)
        steps = np.log(np.minimum(needed / over, 1.0)) / np.log1p(-self.model.hazard)
        whole: IntArray = np.minimum(np.floor(steps), _LONGEST_GAP).astype(np.int64)
        return whole

    def _all(self) -> Array:
        """P(good) under all evidence: that of benchmarks, or no suspicion where ordinary answers are read."""
        return np.ones(self.shape) if self.is_watched else self.good

    def shares(self) -> tuple[Array, Array, Array]:
        """Shares delivering and dismissed now, and let through until now, by true state."""
        gone = (self.state == State.DISMISSED).mean(axis=1)
        return self.delivers.mean(axis=1), gone, self.came_through.mean(axis=1)

    def _decide(self, n: int) -> None:
        self.undecided = undecided_after(
            self.undecided, self.good, self._all(), self.policy, is_benchmark=True
        )
        self.state = next_state(self.good, n, self.state, self.policy, undecided=self.undecided)
        self.delivers = gate(self.good, self._all(), n, self.state, self.policy) == Gate.DELIVER
        self.came_through |= self.delivers
        # Who is good enough now was it, as a rule, when the answers were held.
        self.delivered += np.where(self.delivers, self.held, 0)
        self.held[self.delivers] = 0
        verdict = self.delivers | (self.state == State.DISMISSED)
        self.verdict_at[verdict & (self.verdict_at == 0)] = n

    def _let_time_pass(self, answers: IntArray) -> None:
        for bit, step in enumerate(self.steps):
            moved = np.flatnonzero(answers >> bit & 1)
            for start in range(0, len(moved), _BLOCK):
                block = moved[start : start + _BLOCK]
                self.p[:, block] = step @ self.p[:, block]

    def _draw(self, n: int) -> IntArray:
        """One of the best few of some unseen benchmarks for each: (n_truths, labelers)."""
        items, labelers = self.seen.shape[2], self.shape[1]
        offered = min(items, self.drawn * items // max(1, items - n + 1) + self.drawn // 4 + 4)
        lots = np.argsort(self.rng.random((labelers, items)), axis=1)[:, :offered]
        unseen = ~self.seen[:, np.arange(labelers)[:, None], lots]
        if not unseen.any(axis=2).all():  # the offer was seen whole; rare, and then everything is offered
            lots = np.argsort(self.rng.random((labelers, items)), axis=1)
            unseen = ~self.seen[:, np.arange(labelers)[:, None], lots]
        able = unseen & (unseen.cumsum(axis=2) <= self.drawn)
        ranked = self._ranked(lots, able)
        kept = np.minimum(able.sum(axis=2), self.best_of)
        place = (self.rng.random(self.shape) * kept).astype(np.int64)
        column = np.take_along_axis(ranked, place[..., None], axis=2)[..., 0]
        drawn = lots[np.arange(labelers), column]
        self.seen[np.arange(self.shape[0])[:, None], np.arange(labelers), drawn] = True
        return drawn

    def _ranked(self, lots: IntArray, able: BoolArray) -> IntArray:
        """Order of the candidates of each, most telling first: (n_truths, labelers, offered)."""
        if self.best_of == self.drawn:
            return np.argsort(~able, axis=2, kind="stable")
        p = self.p.reshape(-1, *self.shape).transpose(2, 0, 1)
        left = remaining(p, self.compared[lots], self.model.space.good).transpose(2, 0, 1)
        return np.argsort(np.where(able, left, np.inf), axis=2, kind="stable")


def drawn_by(model: Model, servings: Servings) -> Array:
    """Tables as the draw compares them, leaks taken in: (n_items, K + 1, n_states)."""
    states, items, width = servings.tables.shape
    nowhere = np.zeros(items * width, dtype=bool)
    flat = as_served(
        model, servings.tables.reshape(states, -1).copy(), (nowhere, nowhere),
        np.repeat(servings.exposures, width),
    )  # fmt: skip
    compared = flat.reshape(servings.tables.shape).copy()
    first = model.space.state_of("first")
    compared[first : first + 2] = servings.tables[first : first + 2]
    return np.ascontiguousarray(compared.transpose(1, 2, 0))


def remaining(p: Array, tables: Array, good: BoolArray) -> Array:
    """``selection.remaining_variance`` as matrix products, for groups of labelers with the same candidates.

    Parameters
    ----------
    p : (n_groups, n_states, n) float
    tables : (n_groups, C, K + 1, n_states) float
    good : (n_states,) bool

    Returns
    -------
    (n_groups, C, n) float
    """
    groups, candidates, width, states = tables.shape
    flat = tables.reshape(groups, candidates * width, states)
    behind_good = flat[:, :, good] @ p[:, good]
    total = flat @ p
    product = behind_good * (total - behind_good)
    shares = np.divide(product, total, out=np.zeros_like(product), where=total > 0)
    variance: Array = shares.reshape(groups, candidates, width, -1).sum(axis=2)
    return variance


def _powers(step: Array) -> list[Array]:
    """The step done 1, 2, 4 ... times, up to the longest gap."""
    powers = [step]
    while 2 ** len(powers) <= _LONGEST_GAP:
        powers.append(powers[-1] @ powers[-1])
    return powers
