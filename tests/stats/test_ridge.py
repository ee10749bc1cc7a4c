"""Logistic regression that says little on little data."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldvein.stats.ridge import Ridge, fit_ridge


def world(seed: int, n: int, weight: float) -> tuple[np.ndarray, np.ndarray]:
    """Rows of which the first number tells, the second does not, and the third never varies."""
    rng = np.random.default_rng(seed)
    values = np.column_stack([rng.normal(5, 2, n), rng.normal(0, 1, n), np.full(n, 3.0)])
    odds = weight * (values[:, 0] - 5) / 2
    return values, (rng.random(n) < 1 / (1 + np.exp(-odds))).astype(float)


def test_what_tells_is_found_and_what_does_not_is_not() -> None:
    """With many rows the weight is that of the world; a number that never varies has none."""
    found = fit_ridge(*world(1, 4000, 1.5), pull=10.0)
    assert found.weights[0] == pytest.approx(1.5, abs=0.15)
    assert abs(found.weights[1]) < 0.1
    assert found.weights[2] == 0.0


def test_the_point_is_where_the_slope_is_zero() -> None:
    """A slow twin: the gradient of the penalised likelihood, by differences, vanishes there."""
    values, outcomes = world(2, 60, 1.0)
    found = fit_ridge(values, outcomes, pull=3.0)
    scaled = np.clip((values - found.means) / found.scales, -4, 4)
    scaled[:, 2] = 0.0

    def loss(point: np.ndarray) -> float:
        odds = point[0] + scaled @ point[1:]
        fit = np.logaddexp(0, odds).sum() - outcomes @ odds
        return float(fit + 0.5 * point[0] ** 2 + 1.5 * point[1:] @ point[1:])

    point = np.array([found.intercept, *found.weights])
    for place in range(4):
        step = np.zeros(4)
        step[place] = 1e-5
        assert abs(loss(point + step) - loss(point - step)) / 2e-5 < 1e-4


@given(seed=st.integers(0, 10**6), n=st.integers(0, 12), pull=st.floats(5, 50))
def test_little_data_says_little(seed: int, n: int, pull: float) -> None:
    """With a dozen rows no number, however extreme, moves the odds far; without any, nothing does."""
    values, outcomes = world(seed, n, 3.0)
    found = fit_ridge(values, outcomes, pull)
    odds = found.log_odds(np.array([[1e9, -1e9, 3.0], [-1e9, 1e9, 3.0]]))
    assert np.isfinite(odds).all()
    assert np.abs(found.weights).max() <= n / pull
    if n == 0:
        assert odds.tolist() == [0.0, 0.0]


def test_it_is_stored_to_the_bit() -> None:
    found = fit_ridge(*world(3, 50, 1.0), pull=10.0)
    again = Ridge.from_dict(found.to_dict())
    values = world(4, 20, 1.0)[0]
    assert again.log_odds(values).tolist() == found.log_odds(values).tolist()
