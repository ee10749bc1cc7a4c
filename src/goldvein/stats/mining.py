"""What a panel's answers say about a task: which option is the key, and how easy the task is.

A grid over (key, difficulty), the trusted labelers' abilities integrated out. A model in which every trusted
answer is simply 90% right puts 10% wrong keys into a mixed pool; difficulty has to be in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING

import numpy as np

from goldvein.stats.arrays import Array, ShapeError
from goldvein.stats.items import accuracy_curve

if TYPE_CHECKING:
    from collections.abc import Sequence

    from goldvein.stats.model import AnswerModel


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What is known about one task from its answers.

    Attributes
    ----------
    joint : (K + 1, n_difficulties) float
        P(key, difficulty | answers); the last row is "cannot be answered". Sums to one.
    ease : (n_difficulties,) float
        Share of trusted labelers who solve the task at each difficulty, lucky guesses taken out, so that
        one threshold serves two options as well as sixteen.
    log_chance : float
        Log P(answers), all keys and difficulties taken together: how well the model explains them.
    """

    joint: Array
    ease: Array
    log_chance: float

    @property
    def answer_probs(self) -> Array:
        """P(this is what the panel would settle on), last entry "cannot be answered": (K + 1,)."""
        probs: Array = self.joint.sum(axis=1)
        return probs

    @property
    def key_probs(self) -> Array:
        """P(this option is the key), given that the task has one: (K,). What a benchmark carries."""
        probs = self.joint[:-1].sum(axis=1)
        normalised: Array = probs / probs.sum()
        return normalised

    @property
    def best(self) -> int:
        """The most probable answer; K for "cannot be answered"."""
        return int(np.argmax(self.answer_probs))

    def difficulty_weights(self, key: int) -> Array:
        """P(difficulty | answers, this key): (n_difficulties,). What a benchmark carries."""
        weights: Array = self.joint[key] / self.joint[key].sum()
        return weights

    def clean_probability(self, ease_at_least: float) -> float:
        """P(the best option is the key, and the task is at least so easy); 0 if it cannot be answered."""
        if self.best == len(self.joint) - 1:
            return 0.0
        return float(self.joint[self.best, self.ease >= ease_at_least].sum())


def panel_curve(answers: AnswerModel, n_options: int) -> Array:
    """P(a trusted labeler gets it right) at each difficulty, ability integrated out: (n_difficulties,)."""
    offsets = np.linspace(-2.5, 2.5, 11)
    weights = np.exp(-0.5 * offsets**2)
    return labeler_curve(answers, n_options, answers.panel_sd * offsets, weights / weights.sum())


def labeler_curve(answers: AnswerModel, n_options: int, thetas: Array, weights: Array) -> Array:
    """P(this labeler gets it right) at each difficulty, from a posterior over ability.

    Parameters
    ----------
    answers : AnswerModel
    n_options : int
    thetas, weights : (n,) float
        Ability grid and its posterior; weights that sum to less than one leave the rest to guessing.

    Returns
    -------
    (n_difficulties,) float
    """
    points = np.eye(len(answers.difficulties))
    curves = np.array([accuracy_curve(answers, n_options, point, thetas) for point in points])
    curve: Array = curves @ weights + (1 - weights.sum()) / n_options
    return curve


def task_evidence(
    answers: AnswerModel, n_options: int, choices: Sequence[int], curves: Sequence[Array] | None = None,
    leaning: Array | None = None,
) -> Evidence:  # fmt: skip
    """Posterior over (key, difficulty) from the answers of known people.

    Given the difficulty, people answer independently, so each one's ability is integrated out on its own.
    Wrong answers attract each other: they come from a Polya urn, so that two people with the same mistake
    are no surprise and are not taken for a key.

    Parameters
    ----------
    answers : AnswerModel
    n_options : int
        K.
    choices : sequence of int
        Options chosen, in content order; K for "cannot be answered". Their order does not matter.
    curves : sequence of (n_difficulties,) float, optional
        ``labeler_curve`` of each answer's labeler; the panel's when not given.
    leaning : (K,) float, optional
        P(each option is the key), before any answer and given that there is one; all alike when not given.

    Returns
    -------
    Evidence

    Raises
    ------
    ShapeError
        If a choice is not one of ``0..K``.

    Source
    ------
    After Abraham et al., "How many workers to ask?", SIGIR 2016: difficulty and answer inferred together.
    """
    if n_options < 2 or not all(0 <= choice <= n_options for choice in choices):
        raise ShapeError(
            f"choices {list(choices)} must lie in 0..{n_options}, and a task needs 2 options or more"
        )
    curve = panel_curve(answers, n_options)
    right = np.array(curves if curves is not None else [curve] * len(choices)).reshape(
        len(choices), len(curve)
    )
    prior = key_prior(answers, n_options, leaning)
    log_joint = np.array(
        [
            log(prior[key]) + _log_likelihood(answers, n_options, choices, right, key)
            for key in range(n_options + 1)
        ]
    ) + np.log(answers.difficulty_prior)
    # Many answers underflow; the largest term is taken out before exp.
    largest = float(log_joint.max())
    joint = np.exp(log_joint - largest)
    return Evidence(
        joint=joint / joint.sum(),
        ease=(curve - 1 / n_options) / (1 - 1 / n_options),
        log_chance=largest + log(joint.sum()),
    )


def key_prior(answers: AnswerModel, n_options: int, leaning: Array | None = None) -> Array:
    """P(key) before any answer: options as they lean, a small share for "cannot be answered": (K + 1,)."""
    options = np.full(n_options, 1 / n_options) if leaning is None else np.asarray(leaning, dtype=float)
    if options.shape != (n_options,) or options.min() <= 0 or abs(float(options.sum()) - 1) > 1e-9:
        raise ShapeError(f"leaning {options.tolist()} must give {n_options} options more than 0, in all 1")
    prior: Array = np.append((1 - answers.none_key_share) * options, answers.none_key_share)
    return prior


def _log_likelihood(
    answers: AnswerModel, n_options: int, choices: Sequence[int], right: Array, key: int
) -> Array:
    """Log P(choices | key, difficulty): (n_difficulties,)."""
    hits = np.array([choice == key for choice in choices], dtype=bool)
    correct: Array = np.log(right[hits]).sum(axis=0) + np.log1p(-right[~hits]).sum(axis=0)
    return correct + _log_wrong(answers, n_options, [c for c in choices if c != key], key)


def _log_wrong(answers: AnswerModel, n_options: int, wrong: Sequence[int], key: int) -> float:
    """Log P(these wrong answers | wrong): "cannot be answered" by its share, options by a Polya urn."""
    urn = n_options if key == n_options else n_options - 1
    seen = [0] * n_options
    total = 0.0
    for choice in wrong:
        if choice == n_options:
            total += log(answers.none_share)
            continue
        share = (answers.attraction / urn + seen[choice]) / (answers.attraction + sum(seen))
        total += log(share if key == n_options else (1 - answers.none_share) * share)
        seen[choice] += 1
    return total
