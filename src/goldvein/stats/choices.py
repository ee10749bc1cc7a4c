"""Answers as discovery reads them: what was picked, and what each rule would have picked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from goldvein.stats.arrays import Array, BoolArray, IntArray
from goldvein.stats.logit import leans

_LEAN_ANSWERS = 50_000


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """n answers of J labelers to tasks with at most K options; "cannot be answered" is left out.

    Attributes
    ----------
    labelers : (n,) int
        From 0 to J - 1.
    choices : (n,) int
    orders : (n, K) int
        Option shown at each position; -1 where a task has fewer options.
    rules : F names
        Every content rule of the project's features, those with a state included.
    picks : (n, K, F) bool
        What each rule picks.
    likelihood : (n_states, n) float
        For answers to benchmarks, the probability of the option under each state, as served; whatever for
        ordinary ones.
    benchmarks : (n,) int
        Which benchmark it was; -1 for ordinary work.
    keys : (n,) int
        Its stored key; -1 for ordinary work.
    """

    labelers: IntArray
    choices: IntArray
    orders: IntArray
    rules: Sequence[str]
    picks: BoolArray
    likelihood: Array
    benchmarks: IntArray
    keys: IntArray

    def __len__(self) -> int:
        """Number of answers, n."""
        return len(self.choices)

    def of(self, rows: IntArray) -> Answers:
        """Some of the answers."""
        return Answers(
            self.labelers[rows], self.choices[rows], self.orders[rows], self.rules, self.picks[rows],
            self.likelihood[:, rows], self.benchmarks[rows], self.keys[rows],
        )  # fmt: skip

    def chance(self) -> Array:
        """One over the number of options: (n,)."""
        options: Array = 1.0 / np.count_nonzero(self.orders >= 0, axis=1)
        return options

    def present(self) -> BoolArray:
        """Which options exist: (n, K)."""
        options = np.count_nonzero(self.orders >= 0, axis=1)
        exist: BoolArray = np.arange(self.orders.shape[1]) < options[:, None]
        return exist

    def hits(self) -> Array:
        """P(a follower of each rule who does not lapse takes the option taken): (F, n)."""
        taken = self.picks[np.arange(len(self)), self.choices].T
        counts = self.picks.sum(axis=1).T
        return np.where(counts > 0, taken / np.maximum(counts, 1), self.chance())


def leans_of(answers: Answers, p_good: Array) -> dict[str, float]:
    """Odds by which good labelers lean to each rule's option on ordinary tasks."""
    rows = np.flatnonzero(answers.benchmarks < 0)
    rows = rows[:: max(1, len(rows) // _LEAN_ANSWERS)]
    ordinary = answers.of(rows)
    return leans(
        ordinary.picks, ordinary.choices, p_good[ordinary.labelers], answers.rules, present=ordinary.present()
    )


def good_shares(answers: Answers, leaning: dict[str, float]) -> Array:
    """P(a good labeler takes this option of a task whose key is unknown): (n, K)."""
    odds = answers.picks @ np.log([leaning[rule] for rule in answers.rules])
    shares = np.where(answers.present(), np.exp(odds), 0.0)
    normed: Array = shares / shares.sum(axis=1, keepdims=True)
    return normed
