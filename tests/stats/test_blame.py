"""Blame: drops made in three ways, and none, are told apart."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldvein.stats.blame import CAUSES, Answers, Benchmarks, Cause, blame, doubt

TASKS, DAYS, PEOPLE, OPTIONS = 200, 6, 60, 4


def answers(cause: Cause, seed: int, drop: float = 0.08) -> Answers:
    """Some days of answers after a drop: keys are option 0, other options are alike."""
    rng = np.random.default_rng(seed)
    right = np.clip(rng.beta(1.8, 0.2, TASKS), 0.05, 0.97)
    task = np.tile(np.arange(TASKS), DAYS)
    labeler = rng.integers(0, PEOPLE, TASKS * DAYS)
    now = right[task]
    share = drop / (right.mean() - 1 / OPTIONS)
    if cause == "some":
        now = np.where(labeler < share * PEOPLE, 1 / OPTIONS, now)
    elif cause == "all":
        now = (1 - share) * now + share / OPTIONS
    is_right = rng.random(len(task)) < now
    choice = np.where(is_right, 0, rng.integers(1, OPTIONS, len(task)))
    if cause == "keys":
        changed = rng.permutation(TASKS)[: round(drop * TASKS)]
        moved = np.isin(task, changed) & (rng.random(len(task)) < 0.9)
        choice = np.where(moved, 2, choice)
    expected = np.where(choice == 0, right[task], (1 - right[task]) / (OPTIONS - 1))
    return Answers(task, labeler, choice, expected, np.full(len(task), OPTIONS))


def benchmarks(cause: Cause, drop: float = 0.08) -> Benchmarks:
    """Ten thousand before, two thousand since: they fall where people are to blame."""
    falls = cause in ("some", "all")
    return Benchmarks(10_000, 8_800, 2_000, round(2_000 * (0.88 - drop * falls)))


@pytest.mark.parametrize("cause", CAUSES)
def test_each_cause_is_told_from_the_others(cause: Cause) -> None:
    """In nearly all of twenty drops the true cause is the likeliest, and it is believed on average."""
    shares = [blame(answers(cause, seed), benchmarks(cause)) for seed in range(20)]
    assert sum(max(one, key=lambda c: one[c]) == cause for one in shares) >= 17
    assert np.mean([one[cause] for one in shares]) > 0.75
    assert all(sum(one.values()) == pytest.approx(1) for one in shares)


def test_benchmarks_tell_people_from_keys_where_answers_alone_do_not() -> None:
    """The same answers: benchmarks that fell speak against keys, those that did not against the crowd."""
    few = answers("some", 3)
    some = Answers(few.task[:200], few.labeler[:200], few.choice[:200], few.expected[:200], few.options[:200])
    fell, stayed = blame(some, benchmarks("some")), blame(some, benchmarks("keys"))
    assert fell["some"] > blame(some)["some"] > stayed["some"]
    assert fell["chance"] < stayed["chance"]


@given(st.integers(0, 40), st.integers(0, 40))
def test_doubt_is_the_probability_that_most_pick_the_rival(for_key: int, for_rival: int) -> None:
    """As integrated over the share among the two, and symmetric."""
    p = (np.arange(4000) + 0.5) / 4000
    weights = p**for_rival * (1 - p) ** for_key
    assert doubt(for_key, for_rival) == pytest.approx(weights[2000:].sum() / weights.sum(), abs=1e-3)
    assert doubt(for_key, for_rival) + doubt(for_rival, for_key) == pytest.approx(1)
    assert doubt(0, 4) == pytest.approx(1 - 1 / 2**5)
