"""Intervals of shares."""

from __future__ import annotations

from math import sqrt
from typing import Final

NORMAL_90: Final = 1.644854
NORMAL_95: Final = 1.959964
"""So many standard deviations to either side hold 90 or 95% of a normal distribution."""
_STUDENT_95: Final = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
    2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip
"""Upper 2.5% points of Student's t for 1 to 30 degrees of freedom."""


def student_95(freedom: int) -> float:
    """So many standard errors to either side hold 95% of Student's t with so many degrees of freedom."""
    return _STUDENT_95[freedom - 1] if freedom <= len(_STUDENT_95) else NORMAL_95 + 2.4 / freedom


def wilson(hits: float, n: float, z: float = NORMAL_95) -> tuple[float, float]:
    """Wilson's (1927) interval of a share; (0, 1) where nothing was counted."""
    if n <= 0:
        return 0.0, 1.0
    centre = (hits + z * z / 2) / (n + z * z)
    half = z / (n + z * z) * sqrt(hits * (n - hits) / n + z * z / 4)
    return centre - half, centre + half
