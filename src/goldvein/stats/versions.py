"""What was laid on one model version, carried to another: tables of items, and beliefs between projects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from goldvein.stats.arrays import Array, frozen, ordered_sum
from goldvein.stats.states import RANDOM

if TYPE_CHECKING:
    from collections.abc import Sequence

    from goldvein.stats.model import Model

GOOD, BAD = "good", "bad"
"""Groups of ability states, by the side of the bar; every other group is a shortcut, by its name."""

Belief: TypeAlias = Mapping[str, float]
"""Mass of ``good``, ``bad`` and each shortcut of a standing, words that hold everywhere; sums to one."""

ELSEWHERE = 0.5
"""Share of people who are taken to work alike in all projects; of the others, no project tells of another."""

LATEST = 5
"""Other projects that are asked about a newcomer."""


def carried_table(table: Array, old: Model, new: Model) -> Array:
    """Likelihoods of an item, laid on one model version, as they stand on another.

    Abilities and shortcuts keep their rows, found by name; a shortcut that the old version does not know
    answers at random, until the item is laid on the new version itself. Only rows are copied: this may happen
    while an answer waits.

    Parameters
    ----------
    table : (n_states of old, K + 1) float
    old, new : Model
        Of one project, so that their ability grids are one.

    Returns
    -------
    (n_states of new, K + 1) float
    """
    if old.space.shortcuts == new.space.shortcuts:
        return table
    homes = [
        old.space.state_of(name if name in old.space.shortcuts else RANDOM) for name in new.space.shortcuts
    ]
    return frozen(table[[*range(old.space.n_abilities), *homes]])


def belief(model: Model, posterior: Array) -> Belief:
    """What a standing says of its labeler in every project's words: (n_states,) under all evidence."""
    column = posterior[:, None]
    abilities = np.arange(model.space.size) < model.space.n_abilities
    masses = {
        GOOD: float(ordered_sum(column[abilities & model.space.good])[0]),
        BAD: float(ordered_sum(column[abilities & ~model.space.good])[0]),
    }
    masses |= {name: float(posterior[model.space.state_of(name)]) for name in model.space.shortcuts}
    return masses


def prior_from_elsewhere(model: Model, beliefs: Sequence[Belief]) -> Array:
    """Where a newcomer starts under all evidence, given what the standings in other projects say.

    A share of people work alike everywhere: of them the mean belief holds, spread within "good" and "bad" as
    the population is. The rest are strangers. A shortcut unknown here counts as answers at random, and one
    unknown there as no more likely than in the population. + - x / only, so that ``verify`` finds it again.

    Parameters
    ----------
    model : Model
        Of the project that the labeler enters.
    beliefs : n beliefs
        None of them gives the population prior.

    Returns
    -------
    (n_states,) float
        Sums to one.
    """
    if not beliefs:
        return model.prior
    mean = np.zeros(model.space.size)
    for one in beliefs:
        mean += _transferred(model, one)
    mean /= len(beliefs)
    return frozen((1.0 - ELSEWHERE) * model.prior + ELSEWHERE * mean)


def _transferred(model: Model, one: Belief) -> Array:
    """One project's belief on the states of another: (n_states,), sums to one."""
    grid, space, prior = model.space.n_abilities, model.space, model.prior
    spread = np.zeros(space.size)
    for name, side in ((GOOD, space.good), (BAD, ~space.good & (np.arange(space.size) < grid))):
        share = float(ordered_sum(prior[side][:, None])[0])
        spread[side] += one[name] * prior[side] / share
    unheard = 0.0
    for name in space.shortcuts:
        if name in one:
            spread[space.state_of(name)] += one[name]
        else:
            unheard += float(prior[space.state_of(name)])
    spread[space.state_of(RANDOM)] += sum(
        mass for name, mass in one.items() if name not in space.shortcuts and name not in (GOOD, BAD)
    )
    spread *= 1.0 - unheard
    for name in space.shortcuts:
        if name not in one:
            spread[space.state_of(name)] = float(prior[space.state_of(name)])
    return spread
