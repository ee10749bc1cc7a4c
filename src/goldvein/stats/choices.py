"""Answers as discovery reads them: what was picked, and what each rule would have picked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from goldvein.stats.arrays import Array, BoolArray, IntArray
from goldvein.stats.logit import leans

_LEAN_ANSWERS = 50_000


@dataclass(frozen=True, slots=True, eq=False)
class Choices:
    """n answers of J labelers to tasks with at most K options; "cannot be answered" is left out.

    Attributes
    ----------
    labelers : (n,) int
        From 0 to J - 1.
    choices : (n,) int
    n_options : (n,) int
    first, last : (n,) int
        Options shown first and last.
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
    n_options: IntArray
    first: IntArray
    last: IntArray
    rules: Sequence[str]
    picks: BoolArray
    likelihood: Array
    benchmarks: IntArray
    keys: IntArray

    def __len__(self) -> int:
        """Number of answers, n."""
        return len(self.choices)

    def of(self, rows: IntArray) -> Choices:
        """Some of the answers."""
        return Choices(
            self.labelers[rows], self.choices[rows], self.n_options[rows], self.first[rows], self.last[rows],
            self.rules, self.picks[rows], self.likelihood[:, rows], self.benchmarks[rows], self.keys[rows],
        )  # fmt: skip

    def chance(self) -> Array:
        """One over the number of options: (n,)."""
        shares: Array = 1.0 / self.n_options
        return shares

    def present(self) -> BoolArray:
        """Which options exist: (n, K)."""
        exist: BoolArray = np.arange(self.picks.shape[1]) < self.n_options[:, None]
        return exist

    def hits(self) -> Array:
        """P(a follower of each rule who does not lapse takes the option taken): (F, n)."""
        taken = self.picks[np.arange(len(self)), self.choices].T
        counts = self.picks.sum(axis=1).T
        return np.where(counts > 0, taken / np.maximum(counts, 1), self.chance())


def leans_of(answers: Choices, p_good: Array, rules: Sequence[str]) -> dict[str, float]:
    """Odds by which good labelers lean to each of these rules' options on ordinary tasks.

    Parameters
    ----------
    answers : Choices
    p_good : (J,) float
    rules : names among ``answers.rules``
        Odds belong together: those of some rules are not a part of those of all.
    """
    rows = np.flatnonzero(answers.benchmarks < 0)
    rows = rows[:: max(1, len(rows) // _LEAN_ANSWERS)]
    ordinary = answers.of(rows)
    columns = [list(answers.rules).index(rule) for rule in rules]
    return leans(
        ordinary.picks[:, :, columns],
        ordinary.choices,
        p_good[ordinary.labelers],
        rules,
        present=ordinary.present(),
    )


def good_shares(answers: Choices, leaning: dict[str, float]) -> Array:
    """P(a good labeler takes this option of a task whose key is unknown): (n, K)."""
    odds = np.zeros(answers.picks.shape[:2])
    for place, rule in enumerate(answers.rules):
        odds += answers.picks[:, :, place] * np.log(leaning[rule])
    shares = np.where(answers.present(), np.exp(odds), 0.0)
    normed: Array = shares / shares.sum(axis=1, keepdims=True)
    return normed
