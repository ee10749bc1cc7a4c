"""Silence: whether a customer that usually sends tasks has stopped.

A gap is measured in pushes that should have come meanwhile, by the customer's own hours: a night without any
is no silence where nights are quiet. How long a gap may get is learned from the gaps of the past.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from goldvein.stats.expected import BINS, HOURS, bins

if TYPE_CHECKING:
    from goldvein.stats.arrays import Array

LEAST_MISSED: Final = 3.0
"""Pushes that must be missing, however regular a customer is."""
LONGER: Final = 1.5
"""Than the longest gap of the past."""
LEAST_PUSHES: Final = 10
LEAST_DAYS: Final = 3.0


@dataclass(frozen=True, slots=True)
class Habit:
    """When a customer pushes.

    Attributes
    ----------
    rates : (48,) floats
        Spans with a push that are expected in an hour, by hour of working days and of weekends.
    limit : float
        Missing pushes over which it is silent.
    """

    rates: tuple[float, ...]
    limit: float


def habit(pushes: Array, begin: float, end: float) -> Habit | None:
    """Learn when a customer pushes; None while too little is known.

    Parameters
    ----------
    pushes : (n,) float
        Moments of pushes, seconds since the epoch, rising, those close together counted once.
    begin, end : float
        The time that they were watched for.
    """
    if len(pushes) < LEAST_PUSHES or end - begin < 86_400 * LEAST_DAYS - 3600:
        return None
    hours = np.arange(begin // 3600, end // 3600 + 1) * 3600
    seen = np.array([np.bincount(bins(pushes), minlength=BINS), np.bincount(bins(hours), minlength=BINS)])
    halves = seen.reshape(2, 2, HOURS).astype(float)
    smooth = halves + 0.5 * (np.roll(halves, 1, axis=-1) + np.roll(halves, -1, axis=-1))
    everything = smooth.sum(axis=1)
    known = smooth[1] > 0
    counts, spans = (np.where(known, smooth[n], everything[n]) for n in (0, 1))
    found = Habit(tuple((counts / np.maximum(spans, 1.0)).ravel().tolist()), LEAST_MISSED)
    gaps = [missing(found, one, other) for one, other in pairwise(pushes)]
    return Habit(found.rates, max(LEAST_MISSED, LONGER * max(gaps)))


def missing(known: Habit, since: float, now: float) -> float:
    """Pushes that should have come between two moments."""
    edges = np.concatenate([[since], np.arange(since // 3600 + 1, now // 3600 + 1) * 3600, [max(now, since)]])
    rates = np.array(known.rates)[bins(edges[:-1])]
    return float(rates @ (np.maximum(np.diff(edges), 0.0) / 3600))


def is_silent(known: Habit, since: float, now: float) -> bool:
    """Whether more pushes are missing since the last one than ever before, by far."""
    return missing(known, since, now) > known.limit
