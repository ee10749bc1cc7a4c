"""When checks are due, and the course of a drop: found once, and ended once."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldvein.decisions.reference import due_day, fall_since, follow, is_over
from goldvein.stats.arrays import Array
from goldvein.stats.reference_power import Sample, draw_tasks, dropped, play

FIRST = date(2026, 3, 2)
USUAL = Sample(200, 0.9, 2.0, 0.25)


@given(st.integers(1, 30), st.lists(st.integers(0, 400), max_size=60))
def test_whatever_days_somebody_looks_each_due_day_is_one(every: int, looks: list[int]) -> None:
    """A due day is never in the future, is a whole number of intervals from the first, and none is skipped
    back.
    """
    for look in looks:
        due = due_day(FIRST, every, FIRST + timedelta(days=look))
        assert due is not None
        assert 0 <= look - (due - FIRST).days < every
        assert (due - FIRST).days % every == 0


def test_there_is_no_due_day_before_the_first_or_without_an_interval() -> None:
    """A clock that went back, or a policy that wants no checks."""
    assert due_day(FIRST, 1, FIRST - timedelta(days=1)) is None
    assert due_day(FIRST, 0, FIRST) is None


def test_a_run_has_until_the_next_is_due_and_twelve_hours_at_least() -> None:
    """One that was made up late is not over at once."""
    begun = datetime(2026, 3, 2, 23, 50, tzinfo=UTC)
    assert not is_over(FIRST, begun, 1, datetime(2026, 3, 3, 11, 49, tzinfo=UTC))
    assert is_over(FIRST, begun, 1, datetime(2026, 3, 3, 11, 50, tzinfo=UTC))
    early = datetime(2026, 3, 2, 0, 5, tzinfo=UTC)
    assert not is_over(FIRST, early, 1, datetime(2026, 3, 2, 23, 59, tzinfo=UTC))
    assert is_over(FIRST, early, 1, datetime(2026, 3, 3, tzinfo=UTC))


def world(seed: int, *spans: tuple[int, float]) -> Array:
    """Days of answers, by spans of (days, how far accuracy is down)."""
    rng = np.random.default_rng(seed)
    tasks = draw_tasks(rng, USUAL, 1)
    return np.concatenate(
        [
            play(rng, dropped(tasks, down, "careless", 0.25) if down else tasks, days)[:, 0]
            for days, down in spans
        ]
    ).astype(float)


CHANCE = np.full(200, 0.25)


def test_a_drop_is_found_dated_measured_and_ended() -> None:
    """Ten points down for two weeks: one drop, dated to a day or two, over within days of its end."""
    answered = world(4, (20, 0.0), (14, 0.1), (20, 0.0))
    seen = np.ones_like(answered)
    course = follow(answered, seen, CHANCE, drop=0.05)
    assert len(course.drops) == 1
    (drop,) = course.drops
    assert abs(drop.began - 20) <= 1
    assert 20 <= drop.found <= 22
    assert drop.ended is not None
    assert 34 <= drop.ended <= 41
    assert course.present is None

    upto = follow(answered[:30], seen[:30], CHANCE, drop=0.05)
    assert upto.present is not None
    fall, error = fall_since(answered[:30], seen[:30], CHANCE, upto.present)
    assert abs(fall - 0.1) < 3 * error
    assert error < 0.02


def test_a_second_drop_is_compared_with_what_was_good() -> None:
    """What was wrong in between is nobody's measure: the second drop is found as well."""
    answered = world(5, (20, 0.0), (10, 0.1), (15, 0.0), (8, 0.1))
    course = follow(answered, np.ones_like(answered), CHANCE, drop=0.05)
    assert len(course.drops) == 2
    assert course.present is not None
    assert abs(course.present.began - 45) <= 1


def test_a_drop_that_stays_stays_found() -> None:
    """However long it lasts, it does not become what is usual by itself."""
    answered = world(6, (20, 0.0), (40, 0.08))
    course = follow(answered, np.ones_like(answered), CHANCE, drop=0.05)
    assert course.present is not None
    assert len(course.drops) == 1


@pytest.mark.parametrize("share", [0.0, 0.02])
def test_hardly_any_answers_say_hardly_anything(share: float) -> None:
    """No drop is found among days that were not answered."""
    rng = np.random.default_rng(1)
    answered = world(7, (20, 0.0))
    seen = (rng.random(answered.shape) < share).astype(float)
    assert follow(answered, seen, CHANCE, drop=0.05).drops == ()
