"""The filter: how a standing moves with time and with answers, and what is known about the past.

Hot path: only + - x / in one fixed summation order, so that a labeler's posterior is the same to the last
bit whether it is computed alone or in a group. Every function takes states first: ``(n_states, n)``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from goldvein.stats.arrays import Array, ordered_sum

if TYPE_CHECKING:
    from goldvein.stats.model import Model


def advance(p: Array, model: Model) -> Array:
    """Distribution one answer later: a small walk on ability, and rarely a jump anywhere.

    ``(1 - h) W p + h turns mass``, where mass is the sum of the column, so that the step is linear and holds
    for joints as well as for posteriors.

    Parameters
    ----------
    p : (n_states, n) float
    model : Model

    Returns
    -------
    (n_states, n) float

    Source
    ------
    Forward step of a hidden Markov model; the jump is Shiryaev's (1963) disorder with hazard h.
    """
    mass = ordered_sum(p)
    grid = model.space.n_abilities
    walked = p.copy()
    flow = model.walk * (p[1:grid] - p[: grid - 1])
    walked[: grid - 1] += flow
    walked[1:grid] -= flow
    walked *= 1.0 - model.hazard
    walked += (model.hazard * model.turns)[:, None] * mass
    return walked


def condition(p: Array, likelihood: Array) -> tuple[Array, Array]:
    """Bayes' rule.

    Parameters
    ----------
    p, likelihood : (n_states, n) float

    Returns
    -------
    posterior : (n_states, n) float
        Columns sum to one.
    norm : (n,) float
        Probability of what was observed; held answers' joints are divided by the same number.
    """
    joint = p * likelihood
    norm = ordered_sum(joint)
    return joint / norm, norm


def good_mass(p: Array, model: Model) -> Array:
    """P(at or over the bar) for each column: (n_states, n) to (n,)."""
    return ordered_sum(p[model.space.good])


def held_joint(p: Array, model: Model) -> Array:
    """Joint of "state now" and "good now", from which a held answer's smoothing starts.

    Carried forward by ``advance`` and ``condition_joint`` it stays
    ``P(state now, good at that answer | all data since)``; its sum is the smoothed P(good at that answer).
    The future is folded in as it comes, so no history is kept.

    Parameters
    ----------
    p : (n_states, n) float
        Posterior at the held answer.

    Returns
    -------
    (n_states, n) float
    """
    joint: Array = p * model.space.good[:, None]
    return joint


def condition_joint(joint: Array, likelihood: Array, norm: Array) -> Array:
    """Joint after an observation, divided by the norm of the standing it belongs to.

    Parameters
    ----------
    joint, likelihood : (n_states, n_held) float
    norm : (n_held,) float
        From ``condition`` on the owner's posterior.
    """
    return joint * likelihood / norm


def smoothed_good(joint: Array) -> Array:
    """P(good at the held answer | everything until now): (n_states, n_held) to (n_held,)."""
    return ordered_sum(joint)


def newcomer(model: Model, n: int = 1) -> Array:
    """Posterior of n people of whom nothing is known: (n_states, n)."""
    return np.repeat(model.prior[:, None], n, axis=1)
