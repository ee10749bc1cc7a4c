"""Logistic regression with a strong pull to "no difference": little data says little."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from goldvein.stats.arrays import Array

if TYPE_CHECKING:
    from collections.abc import Mapping

_STEPS = 25
_ENOUGH = 1e-9
_LEAST_SPREAD = 1e-6
_FARTHEST = 4.0


@dataclass(frozen=True, slots=True, eq=False)
class Ridge:
    """A fitted regression on standardised numbers.

    Attributes
    ----------
    intercept : float
        Log odds where every number is at its mean.
    weights, means, scales : (n_features,) float
        A number that never varied has weight 0.
    """

    intercept: float
    weights: Array
    means: Array
    scales: Array

    def log_odds(self, values: Array) -> Array:
        """Log odds of rows (n, n_features); what lies far outside of what was seen counts as its edge."""
        scaled = np.clip((values - self.means) / self.scales, -_FARTHEST, _FARTHEST)
        odds: Array = self.intercept + scaled @ self.weights
        return odds

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {
            "intercept": self.intercept,
            "weights": self.weights.tolist(),
            "means": self.means.tolist(),
            "scales": self.scales.tolist(),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Ridge:
        """The opposite of ``to_dict``."""
        rows = [np.array(values[name], dtype=float) for name in ("weights", "means", "scales")]
        return cls(float(values["intercept"]), *rows)


def fit_ridge(values: Array, outcomes: Array, pull: float) -> Ridge:
    """Fit by Newton's method; it converges, for the objective is convex and pulled to the middle.

    Parameters
    ----------
    values : (n, n_features) float
    outcomes : (n,) float
        1 or 0.
    pull : float
        Precision of the normal prior around 0 of each standardised weight; the intercept's is 1.
    """
    n, count = values.shape
    means = values.mean(axis=0) if n else np.zeros(count)
    spread = values.std(axis=0) if n else np.zeros(count)
    scales = np.where(spread > _LEAST_SPREAD, spread, 1.0)
    scaled = np.clip((values - means) / scales, -_FARTHEST, _FARTHEST) * (spread > _LEAST_SPREAD)
    design = np.column_stack([np.ones(n), scaled])
    precision = np.diag([1.0, *[pull] * count])
    point = np.zeros(count + 1)
    for _ in range(_STEPS):
        p = 1 / (1 + np.exp(-design @ point))
        slope = design.T @ (outcomes - p) - precision @ point
        bend = (design * (p * (1 - p))[:, None]).T @ design + precision
        step = np.linalg.solve(bend, slope)
        point = point + step
        if float(np.abs(step).max()) < _ENOUGH:
            break
    return Ridge(float(point[0]), point[1:], means, scales)
