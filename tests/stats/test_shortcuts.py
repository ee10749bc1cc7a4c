"""Shortcuts: what they choose, what they pass, what following them says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldvein.stats.arrays import Array, ShapeError
from goldvein.stats.model import Model, Rapid
from goldvein.stats.shortcuts import (
    class_rules,
    extremes,
    hurried_signal,
    ordinary_likelihoods,
    rapid_signal,
    shortcut_pass_shares,
)
from tests.stats import worlds


def test_extremes_keep_ties_and_give_up_on_equals() -> None:
    """A rule without a difference has nothing to go by."""
    assert extremes([2, 1, 2, 1]) == ((0, 2), (1, 3))
    assert extremes([3, 3]) == ((), ())
    assert class_rules(2) == {"class 0": (0,), "class 1": (1,)}


def test_pass_shares_name_the_shortcut_that_the_mix_rewards() -> None:
    """Nine of ten keys the longest: the report says about .9."""
    model = worlds.model()
    tables = [worlds.table(model, longest=0)] * 9 + [worlds.table(model, longest=1)]

    shares = shortcut_pass_shares(model, tables, [0] * 10)

    assert shares["longest"] == pytest.approx(0.9, abs=0.05)
    assert shares["random"] == pytest.approx(0.25, abs=0.02)
    with pytest.raises(ShapeError, match="no benchmarks"):
        shortcut_pass_shares(model, [], [])


def ordinary(model: Model, choice: int) -> Array:
    """Signal of one ordinary answer: option 2 is the longest and stands first, option 0 is the shortest."""
    picks = {"longest": (2,), "shortest": (0,)}
    return ordinary_likelihoods(model, [picks], [[2, 0, 1, 3]], [choice])[:, 0]


def test_following_a_position_is_suspicious_and_unknown_leans_weigh_nothing() -> None:
    """Only what is known of good people can speak against someone."""
    model = worlds.model()
    signal = ordinary(model, 2)

    assert signal[model.space.state_of("first")] > 2
    assert signal[model.space.state_of("last")] < 0.5
    assert signal[model.space.state_of("longest")] == pytest.approx(1.0)
    assert signal[: model.space.n_abilities] == pytest.approx(1.0)


def test_where_good_labelers_lean_is_where_the_able_are_expected() -> None:
    """With a known lean, a random answer speaks against ability and for guessing; the longest for both."""
    model = worlds.model(leans={"longest": 9.0})
    able, at_random, longest = (
        model.space.n_abilities - 1,
        model.space.state_of("random"),
        model.space.state_of("longest"),
    )

    assert ordinary(model, 2)[able] == pytest.approx(0.1 + 0.9 * 4 * 0.75)
    assert ordinary(model, 2)[longest] > ordinary(model, 2)[able] > ordinary(model, 2)[at_random]
    assert ordinary(model, 1)[at_random] > ordinary(model, 1)[able] > ordinary(model, 1)[longest]
    assert ordinary(model, 1)[at_random] == pytest.approx(1.0)


@given(lean=st.floats(0.05, 50), weight=st.floats(0, 1), choice=st.integers(0, 3))
def test_signal_is_bounded_and_averages_to_one(lean: float, weight: float, choice: int) -> None:
    """Each state's signal, averaged over chance answers, is 1; and none falls under what tells nothing."""
    model = worlds.model(leans={"longest": lean}, ordinary_weight=weight)
    all_choices = np.array([ordinary(model, c) for c in range(4)])

    assert all_choices.mean(axis=0) == pytest.approx(1.0)
    assert ordinary(model, choice).min() >= 1 - weight - 1e-12
    assert ordinary(model, choice).max() <= 1 - weight + 4 * weight + 1e-12


def test_a_quick_answer_speaks_for_guessing_and_only_where_times_tell() -> None:
    """Time on task moves shortcuts against abilities, within the bound of its weight."""
    rapid = np.array([True, False])
    told = worlds.model(rapid=Rapid(1.0, 0.0, share_solving=0.02, share_guessing=0.6))
    signal = rapid_signal(told, rapid)

    assert (rapid_signal(worlds.model(), rapid) == 1).all()
    assert (signal[: told.space.n_abilities] == 1).all()
    assert signal[told.space.state_of("random"), 0] == pytest.approx(0.1 + 0.9 * 30)
    assert signal[told.space.state_of("random"), 1] < 1


def test_a_hurried_benchmark_says_nothing_of_ability() -> None:
    """Whoever did not read did not try: right or wrong, every ability is as likely as guessing."""
    model = worlds.model()
    likelihood = worlds.table(model).copy()
    moderated = likelihood * hurried_signal(model, likelihood)
    able = slice(0, model.space.n_abilities)

    assert moderated[able] == pytest.approx(np.tile(likelihood[model.space.state_of("random")], (20, 1)))
    assert (moderated[20:] == likelihood[20:]).all()
