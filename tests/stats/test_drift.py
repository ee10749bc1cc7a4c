"""Drift is told where there is some, and rarely where there is none."""

from __future__ import annotations

import numpy as np
import pytest

from goldvein.stats.arrays import ShapeError
from goldvein.stats.drift import drift


def test_alike_samples_rarely_drift() -> None:
    """Two samples of one distribution differ at 5% in 5% of cases at most."""
    rng = np.random.default_rng(1)
    p_values = [
        drift(
            {"a": rng.normal(size=120), "b": rng.integers(0, 9, 120)},
            {"a": rng.normal(size=90), "b": rng.integers(0, 9, 90)},
        ).p_value
        for _ in range(400)
    ]
    assert np.mean(np.array(p_values) < 0.05) <= 0.075


def test_a_moved_feature_is_named() -> None:
    """Longer texts are noticed, and said to be longer texts."""
    rng = np.random.default_rng(2)
    found = drift(
        {"length": rng.normal(100, 20, 200), "options": np.full(200, 4)},
        {"length": rng.normal(115, 20, 200), "options": np.full(200, 4)},
    )
    assert found.feature == "length"
    assert found.p_value < 1e-4
    assert 0.15 < found.distance < 0.5


def test_the_distance_is_that_of_the_distribution_functions() -> None:
    """By hand: half of one sample lies under all of the other."""
    assert drift({"x": [1, 2, 8, 9]}, {"x": [8, 9]}).distance == pytest.approx(0.5)
    assert drift({"x": [1, 2]}, {"x": [1, 2]}).p_value == 1.0


def test_what_cannot_be_compared_is_refused() -> None:
    """Errors say what is missing."""
    with pytest.raises(ShapeError, match="must be the same"):
        drift({"x": [1]}, {"y": [1]})
    with pytest.raises(ShapeError, match="at least one of each"):
        drift({"x": []}, {"x": [1]})
