"""Admission, supply and trust."""

import numpy as np

from goldvein.decisions.admission import capacity, may_open, supply_target
from goldvein.decisions.judging import judge
from goldvein.decisions.trust import earns_trust
from goldvein.domain.policy import Policy
from goldvein.stats.items import served_likelihoods
from goldvein.stats.posterior import newcomer
from tests.stats import worlds

POLICY = Policy()


def test_the_crowd_grows_with_the_supply() -> None:
    """Nobody before there are enough benchmarks; then as many as can be tested."""
    assert capacity(19, POLICY) == 0
    assert not may_open(19, POLICY)
    assert may_open(20, POLICY)
    assert [capacity(n, POLICY) for n in (20, 400)] == [100, 2000]


def test_supply_is_asked_for_before_anybody_runs_out() -> None:
    """Enough for the most experienced labeler, and for the number of labelers."""
    assert supply_target(1, 0, POLICY) == 25
    assert supply_target(1, 100, POLICY) == 140
    assert supply_target(1000, 0, POLICY) == 250
    assert capacity(supply_target(1000, 0, POLICY), POLICY) >= 1000


def test_trust_is_earned_on_many_benchmarks() -> None:
    """Forty right answers earn it; being likely good does not."""
    model, p = worlds.model(), newcomer(worlds.model())
    assert not earns_trust(model, p[:, 0], 40, POLICY)
    for i in range(40):
        table = worlds.table(model, key=i % 4, longest=(i + i // 4) % 4)
        order = np.roll(np.arange(4), i // 2)
        p = judge(model, p, p, served_likelihoods(model, [table], [order], [i % 4], [0])).posterior_benchmarks

    assert earns_trust(model, p[:, 0], 40, POLICY)
    assert not earns_trust(model, p[:, 0], 10, POLICY)
