"""Functions that numpy lacks: log-gamma, digamma, and bells on a grid fitted to their moments."""

from __future__ import annotations

import numpy as np

from goldvein.stats.arrays import Array

SHIFT = 8


def log_gamma(x: Array) -> Array:
    """Logarithm of the gamma function for positive numbers, to 1e-12.

    Source
    ------
    Stirling's series after ``SHIFT`` steps of the recurrence (Abramowitz and Stegun 6.1.15, 6.1.41).
    """
    far, steps = x + SHIFT, np.log(_risen(x)).sum(axis=0)
    tail = 1 / (12 * far) - 1 / (360 * far**3) + 1 / (1260 * far**5) - 1 / (1680 * far**7)
    stirling: Array = (far - 0.5) * np.log(far) - far + 0.5 * np.log(2 * np.pi) + tail - steps
    return stirling


def digamma(x: Array) -> Array:
    """Derivative of ``log_gamma`` for positive numbers, to 1e-11.

    Source
    ------
    Abramowitz and Stegun 6.3.5, 6.3.18.
    """
    far, steps = x + SHIFT, (1 / _risen(x)).sum(axis=0)
    tail = 1 / (12 * far**2) - 1 / (120 * far**4) + 1 / (252 * far**6) - 1 / (240 * far**8)
    series: Array = np.log(far) - 0.5 / far - tail - steps
    return series


def _risen(x: Array) -> Array:
    """x, x + 1, ... x + SHIFT - 1 along a new first axis."""
    x = np.asarray(x, dtype=np.float64)
    return x + np.arange(SHIFT).reshape(-1, *[1] * x.ndim)


def fitted_bell(grid: Array, target: Array, steps: int = 60) -> Array:
    """Discrete normal distribution on a grid that comes closest to a distribution.

    Maximum likelihood within the exponential family ``exp(x b + y b^2)``, hence equal moments. Newton's
    method on a concave function, halved where it overshoots.

    Parameters
    ----------
    grid : (n,) float
    target : (n,) float
        Sums to one.
    steps : int
        Newton steps at most.

    Returns
    -------
    (n,) float
        Positive, sums to one.
    """
    offset = grid - float(target @ grid)
    features = np.array([offset, offset**2])
    wanted = features @ target
    weights = np.array([0.0, -0.5 / max(float(wanted[1]), 0.05)])
    value, bell = _fit_of(features, wanted, weights)
    for _ in range(steps):
        slope = wanted - features @ bell
        curvature = (features * bell) @ features.T - np.outer(features @ bell, features @ bell)
        step = np.linalg.solve(curvature + 1e-9 * np.eye(len(features)), slope)
        scale = 1.0
        while scale > 1e-6:
            trial, new = _fit_of(features, wanted, weights + scale * step)
            if trial >= value:
                break
            scale /= 2
        else:
            break
        gain, value, weights, bell = trial - value, trial, weights + scale * step, new
        if gain < 1e-13:
            break
    return bell


def _fit_of(features: Array, wanted: Array, weights: Array) -> tuple[float, Array]:
    """Log likelihood of these weights, and the bell that they make."""
    scores = weights @ features
    top = scores.max()
    bell = np.exp(scores - top)
    return float(weights @ wanted - top - np.log(bell.sum())), np.maximum(bell / bell.sum(), 1e-300)
