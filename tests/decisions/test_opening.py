"""A project opens only when enough benchmarks speak against every content shortcut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldvein.decisions.opening import SOUGHT_EACH, counterexamples, is_hopeless, short_of, why_not
from goldvein.domain.policy import Policy

POLICY = Policy(open_counterexamples=3)


def test_a_shortcut_that_passes_nearly_all_keeps_a_project_shut() -> None:
    """It says which rule, how many speak against it, how many are asked, and that mining goes on."""
    why = why_not({"longest": 19.0, "shortest": 0.5}, 20, POLICY)

    assert why is not None
    assert "'longest' is wrong on only 1 of them" in why
    assert "open_counterexamples asks for 3" in why
    assert why.endswith("mining goes on")
    assert short_of({"longest": 19.0, "shortest": 0.5}, 20, POLICY) == 2


def test_enough_counterexamples_open_it() -> None:
    """Three of twenty do, and a rule that passes little never stands in the way."""
    assert why_not({"longest": 17.0, "shortest": 0.0}, 20, POLICY) is None
    assert short_of({"longest": 17.0, "shortest": 0.0}, 20, POLICY) == 0


def test_a_rule_with_nothing_to_go_by_asks_nothing() -> None:
    """Options that are all alike make its follower guess: three quarters of a counter-example each."""
    assert why_not({"longest": 20 * 0.25}, 20, POLICY) is None
    assert why_not({}, 20, POLICY) is None
    assert counterexamples({"longest": 5.0}, 20) == {"longest": 15.0}


def test_ties_count_in_part() -> None:
    """Six ties of two are as good as three plain counter-examples."""
    assert why_not({"longest": 14 + 6 * 0.5}, 20, POLICY) is None
    assert why_not({"longest": 15 + 5 * 0.5}, 20, POLICY) is not None


def test_with_nothing_asked_nothing_is_in_the_way() -> None:
    """The knob at 0 opens a project on which the longest option is always right."""
    assert why_not({"longest": 20.0}, 20, Policy(open_counterexamples=0)) is None


def test_where_there_are_none_it_says_what_to_do() -> None:
    """After many tasks without a counter-example the way out is named, with the value that would do."""
    why = why_not({"longest": 20.0}, 20, POLICY, mined=SOUGHT_EACH + 1)
    one = why_not({"longest": 19.0}, 20, POLICY, mined=2 * SOUGHT_EACH + 1)

    assert why is not None
    assert "41 tasks mined" in why
    assert "set open_counterexamples to 0" in why
    assert one is not None
    assert "set open_counterexamples to 1" in one
    assert "mining goes on" in (why_not({"longest": 19.0}, 20, POLICY, mined=2 * SOUGHT_EACH) or "")


@given(
    st.dictionaries(st.sampled_from("abcd"), st.floats(0, 30), max_size=4),
    st.integers(30, 60),
    st.integers(0, 40),
)
def test_it_opens_exactly_when_nothing_is_short(counts: dict[str, float], active: int, asked: int) -> None:
    """Being told why not, and missing some, are the same; what is said to be missing is then enough."""
    policy = Policy(open_counterexamples=asked)
    more = short_of(counts, active, policy)

    assert (why_not(counts, active, policy) is None) == (more == 0)
    assert why_not(counts, active + more, policy) is None


@given(st.floats(0, 50), st.integers(0, 5_000))
def test_hope_only_fades_with_tasks_and_grows_with_finds(found: float, mined: int) -> None:
    """More tasks mined never give hope, more counter-examples never take it."""
    if is_hopeless(found, mined):
        assert is_hopeless(found, mined + 1)
    else:
        assert not is_hopeless(found + 1, mined)
    assert not is_hopeless(0, SOUGHT_EACH)


@pytest.mark.parametrize("share", [0.15, 0.05])
def test_rare_counterexamples_are_still_sought(share: float) -> None:
    """A shortcut that is wrong on one task in twenty is not given up."""
    assert not any(is_hopeless(int(share * mined), mined) for mined in range(1, 2_000))
