"""Decoys in a contest: of ordinary tasks that were delivered, a share goes to a second labeler."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from goldvein.sim.contest.behaviour import Served
    from goldvein.sim.contest.player import Moves
    from goldvein.stats.arrays import BoolArray, IntArray

SOONER = 1.5
"""Share of ordinary servings that are decoys while any wait, in ``share``: as the service hands them out."""


class Decoys:
    """The decoys of one run, and the identity of every task served in it.

    Parameters
    ----------
    share : float
        Share of delivered ordinary answers whose tasks go to a second labeler.
    n_benchmarks : int
    rng : numpy.random.Generator
        Of its own, so that a run without decoys is served the same.

    Attributes
    ----------
    content : (n,) int
        What each labeler was shown in this step: a benchmark's index, or a number that no other ordinary
        task has but its decoy.
    mask : (n,) bool
        Whose task in this step is a decoy.
    """

    def __init__(self, share: float, n_benchmarks: int, rng: np.random.Generator) -> None:
        self._share, self._rng, self._next = share, rng, n_benchmarks
        self._waiting: deque[tuple[int, int, int]] = deque()
        self.content: IntArray = np.empty(0, dtype=np.int64)
        self.mask: BoolArray = np.empty(0, dtype=bool)

    def serve(self, served: Served) -> None:
        """Turn some of a step's ordinary servings into decoys, number the rest; changes ``served.item``."""
        ordinary = np.flatnonzero(~served.is_benchmark)
        self.mask = np.zeros(len(served.who), dtype=bool)
        self.content = np.where(served.is_benchmark, served.item, 0)
        self.content[ordinary] = self._next + np.arange(len(ordinary))
        self._next += len(ordinary)
        due = ordinary[self._rng.random(len(ordinary)) < min(1.0, SOONER * self._share)]
        for place in due.tolist():
            if not self._waiting:
                break
            content, item, first = self._waiting.popleft()
            if first == served.who[place]:
                self._waiting.append((content, item, first))
                continue
            served.item[place], self.content[place], self.mask[place] = item, content, True

    def offer(self, served: Served, moves: Moves) -> None:
        """Let some of the tasks that a step delivered go to a second labeler."""
        delivered = np.flatnonzero(moves.delivered & ~self.mask)
        chosen = delivered[self._rng.random(len(delivered)) < self._share]
        self._waiting += zip(
            self.content[chosen].tolist(),
            served.item[chosen].tolist(),
            served.who[chosen].tolist(),
            strict=True,
        )
