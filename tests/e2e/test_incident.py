"""The incident of 2019 over HTTP: benchmarks as tasks come let them pass, those that are sought do not."""

import pytest

from goldvein.sim.incident.live import Live, play_live
from goldvein.sim.incident.simulated import ACCURACY, OURS, Fate
from goldvein.store.embedded import EmbeddedServer

pytestmark = pytest.mark.slow


def fate(run: Live, name: str) -> Fate:
    (found,) = (one for one in run.fates if one.filter == name)
    return found


def test_with_random_mining_they_pass(embedded_server: EmbeddedServer) -> None:
    """An accuracy filter keeps most of those who take the longest option, and ours needs many benchmarks."""
    run = play_live(embedded_server.url, "random", seed=1, honest=10, longest=8, benchmarks=15)

    assert run.passes > 0.7
    assert run.shortcuts["longest"]["alert"]
    assert fate(run, ACCURACY).delivering >= 4
    assert (fate(run, OURS).caught < 0).sum() + (fate(run, OURS).caught > 5).sum() >= 4


def test_with_anti_shortcut_mining_all_are_caught_within_five(embedded_server: EmbeddedServer) -> None:
    """Nobody who takes the longest option delivers, and each is caught by the fifth benchmark.

    Slips of theirs, and chance in what they are served, delay one in a hundred to the sixth or seventh: one
    is let be here.
    """
    run = play_live(embedded_server.url, "directed", seed=1, honest=10, longest=8, benchmarks=15)

    assert fate(run, ACCURACY).delivering == 0
    assert fate(run, OURS).delivering == 0
    assert (fate(run, OURS).caught > 0).all()
    assert (fate(run, OURS).caught <= 5).sum() >= 7
    assert (fate(run, OURS).caught <= 8).all()
    assert fate(run, OURS).honest_lost == 0
    assert not run.shortcuts["longest"]["alert"]
