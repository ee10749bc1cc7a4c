"""Intervals of shares."""

from __future__ import annotations

from math import sqrt
from typing import Final

NORMAL_90: Final = 1.644854
NORMAL_95: Final = 1.959964
"""So many standard deviations to either side hold 90 or 95% of a normal distribution."""


def wilson(hits: float, n: float, z: float = NORMAL_95) -> tuple[float, float]:
    """Wilson's (1927) interval of a share; (0, 1) where nothing was counted."""
    if n <= 0:
        return 0.0, 1.0
    centre = (hits + z * z / 2) / (n + z * z)
    half = z / (n + z * z) * sqrt(hits * (n - hits) / n + z * z / 4)
    return centre - half, centre + half
