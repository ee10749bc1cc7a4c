"""Tuning: what is stated is found on twins whose answer is known."""

from __future__ import annotations

import pytest

from goldvein.domain.errors import InvalidInput
from goldvein.sim.contest.scenario import scenario_from_dict
from goldvein.sim.twin.past import Past
from goldvein.sim.twin.recording import record
from goldvein.sim.twin.tuning import objective_of, ranges_of, tune

SIZE, ANSWERS = 40, 60


@pytest.fixture(scope="module")
def past() -> Past:
    """A record of a small crowd, a quarter of it bad, under a policy that asks for many benchmarks."""
    scenario = scenario_from_dict(
        {
            "population": {"size": SIZE, "answers_each": ANSWERS},
            "project": {"benchmarks": 200},
            "policy": {"rate_floor": 0.2},
            "labelers": [
                {"kind": "honest", "accuracy": [0.8, 0.95], "share": 0.75},
                {"kind": "random", "share": 0.25},
            ],
        },
        "past",
    )
    return record(scenario, seed=3)[0]


def test_fewer_benchmarks_are_found_where_they_are_not_needed(past: Past) -> None:
    """Of floors from 1% to 20% a low one spends least; it is predicted on other twins to spend less."""
    found = tune(
        past, objective_of("benchmark_share", ["bad_share<=0.2"]), ranges_of(["rate_floor=0.01:0.2"]),
        trials=6, draws=2, size=SIZE, answers_each=ANSWERS, seed=1, other_draws=2,
    )  # fmt: skip
    assert found.meets
    assert found.knobs["rate_floor"] < 0.1
    spent = {name: of["benchmark_share"].estimate for name, of in found.predicted.items()}
    assert spent["tuned"] < spent["in force"]


def test_a_bound_that_nothing_keeps_is_said(past: Past) -> None:
    """The policy that breaks it least is given, and that it breaks it."""
    found = tune(
        past, objective_of("bad_share", ["benchmark_share<=0.0001"]), ranges_of(["rate_floor=0.05:0.2"]),
        trials=3, draws=2, size=SIZE, answers_each=ANSWERS, seed=1, other_draws=2,
    )  # fmt: skip
    assert not found.meets
    assert found.knobs.get("rate_floor", 0.2) < 0.2


@pytest.mark.parametrize("bound", ["bad_share", "bad_share>=0.1", "goodness<=0.1"])
def test_what_is_no_objective_is_refused(bound: str) -> None:
    """A bound names a figure of a twin and the most that it may be."""
    with pytest.raises(InvalidInput):
        objective_of("benchmark_share", [bound])


@pytest.mark.parametrize("text", ["rate_floor", "rate_floor=0.1", "rate_floor=0.2:0.1"])
def test_what_is_no_range_is_refused(text: str) -> None:
    """A range has a knob, from and to, in this order."""
    with pytest.raises(InvalidInput):
        ranges_of([text])
