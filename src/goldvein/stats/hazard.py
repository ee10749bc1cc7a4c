"""How often labelers turn into somebody else, learned from the sequences of their benchmark answers."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log
from typing import TYPE_CHECKING

import numpy as np

from goldvein.stats.arrays import Array, IntArray, ShapeError, frozen

if TYPE_CHECKING:
    from goldvein.stats.model import Model

REACH, COARSE, FINE = 4.5, 11, 13
LEAST, MOST = 1e-6, 0.2


@dataclass(frozen=True, slots=True, eq=False)
class HazardEstimate:
    """Posterior of the hazard.

    Attributes
    ----------
    hazard : float
        Posterior mean of its logarithm, as a probability per answer.
    low, high : float
        90% credible interval.
    hazards, weights : (n,) float
        Grid, and the posterior on it.
    """

    hazard: float
    low: float
    high: float
    hazards: Array
    weights: Array


def learn_hazard(
    model: Model, labeler: IntArray, gaps: IntArray, likelihoods: Array, *, spread: float = 1.0
) -> HazardEstimate:
    """Fit the hazard to whole histories, starting from the model's.

    The prior of the logarithm is a bell around the model's hazard, so that little data moves it little; a
    hazard outside of ``LEAST`` to ``MOST`` counts as the nearer of both. A few thousand labelers are plenty;
    of more than that give a random sample.

    Parameters
    ----------
    model : Model
        Everything but the hazard is taken from it.
    labeler : (n,) int
        Whose answer to a benchmark, each labeler's in order of time.
    gaps : (n,) int
        Answers of any kind since that labeler's previous benchmark (since the beginning for the first), this
        one included: 1 or more. As many steps of ``posterior.advance`` lie before it.
    likelihoods : (n_states, n) float
        From ``items.served_likelihoods``.
    spread : float
        Standard deviation of the prior of ln(hazard).

    Returns
    -------
    HazardEstimate

    Raises
    ------
    ShapeError
        If the arrays differ in length, or a gap is less than 1.

    Source
    ------
    Forward recursion of a hidden Markov model (Baum et al. 1970), integrated over a grid.
    """
    if not len(labeler) == len(gaps) == likelihoods.shape[1] or (len(gaps) > 0 and gaps.min() < 1):
        raise ShapeError(
            f"{len(labeler)} labelers, {len(gaps)} gaps and {likelihoods.shape[1]} columns of likelihoods "
            "must be one per answer, and gaps 1 or more: a gap counts the benchmark itself"
        )
    histories = _histories(model, labeler, gaps, likelihoods)
    centre = log(min(max(model.hazard, LEAST), MOST))

    def score(points: Array) -> Array:
        evidence = np.array([_log_evidence(histories, float(hazard)) for hazard in np.exp(points)])
        return np.asarray(evidence - 0.5 * ((points - centre) / spread) ** 2)

    low, high = max(centre - REACH * spread, log(LEAST)), min(centre + REACH * spread, log(MOST))
    points = np.linspace(low, high, COARSE)
    for reach in (1.0, 1.0, 0.0):
        peak, width = _peak(points, score(points))
        around = max(reach * (points[1] - points[0]) / 2, 3.2 * width)
        points = np.linspace(max(peak - around, low), min(peak + around, high), FINE)
    return _estimate(points, score(points))


def _peak(points: Array, scores: Array) -> tuple[float, float]:
    """Top and width of the bell through the highest point and its neighbours."""
    top = min(max(int(scores.argmax()), 1), len(points) - 2)
    step = points[1] - points[0]
    before, here, after = scores[top - 1 : top + 2]
    bend = max(2 * here - before - after, 1e-9) / step**2
    offset = float(np.clip((after - before) / (2 * step) / bend, -step, step))
    return float(points[top] + offset), float(np.clip(bend**-0.5, 0.02, 2.0))


def _estimate(points: Array, scores: Array) -> HazardEstimate:
    """Mean and interval from log posteriors on a grid, finely interpolated."""
    fine = np.linspace(points[0], points[-1], 20 * len(points) + 1)
    middle, scale = points.mean(), points[-1] - points[0]
    smooth = np.polynomial.polynomial.Polynomial.fit((points - middle) / scale, scores, 4)
    curve = smooth((fine - middle) / scale)
    weights = np.exp(curve - curve.max())
    weights /= weights.sum()
    below = np.cumsum(weights) - 0.5 * weights
    low, high = np.interp([0.05, 0.95], below, fine)
    return HazardEstimate(exp(fine @ weights), exp(low), exp(high), frozen(np.exp(fine)), frozen(weights))


@dataclass(frozen=True, slots=True, eq=False)
class _Histories:
    """Histories side by side: the m-th benchmark of everybody who has one, the longest history first.

    The walk is symmetric, so that its powers come from one eigenvalue decomposition, whatever the gap.
    """

    model: Model
    gaps: IntArray
    strokes: list[tuple[IntArray, Array]]
    vectors: Array
    values: Array


def _histories(model: Model, labeler: IntArray, gaps: IntArray, likelihoods: Array) -> _Histories:
    """Sort answers into strokes: for each rank, (which of the different gaps, likelihoods)."""
    names, who = np.unique(labeler, return_inverse=True)
    counts = np.bincount(who, minlength=len(names))
    order = np.argsort(who, kind="stable")
    rank = np.empty(len(who), dtype=np.int64)
    rank[order] = np.arange(len(who)) - np.repeat(np.cumsum(counts) - counts, counts)
    place = np.empty(len(names), dtype=np.int64)
    place[np.argsort(-counts, kind="stable")] = np.arange(len(names))
    different, gap = np.unique(gaps, return_inverse=True)
    by_stroke = np.lexsort((place[who], rank))
    edges = np.cumsum(np.bincount(rank))[:-1] if len(rank) else np.empty(0, np.int64)
    entries = np.split(by_stroke, edges) if len(rank) else []
    size = model.space.n_abilities
    matrix = np.eye(size)
    flow = model.walk * np.diff(np.eye(size), axis=0)
    matrix[:-1] += flow
    matrix[1:] -= flow
    values, vectors = np.linalg.eigh(matrix)
    strokes = [(gap[mine], np.ascontiguousarray(likelihoods[:, mine].T)) for mine in entries]
    return _Histories(model, different, strokes, vectors, values)


def _log_evidence(histories: _Histories, hazard: float) -> float:
    """Log probability of all histories under one hazard."""
    model, size = histories.model, histories.model.space.n_abilities
    stays = np.power(1 - hazard, histories.gaps, dtype=np.float64)
    walked = histories.values ** histories.gaps[:, None]
    jumped = _jumped(histories, hazard, stays)
    total = 0.0
    p = np.repeat(
        np.asarray(model.prior)[None, :], len(histories.strokes[0][0]) if histories.strokes else 0, 0
    )
    for gap, likelihood in histories.strokes:
        p = p[: len(gap)]
        p[:, :size] = ((p[:, :size] @ histories.vectors) * walked[gap]) @ histories.vectors.T
        p *= stays[gap][:, None]
        p += jumped[gap]
        p *= likelihood
        norm = p.sum(axis=1)
        total += float(np.log(norm).sum())
        p /= norm[:, None]
    return total


def _jumped(histories: _Histories, hazard: float, stays: Array) -> Array:
    """What those who jumped within a gap, and walked on since, have become: (n_gaps, n_states).

    ``sum over m < gap of h (1 - h)^m W^m turns``, a geometric series in every eigenvalue.
    """
    model, size = histories.model, histories.model.space.n_abilities
    turned = np.outer(1 - stays, model.turns)
    ratio = (1 - hazard) * histories.values
    series = hazard * (1 - ratio ** histories.gaps[:, None]) / (1 - ratio)
    turned[:, :size] = (series * (model.turns[:size] @ histories.vectors)) @ histories.vectors.T
    return turned
