"""A run: one policy, one crowd, a virtual clock of one answer of everybody per step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from goldvein.sim.contest.behaviour import Served
from goldvein.sim.contest.player import BENCHMARK, DECOY, DELIVERED, DISCARDED, HELD, WITHDRAWN, Record

if TYPE_CHECKING:
    from collections.abc import Callable

    from goldvein.sim.contest.behaviour import Crowd
    from goldvein.sim.contest.decoys import Decoys
    from goldvein.sim.contest.items import World
    from goldvein.sim.contest.player import Player
    from goldvein.stats.arrays import IntArray


def play(
    world: World,
    crowd: Crowd,
    player: Player,
    rng: np.random.Generator,
    progress: Callable[[int], None] | None = None,
    decoys: Decoys | None = None,
    watch: Callable[[Served], None] | None = None,
) -> Record:
    """Let a crowd work under a policy until everybody has given ``answers_each`` answers or was dismissed.

    Parameters
    ----------
    world : World
    crowd : Crowd
        Fresh: it lives through the run.
    player : Player
    rng : numpy.random.Generator
    progress : callable, optional
        Told after each step how many answers were given in it.
    decoys : Decoys, optional
        Some ordinary tasks are served to a second labeler; without it, to one.
    watch : callable, optional
        Given what was served in each step.
    """
    steps, size = world.scenario.answers_each, crowd.size
    fate = np.zeros((steps, size), dtype=np.int8)
    correct, bad = np.zeros((steps, size), dtype=bool), np.zeros((steps, size), dtype=bool)
    dismissed_at = np.full(size, -1)
    exposures = np.zeros(len(world.benchmarks), dtype=np.int64)
    seen = np.zeros((size, len(world.benchmarks)), dtype=bool)
    for step in range(steps):
        who = np.flatnonzero(dismissed_at < 0)
        if not len(who):
            break
        served = _serve(world, player, rng, who, seen, exposures)
        if decoys is not None:
            decoys.serve(served)
        if watch is not None:
            watch(served)
        given = crowd.answer(rng, served)
        moves = player.judge(served, given, step)
        ordinary = np.where(moves.delivered, DELIVERED, np.where(moves.held, HELD, DISCARDED))
        fate[step, who] = np.where(served.is_benchmark, BENCHMARK, ordinary)
        if decoys is not None:
            decoys.offer(served, moves)
            fate[step, who[decoys.mask]] = DECOY
        correct[step, who], bad[step, who] = given.choice == _keys(world, served), ~given.good
        for ended, becomes in (
            (moves.released, DELIVERED),
            (moves.discarded, DISCARDED),
            (moves.withdrawn, WITHDRAWN),
        ):  # fmt: skip
            ended = ended[fate[ended // size, ended % size] != DECOY]  # noqa: PLW2901
            fate[ended // size, ended % size] = becomes
        dismissed_at[who[moves.dismissed]] = step
        if progress is not None:
            progress(len(who))
    delivering = player.delivering() & (dismissed_at < 0)
    return Record(fate, correct, bad, dismissed_at, delivering, crowd.kinds, crowd.kind_of, crowd.changed_at)


def _serve(
    world: World,
    player: Player,
    rng: np.random.Generator,
    who: IntArray,
    seen: np.ndarray,
    exposures: IntArray,
) -> Served:
    """Serve each labeler a benchmark at its rate, if there is one left, and ordinary work otherwise."""
    rates = player.rates(who)
    item = np.full(len(who), -1)
    tested = np.flatnonzero(rng.random(len(who)) < rates)
    if len(tested):
        item[tested] = player.draw(rng, who[tested], ~seen[who[tested]])
    is_benchmark = item >= 0
    before = np.where(is_benchmark, exposures[item], 0)
    seen[who[is_benchmark], item[is_benchmark]] = True
    np.add.at(exposures, item[is_benchmark], 1)
    item[~is_benchmark] = rng.integers(len(world.ordinary), size=int((~is_benchmark).sum()))
    order = rng.random((len(who), world.benchmarks.n_options)).argsort(axis=1)
    return Served(who, is_benchmark, item, order, before, rates)


def _keys(world: World, served: Served) -> IntArray:
    """The right options of what is served."""
    both = np.concatenate([world.benchmarks.key, world.ordinary.key])
    return both[np.where(served.is_benchmark, served.item, served.item + len(world.benchmarks))]
