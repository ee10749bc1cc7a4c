"""How hard ordinary tasks are, from all that were mined, and how right labelers are on them.

Benchmarks are the tasks that a panel agreed on, so accuracy on them flatters. Every candidate tells about
ordinary tasks, dropped ones most of all; so their difficulties are estimated together, promoted or not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from goldvein.stats.arrays import Array, IntArray, ShapeError
from goldvein.stats.mining import task_evidence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from goldvein.stats.model import AnswerModel

_ATTRACTIONS = (0.3, 1.2, 6.0)
_NONE_SHARES = (0.005, 0.05)


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Mean accuracy of a group of labelers with its 95% interval."""

    estimate: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, eq=False)
class Mined:
    """What the panel's answers say about difficulty, equal patterns of answers counted together.

    Attributes
    ----------
    likelihoods : (n_patterns, n_difficulties) float
        P(answers | difficulty) up to a factor, the key summed out.
    counts : (n_patterns,) int
        Tasks with that pattern.
    log_scales : (n_patterns,) float
        Logarithm of that factor.
    answerable : (n_patterns,) float
        P(the task can be answered).
    """

    likelihoods: Array
    counts: IntArray
    log_scales: Array
    answerable: Array


def mined_tasks(answers: AnswerModel, n_options: Sequence[int], choices: Sequence[Sequence[int]]) -> Mined:
    """Take in the panel's answers to candidates, settled or not.

    Options are alike to the model, so only how many answers fell on each matters, and equal tasks share the
    work.

    Parameters
    ----------
    answers : AnswerModel
    n_options : n counts
    choices : n sequences of options; K for "cannot be answered"

    Raises
    ------
    ShapeError
        If no task has an answer.
    """
    patterns: dict[tuple[int, int, tuple[int, ...]], int] = {}
    for options, picked in zip(n_options, choices, strict=True):
        if picked:
            votes = np.bincount(np.asarray(picked), minlength=options + 1)
            pattern = (options, int(votes[options]), tuple(sorted(votes[:options].tolist(), reverse=True)))
            patterns[pattern] = patterns.get(pattern, 0) + 1
    if not patterns:
        raise ShapeError("no candidate has been answered yet; let the panel work first")
    likelihoods, answerable, scales = [], [], []
    for options, none, votes_of in patterns:
        picked = [option for option, count in enumerate(votes_of) for _ in range(count)] + [options] * none
        evidence = task_evidence(answers, options, picked)
        likelihoods.append(evidence.joint[:-1].sum(axis=0) / answers.difficulty_prior)
        answerable.append(1 - evidence.joint[-1].sum())
        scales.append(evidence.log_chance)
    return Mined(
        np.array(likelihoods), np.array(list(patterns.values())), np.array(scales), np.array(answerable)
    )


def ordinary_difficulty(
    mined: Mined, prior: Array, counts: Array | None = None, *, prior_tasks: float = 10.0, rounds: int = 60
) -> Array:
    """Distribution of difficulty among pushed tasks, by expectation-maximisation.

    Parameters
    ----------
    mined : Mined
    prior : (n_difficulties,) float
        What was thought before; it weighs as much as so many tasks.
    counts : (..., n_patterns) float, optional
        Tasks with each pattern instead of ``mined.counts``, such as bootstrap counts.
    prior_tasks : float
    rounds : int

    Returns
    -------
    (..., n_difficulties) float
        Sums to one.

    Source
    ------
    Nonparametric maximum likelihood of a mixing distribution (Laird 1978), with a Dirichlet prior.
    """
    weights = (mined.counts if counts is None else counts) * mined.answerable
    shares = np.broadcast_to(prior, (*weights.shape[:-1], len(prior)))
    for _ in range(rounds):
        explained = shares @ mined.likelihoods.T
        shares = shares * ((weights / explained) @ mined.likelihoods) + prior_tasks * prior
        shares = shares / shares.sum(axis=-1, keepdims=True)
    result: Array = shares
    return result


@dataclass(frozen=True, slots=True, eq=False)
class Traffic:
    """What is known of the difficulty of ordinary tasks.

    Attributes
    ----------
    shares : (n_difficulties,) float
        The best estimate of their distribution.
    draws : (n_draws, n_difficulties) float
        Distributions that are about as likely.
    """

    shares: Array
    draws: Array


