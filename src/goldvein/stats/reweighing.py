"""What other draws would have come to, from draws on record whose probabilities are known.

A stretch of work is weighed by how much likelier its draws are at other rates than at those that were in
force (importance sampling; for sequences of decisions Precup, Sutton and Singh 2000, Eligibility traces for
off-policy policy evaluation). Weights are normalised by their own sum, and intervals are linearised over
people, whose stretches hang together (Cochran 1977, Sampling techniques, 6.4). The longer a stretch and the
further off the rates, the fewer people the weights leave: their effective number (Kong 1992) says how many.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np

from goldvein.stats.arrays import Array, BoolArray, IntArray, ShapeError
from goldvein.stats.intervals import NORMAL_95


@dataclass(frozen=True, slots=True)
class Ratio:
    """A ratio of two sums as it was, as it would have been, and the change, each with half a 95% interval."""

    was: float
    was_half: float
    would: float
    would_half: float
    change: float
    change_half: float


def draw_weights(drawn: BoolArray, was: Array, would: Array) -> Array:
    """By how much likelier each draw is at the rates asked about than at those in force: (n,).

    Parameters
    ----------
    drawn : (n,) bool
        Whether the draw fell on a benchmark.
    was, would : (n,) float
        The share of benchmarks in force, and that asked about, each in [0, 1].

    Raises
    ------
    ShapeError
        If a draw could not fall as it might at the rates asked about: no record says what would follow.
    """
    if np.any((was >= 1) & (would < 1)) or np.any((was <= 0) & (would > 0)):
        raise ShapeError("a draw was certain that would not be at the rates asked about")
    left = np.where(was < 1, 1 - was, 1.0)
    return np.where(drawn, would / np.where(was > 0, was, 1.0), (1 - would) / left)


def effective_people(weights: Array, people: IntArray) -> float:
    """As how many people, all weighed alike, those count whose stretches have these weights (Kong 1992)."""
    totals = np.bincount(people, weights)
    squares = float((totals**2).sum())
    return float(totals.sum()) ** 2 / squares if squares else 0.0


def weighed_ratio(tops: Array, bottoms: Array, weights: Array, people: IntArray) -> Ratio | None:
    """Compare ``sum(tops) / sum(bottoms)`` with the same sums weighed; None where either has no bottom.

    Parameters
    ----------
    tops, bottoms : (n,) float
        Of each stretch.
    weights : (n,) float
        Products of ``draw_weights`` over each stretch.
    people : (n,) int
        Whose each stretch is, from 0.
    """
    under, weighed_under = float(bottoms.sum()), float((weights * bottoms).sum())
    if not (under and weighed_under):
        return None
    was = float(tops.sum()) / under
    would = float((weights * tops).sum()) / weighed_under
    moved = np.bincount(people, tops - was * bottoms) / under
    weighed_moved = np.bincount(people, weights * (tops - would * bottoms)) / weighed_under
    return Ratio(
        was, _half(moved), would, _half(weighed_moved), would - was, _half(weighed_moved - moved)
    )  # fmt: skip


def _half(influence: Array) -> float:
    """Half of a 95% interval from what each person moves an estimate by."""
    return NORMAL_95 * sqrt(float((influence**2).sum()))
