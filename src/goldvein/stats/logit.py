"""Conditional logit: which rules the chosen options follow, and how much more than the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from goldvein.stats.arrays import Array, BoolArray, ShapeError

LEAN_SD = 0.5
"""Log odds by which good labelers are expected to lean to a rule's option before anything is known."""
_MAX_STEPS = 50
_MAX_HALVINGS = 30


@dataclass(frozen=True, slots=True, eq=False)
class LogitFit:
    """A fitted conditional logit.

    Attributes
    ----------
    coefficients : (F,) float
        Log odds of an option that an indicator marks, over one that it does not.
    errors : (F,) float
        Standard errors, from the curvature at the optimum, ridge included.
    log_likelihood : float
        Weighted, without the ridge's penalty.
    converged : bool
    """

    coefficients: Array
    errors: Array
    log_likelihood: float
    converged: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Problem:
    """What stays the same from step to step."""

    flat: Array  # (n * K, F)
    chosen: Array  # (F,) weighted sum of the chosen options' indicators
    picked: NDArray[np.intp]  # (n,) index of the chosen option in (n * K)
    weights: Array  # (n,)
    offset: Array  # (n, K), -inf where there is no such option
    ridge: Array  # (F,)

    def shares(self, coefficients: Array) -> tuple[Array, float]:
        """Probability of each option (n, K), and the weighted log likelihood."""
        utility = (self.flat @ coefficients).reshape(self.offset.shape) + self.offset
        utility -= utility.max(axis=1, keepdims=True)
        power = np.exp(utility)
        total = power.sum(axis=1, keepdims=True)
        log_likelihood = float(self.weights @ (utility.ravel()[self.picked] - np.log(total[:, 0])))
        return power / total, log_likelihood

    def slopes(self, coefficients: Array, shares: Array) -> tuple[Array, Array]:
        """Gradient (F,) and curvature (F, F) of the penalised log likelihood, the latter positive."""
        weighted = shares * self.weights[:, None]
        marked = self.flat * weighted.reshape(-1, 1)
        mean = marked.reshape(*self.offset.shape, len(coefficients)).sum(axis=1)
        by_answer = np.divide(
            mean, self.weights[:, None], out=np.zeros_like(mean), where=self.weights[:, None] > 0
        )
        gradient = self.chosen - mean.sum(axis=0) - self.ridge * coefficients
        return gradient, marked.T @ self.flat - mean.T @ by_answer + np.diag(self.ridge)


def conditional_logit(
    indicators: ArrayLike,
    choices: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    offset: ArrayLike | None = None,
    present: BoolArray | None = None,
    ridge: float | ArrayLike = 1e-3,
    tolerance: float = 1e-9,
) -> LogitFit:
    """Fit ``P(option) ~ exp(offset + indicators @ coefficients)`` to n choices among K options.

    Parameters
    ----------
    indicators : (n, K, F) bool or float
        Whether rule f would pick option k of answer i. Options that tie for a rule are all marked, and so
        share what it attracts; a rule that has nothing to go by marks none.
    choices : (n,) int
        The options chosen.
    weights : (n,) float, optional
        How much each answer counts, at least 0.
    offset : (n, K) float, optional
        Log odds of the options that are known already.
    present : (n, K) bool, optional
        Which options exist, where tasks differ in their number.
    ridge : float or (F,) float
        Precision of a normal prior around 0 on each coefficient.
    tolerance : float
        Newton's steps end when the gain that they still promise is below it.

    Raises
    ------
    ShapeError
        If shapes do not fit, or an answer chose an option that it did not have.

    Source
    ------
    McFadden 1974, Conditional logit analysis of qualitative choice behavior; Newton's method, halving a step
    that does not gain, on a concave function.
    """
    problem = _problem(indicators, choices, weights, offset, present, ridge)
    coefficients = np.zeros(problem.flat.shape[1])
    shares, likelihood = problem.shares(coefficients)
    gradient, curvature = problem.slopes(coefficients, shares)
    converged = False
    for _ in range(_MAX_STEPS):
        step = np.linalg.solve(curvature, gradient).astype(np.float64)
        if converged := bool(gradient @ step < tolerance):
            break
        coefficients, shares, likelihood = _ascend(problem, coefficients, likelihood, step)
        gradient, curvature = problem.slopes(coefficients, shares)
    errors = np.sqrt(np.diag(np.linalg.inv(curvature)))
    return LogitFit(coefficients, errors, likelihood, converged)


