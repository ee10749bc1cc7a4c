"""Answers that are not a labeler's own: keys that a ring or a leak gave away, and what a model said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from goldvein.sim.contest.items import draw_wrong, finding
from goldvein.stats.arrays import BoolArray, IntArray

if TYPE_CHECKING:
    from goldvein.sim.contest.items import Items
    from goldvein.sim.contest.people import People


class Borrowed:
    """What labelers know of each other's benchmarks, and of models.

    Parameters
    ----------
    rng : numpy.random.Generator
    people : People
    pool : Items
        Its first ``n_benchmarks`` are the benchmarks.
    n_benchmarks : int
    """

    def __init__(self, rng: np.random.Generator, people: People, pool: Items, n_benchmarks: int) -> None:
        self._people, self._pool = people, pool
        self._seen = np.zeros((people.ring.max(initial=-1) + 1, n_benchmarks), dtype=bool)
        self._hears = rng.random((people.leaker.max(initial=-1) + 1, n_benchmarks))
        self._said = self._models(rng)

    def copy(self, rng: np.random.Generator, who: IntArray, item: IntArray, choice: IntArray) -> None:
        """Replace the choices of those who hand in a model's answers."""
        copies = np.flatnonzero(self._people.model[who] >= 0)
        if len(copies):
            said = self._said[self._people.model[who[copies]], item[copies]]
            lapses = rng.random(len(copies)) < self._people.lapse[who[copies]]
            choice[copies] = np.where(lapses, another(rng, said, self._pool.n_options), said)

    def tell(
        self,
        rng: np.random.Generator,
        who: IntArray,
        benchmark: IntArray,
        exposures: IntArray,
        uses: BoolArray,
        choice: IntArray,
    ) -> None:
        """Replace choices by keys that somebody told.

        Colluders know what another of their ring has seen, and work out its true key together. Leakers know
        the stored key of what they have heard of: the more servings, the more of them have.

        Parameters
        ----------
        rng : numpy.random.Generator
        who : (n,) int
        benchmark, exposures : (n,) int
            What each is served, and how often it was served before; -1 for an ordinary task.
        uses : (n,) bool
            Who would use such knowledge now; ring members look out for their ring in any case.
        choice : (n,) int
            Changed in place.
        """
        people = self._people
        known = np.full(len(who), -1)
        mine = np.flatnonzero((people.ring[who] >= 0) & (benchmark >= 0))
        ring, item = people.ring[who[mine]], benchmark[mine]
        known[mine] = np.where(self._seen[ring, item], self._pool.key[item], -1)
        self._seen[ring, item] = True
        mine = np.flatnonzero((people.leaker[who] >= 0) & (benchmark >= 0))
        item, spread = benchmark[mine], exposures[mine] / (exposures[mine] + people.leak_half[who[mine]])
        heard = self._hears[people.leaker[who[mine]], item] < spread
        known[mine] = np.where(heard, self._pool.stored_key[item], -1)
        told = np.flatnonzero((known >= 0) & uses)
        told = told[rng.random(len(told)) >= people.lapse[who[told]]]
        choice[told] = known[told]

    def _models(self, rng: np.random.Generator) -> IntArray:
        """The fixed answers of every copied model to every task; it is as able as its group on average."""
        pool, people = self._pool, self._people
        said = np.empty((people.model.max(initial=-1) + 1, len(pool)), dtype=np.int64)
        for model in np.unique(people.model[people.model >= 0]):
            theta = np.full(len(pool), people.theta[people.model == model].mean())
            solves = rng.random(len(pool)) < finding(pool, theta, np.arange(len(pool)))
            said[model] = np.where(solves, pool.key, draw_wrong(rng, pool.wrong))
        return said


def another(rng: np.random.Generator, choice: IntArray, options: int) -> IntArray:
    """Any other option than these, all alike."""
    changed: IntArray = (choice + rng.integers(1, options, len(choice))) % options
    return changed
