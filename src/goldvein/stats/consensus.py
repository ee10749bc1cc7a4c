"""Labels and labelers from several answers a task, without keys: one-coin Dawid-Skene."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from goldvein.stats.arrays import Array, IntArray, ShapeError


@dataclass(frozen=True, slots=True, eq=False)
class Consensus:
    """Result of combining answers.

    Attributes
    ----------
    task_probs : (n_tasks, n_options) float
        P(option is right) for each task.
    accuracy : (n_labelers,) float
        Estimated P(right) of each labeler.
    n_iterations : int
    """

    task_probs: Array
    accuracy: Array
    n_iterations: int


def one_coin(
    task: IntArray,
    labeler: IntArray,
    answer: IntArray,
    n_options: int,
    *,
    prior_right: float = 4.0,
    prior_wrong: float = 1.0,
    max_iterations: int = 100,
    tolerance: float = 1e-6,
) -> Consensus:
    """One-coin Dawid-Skene by expectation-maximisation over sparse answers, in log space.

    Each labeler is right with one probability, and its wrong answers fall evenly on the other options.

    Parameters
    ----------
    task, labeler, answer : (n_answers,) int
        Indices from 0.
    n_options : int
        K.
    prior_right, prior_wrong : float
        Pseudo-counts that shrink accuracies; they also keep them off 0 and 1.
    max_iterations : int
    tolerance : float
        Stop when no accuracy moves more than this.

    Returns
    -------
    Consensus

    Raises
    ------
    ShapeError
        If the arrays differ in length, are empty, or an answer is not one of ``0..K-1``.

    Source
    ------
    Dawid and Skene (1979), with one parameter per labeler.
    """
    if not len(task) == len(labeler) == len(answer) > 0:
        raise ShapeError(
            f"task, labeler and answer have lengths {len(task)}, {len(labeler)}, {len(answer)}; "
            "they must be equal and not zero"
        )
    if answer.min() < 0 or answer.max() >= n_options:
        raise ShapeError(
            f"answers reach from {answer.min()} to {answer.max()}, but must lie in 0..{n_options - 1}"
        )
    n_tasks, n_labelers = int(task.max()) + 1, int(labeler.max()) + 1
    given = np.bincount(labeler, minlength=n_labelers)
    cells = task * n_options + answer
    probs = _posterior(np.ones(len(task)), cells, n_tasks, n_options)  # majority vote
    accuracy = np.zeros(n_labelers)
    iteration = 0
    while iteration < max_iterations:
        iteration += 1
        right = np.bincount(labeler, weights=probs.ravel()[cells], minlength=n_labelers)
        updated = (right + prior_right) / (given + prior_right + prior_wrong)
        moved = float(np.abs(updated - accuracy).max())
        accuracy = updated
        # log P(answer | right) - log P(answer | this wrong one): the weight of a vote.
        weight = np.log(accuracy * (n_options - 1) / (1 - accuracy))
        probs = _posterior(weight[labeler], cells, n_tasks, n_options)
        if moved < tolerance:
            break
    return Consensus(task_probs=probs, accuracy=accuracy, n_iterations=iteration)


def _posterior(weights: Array, cells: IntArray, n_tasks: int, n_options: int) -> Array:
    """Task posteriors from weighted votes, shifted by the row's maximum so that exp cannot overflow."""
    votes = np.bincount(cells, weights=weights, minlength=n_tasks * n_options).reshape(n_tasks, n_options)
    odds = np.exp(votes - votes.max(axis=1, keepdims=True))
    probs: Array = odds / odds.sum(axis=1, keepdims=True)
    return probs
