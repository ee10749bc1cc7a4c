"""How durations spread, kept as counts in buckets on a logarithmic scale: sums of counts have quantiles.

Bucket b holds durations from 2^(b/4) to 2^((b+1)/4) seconds. A quantile is told as the geometric middle of
the bucket that it falls into, so it is off by a factor of at most 2^(1/8): within 9%.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import floor, log
from typing import Final

PER_DOUBLING: Final = 4
FIRST, LAST = -16, 95
"""The outermost buckets take whatever lies beyond them: below 63 ms, above 164 days."""
LARGEST_ERROR: Final = 2 ** (1 / (2 * PER_DOUBLING)) - 1
"""Of a quantile, as a share of it."""


def bucket_of(seconds: float) -> int:
    """The bucket of a duration."""
    place = floor(PER_DOUBLING * log(max(seconds, 1e-3)) / log(2))
    return min(LAST, max(FIRST, place))


def middle(bucket: int) -> float:
    """The duration that stands for a bucket, in seconds."""
    return float(2 ** ((bucket + 0.5) / PER_DOUBLING))


def quantile(counts: Mapping[int, int], share: float) -> float | None:
    """The duration that a share of all does not exceed; null where there are none.

    Parameters
    ----------
    counts : mapping of int to int
        How many fell into each bucket.
    share : float
        In (0, 1].

    Returns
    -------
    float or None
        Seconds, within ``LARGEST_ERROR`` of the exact quantile (of the lower of two in the middle).
    """
    total, seen = sum(counts.values()), 0
    for bucket in sorted(counts):
        seen += counts[bucket]
        if total and seen >= share * total:
            return middle(bucket)
    return None
