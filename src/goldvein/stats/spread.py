"""How durations spread, kept as counts in buckets on a logarithmic scale: sums of counts have quantiles.

Bucket b holds durations from 2^(b/4) to 2^((b+1)/4) seconds. A quantile is told as if those of its bucket
lay evenly in it, on the logarithmic scale: so it moves as they do, and not from bucket to bucket. It is off
by less than a bucket's width, 19%; where durations spread as people's do, by about 1%.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil, floor, log
from typing import Final

PER_DOUBLING: Final = 4
FIRST, LAST = -16, 95
"""The outermost buckets take whatever lies beyond them: below 63 ms, above 164 days."""
LARGEST_ERROR: Final = 2 ** (1 / PER_DOUBLING) - 1
"""Of a quantile, as a share of it, when all durations of its bucket lie at one end."""


def bucket_of(seconds: float) -> int:
    """The bucket of a duration."""
    place = floor(PER_DOUBLING * log(max(seconds, 1e-3)) / log(2))
    return min(LAST, max(FIRST, place))


def middle(bucket: int) -> float:
    """The duration that stands for a bucket, in seconds."""
    return _within(bucket, 0.5)


def _within(bucket: int, share: float) -> float:
    return float(2 ** ((bucket + share) / PER_DOUBLING))


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
    # The rank of the wanted one; the bit less is what floating point adds to a whole number.
    left = ceil(share * sum(counts.values()) - 1e-9)
    for bucket in sorted(counts):
        if 0 < left <= counts[bucket]:
            return _within(bucket, (left - 0.5) / counts[bucket])
        left -= counts[bucket]
    return None
