"""What different circles hold for right, and which ability gives which mean accuracy on the benchmarks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from goldvein.sim.contest.items import draw_wrong, finding
from goldvein.stats.arrays import Array, BoolArray, IntArray

if TYPE_CHECKING:
    from collections.abc import Sequence

    from goldvein.sim.contest.groups import Group
    from goldvein.sim.contest.items import Items

_STEP, _REACH = 0.02, 9.0


class Tastes:
    """Circles of taste over a pool of tasks whose first ``n_benchmarks`` are the benchmarks.

    Parameters
    ----------
    rng : numpy.random.Generator
    groups : sequence of Group
        Each group with ``dissent`` brings ``clusters`` circles; circle 0 is the one that the keys follow.
    pool : Items
    n_benchmarks : int

    Attributes
    ----------
    prefers : (n_circles, n_items) int
        The option that a circle holds for right.
    """

    def __init__(
        self, rng: np.random.Generator, groups: Sequence[Group], pool: Items, n_benchmarks: int
    ) -> None:
        circles = [pool.key]
        for group in groups:
            many = group.clusters if group.dissent > 0 else 0
            circles += [_dissenting(rng, pool, group.dissent, n_benchmarks) for _ in range(many)]
        self.prefers: IntArray = np.array(circles)
        reach = _REACH + 3 * pool.difficulty[:n_benchmarks].std()
        self._low = float(pool.difficulty[:n_benchmarks].mean() - reach)
        self._thetas = self._low + np.arange(0.0, 2 * reach, _STEP)
        self._curves = _accuracies(pool, self.prefers, self._thetas, n_benchmarks)

    def accuracy(self, theta: Array, taste: IntArray) -> Array:
        """Mean accuracy on the benchmarks' true keys, by linear interpolation."""
        place = np.clip((theta - self._low) / _STEP, 0, len(self._thetas) - 1.001)
        left = place.astype(np.int64)
        curves: Array = self._curves[taste, left]
        return curves + (place - left) * (self._curves[taste, left + 1] - curves)

    def theta_of(self, accuracy: Array, taste: IntArray) -> Array:
        """Ability at which a labeler of this taste has this mean accuracy."""
        thetas = np.empty(len(accuracy))
        for circle in np.unique(taste):
            curve, mine = self._curves[circle], taste == circle
            thetas[mine] = np.interp(accuracy[mine], curve, self._thetas)
        return thetas


def _dissenting(rng: np.random.Generator, pool: Items, dissent: float, n_benchmarks: int) -> IntArray:
    """Keys of a circle that prefers a tempting wrong option on a share of the tasks."""
    differs: BoolArray = rng.random(len(pool.key)) < dissent
    differs[:n_benchmarks] = rng.permutation(n_benchmarks) < round(dissent * n_benchmarks)
    return np.where(differs, draw_wrong(rng, pool.wrong), pool.key)


def _accuracies(pool: Items, prefers: IntArray, thetas: Array, n: int) -> Array:
    """Mean P(key) over the benchmarks, for every circle and ability."""
    rows = np.arange(n)
    finds = finding(pool, thetas[:, None], rows)
    curves = []
    for circle in prefers:
        dissents = circle[:n] != pool.key[:n]
        # Where the circle prefers another option, its mistakes fall on the key as they would on that option.
        missing = (1 - finds) * pool.wrong[rows, circle[:n]]
        curves.append(np.where(dissents, missing, finds).mean(axis=1))
    return np.array(curves)
