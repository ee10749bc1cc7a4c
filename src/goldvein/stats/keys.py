"""What the crowd's answers say about a benchmark's key and ease, on top of what its panel said.

Nobody of the crowd is known for certain. An answer comes from a good labeler with some probability, and then
tells of the key; otherwise it comes from somebody whose answer does not depend on the key and tells nothing.
Thus a hundred followers of the longest option make no key, however well they agree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from goldvein.stats.arrays import Array, IntArray, ShapeError
from goldvein.stats.mining import Evidence, labeler_curve, panel_curve, task_evidence
from goldvein.stats.special import log_gamma
from goldvein.stats.states import LEAKER, POSITION_RULES, RANDOM

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from goldvein.stats.model import AnswerModel, Model

MISLED: Final = 0.005
"""P(a panel erred as one): its members have instructions, habits and each other in common, so that six of
them may be wrong for a single reason. Without it no crowd could ever outweigh a unanimous panel."""

MOST_ANSWERS: Final = 500
"""Answers of the crowd to one benchmark that are weighed; of more, the latest."""

_NONE_OF_OTHERS: Final = 0.02


# --- what was known before the crowd ---------------------------------------------------------------------


def panel_start(answers: AnswerModel, n_options: int, panel: Sequence[int]) -> Array:
    """P(key, difficulty | the panel's answers), with the doubt that the panel erred as one.

    Parameters
    ----------
    answers : AnswerModel
    n_options : int
        K.
    panel : sequence of int
        Options chosen, K for "cannot be answered". None of them gives the prior.

    Returns
    -------
    (K + 1, n_difficulties) float
        Sums to one; the last row is "cannot be answered".
    """
    evidence = task_evidence(answers, n_options, panel)
    prior = _key_prior(answers, n_options)
    likelihood = evidence.answer_probs / prior
    taken_for = likelihood[:-1].sum() - np.append(likelihood[:-1], 0.0)
    taken_for /= np.append(np.full(n_options, n_options - 1.0), n_options)
    misled = np.outer(prior * taken_for, answers.difficulty_prior)
    start = (1 - MISLED) * evidence.joint + MISLED * misled
    normalised: Array = start / start.sum()
    return normalised


def given_start(answers: AnswerModel, key_probs: ArrayLike, difficulty_weights: ArrayLike) -> Array:
    """P(key, difficulty) of a benchmark whose key was given: (K + 1, n_difficulties), sums to one.

    Parameters
    ----------
    answers : AnswerModel
    key_probs : (K,) float
    difficulty_weights : (n_difficulties,) float
        What is thought of the difficulty, if the likeliest key is right. If it is not, nothing is known.
    """
    keys = np.append(np.asarray(key_probs, dtype=float), 0.0)
    start = np.outer(keys, answers.difficulty_prior)
    best = int(np.argmax(keys))
    start[best] = keys[best] * np.asarray(difficulty_weights, dtype=float)
    normalised: Array = start / start.sum()
    return normalised


# --- the crowd -------------------------------------------------------------------------------------------


def good_curve(model: Model, n_options: int) -> Array:
    """P(a good labeler gets it right) at each difficulty, over the good part of the population."""
    good = model.space.good[: model.space.n_abilities]
    weights = model.prior[: model.space.n_abilities] * good
    return labeler_curve(model.answers, n_options, model.space.thetas, weights / weights.sum())


def others_choices(model: Model, table: Array) -> Array:
    """What those choose who are not good, whatever the key is: (K + 1,), sums to one.

    Parameters
    ----------
    model : Model
    table : (n_states, K + 1) float
        The benchmark's likelihoods. Rows of content rules are read; everybody else who is not good counts as
        answering at random, the somewhat able too: what they know of the key is left unused.
    """
    grid = model.space.n_abilities
    read = [name not in {RANDOM, LEAKER, *POSITION_RULES} for name in model.space.shortcuts]
    sources = np.full(model.space.size, model.space.state_of(RANDOM))
    sources[grid:][read] = np.arange(grid, model.space.size)[read]
    bad = ~model.space.good
    total = model.prior[bad] @ table[sources[bad]]
    normalised: Array = total / total.sum()
    return normalised


def left_out(before: ArrayLike, after: ArrayLike, now: ArrayLike) -> Array:
    """P(good) of labelers by all that is known of them but one answer, which must not vouch for itself.

    The odds of today, divided by what the answer itself did to them. Exact for somebody who is good or not
    and does not change; of somebody who turned bad later, older answers are trusted less than they could be.

    Parameters
    ----------
    before, after : (n,) float
        P(good) before and after the answer's step.
    now : (n,) float
        Today's P(good).

    Returns
    -------
    (n,) float
    """
    log_odds = _log_odds(now) - _log_odds(after) + _log_odds(before)
    p: Array = 1 / (1 + np.exp(-log_odds))
    return p


def key_evidence(
    answers: AnswerModel,
    n_options: int,
    start: Array,
    choices: Sequence[int] | IntArray,
    p_good: ArrayLike,
    curve: Array,
    others: Array | None = None,
) -> Evidence:
    """Posterior over (key, difficulty) from a start and the crowd's answers.

    Each answer comes from a good labeler with its probability: right by ``curve``, wrong by one Polya urn for
    all, so that the same mistake of many good people is no surprise. Otherwise it comes from ``others``. Who
    of those who gave the same option are good is summed over exactly.

    Parameters
    ----------
    answers : AnswerModel
    n_options : int
        K.
    start : (K + 1, n_difficulties) float
        ``panel_start`` or ``given_start``.
    choices : (n,) int
        Options chosen by the crowd; K for "cannot be answered". Their order does not matter.
    p_good : (n,) float
        P(its labeler was good), by anything but that answer.
    curve : (n_difficulties,) float
        ``good_curve``.
    others : (K + 1,) float, optional
        ``others_choices``; at random when not given.

    Returns
    -------
    Evidence
        ``log_chance`` is that of the crowd's answers, given the start.

    Raises
    ------
    ShapeError
        If a choice is not one of ``0..K``, or choices and probabilities do not go together.
    """
    picked, goods = np.asarray(choices, dtype=np.int64), np.asarray(p_good, dtype=float)
    _check(n_options, picked, goods)
    if others is None:
        others = np.append(np.full(n_options, (1 - _NONE_OF_OTHERS) / n_options), _NONE_OF_OTHERS)
    picked, goods = picked[-MOST_ANSWERS:], goods[-MOST_ANSWERS:]
    with np.errstate(divide="ignore"):
        log_joint = np.log(start) + _log_likelihood(answers, n_options, picked, goods, curve, others)
    largest = float(log_joint.max())
    joint = np.exp(log_joint - largest)
    solved = (panel_curve(answers, n_options) - 1 / n_options) / (1 - 1 / n_options)
    return Evidence(joint=joint / joint.sum(), ease=solved, log_chance=largest + float(np.log(joint.sum())))


def _check(n_options: int, choices: IntArray, p_good: Array) -> None:
    if len(choices) != len(p_good):
        raise ShapeError(f"{len(choices)} choices and {len(p_good)} probabilities: give both of each answer")
    if n_options < 2 or ((choices < 0) | (choices > n_options)).any():
        raise ShapeError(
            f"choices {choices.tolist()} must lie in 0..{n_options}, and a task needs 2 options or more"
        )
    if not ((p_good >= 0) & (p_good <= 1)).all():
        raise ShapeError(f"p_good lies in {p_good.min():g}..{p_good.max():g}, but must be probabilities")


def _key_prior(answers: AnswerModel, n_options: int) -> Array:
    return np.append(np.full(n_options, (1 - answers.none_key_share) / n_options), answers.none_key_share)


def _log_likelihood(
    answers: AnswerModel, n_options: int, choices: IntArray, p_good: Array, curve: Array, others: Array
) -> Array:
    """Log P(the crowd's answers | key, difficulty): (K + 1, n_difficulties)."""
    said = [p_good[choices == option] for option in range(n_options + 1)]
    hits = [_hits(said[option], curve, others[option]) for option in range(n_options + 1)]
    none = _hits(said[-1], answers.none_share * (1 - curve), others[-1])
    slips = [_slips(said[c], (1 - answers.none_share) * (1 - curve), others[c]) for c in range(n_options)]
    unanswerable = [_slips(said[c], 1 - curve, others[c]) for c in range(n_options)]
    rows = [
        hits[key] + none + _urn([slips[c] for c in range(n_options) if c != key], answers.attraction)
        for key in range(n_options)
    ]
    return np.array([*rows, hits[-1] + _urn(unanswerable, answers.attraction)])


def _hits(p_good: Array, chance: Array, other: float) -> Array:
    """Log P(these people all gave an option), which good ones give with a chance of their own."""
    each = p_good[:, None] * chance + (1 - p_good[:, None]) * other
    total: Array = np.log(np.maximum(each, 1e-300)).sum(axis=0)
    return total


def _slips(p_good: Array, chance: Array, other: float) -> tuple[Array, Array]:
    """How many of those who gave a wrong option are good people who slipped.

    Returns
    -------
    log_each : (n_difficulties,) float
        Log P(they all gave a wrong answer, or are not good and gave this one).
    slipped : (n_difficulties, n + 1) float
        Given that, P(so many of them are good); a sum of coins, each with its own chance.
    """
    good, bad = p_good[:, None] * chance, (1 - p_good[:, None]) * other
    each = np.maximum(good + bad, 1e-300)
    share = good / each
    slipped = np.zeros((len(chance), len(p_good) + 1))
    slipped[:, 0] = 1.0
    for row in share:
        slipped[:, 1:] = slipped[:, 1:] * (1 - row[:, None]) + slipped[:, :-1] * row[:, None]
        slipped[:, 0] *= 1 - row
    return np.log(each).sum(axis=0), slipped


def _urn(slips: Sequence[tuple[Array, Array]], attraction: float) -> Array:
    """Log P(slips fall on the options as they do): one Polya urn, options joined one after the other."""
    log_total, joined = slips[0]
    weight = attraction / len(slips)
    for place, (log_each, slipped) in enumerate(slips[1:], 1):
        joined = _joined(joined, slipped, place * weight, weight)
        top = joined.max(axis=1)
        joined = joined / top[:, None]
        log_total = log_total + log_each + np.log(top)
    total: Array = log_total + np.log(joined.sum(axis=1))
    return total


def _joined(many: Array, one: Array, weight: float, more: float) -> Array:
    """Counts over some options, and over one further: each split has the chance that a Beta urn gives it."""
    rows, columns = np.arange(many.shape[1])[:, None], np.arange(one.shape[1])[None, :]
    whole = _log_beta(np.array([weight]), np.array([more]))
    split = np.exp(_log_beta(np.asarray(weight + rows), np.asarray(more + columns)) - whole)
    total = np.zeros((len(many), many.shape[1] + one.shape[1] - 1))
    for count in range(one.shape[1]):
        total[:, count : count + many.shape[1]] += many * split[:, count] * one[:, count : count + 1]
    return total


def _log_beta(a: Array, b: Array) -> Array:
    total: Array = log_gamma(a) + log_gamma(b) - log_gamma(a + b)
    return total


def _log_odds(p: ArrayLike) -> Array:
    kept = np.clip(np.asarray(p, dtype=float), 1e-6, 1 - 1e-6)
    odds: Array = np.log(kept / (1 - kept))
    return odds
