"""Shortcuts: what they choose, what they pass, what following them says."""

import pytest

from goldvein.stats.arrays import ShapeError
from goldvein.stats.shortcuts import (
    class_rules,
    extremes,
    followed_rules,
    length_choices,
    ordinary_signal,
    shortcut_pass_shares,
    signal_levels,
)
from tests.stats import worlds


def test_length_choices_keep_ties_and_give_up_on_equals() -> None:
    """A rule without a difference has nothing to go by."""
    assert length_choices(["aa", "b", "cc", "d"]) == {"longest": (0, 2), "shortest": (1, 3)}
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


def test_following_a_position_is_suspicious_and_unknown_shares_weigh_nothing() -> None:
    """Only what is known of honest people can speak against someone."""
    model = worlds.model()
    levels = signal_levels(model, 4)
    followed = followed_rules(model, [2, 0, 1, 3], 2, {"longest": (2,), "shortest": (0,)})
    signal = ordinary_signal([levels], [followed])[:, 0]

    assert signal[model.space.state_of("first")] > 1.2
    assert signal[model.space.state_of("last")] < 1.0
    assert signal[model.space.state_of("longest")] == 1.0
    assert (signal[: model.space.n_abilities] == 1.0).all()


def test_signal_is_capped() -> None:
    """One ordinary answer moves the odds by a bounded factor, however rare its match."""
    model = worlds.model(temper=1.0)
    levels = signal_levels(model, 16)

    assert levels.max() <= model.signal_cap
    assert levels.min() >= 1 / model.signal_cap
