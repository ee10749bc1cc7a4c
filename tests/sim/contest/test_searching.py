"""Goldvein's own policy in a contest finds unlisted shortcuts, and judges by them from then on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from goldvein.domain.policy import Policy
from goldvein.sim.contest.behaviour import Crowd
from goldvein.sim.contest.course import play
from goldvein.sim.contest.items import make_world
from goldvein.sim.contest.knowledge import knowledge
from goldvein.sim.contest.player import Record
from goldvein.sim.contest.scenario import scenario_from_dict
from goldvein.sim.contest.searching import Searching

USUAL: list[dict[str, Any]] = [
    {"kind": "honest", "share": 0.7, "accuracy": [0.75, 0.95]},
    {"kind": "random", "share": 0.1},
    {"kind": "shortcut", "rule": "longest", "share": 0.1},
]


def contest(*more: dict[str, Any], steps: int, overlap: float = 0.25) -> tuple[Searching, Record]:
    """A crowd of 300 under the policy."""
    values = {
        "population": {"size": 300, "answers_each": steps},
        "project": {"benchmarks": 150, "longest_right": 0.85, "features": {"overlap": overlap}},
        "labelers": [*USUAL, *more],
    }
    scenario, rng, policy = scenario_from_dict(values, "search"), np.random.default_rng(5), Policy()
    world = make_world(rng, scenario)
    crowd = Crowd(rng, world)
    player = Searching(world, crowd.size, knowledge(rng, world, policy), policy)
    return player, play(world, crowd, player, rng)


@pytest.mark.parametrize(("overlap", "steps"), [(0.25, 125), (0.85, 250)])
def test_an_unlisted_rule_is_named_and_gets_a_state(overlap: float, steps: int) -> None:
    """Ten followers, who pass for random or for good, are named within 2,000 answers and stopped."""
    rule = "most overlap"
    share = {"kind": "honest", "share": 0.066, "accuracy": [0.75, 0.95]}
    follower = {"kind": "shortcut", "rule": rule, "share": 0.034}
    player, record = contest(share, follower, steps=steps, overlap=overlap)
    assert [found.shortcut.rule for found in player.found] == [rule]
    (found,) = player.found
    assert (found.step + 1) * 10 <= 2000
    kinds = {record.kinds[record.kind_of[who]] for who in found.shortcut.labelers}
    assert kinds == {rule}
    assert player.model.space.content_rules[-1] == rule
    assert player.pool.shape[0] == player.model.space.size
    followers = [record.kinds[kind] == rule for kind in record.kind_of]
    assert not record.delivering_at_end[followers].any()


def test_without_one_nothing_is_found() -> None:
    """The usual crowd gives no discovery, and the model stays as it was."""
    player, _ = contest({"kind": "honest", "share": 0.1, "accuracy": [0.75, 0.95]}, steps=125, overlap=0.6)
    assert player.found == []
    assert player.model.space.content_rules == ("longest", "shortest")
