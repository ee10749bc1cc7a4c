"""What is on record before a contest: who answered what, how often, how well."""

from __future__ import annotations

import numpy as np
import pytest

from goldvein.sim.contest.burn_in import burn_in
from goldvein.sim.contest.items import make_world
from tests.sim.contest.stage import scenario, world_of

MIX = ({"kind": "honest", "accuracy": 0.8, "share": 0.5}, {"kind": "random", "share": 0.5})


def test_everybody_answers_as_much_as_is_said() -> None:
    """Two hundred earlier labelers with 60 tasks of each sort, and a panel with six answers a benchmark."""
    world = world_of(*MIX)
    record = burn_in(np.random.default_rng(5), world)
    crowd, panel = ~record.panel, record.panel

    assert record.n_labelers == 224
    assert (np.bincount(record.labeler[crowd & record.is_benchmark]) == 60).all()
    assert (np.bincount(record.labeler[crowd & ~record.is_benchmark]) == 60).all()
    assert record.is_benchmark[panel].all()
    assert (np.bincount(record.item[panel]) == 6).all()
    assert record.labeler[panel].min() == 200
    assert record.labeler[crowd].max() == 199


def test_nobody_meets_a_benchmark_twice() -> None:
    """Neither in the panel nor in the crowd, however few benchmarks there are."""
    record = burn_in(np.random.default_rng(5), world_of(*MIX, benchmarks=40))
    met = np.stack([record.labeler, record.item])[:, record.is_benchmark]

    assert len(np.unique(met, axis=1).T) == met.shape[1] == 40 * 6 + 200 * 40


def test_the_panel_is_able_and_the_crowd_is_mixed() -> None:
    """85 to 95% of the panel's answers are right; the crowd is as the scenario mixes it."""
    world = world_of(*MIX)
    record = burn_in(np.random.default_rng(5), world)
    mined = record.is_benchmark
    right = record.choice[mined] == world.benchmarks.key[record.item[mined]]

    assert right[record.panel[mined]].mean() == pytest.approx(0.9, abs=0.03)
    assert right[~record.panel[mined]].mean() == pytest.approx(0.525, abs=0.03)


def test_the_panel_holds_its_wrong_keys_for_right() -> None:
    """Its answers do not give them away; the crowd's do."""
    world = world_of({"kind": "honest", "accuracy": 0.9}, wrong_keys=0.3)
    record = burn_in(np.random.default_rng(5), world)
    items, panel = world.benchmarks, record.panel[record.is_benchmark]
    item, choice = record.item[record.is_benchmark], record.choice[record.is_benchmark]
    about_wrong = items.key[item] != items.stored_key[item]
    as_stored = choice == items.stored_key[item]

    assert as_stored[panel & about_wrong].mean() == pytest.approx(0.9, abs=0.03)
    assert as_stored[panel & ~about_wrong].mean() == pytest.approx(0.9, abs=0.03)
    assert as_stored[~panel & about_wrong].mean() < 0.1
    assert as_stored[~panel & ~about_wrong].mean() == pytest.approx(0.9, abs=0.03)


def test_exposures_count_earlier_servings() -> None:
    """A benchmark's last serving comes after about all others; the panel's do not count."""
    record = burn_in(np.random.default_rng(5), world_of(*MIX))
    served = record.is_benchmark & ~record.panel
    for item in (0, 17, 399):
        mine = served & (record.item == item)
        assert (np.diff(record.exposures[mine]) >= 0).all()
        assert record.exposures[mine][0] == 0
        assert record.exposures[mine].max() < mine.sum()
    assert (record.exposures[~served] == 0).all()


def test_the_number_of_earlier_labelers_is_a_knob() -> None:
    """And the record depends on nothing but the generator."""
    world = make_world(np.random.default_rng(1), scenario(*MIX))
    one, two = (burn_in(np.random.default_rng(9), world) for _ in range(2))

    assert (one.choice == two.choice).all()
    assert (one.order == two.order).all()
