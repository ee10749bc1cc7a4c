"""Evidence per benchmark and Wald's theory, against sums written out and against simulation."""

from math import erf, exp, inf, log, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goldvein.stats.arrays import ShapeError
from goldvein.stats.characteristic import (
    _passage,
    benchmarks_for,
    chernoff_information,
    contrasts,
    sprt_benchmarks,
)

CHANCES = np.random.default_rng(5).dirichlet(np.ones(4), size=(3, 6))


def test_contrasts_are_the_mean_and_variance_of_log_likelihood_ratios() -> None:
    """Written out over items and outcomes."""
    found = contrasts(CHANCES)
    for true in range(3):
        for other in range(3):
            ratios = np.log(CHANCES[true] / CHANCES[other])
            weights = CHANCES[true] / 6
            mean = (weights * ratios).sum()
            assert found.mean[true, other] == pytest.approx(mean, abs=1e-12)
            spread = (weights * ratios**2).sum() - mean**2
            assert found.variance[true, other] == pytest.approx(spread, abs=1e-12)


@settings(max_examples=50)
@given(p=st.floats(0.05, 0.95), q=st.floats(0.05, 0.95))
def test_chernoff_information_is_a_distance(p: float, q: float) -> None:
    """Symmetric, zero only for equals, never over either Kullback-Leibler divergence."""
    chances = np.array([[[p, 1 - p]], [[q, 1 - q]]])
    there, back = (float(chernoff_information(chances, *pair)[0]) for pair in ((0, 1), (1, 0)))
    divergence = contrasts(chances).mean
    assert there == pytest.approx(back, abs=1e-6)
    assert -1e-12 <= there <= min(divergence[0, 1], divergence[1, 0]) + 1e-9


def test_chernoff_information_is_the_rate_at_which_errors_fall() -> None:
    """Of a fair coin against one that falls heads 80 of 100 times, told by a likelihood ratio test."""
    chances = np.array([[[0.5, 0.5]], [[0.8, 0.2]]])
    rate = float(chernoff_information(chances, 0, 1)[0])
    rng = np.random.default_rng(1)
    errors = []
    for n in (20, 60):
        heads = [rng.binomial(n, p, 400_000) for p in (0.5, 0.8)]
        ratio = [h * log(0.8 / 0.5) + (n - h) * log(0.2 / 0.5) for h in heads]
        errors.append((np.mean(ratio[0] > 0) + np.mean(ratio[1] < 0)) / 2)
    assert log(errors[0] / errors[1]) / 40 == pytest.approx(rate, rel=0.3)


def test_no_test_is_shorter_than_walds() -> None:
    """The known value for a simple pair; more evidence, or more mistakes allowed, takes fewer."""
    assert sprt_benchmarks(0.5, 0.01, 0.01) == pytest.approx(0.98 * log(99) / 0.5)
    assert sprt_benchmarks(1.0, 0.01, 0.01) < sprt_benchmarks(0.5, 0.01, 0.01)
    assert sprt_benchmarks(0.5, 0.05, 0.01) < sprt_benchmarks(0.5, 0.01, 0.01)
    assert sprt_benchmarks(0.0, 0.01, 0.01) == inf
    with pytest.raises(ShapeError, match="between 0 and 1"):
        sprt_benchmarks(0.5, 0.0, 0.01)


def test_a_passage_is_the_inverse_gaussian_distribution() -> None:
    """Closed form for a steady drift, downwards and upwards."""
    n = np.arange(0, 200.0)[:, None]
    path = np.column_stack([2 - 0.1 * n[:, 0], 2 + 0.1 * n[:, 0]])
    deviation = 0.5 * np.sqrt(n) @ np.ones((1, 2))
    found = _passage(path, deviation, -3.0)

    def normal(z: float) -> float:
        return 0.5 * (1 + erf(z / sqrt(2)))

    for t in (10, 50, 120):
        scale = 0.5 * sqrt(t)
        wanted = normal((0.1 * t - 5) / scale) + exp(2 * 0.1 * 5 / 0.25) * normal((-0.1 * t - 5) / scale)
        assert found[t, 0] == pytest.approx(wanted, abs=1e-9)
    assert found[-1, 1] <= exp(-2 * 0.1 * 5 / 0.25) + 1e-9
    assert (np.diff(found[1:, 0]) >= -1e-12).all()


def test_benchmarks_for_a_target() -> None:
    """From where on the error stays under it; not the first time it is."""
    error = np.array([1.0, 0.5, 0.04, 0.06, 0.03, 0.01])
    assert benchmarks_for(error, 0.05, 1) == 4
    assert benchmarks_for(error, 0.05, 5) == 5
    assert benchmarks_for(error, 0.005, 1) is None
    assert benchmarks_for(error, 1.0, 0) == 0
