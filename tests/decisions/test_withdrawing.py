"""Withdrawal: which labels are taken back, and when the past is looked at."""

from __future__ import annotations

import pytest

from goldvein.decisions.withdrawing import wants_review, withdraws
from goldvein.domain.policy import Policy, PolicyError

POLICY = Policy(withdraw_at=0.9, withdraw_benchmarks=3, withdraw_window_seconds=3600, min_benchmarks=4)


def test_only_a_benchmark_that_looks_bad_asks_for_a_review() -> None:
    """Ordinary answers, good standings and newcomers do not; the border counts as bad."""
    p = [0.05, 0.05, 0.1, 0.100001, 0.05]
    benchmarks = [7, 7, 7, 7, 6]
    asked = wants_review(p, benchmarks, POLICY, is_benchmark=[True, False, True, True, True])
    assert asked.tolist() == [True, False, True, False, False]
    assert bool(wants_review(0.0, 10, POLICY, is_benchmark=True))


@pytest.mark.parametrize(
    ("smoothed", "after", "seconds", "taken"),
    [
        pytest.param(0.1, 3, 3600, True, id="at every border"),
        pytest.param(0.100001, 9, 0, False, id="not surely bad"),
        pytest.param(0.0, 2, 0, False, id="too few benchmarks after it"),
        pytest.param(0.0, 9, 3600.5, False, id="delivered too long ago"),
    ],
)
def test_a_label_is_taken_back(smoothed: float, after: int, seconds: float, taken: bool) -> None:
    """All three must hold: surely bad then, backed by later benchmarks, and lately delivered."""
    assert bool(withdraws(smoothed, after, seconds, POLICY)) is taken


def test_many_are_decided_at_once() -> None:
    """Arrays in, one decision a label out."""
    assert withdraws([0.0, 0.5], [3, 3], [0, 0], POLICY).tolist() == [True, False]


@pytest.mark.parametrize(
    ("knob", "value"),
    [
        ("withdraw_at", 0.4),
        ("withdraw_at", 1.0),
        ("withdraw_benchmarks", -1),
        ("withdraw_window_seconds", -1),
    ],
)
def test_a_policy_that_cannot_be_kept_is_refused(knob: str, value: float) -> None:
    """The error names the knob, its range and its default."""
    with pytest.raises(PolicyError, match=f"{knob} is {value!r}.* must lie between .* default"):
        Policy(**{knob: value})  # type: ignore[arg-type]
