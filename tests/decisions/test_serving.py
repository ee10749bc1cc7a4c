"""How often a benchmark, and which."""

from dataclasses import replace

import numpy as np
import pytest

from goldvein.decisions.serving import (
    NOTHING_LEFT,
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


watched_or_not = pytest.mark.parametrize("is_watched", [True, False], ids=["watched", "unwatched"])


@watched_or_not
def test_rate_is_at_its_ceiling_until_delivered(*, is_watched: bool) -> None:
    """A doubtful labeler is resolved quickly, whichever evidence doubts; so is one with few benchmarks."""
    p_benchmarks, p_all, benchmarks = (
        [0.5, 0.89, 0.99, 0.92, 0.99],
        [0.5, 0.99, 0.94, 0.92, 0.99],
        [30] * 4 + [3],
    )
    rates = benchmark_rate(p_benchmarks, p_all, benchmarks, "admitted", POLICY, is_watched=is_watched)

    assert (rates == POLICY.rate_ceiling).all()


@watched_or_not
def test_rate_falls_with_certainty(*, is_watched: bool) -> None:
    """In proportion to the greater of both doubts, from the first delivered label on, down to the floor."""
    shown = np.array([0.9, 0.92, 0.96, 0.98, 1.0, 1.0, 1.0])
    known = np.array([1.0, 0.96, 0.96, 0.99, 0.99, 0.95, 1.0])
    rates = benchmark_rate(shown, known, 500, "admitted", POLICY, is_watched=is_watched)

    assert rates == pytest.approx([0.01, 0.008, 0.005, 0.005, 0.005, 0.005, 0.005])
    assert POLICY.rate_slope * (1 - np.minimum(shown, known))[:2] == pytest.approx(rates[:2])


def test_the_unwatched_are_looked_at_longer() -> None:
    """Where ordinary answers tell nothing, the ceiling holds for a while and falls by benchmarks squared."""
    counts = np.array([4, 8, 16, 32, 80, 98, 200])
    unwatched, watched = (
        benchmark_rate(0.999, 0.999, counts, "admitted", POLICY, is_watched=is_watched)
        for is_watched in (False, True)
    )

    ceiling = POLICY.rate_ceiling
    falling = [ceiling, ceiling, ceiling / 4, ceiling / 16, ceiling / 100]
    assert unwatched == pytest.approx([*falling, POLICY.rate_floor, POLICY.rate_floor])
    assert (watched == POLICY.rate_floor).all()


@watched_or_not
def test_rate_never_leaves_its_range_and_never_rises_with_trust(*, is_watched: bool) -> None:
    """Between floor and ceiling, whatever is known; more certainty or more benchmarks never cost more."""
    certain = np.linspace(0.0, 1.0, 101)
    shown, known, counts = np.meshgrid(certain, certain, [0, 3, 4, 9, 40, 400], indexing="ij")
    policy = replace(POLICY, rate_slope=20.0)  # so steep that the ceiling cuts it off
    for kept in (POLICY, policy):
        rates = benchmark_rate(shown, known, counts, "admitted", kept, is_watched=is_watched)
        assert rates.min() == kept.rate_floor
        assert rates.max() == kept.rate_ceiling
        for axis in range(3):
            assert (np.diff(rates, axis=axis) <= 1e-12).all()


@watched_or_not
def test_boundary_and_dismissed_cost_only_the_floor(*, is_watched: bool) -> None:
    """No benchmarks are spent where they cannot decide."""
    rates = benchmark_rate(
        [0.7, 0.001], [0.7, 0.001], [200, 20], ["boundary", "dismissed"], POLICY, is_watched=is_watched
    )

    assert (rates == POLICY.rate_floor).all()


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


def test_rounding_errors_rank_nothing() -> None:
    """Another machine's last bits lead to the same draws, also where benchmarks are alike."""
    model, pool, _ = pool_of(6)
    alike, noise = np.tile(pool, (1, 5, 1)), np.random.default_rng(11)
    elsewhere = alike * (1 + noise.uniform(-1e-13, 1e-13, alike.shape))
    none, unseen = np.zeros(30, dtype=np.int64), [np.arange(30)] * 200
    here, there = (
        draw_benchmarks(np.random.default_rng(12), newcomer(model, 200), unseen, tables, none, model, POLICY)
        for tables in (alike, elsewhere)
    )

    assert here == there


def test_benchmarks_that_tell_equally_much_are_drawn_equally_often() -> None:
    """Not those first that stand first in the pool."""
    model, pool, _ = pool_of(1)
    unseen, none = [np.arange(40)] * 4_000, np.zeros(40, dtype=np.int64)
    draws = draw_benchmarks(
        np.random.default_rng(13),
        newcomer(model, 4_000),
        unseen,
        pool.repeat(40, axis=1),
        none,
        model,
        POLICY,
    )
    drawn = np.bincount([draw.index for draw in draws if draw], minlength=40)

    assert drawn.sum() == 4_000
    assert np.abs(drawn - 100).max() < 5 * np.sqrt(100)


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
    exposures = np.array([0, 100, 99, 250, 0, 0, 0, 0, 0, 0])

    assert eligible(np.array([1, 2, 3]), exposures, POLICY).tolist() == [2]
    assert eligible(np.array([1, 3]), exposures, POLICY).tolist() == [1, 3]
    assert eligible(np.array([], dtype=np.int64), exposures, POLICY).tolist() == []


def test_a_pool_that_is_worn_all_over_wears_evenly() -> None:
    """Past the cap on average, only what was served twice as often as the rest is spared."""
    exposures = np.array([150, 160, 140, 900, 150])

    assert eligible(np.arange(5), exposures, POLICY).tolist() == [0, 1, 2, 4]


def test_worn_benchmarks_are_drawn_rather_than_none() -> None:
    """Past the cap a draw is a draw, with its probability; only who has seen all gets none."""
    model, pool, _ = pool_of(12)
    worn = np.full(12, 3 * POLICY.exposure_cap)
    left = [eligible(unseen, worn, POLICY) for unseen in (np.arange(12), np.array([], dtype=np.int64))]
    draws = draw_benchmarks(np.random.default_rng(4), newcomer(model, 2), left, pool, worn, model, POLICY)

    assert draws[0] is not None
    assert draws[0].probability == 0.25
    assert draws[1] is None


def test_the_mark_of_an_exhausted_labeler_is_no_draws_probability() -> None:
    """It is kept where a benchmark's draw probability is, so no draw may ever have it."""
    model, pool, _ = pool_of(40)
    none = np.zeros(40, dtype=np.int64)
    left = [np.arange(n) for n in range(1, 41)]
    draws = draw_benchmarks(np.random.default_rng(5), newcomer(model, 40), left, pool, none, model, POLICY)

    assert all(draw is not None and NOTHING_LEFT < draw.probability <= 1 for draw in draws)


def test_candidates_follow_their_weights() -> None:
    """By weight each is compared in proportion, none twice, and a draw says how likely it was among them."""
    model, unseen = worlds.model(), np.arange(3, 63)
    tables = stack_tables([worlds.table(model)] * 63)
    weights = np.r_[np.full(33, 1.0), np.full(30, 3.0)]
    rng = np.random.default_rng(5)
    draws = [
        draw
        for _ in range(50)
        for draw in draw_benchmarks(
            rng, np.tile(newcomer(model, 1), 40), [unseen] * 40, tables, np.zeros(63, dtype=int), model,
            POLICY, weights,
        )
        if draw is not None
    ]  # fmt: skip
    compared = np.bincount(np.concatenate([draw.candidates for draw in draws]), minlength=63) / len(draws)

    assert len(draws) == 2_000
    assert all(len(set(draw.candidates)) == len(draw.candidates) <= 20 for draw in draws)
    assert all(draw.index in draw.candidates and draw.probability == 1 / POLICY.best_of for draw in draws)
    assert compared[:3].sum() == 0
    assert compared[3:33] == pytest.approx(20 / 120, abs=0.04)
    assert compared[33:] == pytest.approx(60 / 120, abs=0.08)
    assert compared[3:33].mean() == pytest.approx(20 / 120, rel=0.03)


def test_with_few_left_weights_choose_nothing() -> None:
    """Whoever has seen most compares all the rest; equal weights leave nothing out in the long run."""
    model = worlds.model()
    tables = stack_tables([worlds.table(model)] * 30)
    few = draw_benchmarks(
        np.random.default_rng(1), newcomer(model, 1), [np.arange(20)], tables, np.zeros(30, dtype=int), model,
        POLICY, np.r_[1e-9, np.ones(29)],
    )[0]  # fmt: skip

    assert few is not None
    assert few.candidates == tuple(range(20))
