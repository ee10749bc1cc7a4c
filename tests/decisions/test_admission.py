"""Admission, supply and trust."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldvein.decisions.admission import (
    benchmarks_to_verdict,
    capacity,
    left_after,
    may_open,
    need,
    opens_in,
    runs_out_in,
    supply_target,
)
from goldvein.decisions.characteristic import simulate
from goldvein.decisions.judging import judge
from goldvein.decisions.trust import earns_trust
from goldvein.domain.policy import Policy
from goldvein.stats.items import served_likelihoods
from goldvein.stats.posterior import newcomer
from goldvein.stats.servings import make_servings
from tests.stats import worlds

POLICY = Policy()


def test_the_crowd_grows_with_the_supply() -> None:
    """Nobody before there are enough benchmarks; then as many as can be tested."""
    assert capacity(19, POLICY) == 0
    assert not may_open(19, POLICY)
    assert may_open(20, POLICY)
    assert [capacity(n, POLICY) for n in (20, 400)] == [100, 2000]


def test_supply_is_asked_for_before_anybody_runs_out() -> None:
    """Enough for the most experienced labeler, and for the number of labelers."""
    assert supply_target(1, 0, POLICY) == 25
    assert supply_target(1, 100, POLICY) == 140
    assert supply_target(1000, 0, POLICY) == 250
    assert capacity(supply_target(1000, 0, POLICY), POLICY) >= 1000


def test_trust_is_earned_on_many_benchmarks() -> None:
    """Forty right answers earn it; being likely good does not."""
    model, p = worlds.model(), newcomer(worlds.model())
    assert not earns_trust(model, p[:, 0], 40, POLICY)
    for i in range(40):
        table = worlds.table(model, key=i % 4, longest=(i + i // 4) % 4)
        order = np.roll(np.arange(4), i // 2)
        p = judge(model, p, p, served_likelihoods(model, [table], [order], [i % 4], [0])).posterior_benchmarks

    assert earns_trust(model, p[:, 0], 40, POLICY)
    assert not earns_trust(model, p[:, 0], 10, POLICY)


def test_a_harder_verdict_admits_fewer_and_wants_more() -> None:
    """What a verdict takes counts where it is more than the policy sets aside."""
    assert capacity(400, POLICY, 40) == capacity(400, POLICY) // 2
    assert capacity(400, POLICY, 5) == capacity(400, POLICY)
    assert supply_target(1000, 0, POLICY, 40) == 2 * supply_target(1000, 0, POLICY)
    assert need(0, 0, POLICY, per_hour=1000.0).in_use == 60
    assert need(0, 0, POLICY, wearing_out=7).target(POLICY) == need(0, 0, POLICY).target(POLICY) + 7


def test_a_verdict_takes_as_many_benchmarks_as_the_simulation_says() -> None:
    """The formula's mean over newcomers is near that of the service's own filter, gate and draw at random."""
    model = worlds.model()
    tables = [worlds.table(model, key=i % 4, longest=(i + i // 4) % 4) for i in range(60)]
    servings = make_servings(tables, [0] * 60, [i % 4 for i in range(60)])
    course = simulate(
        np.random.default_rng(1), model, servings, POLICY, range(model.space.size), labelers=40,
        best_of=False,
    )  # fmt: skip
    simulated = float(model.prior @ course.to_verdict)
    assert benchmarks_to_verdict(model, servings, POLICY) == pytest.approx(simulated, rel=0.35)
    harsher = Policy(deliver_at=0.99, suspect_below=0.99, dismiss_at=1e-6)
    assert benchmarks_to_verdict(model, servings, harsher) > benchmarks_to_verdict(model, servings, POLICY)


BUDGET = Policy(open_at=2, exposure_budget=100, age_budget_seconds=36_000)


def test_benchmarks_end_by_use_or_age() -> None:
    """Ten servings an hour on two, of which one has 50 left and the other 90: one ends after ten hours."""
    assert runs_out_in([50, 10], [0, 0], 10.0, BUDGET) == pytest.approx(10.0)
    assert runs_out_in([50, 10], [18_000, 0], 10.0, BUDGET) == pytest.approx(5.0)
    assert runs_out_in([50], [0], 10.0, BUDGET) == 0.0
    assert left_after([50, 10, 0], [0, 0, 0], 0.0, 9.0, BUDGET) == 3
    assert left_after([50, 10, 0], [0, 0, 0], 0.0, 10.5, BUDGET) == 0


@given(
    st.lists(st.tuples(st.integers(0, 120), st.floats(0, 40_000)), min_size=1, max_size=12),
    st.floats(0.1, 50),
)
def test_the_end_is_that_of_a_clock_that_ticks(rows: list[tuple[int, float]], per_hour: float) -> None:
    """A slow twin that wears each benchmark bit by bit."""
    exposures, ages = [row[0] for row in rows], [row[1] for row in rows]
    found = runs_out_in(exposures, ages, per_hour, BUDGET)
    left = [[100.0 - used, max(0.0, 36_000 - age) / 3600] for used, age in rows]
    now, tick = 0.0, 0.01
    left = [one for one in left if min(one) > 0]
    while len(left) >= BUDGET.open_at:
        share = per_hour * tick / len(left)
        left = [[use - share, age - tick] for use, age in left]
        left = [one for one in left if min(one) > 1e-9]
        now += tick
    assert found == pytest.approx(now, abs=0.1 + 0.02 * now)


def test_opening_is_forecast_where_a_pace_is_known() -> None:
    assert opens_in(0, None) == 0.0
    assert opens_in(5, None) is None
    assert opens_in(5, 2.5) == 2.0


def test_a_budget_under_the_cap_is_what_a_benchmark_bears() -> None:
    """Nobody is let in on servings that would be refused."""
    policy = Policy(open_at=20, exposure_cap=100, exposure_budget=10, benchmarks_per_labeler=20)
    assert capacity(40, policy) == 40 * 10 // 20
