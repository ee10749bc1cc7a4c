"""What the crowd's answers say about a benchmark's key and ease, on top of what its panel said.

Nobody of the crowd is known for certain. An answer comes with some probability from somebody who does the
job, and then tells of the key; otherwise from somebody whose answer does not depend on it, and tells nothing.
Thus a hundred followers of the longest option make no key, however well they agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from goldvein.stats.arrays import Array, BoolArray, IntArray, ShapeError
from goldvein.stats.items import accuracy_curve
from goldvein.stats.mining import Evidence, key_prior, panel_curve, task_evidence
from goldvein.stats.special import log_gamma
from goldvein.stats.states import LEAKER, RANDOM

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from goldvein.stats.model import AnswerModel, Model

MISLED: Final = 0.005
"""P(a panel erred as one): its members have instructions, habits and each other in common, so that six of
them may be wrong for a single reason. Without it no crowd could ever outweigh a unanimous panel."""

UNCLEAR: Final = 0.005
"""P(a task cannot be answered) although somebody gave its key."""

MOST_ANSWERS: Final = 500
"""Answers of the crowd to one benchmark that are weighed; of more, the latest."""

ABLE: Final = 0.5
"""Share of a good labeler's solving from which an ability counts as doing the job."""


# --- what was known before the crowd ---------------------------------------------------------------------


def panel_start(
    answers: AnswerModel, n_options: int, panel: Sequence[int], leaning: Array | None = None
) -> Array:
    """P(key, difficulty | the panel's answers), with the doubt that the panel erred as one.

    Parameters
    ----------
    answers : AnswerModel
    n_options : int
        K.
    panel : sequence of int
        Options chosen, K for "cannot be answered". None of them gives the prior.
    leaning : (K,) float, optional
        As for ``stats.mining.task_evidence``. That a panel errs as one is as likely whatever leans where.

    Returns
    -------
    (K + 1, n_difficulties) float
        Sums to one; the last row is "cannot be answered".
    """
    evidence = task_evidence(answers, n_options, panel)
    prior = key_prior(answers, n_options)
    likelihood = evidence.answer_probs / prior
    taken_for = likelihood[:-1].sum() - np.append(likelihood[:-1], 0.0)
    taken_for /= np.append(np.full(n_options, n_options - 1.0), n_options)
    misled = np.outer(prior * taken_for, answers.difficulty_prior)
    if leaning is not None:
        evidence = task_evidence(answers, n_options, panel, leaning=leaning)
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
    keys = np.append((1 - UNCLEAR) * np.asarray(key_probs, dtype=float), UNCLEAR)
    start = np.outer(keys, answers.difficulty_prior)
    best = int(np.argmax(keys))
    start[best] = keys[best] * np.asarray(difficulty_weights, dtype=float)
    normalised: Array = start / start.sum()
    return normalised


