"""What a serving of a benchmark tells about each state against each other, and what follows by formula.

The evidence of a serving is a log likelihood ratio with a mean and a variance, and Wald's theory of
sequential tests says how many of them a verdict takes and how often it errs. The simulation that uses the
service's own rules is in ``decisions/characteristic.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import erf, log, sqrt
from typing import TYPE_CHECKING

import numpy as np

from goldvein.stats.arrays import Array, IntArray, ShapeError
from goldvein.stats.posterior import advance, condition, good_mass, newcomer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from goldvein.stats.model import Model

_LEAST = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Contrasts:
    """Evidence per serving for the true state against another, over a pool.

    Attributes
    ----------
    mean, variance : (n_states, n_states) float
        Of ``log P(outcome | row) / P(outcome | column)`` when the row is true. The mean is the
        Kullback-Leibler divergence.
    """

    mean: Array
    variance: Array


def contrasts(chances: Array) -> Contrasts:
    """Mean and variance of the log likelihood ratio of every pair of states, for items served at random.

    Parameters
    ----------
    chances : (n_states, n_items, n_outcomes) float
        From ``outcomes``.
    """
    p = chances.reshape(len(chances), -1) / chances.shape[1]
    logs = np.log(np.maximum(chances.reshape(len(chances), -1), _LEAST))
    own, own_square = (p * logs).sum(axis=1), (p * logs * logs).sum(axis=1)
    mean = own[:, None] - p @ logs.T
    square = own_square[:, None] - 2 * (p * logs) @ logs.T + p @ (logs * logs).T
    return Contrasts(np.maximum(mean, 0.0), np.maximum(square - mean * mean, 0.0))


def chernoff_information(chances: Array, one: int, other: int, steps: int = 33) -> Array:
    """How fast the error in telling two states apart falls with servings of each benchmark.

    After n servings of items with mean information C the better of the two errors is about ``exp(-n C)``.

    Parameters
    ----------
    chances : (n_states, n_items, n_outcomes) float
    one, other : int
        States.
    steps : int
        Points at which the exponent is tried.

    Returns
    -------
    (n_items,) float

    Source
    ------
    Chernoff (1952): ``-min_s log sum p^s q^(1 - s)``.
    """
    p, q = (np.log(np.maximum(chances[state], _LEAST)) for state in (one, other))
    tried = np.linspace(0, 1, steps)[1:-1]
    sums = np.array([np.exp(s * p + (1 - s) * q).sum(axis=1) for s in tried])
    information: Array = np.maximum(-np.log(sums.min(axis=0)), 0.0)
    return information


def sprt_benchmarks(mean: float, wrong: float, missed: float) -> float:
    """Expected length of the best test of one state against another: no procedure needs fewer.

    Parameters
    ----------
    mean : float
        Of the log likelihood ratio per serving under the true state, from ``contrasts``.
    wrong : float
        P(deciding for the true state when the other is true).
    missed : float
        P(deciding for the other when this one is true).

    Source
    ------
    Wald and Wolfowitz (1948); overshoot neglected.
    """
    if not (0 < wrong < 1 and 0 < missed < 1):
        raise ShapeError(f"error rates {wrong} and {missed} must lie between 0 and 1")
    evidence = (1 - missed) * log((1 - missed) / wrong) + missed * log(missed / (1 - wrong))
    return evidence / mean if mean > 0 else float("inf")


@dataclass(frozen=True, slots=True, eq=False)
class Formula:
    """The operating characteristic by formula.

    Attributes
    ----------
    log_odds : (n + 1, n_truths) float
        Log odds of "good" along the mean path, from before the first benchmark on.
    spread : (n + 1, n_truths) float
        Standard deviation around it.
    delivering, dismissed : (n + 1, n_truths) float
        P(over ``deliver_at`` after n benchmarks), P(at or under ``dismiss_at`` by then).
    to_verdict : (n_truths,) float
        Benchmarks until the mean path reaches either threshold; the horizon where it does not.
    """

    log_odds: Array
    spread: Array
    delivering: Array
    dismissed: Array
    to_verdict: Array


def by_formula(
    model: Model,
    evidence: Contrasts,
    truths: Sequence[int],
    *,
    deliver_at: float,
    dismiss_at: float,
    least: int,
    horizon: int,
    rate: Callable[[Array, int], Array] | None = None,
) -> Formula:
    """Approximate the operating characteristic for benchmarks drawn at random.

    The filter is run once per true state on the expected log likelihood of every state, which gives the mean
    path of the log odds; around it, evidence adds up to a Brownian motion whose variance is that of the log
    likelihood ratio against the strongest rival. Its first passage is Wald's (inverse Gaussian) distribution.

    Parameters
    ----------
    model : Model
    evidence : Contrasts
    truths : n_truths states
    deliver_at, dismiss_at : float
        Thresholds on P(good).
    least : int
        Benchmarks before which there is no verdict.
    horizon : int
        Benchmarks looked ahead.
    rate : function of P(good) and benchmarks answered, optional
        Share of benchmarks among what is served next; time passes accordingly. All of it when not given.

    Source
    ------
    Wald, Sequential Analysis (1947), appendix; Siegmund, Sequential Analysis (1985), chapter 3.
    """
    chosen = np.asarray(truths)
    tilt = np.exp(-evidence.mean[chosen]).T
    rivals = np.where(model.space.good[chosen], ~model.space.good[:, None], model.space.good[:, None])
    step = advance(np.eye(model.space.size), model)
    p, variance = newcomer(model, len(chosen)), np.zeros(len(chosen))
    path, spread = [_logit(good_mass(p, model))], [variance]
    for n in range(1, horizon + 1):
        before = good_mass(p, model)
        passed = np.ones(len(chosen)) if rate is None else np.rint(1 / rate(before, n - 1))
        p = _later(p, step, passed.astype(np.int64))
        after = good_mass(p, model)
        # Time pulls the log odds towards the prior's, and what chance did to them with it.
        kept = before * (1 - before) / np.maximum(after * (1 - after), _LEAST)
        p, _ = condition(p, tilt)
        strongest = np.argmax(p * rivals, axis=0)
        variance = np.minimum(kept, 1) ** 2 * variance + evidence.variance[chosen, strongest]
        path.append(_logit(good_mass(p, model)))
        spread.append(np.sqrt(variance))
    log_odds, deviation = np.array(path), np.array(spread)
    delivering = _normal((log_odds - _logit(deliver_at)) / np.maximum(deviation, _LEAST))
    dismissed = _passage(log_odds, deviation, float(_logit(dismiss_at)))
    delivering[:least], dismissed[:least] = 0.0, 0.0
    reached = (log_odds >= _logit(deliver_at)) | (log_odds <= _logit(dismiss_at))
    reached[:least] = False
    first = np.where(reached.any(axis=0), np.argmax(reached, axis=0), horizon).astype(float)
    gone = np.maximum.accumulate(dismissed, axis=0)
    return Formula(log_odds, deviation, np.minimum(delivering, 1 - gone), gone, first)


def _later(p: Array, step: Array, answers: IntArray) -> Array:
    """Distributions so many answers later, by powers of the step."""
    moved = p.copy()
    for count in np.unique(answers):
        own = answers == count
        moved[:, own] = np.linalg.matrix_power(step, int(count)) @ p[:, own]
    return moved


def _passage(path: Array, deviation: Array, floor: float) -> Array:
    """P(a Brownian motion with this mean path went under the floor by then): (n + 1, n_truths)."""
    distance = path[0] - floor
    scale = np.maximum(deviation, _LEAST)
    fallen = path[0] - path
    exponent = np.clip(2 * fallen * distance / (scale * scale), -700, 700)
    tail = _normal(-(fallen + distance) / scale)
    reflected = np.where(tail > 0, np.exp(np.minimum(exponent + np.log(np.maximum(tail, 1e-300)), 0)), 0)
    passed: Array = np.clip(_normal((fallen - distance) / scale) + reflected, 0, 1)
    return passed


def _logit(p: Array | float) -> Array:
    clipped = np.clip(p, _LEAST, 1 - _LEAST)
    odds: Array = np.log(clipped / (1 - clipped))
    return odds


def _normal(z: Array) -> Array:
    """Cumulative normal distribution, elementwise."""
    return np.array([0.5 * (1 + erf(x / sqrt(2))) for x in np.ravel(z)]).reshape(np.shape(z))


def benchmarks_for(error: Array, target: float, first: int) -> int | None:
    """Benchmarks from which on an error stays at or under a target; None if it never does.

    Parameters
    ----------
    error : (horizon + 1,) float
        After 0, 1, 2 ... benchmarks.
    target : float
    first : int
        Benchmarks before which nothing is decided.
    """
    over = np.flatnonzero(error > target + 1e-12)
    needed = max(first, int(over[-1]) + 1 if len(over) else 0)
    return needed if needed < len(error) else None
