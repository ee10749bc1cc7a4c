"""Learning how often labelers change: recovery, no news from no data, and the filter's own arithmetic."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldvein.stats.arrays import ShapeError
from goldvein.stats.hazard import LEAST, MOST, _histories, _log_evidence, learn_hazard
from goldvein.stats.posterior import advance, condition, newcomer
from tests.stats import worlds

if TYPE_CHECKING:
    from goldvein.stats.arrays import Array, IntArray
    from goldvein.stats.model import Model


def histories(
    seed: int, model: Model, *, labelers: int, benchmarks: int, mean_gap: float
) -> tuple[IntArray, IntArray, Array]:
    """Labelers who walk and jump as the model says: whose, gaps, likelihoods of their benchmark answers."""
    rng = np.random.default_rng(seed)
    tables = np.array(worlds.random_tables(model, rng, 100))
    state = rng.choice(model.space.size, p=model.prior, size=labelers)
    whose, gaps, columns = [], [], []
    for _ in range(benchmarks):
        gap = rng.geometric(1 / mean_gap, size=labelers)
        jumps = rng.random(labelers) < 1 - (1 - model.hazard) ** gap
        state = np.where(jumps, rng.choice(model.space.size, p=model.turns, size=labelers), state)
        steps = rng.binomial(gap, model.walk) - rng.binomial(gap, model.walk)
        able = state < model.space.n_abilities
        state = np.where(able, np.clip(state + steps, 0, model.space.n_abilities - 1), state)
        item = rng.integers(100, size=labelers)
        chances = tables[item, state].cumsum(axis=1)
        choice = (rng.random((labelers, 1)) > chances).sum(axis=1).clip(max=tables.shape[2] - 1)
        whose.append(np.arange(labelers))
        gaps.append(gap)
        columns.append(tables[item, :, choice].T)
    return np.concatenate(whose), np.concatenate(gaps), np.concatenate(columns, axis=1)


@pytest.mark.parametrize("hazard", [1 / 200, 1 / 1000, 1 / 5000])
def test_the_hazard_is_recovered_within_a_factor_of_two(hazard: float) -> None:
    """2,000 labelers with 40 benchmarks each tell their hazard, starting from the default."""
    model = worlds.model()
    data = histories(1, replace(model, hazard=hazard), labelers=2000, benchmarks=40, mean_gap=10)
    learned = learn_hazard(model, *data)
    assert hazard / 2 < learned.hazard < hazard * 2
    assert learned.low < learned.hazard < learned.high
    assert learned.high / learned.low < 3


def test_intervals_of_the_hazard_cover() -> None:
    """90% intervals of small crowds, whose hazard comes from the prior, mostly hold the true one."""
    rng, held = np.random.default_rng(5), 0
    model = worlds.model(hazard=0.003)
    for seed in range(40):
        true = float(0.003 * np.exp(rng.normal(0, 1)))
        data = histories(seed, replace(model, hazard=true), labelers=40, benchmarks=20, mean_gap=8)
        learned = learn_hazard(model, *data)
        held += learned.low <= true <= learned.high
    assert 32 <= held <= 40


def test_no_data_leaves_the_default() -> None:
    """Without a single answer the model's hazard stays, with the prior's interval around it."""
    model = worlds.model()
    none = np.empty(0, dtype=np.int64)
    learned = learn_hazard(model, none, none, np.empty((model.space.size, 0)))
    assert learned.hazard == pytest.approx(model.hazard, rel=1e-3)
    assert learned.low == pytest.approx(model.hazard * np.exp(-1.645), rel=0.05)
    assert learned.high == pytest.approx(model.hazard * np.exp(1.645), rel=0.05)


@pytest.mark.parametrize("hazard", [0.0, 1e-9, 1e-7, 0.5, 1.0])
def test_a_hazard_beyond_all_reason_is_brought_back(hazard: float) -> None:
    """Whoever starts from no changes at all, or from nothing but changes, learns a hazard within bounds."""
    model = worlds.model()
    data = histories(3, model, labelers=50, benchmarks=10, mean_gap=10)
    learned = learn_hazard(replace(model, hazard=hazard), *data)
    assert LEAST <= learned.low <= learned.hazard <= learned.high <= MOST


def test_little_data_moves_little() -> None:
    """Ten labelers with ten benchmarks, some of whom may turn, leave the hazard near the default."""
    model = worlds.model()
    data = histories(0, model, labelers=10, benchmarks=10, mean_gap=5)
    assert model.hazard / 2 < learn_hazard(model, *data).hazard < model.hazard * 2


def test_the_interval_is_that_of_a_fine_grid() -> None:
    """Mean and interval equal those of a brute-force grid of 400 hazards."""
    model = worlds.model()
    labeler, gaps, likelihoods = histories(
        3, replace(model, hazard=0.01), labelers=60, benchmarks=30, mean_gap=10
    )
    points = np.log(model.hazard) + np.linspace(-4.5, 4.5, 400)
    side_by_side = _histories(model, labeler, gaps, likelihoods)
    scores = np.array([_log_evidence(side_by_side, float(h)) for h in np.exp(points)])
    scores -= 0.5 * (points - np.log(model.hazard)) ** 2
    weights = np.exp(scores - scores.max())
    weights /= weights.sum()
    learned = learn_hazard(model, labeler, gaps, likelihoods)
    assert np.log(learned.hazard) == pytest.approx(points @ weights, abs=0.01)
    low, high = np.interp([0.05, 0.95], weights.cumsum() - weights / 2, points)
    assert np.log([learned.low, learned.high]) == pytest.approx([low, high], abs=0.02)


@given(
    seed=st.integers(0, 1000),
    hazard=st.floats(1e-5, 0.1),
    walk=st.floats(1e-5, 0.2),
    gaps=st.lists(st.integers(1, 30), min_size=1, max_size=8),
)
def test_evidence_equals_the_filter_step_by_step(
    seed: int, hazard: float, walk: float, gaps: list[int]
) -> None:
    """Powers of the walk by eigenvalues give what ``posterior.advance`` gives one answer at a time."""
    model, rng = worlds.model(hazard=hazard, walk=walk), np.random.default_rng(seed)
    labeler = rng.integers(3, size=len(gaps))
    tables = worlds.random_tables(model, rng, len(gaps))
    likelihoods = np.array([table[:, rng.integers(5)] for table in tables]).T
    expected = 0.0
    for who in range(3):
        p = newcomer(model)
        for answer in np.flatnonzero(labeler == who):
            for _ in range(gaps[answer]):
                p = advance(p, model)
            p, norm = condition(p, likelihoods[:, answer, None])
            expected += float(np.log(norm[0]))
    side_by_side = _histories(model, labeler, np.array(gaps), likelihoods)
    assert _log_evidence(side_by_side, hazard) == pytest.approx(expected, rel=1e-9)


def test_gaps_count_the_benchmark_itself() -> None:
    """A gap of 0 is refused, and so are arrays of different lengths."""
    model = worlds.model()
    one, ones = np.zeros(1, dtype=np.int64), np.ones((model.space.size, 1))
    with pytest.raises(ShapeError, match="1 or more"):
        learn_hazard(model, one, one, ones)
    with pytest.raises(ShapeError, match="one per answer"):
        learn_hazard(model, np.zeros(2, dtype=np.int64), one + 1, ones)
