"""Lives of a crowd: who people were when they came, and how often, when and into what they turned.

The filter's own hidden Markov model, fitted to whole histories of many labelers at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from goldvein.stats.arrays import Array, BoolArray, IntArray, ShapeError, frozen
from goldvein.stats.posterior import advance

if TYPE_CHECKING:
    from goldvein.stats.model import Model

PEOPLE: Final = 10.0
"""Labelers that the model's own population counts for."""
TURNS: Final = 1.0
"""Jumps that the model's own hazard and turns count for."""
ROUNDS: Final = 12


@dataclass(frozen=True, slots=True, eq=False)
class Lives:
    """A fitted crowd.

    Attributes
    ----------
    start : (n_states,) float
        The population before anybody's first answer.
    turned : (T, n_states) float
        Expected number of labelers who turned from doing the job into each state at their t-th answer.
    at_work : (T,) float
        Expected number of labelers who were doing the job before that answer.
    bounds : (rounds,) float
        Log likelihood of all answers plus log prior, which never falls.
    """

    start: Array
    turned: Array
    at_work: Array
    bounds: Array


def fit_lives(model: Model, evidence: Array, answers: IntArray, rounds: int = ROUNDS) -> Lives:
    """Fit population, hazard and turns to histories; everything else is the model's.

    Parameters
    ----------
    model : Model
    evidence : (T, n_states, N) float
        Likelihood of everybody's t-th answer by state; what lies beyond a labeler's last is not looked at.
    answers : (N,) int
        How many answers each gave.
    rounds : int

    Raises
    ------
    ShapeError
        If there is no labeler, or the arrays do not fit.

    Source
    ------
    Baum, Petrie, Soules and Weiss (1970), with Dirichlet and Beta priors around the model's values.
    """
    steps, states, size = evidence.shape
    if not size or states != model.space.size or len(answers) != size or answers.max() > steps:
        raise ShapeError(
            f"evidence of shape {evidence.shape} does not fit {model.space.size} states and {len(answers)} "
            "labelers; give (answers, states, labelers) with at least one labeler"
        )
    active = np.arange(steps)[:, None] < answers
    evidence = np.where(active[:, None], evidence, 1.0)
    fitted, bounds = model, []
    for _ in range(rounds):
        found, score = _expected(fitted, evidence, active)
        bounds.append(score + _log_prior(model, fitted))
        start, turned, jumps, at_work = found
        fitted = _maximised(model, fitted, start, jumps, int(active.sum()))
    return Lives(fitted.prior, frozen(turned), frozen(at_work), frozen(bounds))


def _expected(model: Model, evidence: Array, active: BoolArray) -> tuple[tuple[Array, ...], float]:
    """Expected starts, turns from work, all jumps, and labelers at work; and the log likelihood."""
    steps, states, size = evidence.shape
    grid, matrix = model.space.n_abilities, advance(np.eye(states), model)
    filtered, norms = np.empty((steps + 1, states, size)), np.empty((steps, size))
    filtered[0] = model.prior[:, None]
    for at in range(steps):
        joint = matrix @ filtered[at] * evidence[at]
        norms[at] = joint.sum(axis=0)
        filtered[at + 1] = joint / norms[at]
    turned, jumps, at_work = np.zeros((steps, states)), np.zeros(states), np.zeros(steps)
    future = np.ones((states, size))
    entering = (model.hazard * model.turns)[:, None]
    for at in range(steps - 1, -1, -1):
        told = evidence[at] * future / norms[at]
        landed = entering * told * active[at]
        jumps += landed.sum(axis=1)
        turned[at] = landed @ filtered[at, :grid].sum(axis=0)
        future = matrix.T @ told
        at_work[at] = (filtered[at] * future)[:grid].sum(axis=0) @ active[at]
    start = (filtered[0] * future).sum(axis=1)
    return (start, turned, jumps, at_work), float(np.log(norms).sum())


def _maximised(first: Model, fitted: Model, start: Array, jumps: Array, answers: int) -> Model:
    """The most probable model given what is expected of the hidden lives."""
    prior = start + PEOPLE * first.prior
    turns = jumps + TURNS * first.turns
    hazard = (jumps.sum() + TURNS) / (answers + TURNS / first.hazard)
    return replace(
        fitted, prior=frozen(prior / prior.sum()), turns=frozen(turns / turns.sum()), hazard=float(hazard)
    )


def _log_prior(first: Model, fitted: Model) -> float:
    """Log density of the priors, up to a constant."""
    people = PEOPLE * first.prior @ np.log(fitted.prior)
    turns = TURNS * first.turns @ np.log(fitted.turns)
    hazard = TURNS * np.log(fitted.hazard) + TURNS * (1 / first.hazard - 1) * np.log1p(-fitted.hazard)
    return float(people + turns + hazard)
