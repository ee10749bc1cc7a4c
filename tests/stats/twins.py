"""Slow, exact twins of the fast forms: plain loops over fractions, straight from the definitions."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from goldvein.stats.arrays import Array
    from goldvein.stats.model import Model

Column = list[Fraction]


def exact(values: Array) -> Column:
    """Floats as the fractions they are."""
    return [Fraction(float(value)) for value in values]


def transition(model: Model) -> list[Column]:
    """The whole matrix T[to][from] of one answer's time."""
    size, grid = model.space.size, model.space.n_abilities
    hazard, walk = Fraction(model.hazard), Fraction(model.walk)
    turns = exact(model.turns)
    matrix = [[Fraction(0)] * size for _ in range(size)]
    for here in range(size):
        moves = dict.fromkeys(range(size), Fraction(0))
        moves[here] = Fraction(1)
        for there in (here - 1, here + 1):
            if here < grid and 0 <= there < grid:
                moves[there] += walk
                moves[here] -= walk
        for there in range(size):
            matrix[there][here] = (1 - hazard) * moves[there] + hazard * turns[there]
    return matrix


def step(matrix: list[Column], p: Column) -> Column:
    """One answer's time."""
    return [sum((t * q for t, q in zip(row, p, strict=True)), Fraction(0)) for row in matrix]


def filtered(model: Model, likelihoods: Sequence[Array]) -> list[Column]:
    """Posterior after each answer, from the prior on."""
    matrix, p, history = transition(model), exact(model.prior), []
    for likelihood in likelihoods:
        joint = [a * b for a, b in zip(step(matrix, p), exact(likelihood), strict=True)]
        p = [value / sum(joint) for value in joint]
        history.append(p)
    return history


def smoothed_good(model: Model, likelihoods: Sequence[Array], at: int) -> Fraction:
    """P(good at answer ``at`` | all answers), by forward and backward passes over the whole history."""
    matrix = transition(model)
    forward = filtered(model, likelihoods)[at]
    backward = [Fraction(1)] * model.space.size
    for likelihood in reversed(likelihoods[at + 1 :]):
        seen = [a * b for a, b in zip(exact(likelihood), backward, strict=True)]
        backward = [
            sum((matrix[to][here] * seen[to] for to in range(len(seen))), Fraction(0))
            for here in range(len(seen))
        ]
    joint = [a * b for a, b in zip(forward, backward, strict=True)]
    return sum((v for v, good in zip(joint, model.space.good, strict=True) if good), Fraction(0)) / sum(joint)
