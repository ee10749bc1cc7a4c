"""What a contest's policy keeps of the past, to look back on labels that a labeler gave after a change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from goldvein.decisions.withdrawing import withdraws
from goldvein.stats.smoothing import smooth

if TYPE_CHECKING:
    from goldvein.domain.policy import Policy
    from goldvein.stats.arrays import Array, BoolArray, IntArray
    from goldvein.stats.model import Model

_EVERY = 100
"""Steps between two standings that are kept; a look back starts at the last one at least so long ago."""


class Hindsight:
    """Past standings, evidence and deliveries of a whole crowd.

    Parameters
    ----------
    steps, size : int
        T, and the number of labelers, N.

    Attributes
    ----------
    delivered : (T, N) bool
        Answers that went out and were not taken back.
    """

    def __init__(self, steps: int, size: int) -> None:
        self.delivered = np.zeros((steps, size), dtype=bool)
        self._tested = np.zeros((steps, size), dtype=bool)
        self._standings: dict[int, Array] = {}
        self._evidence: dict[int, tuple[IntArray, Array]] = {}

    def keep(self, step: int, before: Array, who: IntArray, tested: BoolArray, evidence: Array) -> None:
        """Keep what one step's answers say, and now and then all standings before it.

        Parameters
        ----------
        step : int
        before : (n_states, N) float
        who : (n,) int
            In rising order.
        tested : (n,) bool
            Whether the answer was to a benchmark.
        evidence : (n_states, n) float
            Likelihoods, signals taken in.
        """
        if step % _EVERY == 0:
            self._standings[step] = before.copy()
            self._standings.pop(step - 2 * _EVERY, None)
        self._evidence.pop(step - 2 * _EVERY, None)
        self._evidence[step] = who, evidence
        self._tested[step, who] = tested

    def grow(self, model: Model, rows: int, twin: str) -> None:
        """Give what is kept the states that a newer model has at its end; they answered as ``twin`` did."""
        state = model.space.state_of(twin)
        for step, before in self._standings.items():
            self._standings[step] = np.concatenate([before, np.zeros((rows, before.shape[1]))])
        for step, (who, evidence) in self._evidence.items():
            more = np.repeat(evidence[state : state + 1], rows, axis=0)
            self._evidence[step] = who, np.concatenate([evidence, more])

    def bad_labels(self, model: Model, policy: Policy, seconds: int, step: int, who: IntArray) -> IntArray:
        """Ids of the delivered answers of these labelers that the policy takes back: ``step * N + labeler``.

        All evidence dates the change, though benchmarks alone have convicted: they came because ordinary
        answers had looked bad, and would, taken alone, date it long before.

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
        kept = [self._evidence[at] for at in span.tolist()]
        evidence = np.stack([given[:, np.searchsorted(then, who)] for then, given in kept], axis=1)
        good = smooth(model, self._standings[start][:, who], evidence).good
        after = self._tested[span][::-1, who].cumsum(axis=0)[::-1]
        taken = withdraws(good, after, np.tile((step - span[:, None]) * seconds, (1, len(who))), policy)
        rows, columns = np.nonzero(taken & self.delivered[start : step + 1, who])
        self.delivered[rows + start, who[columns]] = False
        ids: IntArray = (rows + start) * self.delivered.shape[1] + who[columns]
        return ids
