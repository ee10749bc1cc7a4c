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
    """Sums of buckets tell any quantile within 9%, however the durations spread."""
    told = quantile(Counter(map(bucket_of, durations)), share)
    exact = float(np.quantile(durations, share, method="inverted_cdf"))
    assert told is not None
    assert abs(told / exact - 1) <= LARGEST_ERROR + 1e-9


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
