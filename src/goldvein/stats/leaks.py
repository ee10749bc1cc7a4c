"""Leaks: a benchmark whose key goes round is answered right by people who could not, and ever more so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from goldvein.stats.arrays import Array, BoolArray

KNOWING: Final = (0.3, 0.6, 0.9)
"""Shares of those who do not do the job that are taken to hear of a leaked key in the end."""
HEARD_AFTER: Final = (5.0, 20.0, 80.0)
"""Servings after which half of them have."""


def leak_evidence(
    right: ArrayLike, p_able: ArrayLike, solved: ArrayLike, exposures: ArrayLike, chance: float
) -> float:
    """How much likelier the answers to one benchmark are if its key goes round: log Bayes factor.

    Somebody who does the job is right as ever. Of the others, a share that grows with the servings before
    knows the key: ``share e / (e + half)``. Averaged over shares and halves, it is a martingale while
    nothing leaks: however often one looks, it passes ``log(1 / alpha)`` with probability ``alpha`` at most.

    Parameters
    ----------
    right : (n,) bool
    p_able : (n,) float
        P(its labeler does the job), by anything but that answer.
    solved : (n,) float
        P(right) of somebody who does.
    exposures : (n,) int
        Servings before.
    chance : float
        P(right) of somebody who does not, while nothing leaks.

    Source
    ------
    Ville 1939; Robbins 1970: tests by the average over alternatives.
    """
    hit, able = np.asarray(right, dtype=bool), np.asarray(p_able, dtype=float)
    told, e = np.asarray(solved, dtype=float), np.asarray(exposures, dtype=float)
    if not len(hit):
        return 0.0
    usual = _likelihood(hit, able, told, np.full(len(hit), chance))
    logs = []
    for share in KNOWING:
        for half in HEARD_AFTER:
            known = share * e / (e + half)
            leaked = _likelihood(hit, able, told, chance + (1 - chance) * known)
            logs.append(float(np.log(leaked / usual).sum()))
    return float(np.logaddexp.reduce(logs) - np.log(len(logs)))


def _likelihood(hit: BoolArray, able: Array, solved: Array, others: Array) -> Array:
    right = able * solved + (1 - able) * others
    given: Array = np.where(hit, right, 1 - right)
    return np.maximum(given, 1e-12)
