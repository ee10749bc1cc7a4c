"""The mix in which benchmarks are served: at chance for every shortcut where that is possible."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.optimize import linprog, minimize

from goldvein.stats.arrays import Array, IntArray, ShapeError
from goldvein.stats.items import item_table
from goldvein.stats.mix import STRETCH, bearable, position_passes, rule_passes, table_passes, target_mix
from tests.stats import worlds

Pool = tuple[dict[str, Array], IntArray, Array]
HITS = (0.0, 0.25, 0.5, 1.0)


@st.composite
def pools(draw: st.DrawFn) -> Pool:
    """What some rules pass of a few benchmarks, how many options these have, and what each can bear."""
    n = draw(st.integers(2, 16))
    rules = draw(st.integers(1, 4))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shares = rng.dirichlet(np.ones(4), size=rules)
    passes: dict[str, Array] = {f"rule {r}": rng.choice(HITS, size=n, p=shares[r]) for r in range(rules)}
    exposures = rng.integers(0, draw(st.sampled_from([1, 100, 1_500])), n)
    return passes, rng.integers(2, 6, n), bearable(exposures, 1_000)


def excesses(passes: dict[str, Array], options: IntArray) -> Array:
    return np.array([row - 1 / options for row in passes.values()])


@given(pools())
def test_weights_are_shares_within_their_bounds(pool: Pool) -> None:
    """They sum to one, none is negative, and none is over what its benchmark can bear."""
    passes, options, most = pool
    mix = target_mix(passes, options, most)

    assert mix.weights.sum() == pytest.approx(1, abs=1e-12)
    assert mix.weights.min() >= 0
    assert (mix.weights <= most * (1 + 1e-9)).all()
    assert 1 <= mix.effective <= len(most) + 1e-9


@given(pools())
def test_every_rule_is_at_chance_where_that_can_be(pool: Pool) -> None:
    """Linear programming says by how much rules must pass more, together; the weights leave no more."""
    passes, options, most = pool
    excess = excesses(passes, options)
    mix = target_mix(passes, options, most)
    n, rules = len(most), len(excess)
    bounds = [*((0, m) for m in most), *[(0, None)] * rules]
    least = linprog(
        np.r_[np.zeros(n), np.ones(rules)], A_ub=np.c_[excess, -np.eye(rules)], b_ub=np.zeros(rules),
        A_eq=[np.r_[np.ones(n), np.zeros(rules)]], b_eq=[1], bounds=bounds,
    )  # fmt: skip
    over = np.maximum(excess @ mix.weights, 0)

    assert over.sum() == pytest.approx(least.fun, abs=0.02)
    assert {rule for rule, count in mix.missing.items() if count} == {
        rule for rule, one in zip(passes, over, strict=True) if one > 1e-4
    }


@given(pools())
def test_a_slow_search_finds_the_same_weights(pool: Pool) -> None:
    """Sequential quadratic programming on the weights themselves comes to the same relative entropy."""
    passes, options, most = pool
    excess, n = excesses(passes, options), len(most)
    mix = target_mix(passes, options, most)
    assume((excess @ mix.weights).max() < 1e-8)  # else bounds stand in the way, which the law above is about
    slow = minimize(
        lambda w: float(w @ np.log(np.maximum(w * n, 1e-12))),
        np.minimum(most, 1.0) / np.minimum(most, 1.0).sum(),
        jac=lambda w: 1 + np.log(np.maximum(w * n, 1e-12)),
        method="SLSQP",
        bounds=[(0, m) for m in most],
        constraints=[
            {"type": "eq", "fun": lambda w: w.sum() - 1},
            {"type": "ineq", "fun": lambda w: -(excess @ w)},
        ],
        options={"maxiter": 500, "ftol": 1e-12},
    )
    assume(slow.success)
    found = mix.weights[mix.weights > 0]

    assert float(found @ np.log(found * n)) == pytest.approx(slow.fun, abs=1e-4)


def test_what_weights_cannot_reach_is_asked_of_mining() -> None:
    """With as many more counter-examples as are missing the mix is at chance; with one fewer it is not."""
    for n, wrong in ((20, 3), (40, 0), (400, 60), (12, 1)):
        passes = np.ones(n)
        passes[:wrong] = 0.0

        def grown(more: int, passes: Array = passes) -> float:
            row = np.append(passes, np.zeros(more))
            most = bearable(np.zeros(len(row), dtype=np.int64), 1_000)
            return target_mix({"longest": row}, np.full(len(row), 4), most).served["longest"]

        missing = target_mix({"longest": passes}, np.full(n, 4), bearable(np.zeros(n, dtype=np.int64), 1_000))
        more = missing.missing["longest"]
        assert more > 0
        assert grown(more) == pytest.approx(0.25, abs=1e-3)
        assert grown(more - 1) > 0.25 + 1e-3


def test_a_pool_at_chance_is_served_alike() -> None:
    """Nothing is tilted where nothing passes too much, nor for a rule that passes too little."""
    passes = np.tile([1.0, 0.0, 0.0, 0.0], 10)
    mix = target_mix(
        {"longest": passes, "shortest": np.zeros(40)}, np.full(40, 4), bearable(np.zeros(40, int), 9)
    )

    assert mix.is_even
    assert mix.effective == pytest.approx(40)
    assert mix.served == {"longest": pytest.approx(0.25), "shortest": 0.0}
    assert mix.chance == {"longest": 0.25, "shortest": 0.25}


def test_what_has_been_served_often_bears_less() -> None:
    """Bounds follow what is left of the exposure budget, a spent benchmark's included."""
    most = bearable(np.array([0, 500, 999, 5_000]), 1_000)

    assert most.sum() == pytest.approx(STRETCH)
    assert most[0] == pytest.approx(2 * most[1])
    assert 0 < most[3] == most[2] < most[1]


def test_bounds_that_cannot_be_kept_are_refused() -> None:
    """Shares that do not sum to one cannot bear all servings."""
    with pytest.raises(ShapeError, match="must reach 1"):
        target_mix({}, [4, 4], np.array([0.3, 0.3]))


def test_tables_tell_what_rules_pass() -> None:
    """The likelihoods give back picks and ties, lapses taken out; no pick at all is a guess."""
    model = worlds.model()
    weights = model.answers.difficulty_prior
    keys = np.full(4, 0.01)
    keys[2] = 0.97
    tables = [
        item_table(model, keys, weights, {"longest": picks, "shortest": (0,)})
        for picks in ((2,), (1,), (1, 2), (0, 1, 2), ())
    ]
    passes = table_passes(model, tables, [2] * 5)
    expected = [rule_passes(picks, 2, 4) for picks in ((2,), (1,), (1, 2), (0, 1, 2), ())]

    assert passes["longest"] == pytest.approx(expected)
    assert passes["shortest"] == pytest.approx(0.0)
    assert list(passes) == ["longest", "shortest"]


def test_places_are_content_where_the_order_is_fixed() -> None:
    """Of classes the first and the last are shortcuts like any other."""
    passes = position_passes([0, 2, 1, 2], [3, 3, 3, 3])

    assert passes["first"].tolist() == [1, 0, 0, 0]
    assert passes["last"].tolist() == [0, 1, 0, 1]
