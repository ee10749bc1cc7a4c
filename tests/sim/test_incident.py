"""The incident of 2019, simulated small: how benchmarks are mined decides who passes."""

from dataclasses import replace

import numpy as np
import pytest

from goldvein.sim.builtin import SCENARIOS
from goldvein.sim.contest.items import make_world
from goldvein.sim.contest.scenario import Scenario, read_scenario
from goldvein.sim.incident.simulated import ACCURACY, OURS, WITHOUT_STATES, play_incident


def small(mining: str) -> Scenario:
    return replace(read_scenario(SCENARIOS / f"incident-{mining}.toml"), size=400, answers_each=250)


@pytest.mark.parametrize(("name", "least"), [(ACCURACY, 0.5), (WITHOUT_STATES, 0.8)])
def test_a_filter_that_does_not_know_the_shortcut_needs_the_benchmarks(name: str, least: float) -> None:
    """With benchmarks mined at random most who take the longest option stay; with sought ones nobody does."""
    random, directed = (play_incident(small(mining), name, 1) for mining in ("random", "directed"))

    assert random.people == directed.people == 40
    assert random.delivering >= least * random.people
    assert directed.delivering <= 0.05 * directed.people


def test_ours_catches_everybody_and_within_five_where_benchmarks_are_sought() -> None:
    """With a state for the shortcut nobody passes either way; sought benchmarks are quick for everybody."""
    random, directed = (play_incident(small(mining), OURS, 1) for mining in ("random", "directed"))

    assert random.delivering == directed.delivering == 0
    assert random.caught.max() > 5
    assert 1 <= directed.caught.min() <= directed.caught.max() <= 5
    assert directed.honest_lost <= 2


def test_directed_mining_composes_the_pool_as_the_service_would() -> None:
    """Of 400 benchmarks 150 are counter-examples; at random they are as tasks come."""
    for mining, share in (("random", 0.85), ("directed", 0.625)):
        world = make_world(np.random.default_rng(3), read_scenario(SCENARIOS / f"incident-{mining}.toml"))
        items = world.benchmarks
        assert len(items) == 400
        assert np.mean(items.picks["longest"] == items.key) == pytest.approx(share, abs=0.005)
        assert len(np.unique(items.difficulty)) == 400
