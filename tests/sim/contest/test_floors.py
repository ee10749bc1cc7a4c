"""Floors: closed forms, chains and simulations agree, and with what is published."""

import numpy as np
import pytest

from goldvein.sim.contest import floors


@pytest.mark.parametrize(
    ("good", "bad", "if_good", "if_bad"),
    [(0.85, 0.25, 5.6, 5.0), (0.85, 0.5, 16.7, 13.4), (0.8, 0.6, 49, 43)],
)
def test_wald_is_walds(good: float, bad: float, if_good: float, if_bad: float) -> None:
    """Expected benchmarks are those of Wald's formula, at one percent of either error."""
    found = floors.wald_sprt(good, bad)
    assert found.if_good == pytest.approx(if_good, rel=0.015)
    assert found.if_bad == pytest.approx(if_bad, rel=0.015)


@pytest.mark.parametrize(("good", "bad"), [(0.85, 0.25), (0.85, 0.5), (0.85, 0.013)])
def test_the_chain_of_the_test_is_the_test(good: float, bad: float) -> None:
    """Exact run lengths and errors equal those of the test run on coins."""
    exact = floors.exact_sprt(good, bad)
    twin = floors.simulated_sprt(np.random.default_rng(1), good, bad)
    assert twin.if_good == pytest.approx(exact.if_good, rel=0.02)
    assert twin.if_bad == pytest.approx(exact.if_bad, rel=0.02)
    assert twin.rejected_good == pytest.approx(exact.rejected_good, abs=0.002)
    assert twin.accepted_bad == pytest.approx(exact.accepted_bad, abs=0.002)


@pytest.mark.parametrize(("good", "bad"), [(0.85, 0.25), (0.85, 0.5), (0.8, 0.6)])
def test_walds_bounds_keep_their_errors(good: float, bad: float) -> None:
    """Overshoot makes the test longer than the formula, and its errors smaller than asked."""
    wald, exact = floors.wald_sprt(good, bad), floors.exact_sprt(good, bad)
    assert wald.if_good < exact.if_good < wald.if_good + 2
    assert wald.if_bad < exact.if_bad < wald.if_bad + 3
    assert max(exact.rejected_good, exact.accepted_bad) < 0.01


@pytest.mark.parametrize("p", [0.85, 0.25])
def test_the_chain_of_cusum_is_cusum(p: float) -> None:
    """Mean run lengths before and after a change equal those of the test run on coins."""
    steps = floors.lattice(0.85, 0.25)
    twin = floors.simulated_cusum(np.random.default_rng(2), p, steps, 100)
    assert twin == pytest.approx(floors.run_length(p, steps, 100), rel=0.04)


@pytest.mark.parametrize(
    ("good", "bad", "delay"), [(0.85, 0.25, 6.5), (0.85, 0.5, 14.2), (0.9, 0.7, 24.6), (0.8, 0.6, 34.4)]
)
def test_delay_of_cusum(good: float, bad: float, delay: float) -> None:
    """Delay at one false alarm in 1,000 is that found by simulation, and under Lorden's loose bound."""
    found = floors.exact_cusum(good, bad, 1_000)
    assert found == pytest.approx(delay, rel=0.05)
    assert found < floors.lorden_bound(good, bad, 1_000)


def test_no_floor_where_nothing_tells() -> None:
    """A shortcut that is right as often as the good has no floor: right and wrong never find it."""
    assert floors.verdict_floor(0.85, 0.85, change=False)["benchmarks"] is None
    assert floors.verdict_floor(0.85, float("nan"), change=True)["benchmarks"] is None
    assert floors.verdict_floor(0.85, 0.0, change=False)["benchmarks"] == pytest.approx(3, abs=1)
