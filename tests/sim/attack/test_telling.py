"""The learners of the attack: a tell is found, noise is none, repeats do not leak between folds."""

import numpy as np
import pytest

from goldvein.sim.attack.telling import certain, leading, tell

N = 1_500


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def test_a_planted_tell_is_found(rng: np.random.Generator) -> None:
    """One column in thirty that leans by a standard deviation is found, and named."""
    is_benchmark = rng.random(N) < 0.1
    features = rng.normal(size=(N, 30))
    features[:, 7] += 1.0 * is_benchmark
    found = tell(features, is_benchmark, rng.integers(20, size=N))
    assert found is not None
    assert found.low > 0.6
    assert leading(features, [f"c{n}" for n in range(30)], is_benchmark)[0]["feature"] == "c7"


def test_a_tell_in_how_two_columns_go_together_is_found(rng: np.random.Generator) -> None:
    """What no column tells alone, boosting finds."""
    features = rng.normal(size=(N, 6))
    is_benchmark = ((features[:, 0] > 0) == (features[:, 1] > 0)) & (rng.random(N) < 0.5)
    found = tell(features, is_benchmark, rng.integers(20, size=N))
    assert found is not None
    assert found.learner == "boosting"
    assert found.low > 0.6


def test_noise_tells_nothing(rng: np.random.Generator) -> None:
    """Over draws of noise, the interval covers one half nearly always, and the mean is there."""
    areas, covered = [], 0
    for _ in range(6):
        is_benchmark = rng.random(N) < 0.1
        found = tell(rng.normal(size=(N, 10)), is_benchmark, rng.integers(20, size=N))
        assert found is not None
        areas.append(found.auc)
        covered += found.low <= 0.5 <= found.high
    assert abs(np.mean(areas) - 0.5) < 0.04
    assert covered >= 4


def test_what_repeats_within_a_group_does_not_leak(rng: np.random.Generator) -> None:
    """A column that only names the group tells nothing of other groups."""
    group = rng.integers(60, size=N)
    is_benchmark = rng.random(60)[group] < 0.3
    found = tell(rng.normal(size=60)[group][:, None], is_benchmark, group)
    assert found is not None
    assert found.low < 0.5 < found.high + 0.1
    leaked = tell(rng.normal(size=60)[group][:, None], is_benchmark, np.arange(N))
    assert leaked is not None
    assert leaked.auc > 0.9


def test_too_little_gives_no_figure(rng: np.random.Generator) -> None:
    """Five benchmarks are no basis for a figure."""
    assert tell(rng.normal(size=(100, 3)), np.arange(100) < 5, np.arange(100) % 10) is None


def test_what_is_rare_but_certain_is_found(rng: np.random.Generator) -> None:
    """One status in 250 that differs is lost in the area; by itself it gives benchmarks away."""
    is_benchmark = rng.random(20_000) < 0.1
    late = rng.random(20_000) < 0.004
    gone = (late & is_benchmark).astype(float)
    features = np.column_stack([rng.integers(2, size=(20_000, 40)), gone, late & ~is_benchmark])
    names = [f"bit {n}" for n in range(40)] + ["status 409", "status 410"]
    found = certain(features, names, is_benchmark)

    assert {one["feature"] for one in found} >= {"status 409"}
    assert found[0]["benchmarks"] in {0, gone.sum()}
    assert not [one for one in found if one["feature"].startswith("bit")]


def test_nothing_is_certain_in_noise(rng: np.random.Generator) -> None:
    """Of many columns none convicts by chance."""
    for _ in range(20):
        is_benchmark = rng.random(3_000) < 0.1
        columns = rng.random((3_000, 60)) < rng.random(60)
        assert certain(columns.astype(float), [f"c{n}" for n in range(60)], is_benchmark) == []
