"""Cumulative sums: a false alarm as rarely as promised, a change found soon, and over once."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldvein.stats import cusum
from goldvein.stats.cusum import CALM, LEAST_POINTS, Sum


def alarms(ratios: np.ndarray, limit: float) -> int:
    """How often many series at once pass the threshold: (series, points)."""
    sums, count = np.zeros(len(ratios)), 0
    for column in ratios.T:
        sums = np.maximum(0.0, sums + np.clip(column, -limit / LEAST_POINTS, limit / LEAST_POINTS))
        count += int((sums >= limit).sum())
        sums[sums >= limit] = 0.0
    return count


@pytest.mark.parametrize("family", ["normal", "rare", "common"])
def test_false_alarms_are_no_more_often_than_promised(family: str) -> None:
    """Half a million quiet points give no more alarms than promised, of whatever distribution they are."""
    rng, points = np.random.default_rng(7), 300
    size = (1000, 500)
    if family == "normal":
        ratios = 1.5 * rng.standard_normal(size) - 1.125
    else:
        p0, p1, n = (0.01, 0.02, 10) if family == "rare" else (0.9, 0.8, 10)
        seen = rng.binomial(n, p0, size)
        ratios = seen * np.log(p1 / p0) + (n - seen) * np.log((1 - p1) / (1 - p0))

    assert 0 < alarms(ratios, cusum.threshold(points)) <= ratios.size / points


@given(st.lists(st.floats(-50, 50), max_size=200))
def test_opened_and_over_take_turns_each_with_enough_behind_it(points: list[float]) -> None:
    """Nothing opens by fewer than three points, and nothing ends by a single one that says little."""
    limit, so_far, since = 9.0, Sum(), 0
    for point in points:
        after = cusum.step(so_far, point, limit)
        since += 1
        if after.is_open != so_far.is_open:
            assert since >= (LEAST_POINTS if after.is_open else CALM / (limit / LEAST_POINTS))
            since = 0
        so_far = after


@given(st.lists(st.floats(-3, 3), max_size=200))
def test_the_highest_of_a_sum_is_that_of_its_steps(points: list[float]) -> None:
    """Played step by step, a sum that never opens gets as high as is said."""
    so_far, most = Sum(), 0.0
    for point in points:
        so_far = cusum.step(so_far, point, 1e9)
        most = max(most, so_far.off)
    assert cusum.highest(np.array(points)) == pytest.approx(most, abs=1e-9)


def test_a_slip_opens_nothing_and_calm_ends_what_is_open() -> None:
    """One absurd point is no alert; three are; and it is over after four that speak against it."""
    limit = cusum.threshold(60_000)
    so_far = cusum.step(Sum(), 1e9, limit)
    assert not so_far.is_open
    for _ in range(2):
        so_far = cusum.step(so_far, 1e9, limit)
    assert so_far.is_open
    for _ in range(3):
        so_far = cusum.step(so_far, -1.0, limit)
        assert so_far.is_open
    assert not cusum.step(so_far, -1.0, limit).is_open


def test_longer_runs_need_higher_thresholds() -> None:
    """A threshold is the logarithm of the points between false alarms."""
    assert cusum.threshold(np.e**4) == pytest.approx(4.0)
    assert cusum.threshold(100) < cusum.threshold(1000)
