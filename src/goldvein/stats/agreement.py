"""How alike two rankings are."""

from __future__ import annotations

import numpy as np

from goldvein.stats.arrays import Array, ShapeError


def ranks(values: Array) -> Array:
    """Ranks from 1, ties sharing their mean rank: (n,) to (n,)."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    mean_rank: Array = last - (counts - 1) / 2.0
    return mean_rank[inverse]


def spearman(x: Array, y: Array) -> float:
    """Spearman's rank correlation; ``nan`` when one side is constant.

    Parameters
    ----------
    x, y : (n,) float

    Raises
    ------
    ShapeError
        If the lengths differ or are under 2.

    Source
    ------
    Pearson's correlation of mean ranks (Spearman 1904).
    """
    if len(x) != len(y) or len(x) < 2:
        raise ShapeError(f"lengths {len(x)} and {len(y)} must be equal and at least 2")
    a, b = (side - side.mean() for side in (ranks(np.asarray(x)), ranks(np.asarray(y))))
    scale = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / scale if scale > 0 else float("nan")
