"""Person fit: whether a labeler's benchmark answers are likely under any mixture of the model's states."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from goldvein.stats.arrays import Array, IntArray
from goldvein.stats.items import served_likelihoods
from goldvein.stats.model import Model
from goldvein.stats.posterior import advance, condition, newcomer


@dataclass(frozen=True, slots=True, eq=False)
class PersonFit:
    """How well the model foresaw each labeler's answers.

    Attributes
    ----------
    score : (n_labelers,) float
        Standardised log likelihood; about normal under the model, low for answers that no state expects.
    p_value : (n_labelers,) float
        Probability of so low a score under the model; 1 without answers. Since the spread follows the path
        that a labeler took, 5% comes out as 7%, 1% as 1% to 2%, 0.1% as 0.1%: alarm at the smaller ones.
    answers : (n_labelers,) int
    """

    score: Array
    p_value: Array
    answers: IntArray


@dataclass(slots=True, eq=False)
class _Sums:
    """Running sums by labeler: log probability over its expectation, and the cumulants of that."""

    surprise: Array
    variance: Array
    third: Array
    answers: IntArray

    def add(self, who: IntArray, predicted: Array, choices: IntArray) -> None:
        """Take in one answer of each of these labelers; ``predicted`` is (n_answers, n) by option."""
        logs = np.log(np.where(predicted > 0, predicted, 1.0))
        mean = (predicted * logs).sum(axis=0)
        apart = logs - mean
        self.surprise[who] += apart[choices, np.arange(len(who))]
        self.variance[who] += (predicted * apart**2).sum(axis=0)
        self.third[who] += (predicted * apart**3).sum(axis=0)
        self.answers[who] += 1


def person_fit(
    model: Model,
    tables: Sequence[Array],
    orders: Sequence[Sequence[int] | IntArray],
    choices: Sequence[int],
    exposures: Sequence[int],
    owners: ArrayLike,
    n_labelers: int,
) -> PersonFit:
    """Compare benchmark answers with what the filter foretold of them, one after the other.

    The filter foretells each answer from those before it, so the surprises are differences of a martingale
    and need no correction for what was estimated from the same answers: the role that Snijders' term has
    for the classical statistic. The skewness of so few answers is taken out by Wilson and Hilferty's cube
    root.

    Parameters
    ----------
    model : Model
    tables : n tables, each (n_states, K_i + 1) float
    orders : n orders, as shown
    choices : n options; ``K_i`` for "cannot be answered"
    exposures : n counts
        Servings of the benchmark before this one.
    owners : (n,) int
        The labeler of each answer, 0 to ``n_labelers`` - 1; each one's answers in the order given.
    n_labelers : int

    Source
    ------
    Drasgow, Levine and Williams 1985 (lz); Snijders 2001 (lz*); prediction before the fact: Dawid 1984.
    """
    who = np.asarray(owners, dtype=np.int64)
    picked = np.asarray(choices, dtype=np.int64)
    full = _as_served(model, tables, orders, exposures)
    none = np.zeros(n_labelers)
    sums = _Sums(none, none.copy(), none.copy(), np.zeros(n_labelers, dtype=np.int64))
    p = newcomer(model, n_labelers)
    for now in _rounds(who):
        labelers, served = who[now], full[:, :, now]
        foretold = advance(p[:, labelers], model)
        sums.add(labelers, (foretold[:, None, :] * served).sum(axis=0), picked[now])
        p[:, labelers], _ = condition(foretold, served[:, picked[now], np.arange(len(now))])
    return _standardised(sums)


def _standardised(sums: _Sums) -> PersonFit:
    spread = np.sqrt(np.maximum(sums.variance, 1e-12))
    raw = sums.surprise / spread
    skewness = np.minimum(sums.third / spread**3, -1e-3)
    bent = np.cbrt(np.maximum(skewness * raw / 2 + 1, 0.0)) - 1
    score = np.where(sums.answers > 0, 6 / skewness * bent + skewness / 6, 0.0)
    p_value = np.array([0.5 * math.erfc(-z / math.sqrt(2)) for z in score])
    return PersonFit(score, np.where(sums.answers > 0, p_value, 1.0), sums.answers)


def _as_served(
    model: Model,
    tables: Sequence[Array],
    orders: Sequence[Sequence[int] | IntArray],
    exposures: Sequence[int],
) -> Array:
    """Probability of every answer, not only of the one given: (n_states, max K + 1, n).

    "Cannot be answered" stands in each table's own last column; columns beyond it are 0.
    """
    widths = [table.shape[1] for table in tables]
    rows = [row for row, width in enumerate(widths) for _ in range(width)]
    options = [option for width in widths for option in range(width)]
    full = np.zeros((model.space.size, max(widths, default=1), len(tables)))
    full[:, options, rows] = served_likelihoods(
        model,
        [tables[row] for row in rows],
        [orders[row] for row in rows],
        options,
        [exposures[row] for row in rows],
    )
    return full


def _rounds(owners: IntArray) -> list[IntArray]:
    """Answers by their place in their labeler's sequence: everybody's first, everybody's second ..."""
    order = np.argsort(owners, kind="stable")
    sorted_owners = owners[order]
    starts = np.flatnonzero(np.diff(sorted_owners, prepend=-1))
    place = np.arange(len(owners)) - np.repeat(starts, np.diff(starts, append=len(owners)))
    by_place = order[np.argsort(place, kind="stable")]
    return np.split(by_place, np.cumsum(np.bincount(place))[:-1]) if len(owners) else []
