"""Cumulative sums: whether points have spoken for a change for long enough, far enough, to be no chance."""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import Final

import numpy as np

from goldvein.stats.arrays import Array

CALM: Final = 3.5
"""What speaks for being back when a change is over, on the same scale: thirty to one."""
LEAST_POINTS: Final = 3
"""No fewer points open anything, however absurd."""


@dataclass(frozen=True, slots=True)
class Sum:
    """Evidence for a change, and, while one is under way, for its end."""

    off: float = 0.0
    back: float = 0.0
    is_open: bool = False


def step(so_far: Sum, speaks: float, threshold: float) -> Sum:
    """Take one point in: a change opens over the threshold, and is over once enough speaks against it.

    Parameters
    ----------
    so_far : Sum
    speaks : float
        Log-likelihood ratio of a change against none.
    threshold : float
        From ``threshold``.

    Source
    ------
    Page (1954), Continuous inspection schemes; the way back is the same test the other way round.
    """
    most = threshold / LEAST_POINTS
    speaks = min(most, max(-most, speaks))
    if so_far.is_open:
        back = max(0.0, so_far.back - speaks)
        return Sum() if back >= CALM else Sum(so_far.off, back, is_open=True)
    off = max(0.0, so_far.off + speaks)
    return Sum(off, 0.0, off >= threshold - 1e-9)


def highest(speaks: Array) -> float:
    """The most that a sum gets to over some points, if nothing ever opens: (n,) ratios, in order."""
    total = np.concatenate([[0.0], np.cumsum(speaks)])
    return float(np.max(total - np.minimum.accumulate(total)))


def threshold(points: float) -> float:
    """The threshold with at least so many points until a false alarm, on average.

    Source
    ------
    Lorden (1971): whatever the likelihoods are, a sum of their logarithms' ratios passes h before e^h points,
    on average, only where there was a change. So nothing here needs points to be normal.
    """
    return log(max(points, 2.0))
