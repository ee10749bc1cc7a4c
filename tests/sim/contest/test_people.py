"""Laws of any crowd: whole numbers of people, answers that exist, nobody's life depending on its company."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from goldvein.sim.contest.behaviour import Crowd
from goldvein.sim.contest.groups import KNOBS_OF_KIND
from goldvein.sim.contest.people import NEVER, quotas
from tests.sim.contest.stage import live, world_of

NEEDED: dict[str, dict[str, Any]] = {
    "shortcut": {"rule": "most overlap", "lapse": 0.3},
    "sleeper": {"after": [1, 4], "becomes": "longest"},
    "leaker": {"leak_half": 0.5},
    "part-timer": {"spell": 3},
    "honest": {"dissent": 0.04, "clusters": 2, "learning": 1, "fatigue": 1, "day": 3, "drift": 0.1},
}


@given(st.lists(st.floats(0, 1), min_size=1, max_size=9).filter(sum), st.integers(0, 3000))
def test_quotas_sum_to_the_crowd(weights: list[float], size: int) -> None:
    """And are at most one away from what each share asks."""
    shares = np.array(weights) / sum(weights)
    counts = quotas(list(shares), size)

    assert counts.sum() == size
    assert (np.abs(counts - shares * size) < 1 + 1e-6).all()


@settings(max_examples=40)
@given(
    kinds=st.lists(st.sampled_from(sorted(KNOBS_OF_KIND)), min_size=1, max_size=6),
    size=st.integers(1, 12),
    options=st.integers(2, 5),
    benchmarks=st.integers(1, 30),
    seed=st.integers(0, 9),
)
def test_any_crowd_answers(kinds: list[str], size: int, options: int, benchmarks: int, seed: int) -> None:
    """Whatever the mix and however small: options that exist, seconds that pass, a standing for everybody."""
    groups = (
        {"kind": kind, "share": 1 / len(kinds), "accuracy": [0.7, 0.9], **NEEDED.get(kind, {})}
        for kind in kinds
    )
    known = {"kind", "share", "rule"}
    fitting = (
        {name: value for name, value in group.items() if name in known | set(KNOBS_OF_KIND[group["kind"]])}
        for group in groups
    )
    world = world_of(*fitting, options=options, benchmarks=benchmarks)
    crowd, lives = live(world, size=size, steps=8, seed=seed, exposures=2)

    assert ((lives.choice >= 0) & (lives.choice < options)).all()
    assert (lives.seconds > 0).all()
    assert crowd.good().shape == crowd.accuracy().shape == (size,)
    assert (crowd.answered == 8).all()
    assert (crowd.changed_at < NEVER).all()


def test_groups_of_one_name_count_as_one() -> None:
    """So that two sorts of honest people stand in one row of a table if wanted."""
    groups: tuple[dict[str, Any], ...] = (
        {"kind": "honest", "share": 0.4},
        {"kind": "honest", "share": 0.4, "drift": 0.1},
        {"kind": "honest", "share": 0.2, "name": "taste", "accuracy": 0.8, "dissent": 0.1},
    )
    crowd = Crowd(np.random.default_rng(0), world_of(*groups), size=100)

    assert crowd.kinds == ("honest", "taste")
    assert crowd.behaviours == ("honest", "honest")
    assert np.bincount(crowd.kind_of).tolist() == [80, 20]


def test_circles_and_rings_are_filled_in_turn() -> None:
    """Each group has its own, of the sizes asked for."""
    groups: tuple[dict[str, Any], ...] = (
        {"kind": "honest", "share": 0.5, "accuracy": 0.8, "dissent": 0.1, "clusters": 5},
        {"kind": "colluder", "share": 0.3, "ring": 10},
        {"kind": "colluder", "share": 0.2, "name": "second"},
    )
    crowd = Crowd(np.random.default_rng(0), world_of(*groups), size=100)
    people = crowd._people

    assert np.bincount(people.taste).tolist() == [50, 10, 10, 10, 10, 10]
    assert np.bincount(people.ring + 1).tolist() == [50, 10, 10, 10, 20]
