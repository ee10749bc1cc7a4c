"""Which labels are taken back once later benchmarks show that their labeler had changed.

A slice of time, not a person: what the labeler gave while good stays with the customer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from goldvein.decisions.gate import at_least

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from goldvein.domain.policy import Policy
    from goldvein.stats.arrays import BoolArray


def wants_review(
    p_benchmarks: ArrayLike, benchmarks: ArrayLike, policy: Policy, *, is_benchmark: ArrayLike
) -> BoolArray:
    """Whether the past labels of n labelers are looked at after a step: a benchmark has made them look bad.

    Cheap, for the hot path. Benchmarks alone convict: whatever else is known dates the change, but nothing is
    looked at before they say so. With fewer of them nothing was both delivered and backed by enough.

    Parameters
    ----------
    p_benchmarks : (n,) float
        P(at or over the bar) after the step.
    benchmarks : (n,) int
        Benchmarks answered since the last admission, this one included.
    policy : Policy
    is_benchmark : (n,) bool
    """
    enough = np.asarray(benchmarks) >= policy.min_benchmarks + policy.withdraw_benchmarks
    looks_bad = at_least(1.0 - np.asarray(p_benchmarks), policy.withdraw_at)
    wanted: BoolArray = np.asarray(is_benchmark, dtype=bool) & enough & looks_bad
    return wanted


def withdraws(
    smoothed: ArrayLike, benchmarks_after: ArrayLike, seconds_delivered: ArrayLike, policy: Policy
) -> BoolArray:
    """Whether n delivered labels are taken back.

    Parameters
    ----------
    smoothed : (n,) float
        P(labeler at or over the bar at that answer | all benchmarks until now).
    benchmarks_after : (n,) int
        Benchmarks that the labeler has answered since that answer.
    seconds_delivered : (n,) float
        Time since the label was delivered.
    policy : Policy
    """
    backed = np.asarray(benchmarks_after) >= policy.withdraw_benchmarks
    fresh = np.asarray(seconds_delivered) <= policy.withdraw_window_seconds
    taken: BoolArray = at_least(1.0 - np.asarray(smoothed), policy.withdraw_at) & backed & fresh
    return taken