def traffic(
    rng: np.random.Generator,
    answers: AnswerModel,
    n_options: Sequence[int],
    choices: Sequence[Sequence[int]],
    n_draws: int = 200,
) -> Traffic:
    """Estimate the difficulty of ordinary tasks, and how far the estimate may be off.

    How mistakes attract each other decides whether five equal answers mean an easy task. It is not known for
    a project, so several ways are tried, and each counts by how well it explains the panel's answers; within
    each, candidates are drawn anew (bootstrap). The measure is the panel: a mistake that most trusted people
    make counts as the key, and flatters.

    Parameters
    ----------
    rng : numpy Generator
    answers : AnswerModel
    n_options, choices : as for ``mined_tasks``
    n_draws : int
    """
    tried, fits = [], []
    for attraction, none_share in product(_ATTRACTIONS, _NONE_SHARES):
        mined = mined_tasks(
            replace(answers, attraction=attraction, none_share=none_share), n_options, choices
        )
        shares = ordinary_difficulty(mined, answers.difficulty_prior)
        tried.append((mined, shares))
        fits.append(float(mined.counts @ (np.log(mined.likelihoods @ shares) + mined.log_scales)))
    weights = np.exp(np.array(fits) - max(fits))
    weights /= weights.sum()
    counts = rng.multinomial(n_draws, weights)
    draws = [
        _bootstrapped(rng, mined, answers.difficulty_prior, int(count))
        for (mined, _), count in zip(tried, counts, strict=True)
        if count
    ]
    best: Array = weights @ np.array([shares for _, shares in tried])
    return Traffic(best, np.concatenate(draws))


def _bootstrapped(rng: np.random.Generator, mined: Mined, prior: Array, draws: int) -> Array:
    """``ordinary_difficulty`` of resampled candidates: (draws, n_difficulties)."""
    total = int(mined.counts.sum())
    counts = rng.multinomial(total, mined.counts / total, size=draws)
    return ordinary_difficulty(mined, prior, counts.astype(float))


def group_accuracy(
    rng: np.random.Generator, posteriors: Array, weights: Array, curve: Array, draws: Array | None = None
) -> Accuracy:
    """Mean accuracy of labelers, each weighted by what it contributes.

    The interval holds what is not known of the labelers and, by the draws, what is not known of the tasks.

    Parameters
    ----------
    rng : numpy Generator
    posteriors : (n_labelers, n_states) float
        Rows sum to one.
    weights : (n_labelers,) float
        Ordinary answers of each.
    curve : (n_states,) float
        P(right) in each state.
    draws : (n_draws, n_states) float, optional
        Curves that are about as likely; the one curve 200 times when not given.

    Raises
    ------
    ShapeError
        If there is nobody with a weight.
    """
    if not len(weights) or weights.sum() <= 0:
        raise ShapeError("nobody contributes; an accuracy needs labelers with a weight over 0")
    share = weights / weights.sum()
    curves = np.tile(curve, (200, 1)) if draws is None else draws
    own = posteriors @ curves.T
    squares = posteriors @ np.square(curves).T
    means = share @ own
    spread = np.sqrt(np.maximum(np.square(share) @ (squares - np.square(own)), 0.0))
    drawn = np.clip(means + spread * rng.standard_normal(len(means)), 0.0, 1.0)
    estimate = float(share @ (posteriors @ curve))
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Accuracy(estimate, min(float(low), estimate), max(float(high), estimate))


def solved_curves(answers: AnswerModel, thetas: Array, n_options: float, weights: Array) -> Array:
    """P(right | ability) for distributions of difficulty: (n, n_difficulties) weights to (n, n_abilities).

    Parameters
    ----------
    answers : AnswerModel
    thetas : (n_abilities,) float
    n_options : float
        Of the mix of tasks, so that ``1 / n_options`` is what guessing reaches.
    weights : (n, n_difficulties) float
    """
    solved = 1 / (1 + np.exp(-answers.discrimination * (thetas[:, None] - answers.difficulties)))
    curves: Array = 1 / n_options + (1 - 1 / n_options) * (weights @ solved.T)
    return curves
