"""How often a benchmark, and which."""

import numpy as np
import pytest

from goldvein.decisions.serving import (
    benchmark_rate,
    draw_benchmarks,
    eligible,
    serves_benchmark,
)
from goldvein.domain.policy import Policy
from goldvein.stats.items import stack_tables
from goldvein.stats.model import Model
from goldvein.stats.posterior import newcomer
from tests.stats import worlds

POLICY = Policy()


def test_rate_is_at_its_ceiling_until_delivered() -> None:
    """A doubtful labeler is resolved quickly; so is one with few benchmarks."""
    assert benchmark_rate(0.5, 30, "admitted", POLICY) == POLICY.rate_ceiling
    assert benchmark_rate(0.99, 2, "admitted", POLICY) == POLICY.rate_ceiling


def test_rate_falls_with_certainty_and_with_experience() -> None:
    """From the ceiling towards the floor, and never under it."""
    by_certainty = [benchmark_rate(p, 500, "admitted", POLICY) for p in (0.95, 0.97, 0.99, 1.0)]
    by_experience = [benchmark_rate(0.999, n, "admitted", POLICY) for n in (8, 12, 20, 40, 100)]

    assert by_certainty == sorted(by_certainty, reverse=True)
    assert by_experience == sorted(by_experience, reverse=True)
    assert by_certainty[-1] == by_experience[-1] == POLICY.rate_floor


def test_boundary_and_dismissed_cost_only_the_floor() -> None:
    """No benchmarks are spent where they cannot decide."""
    assert benchmark_rate(0.7, 200, "boundary", POLICY) == POLICY.rate_floor
    assert benchmark_rate(0.001, 20, "dismissed", POLICY) == POLICY.rate_floor


def test_serves_benchmark_at_the_rate() -> None:
    """About three in four."""
    rng = np.random.default_rng(6)
    share = np.mean([serves_benchmark(rng, 0.75) for _ in range(4000)])

    assert share == pytest.approx(0.75, abs=0.03)


def pool_of(n: int) -> tuple[Model, np.ndarray, np.ndarray]:
    model = worlds.model()
    return model, stack_tables(worlds.random_tables(model, np.random.default_rng(7), n)), model.space.good


def test_draws_are_unseen_and_carry_their_probability() -> None:
    """Never an item outside the list, one of the best four, all of them drawn sometimes."""
    model, pool, _ = pool_of(50)
    posterior, rng = newcomer(worlds.model())[:, 0], np.random.default_rng(8)
    unseen = np.arange(10, 50)
    draws = [
        draw_benchmarks(
            rng, posterior[:, None], [unseen], pool, np.zeros(pool.shape[1], dtype=np.int64), model, POLICY
        )[0]
        for _ in range(500)
    ]

    for draw in draws:
        assert draw is not None
        assert draw.probability == 0.25
        assert len(set(draw.candidates)) == POLICY.candidates_drawn
        assert set(draw.candidates) <= set(range(10, 50))
        assert draw.index in draw.candidates


def test_few_unseen_are_enough_and_none_is_said() -> None:
    """Two left: one of the two at one half; nothing left: None."""
    model, pool, _ = pool_of(30)
    left = [np.array([4, 9]), np.array([], dtype=np.int64), np.arange(30)]
    draws = draw_benchmarks(
        np.random.default_rng(9),
        newcomer(model, 3),
        left,
        pool,
        np.zeros(pool.shape[1], dtype=np.int64),
        model,
        POLICY,
    )

    assert draws[0] is not None
    assert draws[0].index in {4, 9}
    assert draws[0].probability == 0.5
    assert set(draws[0].candidates) == {4, 9}
    assert draws[1] is None
    assert draws[2] is not None


def test_nobody_to_draw_for() -> None:
    """An empty group is a group."""
    model, pool, _ = pool_of(5)

    assert (
        draw_benchmarks(
            np.random.default_rng(1),
            newcomer(model, 0),
            [],
            pool,
            np.zeros(pool.shape[1], dtype=np.int64),
            model,
            POLICY,
        )
        == []
    )


def test_a_suspect_gets_anti_shortcut_items() -> None:
    """Who may be picking the longest gets items whose key is not the longest, without a special rule."""
    model, rng = worlds.model(), np.random.default_rng(10)
    anti = rng.random(200) < 0.15
    tables = [worlds.table(model, longest=2 if is_anti else 0) for is_anti in anti]
    suspect = 0.5 * newcomer(model)[:, 0]
    suspect[model.space.state_of("longest")] += 0.5
    pool, unseen = stack_tables(tables), np.arange(200)
    draws = [
        draw_benchmarks(
            rng, suspect[:, None], [unseen], pool, np.zeros(pool.shape[1], dtype=np.int64), model, POLICY
        )[0]
        for _ in range(300)
    ]

    assert np.mean([anti[draw.index] for draw in draws if draw]) > 0.6


def test_exposure_cap_takes_items_out() -> None:
    """An item served too often is no longer drawn, unless nothing else is left."""
    exposures = np.array([0, 100, 99, 250])

    assert eligible(np.array([1, 2, 3]), exposures, POLICY).tolist() == [2]
    assert eligible(np.array([1, 3]), exposures, POLICY).tolist() == [1, 3]
