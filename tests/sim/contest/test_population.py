"""What the decisions reach together on simulated people. Fixed seeds; bounds loose by several errors.

Watched: the model knows where good labelers lean, so that ordinary answers tell something. A project that has
just opened is unwatched.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from goldvein.decisions.gate import State
from goldvein.domain.policy import Policy
from goldvein.sim import calibration
from goldvein.sim.contest.behaviour import Crowd
from goldvein.sim.contest.course import play
from goldvein.sim.contest.figures import measure
from goldvein.sim.contest.items import make_world
from goldvein.sim.contest.knowledge import knowledge
from goldvein.sim.contest.ours import Ours
from goldvein.sim.contest.player import BENCHMARK, DELIVERED, WITHDRAWN, Record
from goldvein.sim.contest.scenario import Scenario, scenario_from_dict

if TYPE_CHECKING:
    from goldvein.stats.arrays import BoolArray

POLICY = Policy()
HONEST = {"kind": "honest", "accuracy": [0.75, 0.95]}
BAD = [
    {"kind": "random", "share": 0.1},
    {"kind": "shortcut", "rule": "longest", "lapse": 0.03, "share": 0.1},
    {"kind": "shortcut", "rule": "first", "lapse": 0.03, "share": 0.05},
]
SLEEPER = {"kind": "sleeper", "accuracy": [0.75, 0.95], "after": 100, "share": 0.05}


def crowd_of(*groups: dict[str, Any], size: int, answers: int, benchmarks: int) -> Scenario:
    return scenario_from_dict(
        {
            "population": {"size": size, "answers_each": answers},
            "project": {"benchmarks": benchmarks},
            "labelers": list(groups),
        },
        "population",
    )


def play_ours(scenario: Scenario, seed: int, *, is_watched: bool) -> tuple[Record, Ours]:
    """Let a crowd work under the default policy."""
    rngs = [np.random.default_rng(stream) for stream in np.random.SeedSequence(seed).spawn(4)]
    world = make_world(rngs[0], scenario)
    known = knowledge(rngs[1], world, POLICY)
    if not is_watched:
        known = replace(known, model=replace(known.model, leans=MappingProxyType({})))
    ours = Ours(world, scenario.size, known, POLICY)
    return play(world, Crowd(rngs[2], world), ours, rngs[3]), ours


def of_kind(record: Record, kind: str) -> BoolArray:
    found: BoolArray = record.kind_of == record.kinds.index(kind)
    return found


@pytest.mark.parametrize(("is_watched", "most"), [(True, 30), (False, 5)], ids=["watched", "unwatched"])
def test_clickers_do_not_get_through_and_honest_people_do(*, is_watched: bool, most: int) -> None:
    """Ten at 85% for five clickers: of 100 clickers at most 2 deliver more than one label.

    None delivers more than five while benchmarks come often. Where ordinary answers are read, the lucky are
    seen through by them instead, which takes some more answers, and much fewer benchmarks.
    """
    scenario = crowd_of(
        {"kind": "honest", "share": 2 / 3, "accuracy": [0.85, 0.85]},
        *({**group, "share": 1 / 9} for group in BAD),
        size=300,
        answers=150,
        benchmarks=150,
    )
    record, _ = play_ours(scenario, 1, is_watched=is_watched)
    handed_over = ((record.fate == DELIVERED) | (record.fate == WITHDRAWN)).sum(axis=0)
    honest, dismissed = of_kind(record, "honest"), record.dismissed_at >= 0
    assert honest.sum() == 200
    assert (handed_over[~honest] > 1).sum() <= 2
    assert handed_over[~honest].max() <= most
    assert dismissed[~honest].all()
    assert dismissed[honest].sum() <= 1
    assert (handed_over[honest] > 30).mean() > 0.9


@pytest.mark.parametrize(
    ("is_watched", "bad_share", "benchmark_share", "by_sleeper"),
    [(True, 0.005, 0.1, 25), (False, 0.015, 0.2, 80)],
    ids=["watched", "unwatched"],
)
def test_mixed_population_is_kept_clean(
    *, is_watched: bool, bad_share: float, benchmark_share: float, by_sleeper: float
) -> None:
    """Nobody good is lost, little of what is handed over is bad, and it costs few benchmarks."""
    scenario = crowd_of({**HONEST, "share": 0.7}, *BAD, SLEEPER, size=200, answers=400, benchmarks=300)
    record, _ = play_ours(scenario, 2, is_watched=is_watched)
    reached = measure(record).ratios
    assert (record.dismissed_at[of_kind(record, "honest")] >= 0).sum() <= 1
    assert reached["bad_share"].value < bad_share
    assert reached["benchmark_share"].value < benchmark_share
    assert reached["held_honest"].value < 0.05
    assert reached["sleeper_bad_delivered"].value < by_sleeper
    assert reached["false_acceptance"].value < 0.05


def test_who_has_seen_all_benchmarks_is_at_the_boundary() -> None:
    """People at the bar whom 40 benchmarks cannot tell are not held for good: half certainty is enough."""
    scenario = crowd_of(
        {"kind": "honest", "share": 1.0, "accuracy": [0.66, 0.76]}, size=100, answers=150, benchmarks=40
    )
    record, ours = play_ours(scenario, 3, is_watched=False)
    last = len(record.fate) - 1 - (record.fate == BENCHMARK)[::-1].argmax(axis=0)
    done = ((record.fate == BENCHMARK).sum(axis=0) == 40) & (last < 120)
    undecided = done & (ours.p_benchmarks < 0.89) & (ours.state != State.DISMISSED)
    assert undecided.sum() > 10
    assert (ours.state[undecided] == State.BOUNDARY).mean() > 0.95
    at_boundary = ours.state == State.BOUNDARY
    expected = np.minimum(ours.p_benchmarks, ours.p_all) >= POLICY.boundary_deliver_at
    assert (record.delivering_at_end[at_boundary] == expected[at_boundary]).all()
    assert expected[at_boundary].any()


def test_probabilities_mean_what_they_say() -> None:
    """Of people drawn from what was learned of the population, about as many are good as is said of them.

    On benchmarks as they were learned from a record of answers.
    """
    rng = np.random.default_rng(23)
    scenario = crowd_of({**HONEST, "share": 0.75}, *BAD, size=100, answers=10, benchmarks=60)
    world = make_world(rng, scenario)
    known = knowledge(rng, world, POLICY)
    people = calibration.draw_people(rng, known.model.prior, 2_000)
    tables = [known.pool[:, item] for item in range(known.pool.shape[1])]
    belief = calibration.live(rng, known.model, people, tables, answers=30)
    for line in calibration.reliability(belief):
        n = line["labelers"]
        spread = np.sqrt(line["believed"] * (1 - line["believed"]) / n)
        assert abs(line["true"] - line["believed"]) < 4 * spread + 1 / n
