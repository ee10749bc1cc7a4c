"""Ratios of two sums over labelers, pooled over seeds, with their intervals."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from goldvein.stats.intervals import NORMAL_95, student_95, wilson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from goldvein.stats.arrays import Array


@dataclass(frozen=True, slots=True, eq=False)
class Ratio:
    """A figure as two sums over labelers: ``top.sum() / bottom.sum()``.

    Attributes
    ----------
    top, bottom : (N,) float
    of_labelers : bool
        True for a share of labelers (tops and bottoms are 0 or 1): its interval is Wilson's.
    share : bool
        True where the figure cannot pass 1.
    """

    top: Array
    bottom: Array
    of_labelers: bool = False
    share: bool = True

    @property
    def value(self) -> float:
        """The figure; NaN where nothing stands below the line."""
        below = float(self.bottom.sum())
        return float(self.top.sum()) / below if below else float("nan")


def interval(ratios: Sequence[Ratio]) -> tuple[float, float]:
    """95% interval of a figure that is known from several seeds, or from one.

    By Student's t over the seeds' values, where two or more are known and they differ; else over the labelers
    of all seeds: Wilson's for a share of labelers, and by linearisation of the ratio for a share of answers
    (answers of one labeler hang together, labelers don't).
    """
    values = np.array([value for value in (ratio.value for ratio in ratios) if not np.isnan(value)])
    pooled = pool(ratios)
    if len(values) >= 2 and values.std() > 0:
        half = student_95(len(values) - 1) * float(values.std(ddof=1)) / sqrt(len(values))
        low, high = pooled.value - half, pooled.value + half
    elif pooled.of_labelers:
        low, high = wilson(pooled.top.sum(), pooled.bottom.sum())
    else:
        low, high = _linearised(pooled)
    low, high = (
        min(low, pooled.value),
        max(high, pooled.value),
    )  # Wilson's may miss 0 or 1 by a rounding error
    return max(0.0, low), min(1.0, high) if pooled.share else high


def pool(ratios: Sequence[Ratio]) -> Ratio:
    """One figure of all seeds' labelers together."""
    return Ratio(
        top=np.concatenate([ratio.top for ratio in ratios]),
        bottom=np.concatenate([ratio.bottom for ratio in ratios]),
        of_labelers=ratios[0].of_labelers,
        share=ratios[0].share,
    )


def _linearised(ratio: Ratio) -> tuple[float, float]:
    """Interval of a ratio of sums by the variance of ``top - value * bottom`` over labelers."""
    value, below = ratio.value, float(ratio.bottom.sum())
    if below == 0:
        return float("nan"), float("nan")
    half = NORMAL_95 * sqrt(len(ratio.top)) * float(np.std(ratio.top - value * ratio.bottom)) / below
    return value - half, value + half
