"""How much a benchmark would tell about "good or not".

The measure is the expected drop of ``p (1 - p)``, the variance of the indicator "good". Entropy ranks
benchmarks much alike, but needs logarithms, and those differ in the last bit between machines; the variance
needs only + - x /. It is also the expected Brier loss of what the gate will say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from goldvein.stats.items import leaked_share
from goldvein.stats.states import LEAKER, RANDOM

if TYPE_CHECKING:
    from goldvein.stats.arrays import Array, IntArray
    from goldvein.stats.model import Model


def remaining_variance(
    p: Array, model: Model, pool: Array, candidates: IntArray, exposures: IntArray
) -> Array:
    """Variance of "good" still expected after each candidate's answer; low where it tells much.

    With ``g`` and ``b`` the good and bad mass behind an answer, its share of the remaining variance is
    ``g b / (g + b)``. The good states are added up first, then the bad ones, each in state order.

    Parameters
    ----------
    p : (n_states, n) float
        Posteriors of n labelers.
    model : Model
    pool : (n_states, n_items, K + 1) float
        From ``items.stack_tables``.
    candidates : (n, C) int
        Items under comparison for each labeler.
    exposures : (n_items,) int
        Servings of every item: a leaker may know those that were served often.

    Returns
    -------
    (n, C) float
    """
    good = model.space.good
    behind_good = _mass_behind_answers(p, np.flatnonzero(good), pool, candidates)
    behind_bad = _mass_behind_answers(p, np.flatnonzero(~good), pool, candidates)
    behind_bad += _unknown_to_leakers(p, model, pool, candidates, exposures)
    total = behind_good + behind_bad
    product = behind_good * behind_bad
    shares = np.divide(product, total, out=np.zeros_like(total), where=total > 0)
    remaining: Array = np.add.accumulate(shares, axis=-1)[..., -1]
    return remaining


def _mass_behind_answers(p: Array, states: IntArray, pool: Array, candidates: IntArray) -> Array:
    """Mass of the given states behind every answer: (n, C, K + 1)."""
    mass = np.zeros((*candidates.shape, pool.shape[2]))
    for state in states:
        answers = pool[state].take(candidates, axis=0)
        answers *= p[state][:, None, None]
        mass += answers
    return mass


def _unknown_to_leakers(
    p: Array, model: Model, pool: Array, candidates: IntArray, exposures: IntArray
) -> Array:
    """What the leaker's mass behind every answer changes by, where the key has not leaked: (n, C, K + 1)."""
    leaker, at_random = (pool[model.space.state_of(name)] for name in (LEAKER, RANDOM))
    unknown = 1 - leaked_share(model, exposures)[candidates]
    difference = (at_random - leaker).take(candidates, axis=0)
    change: Array = difference * (unknown * p[model.space.state_of(LEAKER)][:, None])[..., None]
    return change
