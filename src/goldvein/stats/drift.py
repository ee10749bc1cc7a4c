"""Drift: whether the tasks of today look like those that benchmarks were made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from goldvein.stats.arrays import ShapeError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike


@dataclass(frozen=True, slots=True)
class Drift:
    """The feature in which two samples differ most.

    Attributes
    ----------
    feature : str
    distance : float
        Largest difference between the two distribution functions, in [0, 1].
    p_value : float
        Of so large a distance in any of the features by chance.
    """

    feature: str
    distance: float
    p_value: float


def drift(before: Mapping[str, ArrayLike], now: Mapping[str, ArrayLike]) -> Drift:
    """Compare two samples of tasks feature by feature.

    Parameters
    ----------
    before, now : mapping of str to (n,) float, (m,) float
        The same features of both.

    Raises
    ------
    ShapeError
        If a sample is empty, or the features differ.

    Source
    ------
    Two-sample Kolmogorov-Smirnov test with its asymptotic distribution (Smirnov 1948, small samples after
    Stephens 1970); Bonferroni over features.
    """
    if not before or before.keys() != now.keys():
        raise ShapeError(f"features {sorted(before)} and {sorted(now)} must be the same, and at least one")
    found = {name: _distance(before[name], now[name]) for name in before}
    worst = max(found, key=lambda name: found[name][0])
    distance, p_value = found[worst]
    return Drift(worst, distance, min(1.0, len(found) * p_value))


def _distance(before: ArrayLike, now: ArrayLike) -> tuple[float, float]:
    one, other = np.sort(np.asarray(before, dtype=float)), np.sort(np.asarray(now, dtype=float))
    if not len(one) or not len(other):
        raise ShapeError("a sample without tasks cannot be compared; give at least one of each")
    points = np.concatenate([one, other])
    below = [np.searchsorted(sample, points, side="right") / len(sample) for sample in (one, other)]
    distance = float(np.abs(below[0] - below[1]).max())
    size = np.sqrt(len(one) * len(other) / (len(one) + len(other)))
    scaled = (size + 0.12 + 0.11 / size) * distance
    terms = np.arange(1, 101)
    tail = 2 * float(((-1.0) ** (terms - 1) * np.exp(-2 * (terms * scaled) ** 2)).sum())
    return distance, float(np.clip(tail, 0.0, 1.0)) if scaled > 0.2 else 1.0
