"""Twins: fitted to what is on record of a crowd, blind to what is true of it."""

from __future__ import annotations

import tomllib
from dataclasses import fields
from functools import cache
from typing import Any

import numpy as np
import pytest

from goldvein.sim.contest.scenario import scenario_from_dict
from goldvein.sim.twin.fitting import Fitted, accuracy_edges, fit, scenario_of
from goldvein.sim.twin.past import Past
from goldvein.sim.twin.predicting import IN_FORCE, interval_of, predict
from goldvein.sim.twin.recording import record
from goldvein.sim.twin.writing import scenario_toml

TABLES: dict[str, Any] = {
    "population": {"size": 150, "answers_each": 120, "earlier": 100},
    "project": {"benchmarks": 200, "longest_right": 0.6},
    "labelers": [
        {"kind": "honest", "share": 0.7, "accuracy": [0.75, 0.95]},
        {"kind": "random", "share": 0.1},
        {"kind": "shortcut", "rule": "longest", "share": 0.1},
        {"kind": "sleeper", "share": 0.1, "accuracy": [0.8, 0.95], "after": [40, 60], "becomes": "random"},
    ],
}


@cache
def known() -> Past:
    """What is on record of a crowd."""
    return record(scenario_from_dict(TABLES, "truth"), seed=5)[0]


def share(fitted: Fitted, **like: object) -> float:
    """Share of the groups that have these values."""
    return sum(
        float(of)
        for group, of in zip(fitted.groups, fitted.shares, strict=True)
        if all(group.get(name) == value for name, value in like.items())
    )


def test_the_record_holds_nothing_true() -> None:
    """A twin sees what is stored of work and benchmarks: no kind, ability, goodness or true key."""
    assert {one.name for one in fields(Past)} == {
        "policy", "model", "evidence", "answers", "is_benchmark", "longest", "pool", "keys", "key_right",
        "longest_picks",
    }  # fmt: skip


def test_the_crowd_is_found() -> None:
    """Shares of the kinds, how often the longest option is right, and the number of benchmarks."""
    fitted = fit(known())
    assert fitted.shares.sum() == pytest.approx(1)
    assert share(fitted, kind="honest") + share(fitted, kind="sleeper") == pytest.approx(0.8, abs=0.1)
    assert share(fitted, kind="random") == pytest.approx(0.1, abs=0.07)
    assert share(fitted, rule="longest") == pytest.approx(0.1, abs=0.06)
    assert fitted.project["benchmarks"] == 200
    assert fitted.project["longest_right"] == pytest.approx(0.6, abs=0.02)
    assert fitted.project["ordinary_longest_right"] == pytest.approx(0.6, abs=0.1)


def test_accuracies_rise_and_the_bar_lies_at_the_policys() -> None:
    """The edge between the last ability under the bar and the first over it is the quality bar."""
    past = known()
    edges = accuracy_edges(past)
    assert (np.diff(edges) >= 0).all()
    assert edges[int(np.argmax(past.model.space.good))] == pytest.approx(past.policy.quality_bar)


def test_a_twin_is_a_scenario_that_is_written_and_read_again() -> None:
    """What is saved as TOML is the scenario that plays, under the policy that is tried."""
    past = known()
    tables = scenario_of(fit(past), past, size=80, answers_each=60, policy={"rate_floor": 0.02})
    text = scenario_toml(tables, "A twin.")
    assert text.startswith("# A twin.\n")
    played = scenario_from_dict(tomllib.loads(text), "twin")
    assert played == scenario_from_dict(tables, "twin")
    assert played.policy["rate_floor"] == 0.02
    assert played.size == 80


def test_a_higher_floor_is_predicted_to_cost_more_benchmarks() -> None:
    """Two policies meet the same twins; the one that looks more often spends more."""
    found = predict(
        known(), {IN_FORCE: {}, "more": {"rate_floor": 0.2}}, 1, draws=2, size=60, answers_each=40
    )
    assert found["more"]["benchmark_share"].estimate > found[IN_FORCE]["benchmark_share"].estimate


def test_an_interval_of_the_next_value_covers_it() -> None:
    """Of 2,000 next values of small shares about 95 in 100 lie within."""
    rng = np.random.default_rng(2)
    shares = rng.binomial(3_000, rng.beta(4, 196, size=(2_000, 9))) / 3_000
    held = np.mean([interval_of(row[:-1]).holds(row[-1]) for row in shares.tolist()])
    assert 0.925 < held < 0.975


def test_runs_without_labels_leave_the_share_open() -> None:
    """Where no run delivered anything, nothing is claimed of what it would have been like."""
    found = interval_of([float("nan"), float("nan"), 0.1])
    assert (found.low, found.high) == (0.0, 1.0)
