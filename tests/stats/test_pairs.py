"""Agreement from counts of pairs is what its definitions say, and its intervals hold what they promise."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from math import isclose

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldvein.stats.intervals import NORMAL_90, wilson
from goldvein.stats.pairs import Pair, agreement, collapsed
from perf.agreement import CROWDS, measure

PAIRS = st.integers(2, 5).flatmap(
    lambda options: st.lists(
        st.tuples(st.integers(0, options - 1), st.integers(0, options - 1)), min_size=1, max_size=30
    ).map(lambda pairs: (options, pairs))
)


def counted(options: int, pairs: list[tuple[int, int]]) -> Counter[Pair]:
    """Counts of these pairs."""
    return Counter(Pair(options, min(pair), max(pair)) for pair in pairs)


def slow_alpha(pairs: list[tuple[int, int]]) -> float | None:
    """Observed disagreement within pairs by that of any two values whatever, value by value."""
    values = [value for pair in pairs for value in pair]
    any_two = [a != b for a, b in combinations(values, 2)]
    expected = sum(any_two) / len(any_two)
    return 1 - float(np.mean([a != b for a, b in pairs])) / expected if expected else None


def slow_ac1(options: int, pairs: list[tuple[int, int]]) -> float:
    """Gwet's coefficient, category by category."""
    values = [value for pair in pairs for value in pair]
    shares = [values.count(option) / len(values) for option in range(options)]
    chance = sum(share * (1 - share) for share in shares) / (options - 1)
    return float((np.mean([a == b for a, b in pairs]) - chance) / (1 - chance))


@given(st.integers(3, 9), st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), min_size=1, max_size=40))
def test_where_all_pairs_differ_the_coefficients_are_known_as_raw_agreement_is(
    options: int, drawn: list[tuple[int, int]]
) -> None:
    """Chance varies there and disagreement does not: that is no reason to know nothing of either."""
    pairs = [(one % options, (one + 1 + other % (options - 1)) % options) for one, other in drawn]
    found = agreement(counted(options, pairs))
    assert found is not None
    assert found.raw.value == 0.0
    for told in (found.alpha, found.ac1):
        assert told is not None
        assert isclose((1 - told.high) / (1 - told.value), 1 - found.raw.high)
        assert isclose(told.low, told.value, abs_tol=1e-12)


@given(PAIRS)
def test_coefficients_are_their_definitions(drawn: tuple[int, list[tuple[int, int]]]) -> None:
    """From counts of cells come the coefficients that the textbooks work out from the answers themselves."""
    options, pairs = drawn
    found = agreement(counted(options, pairs))
    assert found is not None
    assert found.pairs == len(pairs)
    assert isclose(found.raw.value, np.mean([a == b for a, b in pairs]), abs_tol=1e-12)
    exact = slow_alpha(pairs)
    assert (found.alpha is None) == (exact is None)
    if found.alpha is not None and exact is not None:
        assert isclose(found.alpha.value, exact, abs_tol=1e-12)
    assert found.ac1 is not None
    assert isclose(found.ac1.value, slow_ac1(options, pairs), abs_tol=1e-12)


@given(PAIRS)
def test_a_value_lies_in_its_interval(drawn: tuple[int, list[tuple[int, int]]]) -> None:
    """Whatever is counted, a coefficient's interval holds it, and none exceeds 1."""
    found = agreement(counted(*drawn))
    assert found is not None
    for one in (found.raw, found.alpha, found.ac1):
        if one is not None:
            assert one.low - 1e-9 <= one.value <= one.high + 1e-9
            assert one.high <= 1 + 1e-9


def test_nothing_is_told_of_nothing() -> None:
    """Without pairs there is no agreement; where all pick one option, alpha has no meaning and AC1 is 1."""
    assert agreement({}) is None
    found = agreement({Pair(3, 1, 1): 8})
    assert found is not None
    assert found.alpha is None
    assert found.ac1 is not None
    assert found.ac1.value == 1


def test_chance_is_that_of_each_number_of_options() -> None:
    """Of guesses at two options and at ten, half and a tenth agree, and no more than chance is told."""
    two = {Pair(2, 0, 0): 250, Pair(2, 1, 1): 250, Pair(2, 0, 1): 500}
    ten = {Pair(10, a, b): 10 if a == b else 20 for a in range(10) for b in range(a, 10)}
    found = agreement({**two, **ten})
    assert found is not None
    assert found.alpha is not None
    assert found.ac1 is not None
    assert abs(found.alpha.value) < 0.01
    assert abs(found.ac1.value) < 0.01


def test_a_class_is_told_against_all_others() -> None:
    """Collapsed onto one class, pairs of two others agree."""
    pairs = {Pair(3, 0, 0): 5, Pair(3, 0, 1): 2, Pair(3, 1, 2): 7, Pair(3, 2, 2): 1}
    assert collapsed(pairs, 0) == {Pair(2, 0, 0): 5, Pair(2, 0, 1): 2, Pair(2, 1, 1): 8}


def test_without_disagreement_the_interval_is_as_wide_as_the_count_allows() -> None:
    """Twenty pairs that agree are no proof: the interval of AC1 reaches as low as Wilson's does."""
    found = agreement({Pair(2, 0, 0): 10, Pair(2, 1, 1): 10})
    assert found is not None
    assert found.ac1 is not None
    assert found.raw.low == pytest.approx(1 - wilson(0, 20, NORMAL_90)[1])
    assert found.ac1.low == pytest.approx(1 - 2 * wilson(0, 20, NORMAL_90)[1])


@pytest.mark.parametrize("name", CROWDS)
@pytest.mark.parametrize("count", [50, 200, 1000])
def test_intervals_hold_the_truth_at_their_rate(name: str, count: int) -> None:
    """Of intervals that promise 90%, at least 85% of 400 hold what endless pairs would show."""
    found = measure(CROWDS[name], count, 400, np.random.default_rng(7))
    for coefficient, told in found.items():
        assert told["defined"] > 0.3, coefficient
        assert told["holds"] >= 0.85, (coefficient, told)
