"""Quantiles of durations that are kept as counts in buckets."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldvein.stats.spread import FIRST, LARGEST_ERROR, LAST, bucket_of, middle, quantile

SECONDS = st.floats(2.0 ** (FIRST / 4), 2.0 ** (LAST / 4), exclude_max=True)


@given(st.lists(SECONDS, min_size=1, max_size=200), st.sampled_from([0.01, 0.5, 0.95, 1.0]))
def test_a_quantile_is_off_by_no_more_than_is_said(durations: list[float], share: float) -> None:
    """Sums of buckets tell any quantile within 19%, however the durations spread."""
    told = quantile(Counter(map(bucket_of, durations)), share)
    exact = float(np.quantile(durations, share, method="inverted_cdf"))
    assert told is not None
    assert abs(told / exact - 1) <= LARGEST_ERROR + 1e-9


@pytest.mark.parametrize("share", [0.25, 0.5, 0.75, 0.95])
def test_a_quantile_moves_as_the_durations_do(share: float) -> None:
    """Of times that people take, quantiles follow a slow change within 2%, though buckets are 19% wide."""
    seconds = np.exp(0.6 * np.random.default_rng(2).standard_normal(20_000))
    for factor in np.linspace(8, 16, 17):
        told = quantile(Counter(map(bucket_of, factor * seconds)), share)
        assert told == pytest.approx(factor * np.quantile(seconds, share), rel=0.02)


@given(st.integers(FIRST, LAST), st.sampled_from([0.01, 0.5, 1.0]))
def test_a_single_duration_is_told_as_the_middle_of_its_bucket(bucket: int, share: float) -> None:
    """Where nothing lies around it, the middle is off by the least."""
    assert quantile({bucket: 1}, share) == middle(bucket)


@given(st.integers(FIRST, LAST))
def test_the_middle_of_a_bucket_lies_in_it(bucket: int) -> None:
    """What stands for a bucket is of that bucket."""
    assert bucket_of(middle(bucket)) == bucket


@pytest.mark.parametrize(("seconds", "bucket"), [(0, FIRST), (-3, FIRST), (1, 0), (2, 4), (1e12, LAST)])
def test_durations_beyond_all_buckets_are_in_the_outermost(seconds: float, bucket: int) -> None:
    """A clock that ran backwards, or a task of years, breaks nothing."""
    assert bucket_of(seconds) == bucket


def test_of_nothing_there_is_no_quantile() -> None:
    """Where nothing was measured, nothing is told."""
    assert quantile({}, 0.5) is None
    assert quantile({3: 0}, 0.5) is None
