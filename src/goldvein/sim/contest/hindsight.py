"""What a contest's policy keeps of the past, to look back on labels that a labeler gave after a change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from goldvein.decisions.withdrawing import withdraws
from goldvein.stats.smoothing import smooth

if TYPE_CHECKING:
    from goldvein.domain.policy import Policy
    from goldvein.stats.arrays import Array, IntArray
    from goldvein.stats.model import Model

_EVERY = 100
"""Steps between two standings that are kept; a look back starts at the last one at least so long ago."""


class Hindsight:
    """Past standings, benchmark answers and deliveries of a whole crowd.

    Parameters
    ----------
    steps, size : int
        T, and the number of labelers, N.
    """

    def __init__(self, steps: int, size: int) -> None:
        self.delivered = np.zeros((steps, size), dtype=bool)
        self._benchmarks = np.zeros((steps, size), dtype=bool)
        self._standings: dict[int, Array] = {}
        self._answers: dict[tuple[int, int], Array] = {}

    def keep(self, step: int, before: Array, who: IntArray, likelihood: Array) -> None:
        """Keep the answers to benchmarks of one step, and now and then all standings before it.

        Parameters
        ----------
        step : int
        before : (n_states, N) float
        who : (n,) int
            Those who answered a benchmark.
        likelihood : (n_states, n) float
        """
        if step % _EVERY == 0:
            self._standings[step] = before.copy()
            self._standings.pop(step - 3 * _EVERY, None)
        self._benchmarks[step, who] = True
        for labeler, column in zip(who.tolist(), likelihood.T, strict=True):
            self._answers[step, labeler] = column

    def grow(self, model: Model, rows: int, twin: str) -> None:
        """Give what is kept the states that a newer model has at its end; they answered as ``twin`` did."""
        state = model.space.state_of(twin)
        for answered, column in self._answers.items():
            self._answers[answered] = np.concatenate([column, np.repeat(column[state], rows)])
        for step, before in self._standings.items():
            self._standings[step] = np.concatenate([before, np.zeros((rows, before.shape[1]))])

    def bad_labels(self, model: Model, policy: Policy, seconds: int, step: int, who: IntArray) -> IntArray:
        """Ids of the delivered answers of these labelers that the policy takes back: ``step * N + labeler``.

        Parameters
        ----------
        seconds : int
            A step's length, for the policy's window.
        """
        start = max(0, (step // _EVERY - 1) * _EVERY)
        who = who[self.delivered[start : step + 1, who].any(axis=0)]
        if not len(who):
            return np.empty(0, dtype=np.int64)
        span = np.arange(start, step + 1)
        likelihoods = np.ones((model.space.size, len(span), len(who)))
        for place, labeler in enumerate(who.tolist()):
            for at in np.flatnonzero(self._benchmarks[span, labeler]).tolist():
                likelihoods[:, at, place] = self._answers[start + at, labeler]
        good = smooth(model, self._standings[start][:, who], likelihoods).good
        after = self._benchmarks[span][::-1, who].cumsum(axis=0)[::-1]
        taken = withdraws(good, after, np.tile((step - span[:, None]) * seconds, (1, len(who))), policy)
        rows, columns = np.nonzero(taken & self.delivered[start : step + 1, who])
        self.delivered[rows + start, who[columns]] = False
        ids: IntArray = (rows + start) * self.delivered.shape[1] + who[columns]
        return ids
