"""Responses leave at an even pace, whatever they took."""

import numpy as np
import pytest

from goldvein.api.pace import Pace


def test_what_takes_longer_leaves_no_later() -> None:
    """Two kinds of work, one twice as long: once the pace is known, nearly all leave after the same time."""
    rng, pace = np.random.default_rng(1), Pace(0.025)
    left = []
    for number in range(2_000):
        took = float(rng.lognormal(np.log(0.02 if number % 2 else 0.04), 0.2))
        left.append(took + pace.delay(took))
    usual = np.median(left[500:])
    assert np.mean(np.isclose(left[500:], usual, atol=1e-9)) > 0.95
    assert np.median(left[500::2]) == pytest.approx(np.median(left[501::2]))


def test_responses_leave_at_ends_of_steps_and_never_before_they_are_ready() -> None:
    """A response that took longer than usual leaves at the end of a later step."""
    pace = Pace(0.025)
    for took in (0.001, 0.024, 0.026, 0.3, 1.01):
        left = took + pace.delay(took)
        assert left >= took
        assert left / 0.025 == pytest.approx(round(left / 0.025))


def test_nobody_is_kept_long_for_others() -> None:
    """However slow the service is, a quick response waits for ten steps at most."""
    pace = Pace(0.025)
    for _ in range(500):
        pace.delay(2.0)
    assert pace.delay(0.001) <= 0.25


def test_a_step_of_zero_lets_all_go_at_once() -> None:
    """The setting 0 turns it off."""
    assert Pace(0.0).delay(0.7) == 0.0
