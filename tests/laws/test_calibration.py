"""Posteriors mean what they say."""

from dataclasses import replace

import numpy as np
import pytest

from goldvein.sim import calibration
from goldvein.stats.arrays import Array
from goldvein.stats.posterior import advance
from tests.stats import worlds

MODEL = worlds.model(hazard=0.002, walk=0.002)
LABELERS = 2_000


def believe(seed: int, *, shares: Array | None = None, answers: int = 80) -> calibration.Belief:
    rng = np.random.default_rng(seed)
    people = calibration.draw_people(rng, MODEL.prior if shares is None else shares, LABELERS)
    return calibration.live(rng, MODEL, people, calibration.make_tables(rng, MODEL, 60), answers=answers)


def test_places_of_the_truth_are_uniform() -> None:
    """Of people drawn from the prior, the truth's place in the posterior is uniform: p > .01 at 2,000."""
    _, p = calibration.uniformity(calibration.truth_places(believe(1)))
    assert p > 0.01


def test_another_population_is_noticed() -> None:
    """The check has teeth: where most of the good people are missing, it says so from the start."""
    shares = np.where(MODEL.space.good, 0.25, 1.0) * MODEL.prior
    _, p = calibration.uniformity(
        calibration.truth_places(believe(2, shares=shares / shares.sum(), answers=5))
    )
    assert p < 1e-6


def test_believed_shares_are_true_shares() -> None:
    """Of people who are thought good with some probability, about that share is good."""
    belief = believe(3)
    for line in calibration.reliability(belief):
        n = line["labelers"]
        spread = np.sqrt(line["believed"] * (1 - line["believed"]) / n)
        assert abs(line["true"] - line["believed"]) < 4 * spread + 1 / n


def test_people_change_as_the_filter_thinks() -> None:
    """Shares of states after one answer are those of one step of the filter."""
    rng = np.random.default_rng(4)
    model = replace(MODEL, hazard=0.2, walk=0.1)
    people = calibration.draw_people(rng, model.prior, 200_000)
    later = calibration.changed(rng, model, people)
    shares = np.bincount(later.state, minlength=model.space.size) / len(later.state)
    expected = advance(model.prior[:, None], model)[:, 0]
    assert np.abs(shares - expected).max() < 0.004


@pytest.mark.parametrize(
    ("distance", "n", "expected"), [(0.03037, 2_000, 0.05), (0.03640, 2_000, 0.01), (0.01, 400, 1.0)]
)
def test_p_value_is_kolmogorovs(distance: float, n: int, expected: float) -> None:
    """The p-value is that of the tables: 1.358 / sqrt(n) at 5%, 1.628 / sqrt(n) at 1%."""
    values = np.clip((np.arange(n) + 0.5) / n + distance - 0.5 / n, 0, 1)
    found, p = calibration.uniformity(values)
    assert found == pytest.approx(distance)
    assert p == pytest.approx(expected, abs=0.003)
