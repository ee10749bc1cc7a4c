"""Goldvein's own policy in a contest takes one answer as the service would."""

from __future__ import annotations

import numpy as np

from goldvein.decisions.gate import State
from goldvein.sim.contest.behaviour import Given, Served
from goldvein.sim.contest.items import make_world
from goldvein.sim.contest.ours import Ours
from goldvein.sim.contest.rounds import OURS, make_player
from tests.sim.contest import stage

EVERYBODY = np.arange(3)


def test_only_a_benchmark_that_was_due_and_missing_ends_in_doubt() -> None:
    """Who has seen all benchmarks is at the boundary by a draw in vain, and not by what is served later."""
    honest = {"kind": "honest", "accuracy": [0.75, 0.95]}
    rng = np.random.default_rng(1)
    world = make_world(rng, stage.scenario(honest, benchmarks=20, item_parameters="given"))
    player = make_player(OURS, world, rng)
    assert isinstance(player, Ours)
    left = np.zeros((1, 20), dtype=bool)
    assert player.draw(rng, EVERYBODY[1:2], left).tolist() == [-1]
    serve_ordinary(player, 0)
    boundary, admitted = State.BOUNDARY.value, State.ADMITTED.value
    assert player.state[:3].tolist() == [admitted, boundary, admitted]
    player.undecided[:] = 0  # as after a verdict
    serve_ordinary(player, 1)
    assert player.state[:3].tolist() == [admitted] * 3


def serve_ordinary(player: Ours, step: int) -> None:
    """Have three labelers answer an ordinary task each."""
    n = len(EVERYBODY)
    served = Served(
        EVERYBODY, np.zeros(n, dtype=bool), EVERYBODY, np.tile(np.arange(4), (n, 1)),
        np.zeros(n, dtype=np.int64), np.full(n, 0.5),
    )  # fmt: skip
    player.judge(served, Given(EVERYBODY, np.full(n, 20.0), np.ones(n, dtype=bool)), step)
