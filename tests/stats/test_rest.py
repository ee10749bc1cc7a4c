"""Models that survive storage, shortcuts, consensus and rank correlation."""

import json

import numpy as np
import pytest

from goldvein.stats.agreement import ranks, spearman
from goldvein.stats.arrays import ShapeError
from goldvein.stats.consensus import one_coin
from goldvein.stats.model import Model
from goldvein.stats.posterior import newcomer
from goldvein.stats.shortcuts import (
    class_rules,
    extremes,
    followed_rules,
    length_choices,
    ordinary_signal,
    shortcut_pass_shares,
    signal_levels,
)
from goldvein.stats.states import make_space
from tests.stats import worlds


def test_model_survives_json_to_the_last_bit() -> None:
    """Stored models replay exactly."""
    model = worlds.model(hazard=1 / 3000, lapse=0.1 / 3)
    back = Model.from_dict(json.loads(json.dumps(model.to_dict())))

    assert (back.prior == model.prior).all()
    assert (back.space.thetas == model.space.thetas).all()
    assert (back.answers.difficulties == model.answers.difficulties).all()
    assert back.to_dict() == model.to_dict()


def test_bar_lies_midway_between_two_abilities() -> None:
    """Off the midpoint, false rejections jump."""
    space = make_space(-1.234)
    below, above = space.thetas[~space.good[:20]].max(), space.thetas[space.good[:20]].min()

    assert (below + above) / 2 == pytest.approx(-1.234)


def test_no_shortcut_is_good() -> None:
    """Whatever share of the benchmarks it gets right."""
    space = make_space(0.0, ["longest", "overlap"])

    assert not space.good[space.n_abilities :].any()
    assert space.names[-1] == "overlap"


def test_prior_is_a_distribution_with_enough_shortcuts() -> None:
    """Somewhat more than a quarter of newcomers is expected to follow a shortcut."""
    model = worlds.model()

    assert newcomer(model).sum() == pytest.approx(1.0)
    assert model.prior[model.space.n_abilities :].sum() == pytest.approx(0.28)


def test_rule_named_twice_is_refused() -> None:
    """Two states of the same name could not be told apart in the log."""
    with pytest.raises(ShapeError, match="twice"):
        make_space(0.0, ["first"])


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


def answers_of_a_crowd(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """1,000 tasks, 5 answers each, 40 labelers of known accuracy."""
    rng = np.random.default_rng(seed)
    truth, accuracy = rng.integers(4, size=1000), rng.uniform(0.3, 0.95, size=40)
    task = np.repeat(np.arange(1000), 5)
    labeler = np.concatenate([rng.choice(40, size=5, replace=False) for _ in range(1000)])
    right = rng.random(5000) < accuracy[labeler]
    answer = np.where(right, truth[task], (truth[task] + rng.integers(1, 4, size=5000)) % 4)
    return task, labeler, answer, truth, accuracy


def test_consensus_recovers_a_known_crowd() -> None:
    """Labels beat the majority's, and labelers come out in about the right order."""
    task, labeler, answer, truth, accuracy = answers_of_a_crowd(5)
    votes = np.bincount(task * 4 + answer, minlength=4000).reshape(1000, 4)

    result = one_coin(task, labeler, answer, 4)

    found = np.mean(result.task_probs.argmax(axis=1) == truth)
    assert found > np.mean(votes.argmax(axis=1) == truth) + 0.02
    assert spearman(result.accuracy, accuracy) > 0.85


def test_consensus_refuses_what_does_not_fit() -> None:
    """Lengths and codes are checked."""
    one = np.zeros(1, dtype=np.int64)
    with pytest.raises(ShapeError, match="lengths"):
        one_coin(one, one, np.zeros(0, dtype=np.int64), 2)
    with pytest.raises(ShapeError, match=r"0\.\.1"):
        one_coin(one, one, one + 2, 2)


def test_ranks_share_ties_and_spearman_is_known() -> None:
    """By hand."""
    assert ranks(np.array([10.0, 20.0, 20.0, 5.0])).tolist() == [2.0, 3.5, 3.5, 1.0]
    assert spearman(np.array([1.0, 2, 3, 4, 5]), np.array([5.0, 6, 7, 8, 7])) == pytest.approx(0.8207826817)
    assert np.isnan(spearman(np.array([1.0, 1.0]), np.array([1.0, 2.0])))