def _ascend(
    problem: _Problem, coefficients: Array, likelihood: float, step: Array
) -> tuple[Array, Array, float]:
    """The longest of the step, its half, its quarter ... that loses nothing."""
    here = likelihood - 0.5 * problem.ridge @ coefficients**2
    for halving in range(_MAX_HALVINGS):
        there = coefficients + step * 0.5**halving
        shares, gained = problem.shares(there)
        if gained - 0.5 * problem.ridge @ there**2 >= here:
            return there, shares, gained
    shares, likelihood = problem.shares(coefficients)
    return coefficients, shares, likelihood


def _problem(
    indicators: ArrayLike,
    choices: ArrayLike,
    weights: ArrayLike | None,
    offset: ArrayLike | None,
    present: BoolArray | None,
    ridge: float | ArrayLike,
) -> _Problem:
    marks = np.asarray(indicators, dtype=np.float64)
    picked = np.asarray(choices, dtype=np.intp)
    if marks.ndim != 3 or picked.shape != marks.shape[:1]:
        raise ShapeError(f"indicators {marks.shape} and choices {picked.shape} are not (n, K, F) and (n,)")
    n, n_options, n_rules = marks.shape
    counts = np.ones(n) if weights is None else np.asarray(weights, dtype=np.float64)
    known = np.zeros((n, n_options)) if offset is None else np.array(offset, dtype=np.float64)
    if counts.shape != (n,) or known.shape != (n, n_options) or np.any(counts < 0):
        raise ShapeError(f"weights {counts.shape} and offset {known.shape} are not (n,) >= 0 and (n, K)")
    if present is not None:
        known[~present] = -np.inf
    if np.any((picked < 0) | (picked >= n_options)) or np.any(np.isneginf(known[np.arange(n), picked])):
        raise ShapeError("an answer chose an option that it did not have")
    flat = marks.reshape(n * n_options, n_rules)
    places = np.arange(n) * n_options + picked
    precision = np.broadcast_to(np.asarray(ridge, dtype=np.float64), (n_rules,))
    return _Problem(flat, counts @ flat[places], places, counts, known, precision)


def indicators_of(
    choices_of_rules: Sequence[Mapping[str, Sequence[int]]], rules: Sequence[str], n_options: int
) -> BoolArray:
    """Mark what each rule picks among the options of n tasks: (n, n_options, F) bool.

    Parameters
    ----------
    choices_of_rules : n mappings of rule to options
        A rule that is missing, or picks nothing, marks nothing.
    rules : sequence of str
        The F rules, in the order of the last axis.
    n_options : int
        The largest number of options of any of the tasks.
    """
    marks = np.zeros((len(choices_of_rules), n_options, len(rules)), dtype=bool)
    for row, picks in enumerate(choices_of_rules):
        for column, rule in enumerate(rules):
            marks[row, list(picks.get(rule, ())), column] = True
    return marks


def leans(
    indicators: ArrayLike,
    choices: ArrayLike,
    p_good: ArrayLike,
    rules: Sequence[str],
    *,
    present: BoolArray | None = None,
    lean_sd: float = LEAN_SD,
) -> dict[str, float]:
    """Odds by which good labelers' ordinary answers lean to the option of each content rule.

    Honest work agrees with some rules: what is right is often longer. An answer counts by how probably its
    labeler was good; with few answers the odds stay near one.

    Parameters
    ----------
    indicators : (n, K, F) bool
        From ``indicators_of``, for the F rules.
    choices : (n,) int
        "Cannot be answered", -1 or K, leans nowhere and is left out.
    p_good : (n,) float
        Probability that the answer's labeler was good.
    rules : F names
    present : (n, K) bool, optional
    lean_sd : float
        Spread of leanings before anything is known, in log odds.

    Returns
    -------
    dict of str to float
        Odds by rule; empty without rules, ones without answers.
    """
    if not rules:
        return {}
    marks, picked = np.asarray(indicators), np.asarray(choices, dtype=np.intp)
    said = (picked >= 0) & (picked < marks.shape[1])
    fit = conditional_logit(
        marks[said],
        picked[said],
        weights=np.asarray(p_good, dtype=np.float64)[said],
        present=None if present is None else present[said],
        ridge=lean_sd**-2,
    )
    return {rule: float(odds) for rule, odds in zip(rules, np.exp(fit.coefficients), strict=True)}
