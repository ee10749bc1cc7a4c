"""Who the labelers are before anything is learned, what they turn into, and how much each ability solves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from goldvein.stats.arrays import Array, frozen
from goldvein.stats.states import LEAKER, RANDOM

if TYPE_CHECKING:
    from goldvein.stats.model import AnswerModel
    from goldvein.stats.states import StateSpace

_LEAKER_SHARE = 0.02


def population_prior(space: StateSpace, *, shortcut_mass: float, mean: float = 1.2, sd: float = 1.2) -> Array:
    """Prior over states: a bell of abilities centred over the bar, and some of every shortcut.

    Parameters
    ----------
    space : StateSpace
    shortcut_mass : float
        Total share of shortcuts, in (0, 1). A third of it answers at random, a fiftieth leaks.
    mean, sd : float
        Centre over the bar and spread of honest ability, logits.

    Returns
    -------
    (n_states,) float
    """
    bar = space.thetas[~space.good[: space.n_abilities]].max() + 0.5 * np.diff(space.thetas)[0]
    ability = np.exp(-0.5 * ((space.thetas - bar - mean) / sd) ** 2)
    built_in = {RANDOM: 1 / 3, LEAKER: _LEAKER_SHARE}
    left = (1 - sum(built_in.values())) / (len(space.shortcuts) - len(built_in))
    shares = np.array([built_in.get(name, left) for name in space.shortcuts])
    return frozen(np.concatenate([(1 - shortcut_mass) * ability / ability.sum(), shortcut_mass * shares]))


def turns_of(space: StateSpace, prior: Array, shortcut_share: float = 0.8) -> Array:
    """What a labeler turns into at a jump: mostly somebody who stops doing the job.

    Ability moves by small steps. Were a jump to end at any ability, doubt would gather just under the bar,
    where hundreds of benchmarks tell nothing.

    Parameters
    ----------
    space : StateSpace
    prior : (n_states,) float
    shortcut_share : float
        Share of jumps that end in a shortcut, in the proportions of ``prior``; the rest ends anywhere.

    Returns
    -------
    (n_states,) float
    """
    shortcuts = prior.copy()
    shortcuts[: space.n_abilities] = 0.0
    return frozen(shortcut_share * shortcuts / shortcuts.sum() + (1 - shortcut_share) * prior)


def solving_of(answers: AnswerModel, space: StateSpace, prior: Array, weights: Array | None = None) -> Array:
    """How much of a good labeler's solving each state does.

    Parameters
    ----------
    answers : AnswerModel
    space : StateSpace
    prior : (n_states,) float
        Says who the good labelers are.
    weights : (n_difficulties,) float, optional
        Difficulty of ordinary tasks; what is thought of a pushed task when not given.

    Returns
    -------
    (n_states,) float
        ``min(1, solved(theta) / mean solved among the good)`` for abilities, 0 for shortcuts.
    """
    weights = answers.difficulty_prior if weights is None else weights
    slopes = answers.discrimination * (space.thetas[:, None] - answers.difficulties)
    solved = (weights / (1 + np.exp(-slopes))).sum(axis=1)
    good = prior[: space.n_abilities] * space.good[: space.n_abilities]
    solving = np.zeros(space.size)
    solving[: space.n_abilities] = np.minimum(1.0, solved / (good @ solved / good.sum()))
    return frozen(solving)
