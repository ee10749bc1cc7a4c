"""No policy reads the truth: with keys, difficulties, shares and people out of sight, it plays the same."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from goldvein.sim.contest import knowledge
from goldvein.sim.contest.behaviour import Crowd, Given, Served
from goldvein.sim.contest.burn_in import burn_in
from goldvein.sim.contest.course import play
from goldvein.sim.contest.items import Items, World, make_world
from goldvein.sim.contest.rounds import POLICIES, make_player
from goldvein.sim.contest.scenario import scenario_from_dict

if TYPE_CHECKING:
    from goldvein.sim.contest.player import Moves, Player, Record

LABELERS = [
    {"kind": "honest", "share": 0.6, "accuracy": [0.75, 0.95]},
    {"kind": "random", "share": 0.1},
    {"kind": "shortcut", "rule": "most overlap", "share": 0.1},
    {"kind": "sleeper", "share": 0.2, "accuracy": [0.75, 0.95], "after": 40},
]
NOBODY = -1


class Blinded:
    """A policy that is told nothing of who was good; everything else goes through."""

    def __init__(self, player: Player) -> None:
        self._player = player

    def __getattr__(self, name: str) -> Any:
        return getattr(self._player, name)

    def judge(self, served: Served, given: Given, step: int) -> Moves:
        hidden = np.zeros(len(given.good), dtype=bool)
        return self._player.judge(served, Given(given.choice, given.seconds, hidden), step)


def without_truth(items: Items, *, given: bool) -> Items:
    """Tasks of which the keys, where mistakes go and, unless they are given, the parameters are not known."""
    known = items.difficulty if given else np.full(len(items), np.nan)
    return replace(
        items,
        key=np.full(len(items), NOBODY),
        wrong=np.full(items.wrong.shape, np.nan),
        difficulty=known,
        discrimination=items.discrimination if given else known,
    )


def hidden(world: World, *, given: bool) -> World:
    """What an operator could know of a world."""
    scenario = replace(
        world.scenario, longest_right=np.nan, ordinary_longest_right=np.nan, ordinary_difficulty=np.nan,
        wrong_keys=np.nan, features={}, groups=(),
    )  # fmt: skip
    parts = (without_truth(items, given=given) for items in (world.benchmarks, world.ordinary))
    return World(scenario, *parts)


@pytest.mark.parametrize(
    ("name", "parameters"), [*((name, "estimated") for name in POLICIES), ("default", "given")]
)
def test_no_policy_reads_the_truth(name: str, parameters: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the truth in its hands a policy decides every answer as it does with it."""
    values = {
        "population": {"size": 80, "answers_each": 100, "earlier": 60},
        "project": {"benchmarks": 80, "wrong_keys": 0.1, "item_parameters": parameters},
        "labelers": LABELERS,
    }
    world = make_world(np.random.default_rng(1), scenario_from_dict(values, "blind"))
    record = burn_in(np.random.default_rng(2), world)
    monkeypatch.setattr(knowledge, "burn_in", lambda _rng, _world: record)

    def run(player: Player) -> Record:
        return play(world, Crowd(np.random.default_rng(3), world), player, np.random.default_rng(5))

    blind = hidden(world, given=parameters == "given")
    with_it = run(make_player(name, world, np.random.default_rng(4)))
    without = run(Blinded(make_player(name, blind, np.random.default_rng(4))))
    assert (world.benchmarks.key != world.benchmarks.stored_key).any()
    assert (with_it.fate == without.fate).all()
    assert (with_it.dismissed_at == without.dismissed_at).all()
