"""Reweighing draws on record, against every course that the draws can take."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldvein.stats.arrays import Array, ShapeError
from goldvein.stats.reweighing import Sums, draw_weights, expected_squares, weighed_ratio

RATES = st.floats(0.01, 0.99)
LENGTH = 4


def rate(floor: float, drawn: tuple[bool, ...]) -> float:
    """A rate that depends on what was drawn before, as those of standings do."""
    return max(floor, 0.9 * 0.6 ** sum(drawn))


def rates(floor: float, drawn: tuple[bool, ...]) -> Array:
    return np.array([rate(floor, drawn[:n]) for n in range(len(drawn))])


def chance(floor: float, drawn: tuple[bool, ...]) -> float:
    along = rates(floor, drawn)
    return float(np.prod(np.where(drawn, along, 1 - along)))


def worth(drawn: tuple[bool, ...]) -> float:
    """Something that the order of the draws matters to."""
    return sum(2.0**n for n, one in enumerate(drawn) if one)


@given(was=RATES, would=RATES)
def test_weights_carry_one_course_of_draws_into_the_other(was: float, would: float) -> None:
    """Over all courses, weighed outcomes have the mean of the other rates, and the weights that of one."""
    courses = list(product([False, True], repeat=LENGTH))
    weights = [
        float(np.prod(draw_weights(np.array(course), rates(was, course), rates(would, course))))
        for course in courses
    ]
    mean = sum(chance(was, c) * w * worth(c) for c, w in zip(courses, weights, strict=True))
    assert mean == pytest.approx(sum(chance(would, c) * worth(c) for c in courses))
    assert sum(chance(was, c) * w for c, w in zip(courses, weights, strict=True)) == pytest.approx(1)


@given(was=RATES)
def test_the_same_rates_change_nothing(was: float) -> None:
    drawn = np.array([True, False, True])
    assert draw_weights(drawn, np.full(3, was), np.full(3, was)) == pytest.approx(np.ones(3))


@pytest.mark.parametrize(("was", "would"), [(1.0, 0.9), (0.0, 0.1)])
def test_what_was_certain_tells_nothing_of_anything_else(was: float, would: float) -> None:
    with pytest.raises(ShapeError, match="certain"):
        draw_weights(np.array([True]), np.array([was]), np.array([would]))


def test_certainty_stays_certain() -> None:
    assert draw_weights(np.array([True, False]), np.array([1.0, 0.0]), np.array([1.0, 0.0])) == pytest.approx(
        1
    )


@given(was=RATES, would=RATES)
def test_squares_are_what_weights_have_in_the_mean(was: float, would: float) -> None:
    """Over both ways in which a draw may fall, and one where the rates are the same."""
    both, old, new = np.array([True, False]), np.full(2, was), np.full(2, would)
    mean = was * draw_weights(both, old, new)[0] ** 2 + (1 - was) * draw_weights(both, old, new)[1] ** 2
    assert expected_squares(old, new) == pytest.approx(mean)
    assert expected_squares(old, old) == pytest.approx(1)
    assert expected_squares(np.array([0.0, 1.0]), np.array([0.0, 1.0])) == pytest.approx(1)


def test_intervals_hold_at_their_rate() -> None:
    """The ratio under other rates lies in 95% of intervals, though stretches of one person hang together."""
    rng = np.random.default_rng(1)
    was, would, held = 0.5, 0.35, 0
    truth = np.mean([1 / (1 + np.exp(-3 * (a - 0.5))) * would for a in np.linspace(0, 1, 2001)]) / would
    for _ in range(400):
        ability = np.repeat(rng.random(120), 3)
        people = np.repeat(np.arange(120), 3)
        drawn = rng.random((360, 6)) < was
        right = rng.random((360, 6)) < (1 / (1 + np.exp(-3 * (ability - 0.5))))[:, None]
        weights = draw_weights(drawn, np.full(drawn.shape, was), np.full(drawn.shape, would)).cumprod(axis=1)
        parts = (drawn & right, drawn, weights * (drawn & right), weights * drawn)
        found = weighed_ratio(Sums(*(part.sum(axis=1).astype(float) for part in parts)), people)
        assert found is not None
        held += abs(found.would - truth) <= found.would_half
    assert 0.92 <= held / 400 <= 0.98


def test_nothing_is_said_of_no_evidence() -> None:
    none, one, people = np.zeros(3), np.ones(3), np.arange(3)
    assert weighed_ratio(Sums(none, none, none, none), people) is None
    assert weighed_ratio(Sums(one, one, none, none), people) is None
    assert weighed_ratio(Sums(*(np.array([0.0, 1.0, 0.0]),) * 4), people) is None, "all of it is one person's"


@given(st.lists(st.tuples(st.floats(0, 5), st.floats(0.1, 5), st.integers(0, 3)), min_size=8, max_size=20))
def test_the_jackknife_leaves_out_one_person_at_a_time(rows: list[tuple[float, float, int]]) -> None:
    """Against a slow twin that leaves everybody out by hand."""
    tops, bottoms = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    people = np.unique([row[2] for row in rows], return_inverse=True)[1]
    found = weighed_ratio(Sums(tops, bottoms, 2 * tops, bottoms), people)
    kept = [people != one for one in range(people.max() + 1)]
    if len(kept) == 1:
        assert found is None
        return
    without = [tops[keep].sum() / bottoms[keep].sum() for keep in kept]
    spread = (len(kept) - 1) / len(kept) * sum((one - np.mean(without)) ** 2 for one in without)
    assert found is not None
    assert found.was == pytest.approx(tops.sum() / bottoms.sum())
    assert found.was_half == pytest.approx(1.959964 * spread**0.5, abs=1e-9)
    assert found.would_half == pytest.approx(2 * found.was_half, abs=1e-9)
    assert found.change_half == pytest.approx(found.was_half, abs=1e-9)
