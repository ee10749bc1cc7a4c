"""Taste: people who agree with each other against the keys more than mistakes do."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from goldvein.stats.arrays import Array, BoolArray, IntArray

LEAST_LABELERS = 3
AGREES_AT = 0.01
"""P-value at which a group is reported."""
_LEAST_PAIRS = 50
_USUAL_AGREEMENT = 0.5


@dataclass(frozen=True, slots=True)
class Taste:
    """Labelers who agree with each other against the keys, by no rule: to be audited, not to be dismissed.

    Attributes
    ----------
    labelers : tuple of int
    agreed : float
        Share of pairs of them that gave the same wrong answer, among those where both were wrong.
    expected : float
        The same share among everybody else.
    p_value : float
        On benchmarks other than those that the group was found on.
    """

    labelers: tuple[int, ...]
    agreed: float
    expected: float
    p_value: float


@dataclass(frozen=True, slots=True, eq=False)
class WrongAnswers:
    """Who took which wrong option of which benchmark, one row an answer.

    Attributes
    ----------
    labelers, benchmarks, choices : (n,) int
    n_options : int
        The largest number of options.
    """

    labelers: IntArray
    benchmarks: IntArray
    choices: IntArray
    n_options: int

    def of(self, rows: BoolArray) -> WrongAnswers:
        """Some of them."""
        return WrongAnswers(self.labelers[rows], self.benchmarks[rows], self.choices[rows], self.n_options)

    def matrices(self, people: IntArray) -> tuple[Array, Array, IntArray]:
        """Who was wrong where (people, items), and how (people, cells), and the item of each cell."""
        row = np.searchsorted(people, self.labelers)
        items, item = np.unique(self.benchmarks, return_inverse=True)
        cells, cell = np.unique(item * self.n_options + self.choices, return_inverse=True)
        wrong, how = np.zeros((len(people), len(items))), np.zeros((len(people), len(cells)))
        wrong[row, item] = 1
        how[row, cell] = 1
        return wrong, how, cells // self.n_options


def find_taste(wrong: WrongAnswers, suspect: BoolArray, unexplained: BoolArray) -> Taste | None:
    """Find the suspects who agree with each other against the keys more than mistakes agree otherwise.

    A group is found on one half of the benchmarks and tested on the other, and the other way round, so that
    what was searched for does not count as evidence; both tests are combined (Stouffer 1949). With two
    options all wrong answers agree, and nothing can be told.

    Parameters
    ----------
    wrong : WrongAnswers
        Of everybody; those of people who are no suspects say how often mistakes agree anyway.
    suspect, unexplained : (n_labelers,) bool
        The suspects, and those of them whom no rule explains.
    """
    own = wrong.of(unexplained[wrong.labelers])
    people = np.unique(own.labelers)
    expected = _agreement(wrong.of(~suspect[wrong.labelers]))
    if len(people) < LEAST_LABELERS or expected >= 1 or wrong.n_options < 3:
        return None
    halves = [own.of(own.benchmarks % 2 == parity) for parity in (0, 1)]
    groups = [_group(half, people, expected) for half in halves]
    scores = [_score(halves[0], groups[1], expected), _score(halves[1], groups[0], expected)]
    p_value = 0.5 * math.erfc(sum(scores) / 2)
    either = np.union1d(*groups)
    group = _group(own.of(np.isin(own.labelers, either)), either, expected)
    if len(group) < LEAST_LABELERS or p_value > AGREES_AT:
        return None
    members = own.of(np.isin(own.labelers, group))
    return Taste(tuple(group.tolist()), _agreement(members), expected, p_value)


def _agreement(wrong: WrongAnswers) -> float:
    """Share of pairs, wrong on the same benchmark, that took the same option."""
    items, item = np.unique(wrong.benchmarks, return_inverse=True)
    counts = np.zeros((len(items), wrong.n_options))
    np.add.at(counts, (item, wrong.choices), 1)
    total = counts.sum(axis=1)
    pairs = float((total * (total - 1)).sum())
    if pairs < _LEAST_PAIRS:
        return _USUAL_AGREEMENT
    return float((counts * (counts - 1)).sum()) / pairs


def _group(wrong: WrongAnswers, people: IntArray, expected: float) -> IntArray:
    """People who agree most: those with large entries in the leading eigenvector of excess agreement."""
    if not len(wrong.labelers):
        return people[:0]
    both, how, _ = wrong.matrices(people)
    shared = both @ both.T
    excess = (how @ how.T - expected * shared) / np.sqrt(np.maximum(shared, 1.0))
    np.fill_diagonal(excess, 0.0)
    vector = np.linalg.eigh(excess)[1][:, -1]
    vector = vector * np.sign(vector[np.abs(vector).argmax()])
    near: BoolArray = vector > 0.4 * vector.max()
    return people[near]


def _score(wrong: WrongAnswers, group: IntArray, expected: float) -> float:
    """The group's excess agreement, standardised; benchmarks are what is independent, not pairs."""
    members = wrong.of(np.isin(wrong.labelers, group))
    if len(group) < LEAST_LABELERS or not len(members.labelers):
        return 0.0
    both, how, item_of_cell = members.matrices(group)
    total, taken = both.sum(axis=0), how.sum(axis=0)
    same = np.bincount(item_of_cell, weights=taken * (taken - 1), minlength=len(total))
    excess = same - expected * total * (total - 1)
    spread = math.sqrt(float((excess**2).sum()))
    return float(excess.sum()) / spread if spread > 0 else 0.0
