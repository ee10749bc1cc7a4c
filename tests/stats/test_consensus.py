"""Consensus without keys, and rank correlation."""

import numpy as np
import pytest

from goldvein.stats.agreement import ranks, spearman
from goldvein.stats.arrays import ShapeError
from goldvein.stats.consensus import one_coin


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
