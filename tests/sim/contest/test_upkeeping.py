"""Upkeep beside our policy: wrong keys are found, right ones left alone, and standings told anew exactly."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from goldvein.decisions.upkeep import Rekey
from goldvein.domain.policy import Policy
from goldvein.sim.contest.behaviour import Crowd
from goldvein.sim.contest.course import play
from goldvein.sim.contest.items import make_world
from goldvein.sim.contest.knowledge import knowledge
from goldvein.sim.contest.replaying import replay
from goldvein.sim.contest.scenario import scenario_from_dict
from goldvein.sim.contest.upkeeping import Upkept

PEOPLE = [
    {"kind": "honest", "share": 0.7},
    {"kind": "random", "share": 0.15},
    {"kind": "shortcut", "share": 0.15, "rule": "longest"},
]


def played(wrong_keys: float, size: int = 150, answers: int = 60, seed: int = 4, **project: Any) -> Upkept:
    """A contest on a project's first day, played to its end."""
    scenario = scenario_from_dict(
        {
            "population": {"size": size, "answers_each": answers, "earlier": 20},
            "project": {
                "benchmarks": 120, "wrong_keys": wrong_keys, "item_parameters": "panel", **project,
            },
            "labelers": PEOPLE,
        },
        "upkeep",
    )  # fmt: skip
    rng = np.random.default_rng(seed)
    world, policy = make_world(rng, scenario), Policy()
    player = Upkept(world, size, knowledge(rng, world, policy), policy)
    play(world, Crowd(rng, world), player, rng)
    return player


@pytest.fixture(scope="module")
def watched() -> Upkept:
    """A tenth of the keys wrong."""
    return played(0.1)


def test_wrong_keys_fall_and_right_ones_stay(watched: Upkept) -> None:
    """What was served often and wrong is found, soon; hardly a right key condemned, and no wrong one given.

    Nine of ten are found before 30 exposures. One history has a dozen such keys, and the last bits of a
    machine's arithmetic decide which draws it takes: four histories are counted together.
    """
    served = soon = late = condemned = right = 0
    for player in (watched, *(played(0.1, seed=seed) for seed in (5, 6, 7))):
        items = player._world.benchmarks
        wrong = set(np.flatnonzero(items.stored_key != items.key).tolist())
        mended = {one.item: one for one in reversed(player.mended)}
        found = [one for item, one in mended.items() if item in wrong]
        served += sum(item in mended or player.servings[item] >= 30 for item in wrong)
        soon += sum(one.exposures < 30 for one in found)
        late += sum(one.exposures >= 30 for one in found)
        condemned += len(mended) - len(found)
        right += len(items.key) - len(wrong)

        assert all(one.what.key == items.key[one.item] for one in found if isinstance(one.what, Rekey))
    assert served >= 24
    assert soon >= 0.8 * served
    assert soon + late >= 0.9 * served
    assert condemned <= 0.01 * right


def test_standings_are_those_of_a_history_without_what_is_frozen(watched: Upkept) -> None:
    """After all rescorings everybody stands where a replay from the first answer puts them."""
    everybody = np.arange(watched.size)
    told = replay(watched, everybody, watched._steps, watched._frozen, watched._held, watched.size)

    assert watched._frozen.any()
    assert watched._posterior_benchmarks == pytest.approx(told.posterior_benchmarks, abs=1e-9)
    assert watched.benchmarks.tolist() == told.benchmarks.tolist()
    assert watched._joints == pytest.approx(told.joints, abs=1e-9)


def test_sound_keys_are_left_alone() -> None:
    """Where all keys are right, nothing is frozen, though half of the mistakes agree."""
    player = played(0.0, attractor=0.9, difficulty=-3.0)

    assert not player.mended
