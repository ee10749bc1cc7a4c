"""What any rule of mining comes to on a known pool, exactly, and the best that any rule could do.

People of a panel are exchangeable here: a task is the number of answers that each option has. Options are
exchangeable as well, so these numbers are kept in falling order. Over this lattice a rule's figures are a
sum, and the optimum is dynamic programming.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import permutations
from typing import TYPE_CHECKING

import numpy as np

from goldvein.sim.mining.rules import ASK, DROP, PROMOTE, ordered

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from goldvein.sim.mining.pools import Pool
    from goldvein.sim.mining.rules import Counts, Rule
    from goldvein.stats.arrays import Array


@dataclass(frozen=True, slots=True)
class Chances:
    """What becomes of one task drawn from a pool: expectations under a rule.

    Attributes
    ----------
    labels : float
        Trusted answers spent.
    promoted, wrong, ambiguous : float
        P(promoted); and with a wrong key; and though ambiguous or not to be answered.
    good_promoted : float
        P(promoted with its key, and worth having).
    good : float
        P(worth having).
    """

    labels: float
    promoted: float
    wrong: float
    ambiguous: float
    good_promoted: float
    good: float

    @property
    def labels_per_promoted(self) -> float:
        """Trusted labels that a benchmark costs; infinite where nothing is promoted."""
        return self.labels / self.promoted if self.promoted else float("inf")

    @property
    def wrong_share(self) -> float:
        """Wrong keys among the promoted."""
        return self.wrong / self.promoted if self.promoted else 0.0

    def cost(self, price: float) -> float:
        """Labels for each benchmark, a wrong key counting as ``price`` of them."""
        return self.labels_per_promoted + price * self.wrong_share

    @property
    def lost(self) -> float:
        """Share of the tasks worth having that do not become benchmarks with their key."""
        return 1 - self.good_promoted / self.good if self.good else 0.0


NEVER = 1e-15
"""Chance under which an answer is taken never to come."""
SAME = 1e-9
"""Difference under which two rules count as one."""
DEAREST = 20_000.0
"""Labels that a wrong key costs at the cleanest end of the frontier."""


class Lattice:
    """All numbers of answers that a pool can come to, up to ``deepest`` answers a task."""

    def __init__(self, pool: Pool, deepest: int) -> None:
        self.pool = pool
        self.deepest = min(deepest, pool.trusted)
        self._log_probs = np.log(np.maximum(pool.mean_probs(), 1e-300))
        self._shares = np.array([kind.share for kind in pool.kinds])
        self._good = np.array([kind.good for kind in pool.kinds])
        self._answerable = np.array([kind.answerable for kind in pool.kinds])
        self._weights: dict[Counts, Array] = {}
        self._next: dict[Counts, Mapping[Counts, float]] = {}
        self._promoted: dict[Counts, Array] = {}

    @property
    def start(self) -> Counts:
        """No answer yet."""
        return (0,) * (self.pool.options + 1)

    @cached_property
    def _roles(self) -> list[tuple[int, int]]:
        """Where the first two roles (key and attractor) can stand; the other options are alike."""
        return list(permutations(range(self.pool.options), 2))

    def weights(self, counts: Counts) -> Array:
        """P(kind, places of its first two roles, these answers in one given order): (n_kinds, n_roles)."""
        known = self._weights.get(counts)
        if known is None:
            answers = np.array(counts, dtype=float)
            total = answers[:-1].sum()
            first, second = (answers[[place[side] for place in self._roles]] for side in (0, 1))
            log_probs = self._log_probs
            other = log_probs[:, 2] if self.pool.options > 2 else np.zeros(len(log_probs))
            logs = (
                log_probs[:, [0]] * first + log_probs[:, [1]] * second
                + other[:, None] * (total - first - second) + log_probs[:, [-1]] * answers[-1]
            )  # fmt: skip
            known = self._weights[counts] = self._shares[:, None] * np.exp(logs) / len(self._roles)
        return known

    def next_chances(self, counts: Counts) -> Mapping[Counts, float]:
        """P(numbers after one more answer | these)."""
        if counts not in self._next:
            self._next[counts] = self._step(counts)
        return self._next[counts]

    def _step(self, counts: Counts) -> Mapping[Counts, float]:
        here = float(self.weights(counts).sum())
        found: dict[Counts, float] = {}
        for option in range(len(counts)):
            more = (*counts[:option], counts[option] + 1, *counts[option + 1 :])
            after = ordered(more)
            # Likelihoods do not depend on the order of options, so the ordered state has the same.
            found[after] = found.get(after, 0.0) + float(self.weights(after).sum()) / here
        return {after: chance for after, chance in found.items() if chance > NEVER}

    def promoted(self, counts: Counts) -> Array:
        """P(wrong key, ambiguous, good with its key) if the leading option became the key now: (3,)."""
        if counts not in self._promoted:
            self._promoted[counts] = self._outcome(counts)
        return self._promoted[counts]

    def _outcome(self, counts: Counts) -> Array:
        weights = self.weights(counts) / self.weights(counts).sum()
        leads = np.array([place[0] == 0 for place in self._roles])
        right = weights[:, leads].sum(axis=1) * self._answerable
        kinds = weights.sum(axis=1)
        return np.array([1 - right.sum(), kinds[~self._good].sum(), right[self._good].sum()])

    def evaluate(self, rule: Rule) -> Chances:
        """Figures of a rule, exactly. Beyond ``deepest`` answers it may not ask: the task is dropped."""
        known: dict[Counts, Array] = {}

        def value(counts: Counts) -> Array:
            if counts not in known:
                said = rule(counts)
                if said == PROMOTE:
                    known[counts] = np.array([0, 1, *self.promoted(counts)])
                elif said == DROP or sum(counts) >= self.deepest:
                    known[counts] = np.zeros(5)
                else:
                    after = [chance * value(more) for more, chance in self.next_chances(counts).items()]
                    known[counts] = np.sum([np.array([1.0, 0, 0, 0, 0]), *after], axis=0)
            return known[counts]

        labels, promoted, wrong, ambiguous, good = value(self.start).tolist()
        return Chances(labels, promoted, wrong, ambiguous, good, float(self._shares @ self._good))

    def best_rule(self, price: float, reward: float) -> tuple[Rule, float]:
        """Rule that earns most for each task, where a promotion pays and a label costs one.

        Parameters
        ----------
        price : float
            Labels that a wrong key costs.
        reward : float
            Labels that a benchmark is worth.

        Returns
        -------
        rule : Rule
        earned : float
            Expected reward less cost of one task drawn at random.
        """
        said: dict[Counts, str] = {}
        worth: dict[Counts, float] = {}

        def value(counts: Counts) -> float:
            if counts not in worth:
                taken = reward - price * float(self.promoted(counts)[0]) if sum(counts) else -1.0
                best, what = max((0.0, DROP), (taken, PROMOTE))
                if sum(counts) < self.deepest:
                    after = self.next_chances(counts).items()
                    asked = sum(chance * value(more) for more, chance in after) - 1
                    best, what = max((best, what), (asked, ASK))
                worth[counts], said[counts] = best, what
            return worth[counts]

        earned = value(self.start)
        return said.__getitem__, earned

    def optimum(self, price: float) -> tuple[Rule, Chances]:
        """Rule with the fewest labels plus ``price`` times wrong keys for each promoted benchmark.

        Tasks are drawn at random and there are always more, so a dropped one costs its labels only.
        Dinkelbach's iteration: a benchmark is worth what it costs under the best rule found so far, until no
        rule earns more than nothing at that worth.
        """
        reward = 1e3 + price
        best, earned = self.best_rule(price, reward)
        while earned > 1e-9 * reward:
            rule, chances = best, self.evaluate(best)
            reward = chances.cost(price)
            best, earned = self.best_rule(price, reward)
        return rule, chances

    def frontier(self, dearest: float = DEAREST) -> list[Chances]:
        """All rules that no other beats, from the cheapest to the cleanest: corners of the lower hull.

        Between two corners lies what one gets by tossing for each task which of the two rules it follows.
        """
        cheapest, cleanest = self.optimum(0)[1], self.optimum(dearest)[1]
        if cheapest.wrong_share - cleanest.wrong_share < SAME:
            return [cheapest]
        return [cheapest, *self._between(cheapest, cleanest), cleanest]

    def _between(self, cheap: Chances, clean: Chances) -> list[Chances]:
        """Corners between two corners: the price at which both cost the same finds one, if there is any."""
        gained = cheap.wrong_share - clean.wrong_share
        if gained < SAME:
            return []
        price = (clean.labels_per_promoted - cheap.labels_per_promoted) / gained
        found = self.optimum(price)[1]
        if found.cost(price) > cheap.cost(price) - SAME:
            return []
        return [*self._between(cheap, found), found, *self._between(found, clean)]


def fewest_labels(frontier: Sequence[Chances], wrong_share: float) -> float:
    """Labels for each benchmark that the optimum spends at this share of wrong keys; NaN beyond its ends."""
    shares = [corner.wrong_share for corner in reversed(frontier)]
    labels = [corner.labels_per_promoted for corner in reversed(frontier)]
    if not shares[0] - SAME <= wrong_share <= shares[-1] + SAME:
        return float("nan")
    return float(np.interp(wrong_share, shares, labels))
