"""Old benchmarks make room a few a day, and only where new ones come."""

from __future__ import annotations

from goldvein.decisions.renewal import DAY, makes_room
from goldvein.domain.policy import Policy

POLICY = Policy(fresh_share=0.25, fresh_seconds=7 * 86_400, open_at=20)


def test_the_oldest_go_a_days_share_at_a_time() -> None:
    """Of 280 old ones a seventh of a quarter a day."""
    ages = [DAY * (10 + n) for n in range(280)]

    assert makes_room(ages, [True] * 280, 280, POLICY) == list(range(279, 269, -1))


def test_enough_new_ones_end_it() -> None:
    """Where a quarter is fresh, nothing goes; where a little is wanting, only that."""
    fresh, old = [DAY] * 70, [DAY * 30] * 210

    assert makes_room([*fresh, *old], [True] * 280, 280, POLICY) == []
    assert len(makes_room([*fresh[2:], *old, *old[:2]], [True] * 280, 280, POLICY)) == 2


def test_nothing_is_given_up_that_is_not_replaced() -> None:
    """While mining lags, at the size needed to open, and of benchmarks made by hand."""
    old = [DAY * 30] * 100

    assert makes_room(old, [True] * 100, 101, POLICY) == []
    assert makes_room(old[:20], [True] * 20, 10, POLICY) == []
    assert makes_room(old, [False] * 100, 100, POLICY) == []
    assert makes_room([], [], 0, POLICY) == []
    assert makes_room(old, [True] * 100, 100, Policy(fresh_share=0.0)) == []
