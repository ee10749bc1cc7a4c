"""What other draws would have come to, from draws on record whose probabilities are known.

What happens is weighed by how much likelier the draws up to it are at other rates than at those that were in
force (importance sampling, decision by decision: Precup, Sutton and Singh 2000, Eligibility traces for
off-policy policy evaluation). Weights are normalised by their own sum, and intervals come from a jackknife
that leaves out one person at a time, whose work hangs together. The longer a stretch and the further off the
rates, the fewer people the weights leave: their effective number says how many.
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


def expected_squares(was: Array, would: Array) -> Array:
    """The mean square of the weight of each draw, before it falls: (n,).

    A product of these over a stretch is how many times more people it takes for intervals as narrow as
    without weights: people over its mean are their effective number (Kong 1992). It knows the rates and not
    how the draws fell, so that whoever says nothing where it is small does not choose among outcomes.

    Parameters
    ----------
    was, would : (n,) float
        As for ``draw_weights``.
    """
    on_benchmark = would**2 / np.where(was > 0, was, 1.0)
    return on_benchmark + (1 - would) ** 2 / np.where(was < 1, 1 - was, 1.0)


@dataclass(frozen=True, slots=True)
class Sums:
    """What is above and below a ratio, by stretch, as counted and as weighed: four arrays of shape (n,)."""

    tops: Array
    bottoms: Array
    weighed_tops: Array
    weighed_bottoms: Array


def weighed_ratio(sums: Sums, people: IntArray) -> Ratio | None:
    """Compare a ratio of sums with the same sums weighed; None where either would have nothing below.

    Parameters
    ----------
    sums : Sums
        Each thing that is counted is weighed by the product of ``draw_weights`` up to its draw.
    people : (n,) int
        Whose each stretch is, from 0.
    """
    was, was_without = _ratios(sums.tops, sums.bottoms, people)
    would, would_without = _ratios(sums.weighed_tops, sums.weighed_bottoms, people)
    if not np.all(np.isfinite([*was_without, *would_without])):
        return None
    change = would_without - was_without
    return Ratio(
        was, _half(was_without), would, _half(would_without), would - was, _half(change)
    )  # fmt: skip


def _ratios(tops: Array, bottoms: Array, people: IntArray) -> tuple[float, Array]:
    """Divide the sums, of all and without each person; not finite where nothing is below."""
    top, bottom = np.bincount(people, tops), np.bincount(people, bottoms)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = np.append(top.sum() - top, top.sum()) / np.append(bottom.sum() - bottom, bottom.sum())
    return float(ratios[-1]), ratios[:-1]


def _half(without: Array) -> float:
    """Half of a 95% interval from the values without each person (Efron and Stein 1981)."""
    n = len(without)
    return NORMAL_95 * sqrt((n - 1) / n * float(((without - without.mean()) ** 2).sum()))
