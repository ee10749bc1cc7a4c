"""Looking back: how good a labeler was at each past answer, given everything that came after.

Forward-backward over the states of the filter, so that a change is dated. Off the hot path: matrix products
are used, whose sums may differ from the filter's in the last bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from goldvein.stats.arrays import Array, ShapeError
from goldvein.stats.model import convert
from goldvein.stats.posterior import advance

if TYPE_CHECKING:
    from collections.abc import Sequence

    from goldvein.stats.model import Model


@dataclass(frozen=True, slots=True, eq=False)
class Smoothed:
    """What the whole chain says of each answer.

    Attributes
    ----------
    good : (T,) or (T, n) float
        P(at or over the bar at that answer | start and all answers).
    last : (n_states,) or (n_states, n) float
        The filter's posterior after the last answer.
    """

    good: Array
    last: Array


def smooth(model: Model, start: Array, likelihoods: Array) -> Smoothed:
    """P(good) at each of T answers, given all of them; for one labeler or for n in step.

    Parameters
    ----------
    model : Model
    start : (n_states,) or (n_states, n) float
        Posterior before the first answer; sums to one.
    likelihoods : (n_states, T) or (n_states, T, n) float
        Likelihood of each answer by state, ones for ordinary answers.

    Returns
    -------
    Smoothed

    Source
    ------
    Baum et al. (1970), scaled as in Rabiner (1989).
    """
    return smooth_parts([(model, likelihoods)], start)


def smooth_parts(parts: Sequence[tuple[Model, Array]], start: Array) -> Smoothed:
    """Look back over answers that were judged under several model versions, one part after the other.

    Parameters
    ----------
    parts : sequence of (Model, likelihoods)
        Oldest first. Between two parts the posterior is converted to the newer model's states.
    start : (n_states of the first model,) or (n_states, n) float
        Posterior before the first answer.

    Raises
    ------
    ShapeError
        If there is nothing to look back on.
    """
    if not parts:
        raise ShapeError("no part to look back on; give at least one model with its likelihoods")
    single = np.ndim(start) == 1
    p = np.asarray(start, dtype=float)[:, None] if single else np.asarray(start, dtype=float)
    columns = [likelihoods[:, :, None] if single else likelihoods for _, likelihoods in parts]
    models = [model for model, _ in parts]
    runs: list[tuple[Array, Array]] = []
    for place, (model, likelihood) in enumerate(zip(models, columns, strict=True)):
        if place:
            p = convert(p, models[place - 1], model)
        filtered, norms = _forward(model, p, likelihood)
        runs.append((filtered, norms))
        p = filtered[-1] if len(filtered) else p
    future, good = np.ones_like(p), []
    for place in range(len(parts) - 1, -1, -1):
        own, future = _backward(models[place], columns[place], *runs[place], future)
        good.append(own)
        if place:
            future = _entering(models[place - 1], models[place]).T @ future
    found = np.concatenate(good[::-1])
    return Smoothed(found[:, 0], p[:, 0]) if single else Smoothed(found, p)


def _transition(model: Model) -> Array:
    """The filter's step of time as a matrix: to, from."""
    return advance(np.eye(model.space.size), model)


def _entering(old: Model, new: Model) -> Array:
    """The change of models as a matrix: (n_states of new, n_states of old)."""
    return convert(np.eye(old.space.size), old, new)


def _forward(model: Model, p: Array, likelihoods: Array) -> tuple[Array, Array]:
    """Posterior after each answer, (T, n_states, n), and the probability of each answer, (T, n)."""
    matrix, by_answer = _transition(model), np.ascontiguousarray(likelihoods.transpose(1, 0, 2))
    filtered = np.empty((len(by_answer), *p.shape))
    norms = np.empty((len(by_answer), p.shape[1]))
    for at, likelihood in enumerate(by_answer):
        joint = matrix @ p
        joint *= likelihood
        norms[at] = joint.sum(axis=0)
        joint /= norms[at]
        filtered[at] = p = joint
    return filtered, norms


def _backward(
    model: Model, likelihoods: Array, filtered: Array, norms: Array, future: Array
) -> tuple[Array, Array]:
    """P(good) at each answer, (T, n), and what the answers say of the state before the first.

    ``future``, (n_states, n): what comes after the last answer says of the state there.
    """
    matrix, by_answer = _transition(model).T.copy(), np.ascontiguousarray(likelihoods.transpose(1, 0, 2))
    messages = np.empty_like(filtered)
    for at in range(len(by_answer) - 1, -1, -1):
        messages[at] = future
        future = matrix @ (by_answer[at] * future / norms[at])
    smoothed = filtered * messages
    good: Array = smoothed[:, model.space.good].sum(axis=1) / smoothed.sum(axis=1)
    return good, future