# --- the crowd ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """The crowd's answers to one benchmark, and what is known of those who gave them. Order is irrelevant.

    Attributes
    ----------
    choices : (n,) int
        Options in content order; K for "cannot be answered".
    p_able : (n,) float
        P(its labeler does the job), by anything but that answer.
    curves : (n, n_difficulties) float
        P(right) at each difficulty, of a labeler who does the job.
    otherwise : (n,) float
        P(that choice) of a labeler who does not, whatever the key is.
    """

    choices: IntArray
    p_able: Array
    curves: Array
    otherwise: Array

    def __len__(self) -> int:
        """Count the answers."""
        return len(self.choices)


def said_by(model: Model, n_options: int, choices: ArrayLike, likelihood: Array, posteriors: Array) -> Said:
    """What answers say of a key, given who gave them: today's standings, each without its own answer.

    Left out is an answer by dividing by its likelihood: it must not vouch for itself. Exact for labelers who
    do not change; of somebody who turned bad later, older answers are trusted less than they could be.

    Parameters
    ----------
    model : Model
    n_options : int
        K.
    choices : (n,) int
        K for "cannot be answered".
    likelihood : (n_states, n) float
        Of each answer as it was served and as it counts, ``items.served_likelihoods``; ones where it does not
        count.
    posteriors : (n_states, n) float
        Today's standing of each answer's labeler.

    Returns
    -------
    Said
    """
    rest = posteriors / np.maximum(likelihood, 1e-12)
    rest /= rest.sum(axis=0)
    able = _able(model)
    p_able = rest[able].sum(axis=0)
    known = np.maximum(rest[able], 1e-300)
    curves = (known / known.sum(axis=0)).T @ accuracies(model, n_options)[able[: model.space.n_abilities]]
    return Said(
        np.asarray(choices, dtype=np.int64), p_able, curves, _otherwise(model, likelihood, rest, able)
    )


def best_of_others(model: Model, table: Array, key: int) -> float:
    """P(right) of the ablest of those who do not count as doing the job: what no leak is needed for.

    Parameters
    ----------
    model : Model
    table : (n_states, K + 1) float
        The benchmark's likelihoods.
    key : int
    """
    others = table[: model.space.n_abilities][~_able(model)[: model.space.n_abilities]]
    at_random = table[model.space.state_of(RANDOM), key]
    return float(max(at_random, others[:, key].max(initial=0.0)))


def accuracies(model: Model, n_options: int) -> Array:
    """P(right) of every ability at every difficulty: (n_abilities, n_difficulties)."""
    points = np.eye(len(model.answers.difficulties))
    return np.array([accuracy_curve(model.answers, n_options, at, model.space.thetas) for at in points]).T


def _able(model: Model) -> BoolArray:
    """States that do the job: abilities that solve at least half of what good labelers do: (n_states,)."""
    able: BoolArray = (np.arange(model.space.size) < model.space.n_abilities) & (model.solving >= ABLE)
    return able


def _otherwise(model: Model, likelihood: Array, rest: Array, able: BoolArray) -> Array:
    """P(the choice) of people who do not do the job: (n,).

    What the hardly able and leakers know of the key is left unused: they count as guessing.
    """
    sources = np.arange(model.space.size)
    at_random = model.space.state_of(RANDOM)
    sources[: model.space.n_abilities] = at_random
    sources[model.space.state_of(LEAKER)] = at_random
    weights = np.maximum(rest[~able], 1e-300)
    mean: Array = (weights * likelihood[sources[~able]]).sum(axis=0) / weights.sum(axis=0)
    return mean


def key_evidence(answers: AnswerModel, n_options: int, start: Array, said: Said) -> Evidence:
    """Posterior over (key, difficulty) from a start and the crowd's answers.

    Each answer comes from somebody who does the job with its probability: right by the curve, wrong by one
    Polya urn for all, so that the same mistake of many good people is no surprise. Otherwise it tells
    nothing. Who of those who gave the same option does the job is summed over exactly.

    Parameters
    ----------
    answers : AnswerModel
    n_options : int
        K.
    start : (K + 1, n_difficulties) float
        ``panel_start`` or ``given_start``.
    said : Said
        Of more than ``MOST_ANSWERS`` the last ones are weighed.

    Returns
    -------
    Evidence
        ``log_chance`` is that of the crowd's answers, given the start.

    Raises
    ------
    ShapeError
        If a choice is not one of ``0..K``, or the arrays do not go together.
    """
    _check(n_options, said)
    latest = slice(max(0, len(said) - MOST_ANSWERS), None)
    used = Said(said.choices[latest], said.p_able[latest], said.curves[latest], said.otherwise[latest])
    with np.errstate(divide="ignore"):
        log_joint = np.log(start) + _log_likelihood(answers, n_options, used)
    largest = float(log_joint.max())
    joint = np.exp(log_joint - largest)
    solved = (panel_curve(answers, n_options) - 1 / n_options) / (1 - 1 / n_options)
    return Evidence(joint=joint / joint.sum(), ease=solved, log_chance=largest + float(np.log(joint.sum())))


def _check(n_options: int, said: Said) -> None:
    n = len(said)
    if not len(said.p_able) == len(said.curves) == len(said.otherwise) == n:
        raise ShapeError(
            f"{n} choices, but {len(said.p_able)} probabilities, {len(said.curves)} curves and "
            f"{len(said.otherwise)} chances: give one of each for every answer"
        )
    if n_options < 2 or ((said.choices < 0) | (said.choices > n_options)).any():
        raise ShapeError(
            f"choices {said.choices.tolist()} must lie in 0..{n_options}, and a task needs 2 options or more"
        )
    if not ((said.p_able >= 0) & (said.p_able <= 1)).all():
        raise ShapeError(
            f"p_able lies in {said.p_able.min():g}..{said.p_able.max():g}, but must hold probabilities"
        )


def _log_likelihood(answers: AnswerModel, n_options: int, said: Said) -> Array:
    """Log P(the crowd's answers | key, difficulty): (K + 1, n_difficulties)."""
    n_difficulties = said.curves.shape[1]
    right = said.p_able[:, None] * said.curves
    wrong = said.p_able[:, None] * (1 - said.curves)
    other = np.repeat(((1 - said.p_able) * said.otherwise)[:, None], n_difficulties, axis=1)
    gave = [said.choices == option for option in range(n_options + 1)]
    hits = [_log_product(right[who] + other[who]) for who in gave]
    none = _log_product(answers.none_share * wrong[gave[-1]] + other[gave[-1]])
    slips = [_slips((1 - answers.none_share) * wrong[who], other[who]) for who in gave[:-1]]
    unanswerable = [_slips(wrong[who], other[who]) for who in gave[:-1]]
    rows = [
        hits[key] + none + _urn([slips[c] for c in range(n_options) if c != key], answers.attraction)
        for key in range(n_options)
    ]
    return np.array([*rows, hits[-1] + _urn(unanswerable, answers.attraction)])


def _log_product(chances: Array) -> Array:
    """Log P(these people gave what they gave): (n, n_difficulties) to (n_difficulties,)."""
    total: Array = np.log(np.maximum(chances, 1e-300)).sum(axis=0)
    return total


def _slips(able: Array, other: Array) -> tuple[Array, Array]:
    """How many of those who gave one wrong option do the job, and slipped.

    Parameters
    ----------
    able, other : (n, n_difficulties) float
        P(does the job and errs), P(does not, and gives this option).

    Returns
    -------
    log_each : (n_difficulties,) float
        Log P(either), of all of them.
    slipped : (n_difficulties, n + 1) float
        Given that, P(so many of them slipped): a sum of coins, each with its own chance.
    """
    either = np.maximum(able + other, 1e-300)
    share = able / either
    slipped = np.zeros((able.shape[1], len(able) + 1))
    slipped[:, 0] = 1.0
    for row in share:
        slipped[:, 1:] = slipped[:, 1:] * (1 - row[:, None]) + slipped[:, :-1] * row[:, None]
        slipped[:, 0] *= 1 - row
    return np.log(either).sum(axis=0), slipped


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
