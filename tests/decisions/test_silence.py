"""Silence: a customer that stops is noticed, one that sleeps is not."""

from itertools import pairwise

import numpy as np
import pytest

from goldvein.decisions import silence
from goldvein.sim.incident.operation import START
from goldvein.stats.arrays import Array

DAY = 86_400.0


def pushes(rng: np.random.Generator, days: int, a_day: float) -> Array:
    found = [START + DAY * day + 3600 * rng.uniform(8, 20, rng.poisson(a_day)) for day in range(days)]
    return np.sort(np.concatenate(found))


def test_a_night_is_no_silence_and_a_day_is() -> None:
    """Pushes between eight and eight: the quiet hours of a night count for nothing, a quiet day for all."""
    known = silence.habit(pushes(np.random.default_rng(1), 21, 24), START, START + 21 * DAY)
    assert known is not None
    evening = START + 21 * DAY + 19.9 * 3600
    assert silence.missing(known, evening, evening + 12 * 3600) < 2.5
    morning = START + 22 * DAY + 8.5 * 3600
    assert not silence.is_silent(known, morning, morning + 600)
    assert silence.is_silent(known, morning, morning + 12 * 3600)


def test_a_quiet_customer_is_left_alone() -> None:
    """Over forty customers with another three weeks each, fewer than one in ten is ever called silent."""
    called = 0
    for seed in range(40):
        all_ = pushes(np.random.default_rng(seed), 42, 20)
        past, later = all_[all_ < START + 21 * DAY], all_[all_ >= START + 21 * DAY]
        known = silence.habit(past, START, START + 21 * DAY)
        assert known is not None
        called += any(silence.is_silent(known, one, other) for one, other in pairwise(later))
    assert called < 4


@pytest.mark.parametrize("days", [1, 21])
def test_habits_need_a_past(days: int) -> None:
    """Few pushes, or a short time, tell no habit."""
    some = (
        START + 3600.0 * np.arange(9, dtype=np.float64)
        if days > 1
        else pushes(np.random.default_rng(2), 1, 40)
    )
    assert silence.habit(some, START, START + days * DAY) is None


def test_missing_pushes_add_up() -> None:
    """What is missing from one moment to a third is what is missing over both parts."""
    known = silence.habit(pushes(np.random.default_rng(3), 21, 24), START, START + 21 * DAY)
    assert known is not None
    one, two, three = START + 1000, START + 3 * 3600 + 77, START + 3 * DAY + 5
    parts = silence.missing(known, one, two) + silence.missing(known, two, three)
    assert silence.missing(known, one, three) == pytest.approx(parts, rel=1e-9)
