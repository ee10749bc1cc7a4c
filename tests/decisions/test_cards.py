"""What a card says, and how seldom it changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from goldvein.decisions.cards import EVERY, OVER, Level, is_due, level
from goldvein.domain.policy import Policy

NOW = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("p_benchmarks", "p_all", "benchmarks", "state", "said"),
    [
        (0.99, 0.99, 30, "admitted", Level.TRUSTED),
        (0.99, 0.99, 3, "admitted", Level.ON_COURSE),
        (0.8, 0.8, 30, "admitted", Level.ON_COURSE),
        (0.99, 0.9, 30, "admitted", Level.ON_COURSE),
        (0.99, 0.4, 30, "admitted", Level.LOOKED_AT),
        (0.99, 0.99, 30, "boundary", Level.LOOKED_AT),
    ],
)
def test_three_words_for_a_standing(
    p_benchmarks: float, p_all: float, benchmarks: int, state: str, said: Level
) -> None:
    """Trusted where the gate delivers, looked at where more speaks against than for, else on course."""
    assert level(p_benchmarks, p_all, benchmarks, state, Policy()) == said


def test_a_card_waits_for_a_day_and_for_many_benchmarks() -> None:
    """Neither alone is enough."""
    long_ago, just_now = NOW - EVERY, NOW - EVERY / 2
    assert is_due(OVER, 0, None, NOW)
    assert not is_due(OVER - 1, 0, None, NOW)
    assert is_due(3 * OVER, 2 * OVER, long_ago, NOW)
    assert not is_due(3 * OVER, 2 * OVER + 1, long_ago, NOW)
    assert not is_due(3 * OVER, 0, just_now, NOW)
    assert is_due(OVER, 0, long_ago + timedelta(minutes=5), NOW)  # the job begins at about the same time
