"""Difficulty of ordinary tasks from all that were mined, and accuracy with honest intervals."""

import numpy as np
import pytest

from goldvein.stats.arrays import ShapeError
from goldvein.stats.mining import panel_curve
from goldvein.stats.model import make_answer_model
from goldvein.stats.traffic import group_accuracy, mined_tasks, ordinary_difficulty, solved_curves, traffic

ANSWERS = make_answer_model()
THETAS = np.array([-1.0, 0.0, 1.0])


def panel(
    rng: np.random.Generator, difficulties: list[float], attracted: float = 0.6, n_answers: int = 5
) -> list[list[int]]:
    """What a panel says to tasks of these difficulties: key 0, most mistakes on option 1."""
    chances = np.interp(difficulties, ANSWERS.difficulties, panel_curve(ANSWERS, 4))
    right = rng.random((len(difficulties), n_answers)) < chances[:, None]
    wrong = np.where(rng.random(right.shape) < attracted, 1, rng.integers(1, 4, right.shape))
    found: list[list[int]] = np.where(right, 0, wrong).tolist()
    return found


def test_equal_patterns_are_counted_together() -> None:
    """Which option got the votes does not matter; "cannot be answered" does."""
    found = mined_tasks(ANSWERS, [4, 4, 4, 4], [[0, 0, 1], [2, 3, 2], [0, 0, 4], []])
    assert sorted(found.counts.tolist()) == [1, 2]
    assert found.likelihoods.shape == (2, len(ANSWERS.difficulties))
    assert (found.answerable < 1).all()
    with pytest.raises(ShapeError, match="answered yet"):
        mined_tasks(ANSWERS, [4], [[]])


@pytest.mark.parametrize(
    ("ambiguous", "attracted", "slack"),
    [(0.1, 0.0, 0.02), (0.1, 0.6, 0.02), (0.5, 0.0, 0.02), (0.5, 0.6, 0.07)],
)
def test_accuracy_on_ordinary_tasks_is_found_with_an_interval_that_covers_it(
    ambiguous: float, attracted: float, slack: float
) -> None:
    """On pools with few and with many hard tasks, whose mistakes attract each other or do not.

    Where half of the tasks are hard and mistakes fall on one option, a panel takes some of these for the key,
    and nothing in its answers says so.
    """
    covered = 0
    errors, widths = [], []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        hard = rng.random(300) < ambiguous
        difficulties = np.where(hard, rng.normal(1.5, 0.5, 300), rng.normal(-3, 0.8, 300))
        truth = np.mean([solved_curves(ANSWERS, THETAS, 4, _at(b)) for b in difficulties])
        known = traffic(rng, ANSWERS, [4] * 300, panel(rng, difficulties.tolist(), attracted), 100)
        curves = solved_curves(ANSWERS, THETAS, 4, np.vstack([known.shares, known.draws]))
        accuracy = group_accuracy(rng, np.eye(3), np.ones(3), curves[0], curves[1:])
        covered += int(accuracy.low - slack <= truth <= accuracy.high + slack)
        errors.append(accuracy.estimate - truth)
        widths.append(accuracy.high - accuracy.low)
    assert covered >= 10, (errors, widths)
    assert abs(np.mean(errors)) < slack + 0.02
    assert np.mean(widths) < 0.15


def _at(difficulty: float) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    weights = np.zeros((1, len(ANSWERS.difficulties)))
    weights[0, np.abs(ANSWERS.difficulties - difficulty).argmin()] = 1
    return weights


def test_few_tasks_say_little() -> None:
    """The interval is wider from 30 candidates than from 1,000, and the prior is what no task leaves."""
    rng = np.random.default_rng(3)

    def width(n: int) -> float:
        known = traffic(rng, ANSWERS, [4] * n, panel(rng, rng.normal(-1, 2, n).tolist()))
        curves = solved_curves(ANSWERS, np.array([0.5]), 4, known.draws)
        accuracy = group_accuracy(rng, np.ones((1, 1)), np.ones(1), curves.mean(axis=0), curves)
        return accuracy.high - accuracy.low

    assert width(30) > 2 * width(1000)
    one = mined_tasks(ANSWERS, [4], [[0]])
    prior = ANSWERS.difficulty_prior
    assert np.abs(ordinary_difficulty(one, prior) - prior).max() < 0.02


def test_doubtful_labelers_make_wide_intervals() -> None:
    """One labeler of unknown ability against a hundred; weights of zero do not count; nobody is refused."""
    rng = np.random.default_rng(1)
    curve = np.array([0.5, 0.9])
    one = group_accuracy(rng, np.full((1, 2), 0.5), np.ones(1), curve)
    many = group_accuracy(rng, np.full((100, 2), 0.5), np.ones(100), curve)
    assert one.high - one.low > 5 * (many.high - many.low)
    assert many.low <= many.estimate == pytest.approx(0.7)
    weighted = group_accuracy(rng, np.eye(2), np.array([0.0, 2.0]), curve)
    assert (weighted.estimate, weighted.low, weighted.high) == pytest.approx((0.9, 0.9, 0.9))
    with pytest.raises(ShapeError, match="nobody contributes"):
        group_accuracy(rng, np.eye(2), np.zeros(2), curve)
