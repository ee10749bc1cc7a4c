"""How much a benchmark would tell about "good or not".

The measure is the expected drop of ``p (1 - p)``, the variance of the indicator "good". Entropy ranks
benchmarks much alike, but needs logarithms, and those differ in the last bit between machines; the variance
needs only + - x /. It is also the expected Brier loss of what the gate will say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from goldvein.stats.arrays import Array, BoolArray, IntArray


def remaining_variance(p: Array, good: BoolArray, pool: Array, candidates: IntArray) -> Array:
    """Variance of "good" still expected after each candidate's answer; low where it tells much.

    With ``g`` and ``b`` the good and bad mass behind an answer, its share of the remaining variance is
    ``g b / (g + b)``. The good states are added up first, then the bad ones, each in state order.

    Parameters
    ----------
    p : (n_states, n) float
        Posteriors of n labelers.
    good : (n_states,) bool
    pool : (n_states, n_items, K + 1) float
        From ``items.stack_tables``.
    candidates : (n, C) int
        Items under comparison for each labeler.

    Returns
    -------
    (n, C) float
    """
    behind_good = _mass_behind_answers(p, np.flatnonzero(good), pool, candidates)
    behind_bad = _mass_behind_answers(p, np.flatnonzero(~good), pool, candidates)
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
