"""Trying another policy from the terminal: on the log, on a twin, then at work, and back."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from goldvein.cli.reweigh import table
from goldvein.sim.contest.scenario import read_scenario
from goldvein.store.database import Database
from tests.cli.conftest import Run
from tests.services.town import Town, guesses, knows


@pytest.fixture
def town(db: Database) -> Town:
    """A small operation with good and bad people on record."""
    town = Town(db, {"rate_ceiling": 0.6})
    town.open_by_hand(40)
    town.push(600)
    for n in range(8):
        town.hire(f"good {n}", knows(0.93))
    for n in range(4):
        town.hire(f"bad {n}", guesses)
    town.run(30)
    return town


def test_the_log_under_another_gate(on_database: Run, town: Town) -> None:
    """The table names both gates and what the log cannot tell; what it cannot tell of is refused."""
    told = on_database("whatif", "1", "--set", "deliver_at=0.99").output
    assert "as it was" in told
    assert "not known" in told
    report = json.loads(on_database("whatif", "1", "--set", "deliver_at=0.99", "--json", "-").output)
    assert report["would"]["labels"] < report["was"]["labels"]
    delivered = town.rows("SELECT count(*) FROM log WHERE kind = 'answer' AND decision = 'deliver'")[0][0]
    assert report["was"]["delivered"] == delivered
    barred = on_database("whatif", "1", "--set", "quality_bar=0.8").output
    assert "the bar lies at 70.0% of benchmarks right" in barred
    assert "rate_floor" in on_database("whatif", "1", "--set", "rate_floor=0.1", code=1).output
    on_database("whatif", "1", code=2)


def test_draws_on_record_under_other_rates(on_database: Run, town: Town) -> None:
    """The table tells that too few people could say; a knob of the gate is refused."""
    told = on_database("reweigh", "1", "--set", "rate_ceiling=0.7", "--answers", "3").output
    assert f"first 3 answers: {len(town.people)} stretches of {len(town.people)} people, who count as" in told
    assert "too few people count" in told
    report = json.loads(on_database("reweigh", "1", "--set", "rate_ceiling=0.7", "--json", "-").output)
    assert report["changes"] == {"rate_ceiling": 0.7}
    assert report["newcomers"]["benchmark_share"] is None
    refused = on_database("reweigh", "1", "--set", "deliver_at=0.99", code=1).output
    assert "whatif" in refused
    on_database("reweigh", "1", code=2)


def test_a_table_of_draws_has_every_change() -> None:
    """Where enough people count, each figure stands with its interval and its change."""
    shares = {"estimate": 0.25, "interval": [0.2, 0.3]}
    ratio = {"was": shares, "would": shares, "change": {"estimate": 0.0, "interval": [-0.05, 0.05]}}
    names = ("benchmark_share", "delivered_share", "bad_share", "good_delivering", "bad_delivering")
    part = {"people": 90, "stretches": 180, "effective_people": 61.4} | dict.fromkeys(names, ratio)
    lines = list(table({"answers": 20, "newcomers": part, "later": part, "not_known": ["what comes after"]}))
    assert lines[0] == "first 20 answers: 180 stretches of 90 people, who count as 61"
    assert (
        sum("25.00% (20.00% to 30.00%)" in line and "0.00% (-5.00% to 5.00%)" in line for line in lines) == 10
    )
    assert lines[-1] == "not known: what comes after"


def test_a_twin_is_saved_and_predicts(on_database: Run, town: Town, tmp_path: Path) -> None:
    """The twin is fitted to the stored log, written as a scenario, and played under both policies."""
    assert town.rows("SELECT count(*) FROM standings")[0][0] >= 12
    saved = tmp_path / "twin.toml"
    told = on_database(
        "twin", "1", "--set", "rate_floor=0.2", "--draws", "2", "--size", "30", "--answers", "30",
        "--save", str(saved),
    ).output  # fmt: skip
    assert "in force" in told
    assert "changed" in told
    scenario = read_scenario(saved)
    assert scenario.policy["rate_floor"] == 0.2
    assert scenario.policy["rate_ceiling"] == 0.6
    assert scenario.options == 4
    bad = sum(group.share for group in scenario.groups if group.kind in {"random", "shortcut"})
    assert bad == pytest.approx(4 / 12, abs=0.2)
    assert tomllib.loads(saved.read_text())["project"]["benchmarks"] == 40


def test_a_policy_goes_to_work_and_comes_back(on_database: Run, town: Town, tmp_path: Path) -> None:
    """By knobs or by the scenario that was simulated; the way back is one command."""
    assert town.project.id == 1
    scenario = tmp_path / "tried.toml"
    scenario.write_text('[policy]\nrate_floor = 0.01\n[[labelers]]\nkind = "random"\nshare = 1.0\n')
    told = on_database("admin", "policy", "promote", "1", "--scenario", str(scenario)).output
    assert "rate_floor: 0.005 -> 0.01" in told
    on_database("admin", "policy", "promote", "1", "--set", "deliver_at=0.97")
    back = json.loads(on_database("admin", "policy", "revert", "1", "--json", "-").output)
    assert back["version"] == 4
    assert back["knobs"] == {"deliver_at": [0.97, 0.9]}
    listed = on_database("admin", "policy", "versions", "1").output
    assert "deliver_at=0.9" in listed
    assert (
        "already" in on_database("admin", "policy", "promote", "1", "--set", "deliver_at=0.9", code=1).output
    )
    on_database("admin", "policy", "promote", "1", code=2)


def test_a_sandbox_from_beginning_to_end(on_database: Run, town: Town) -> None:
    """Made, listed, kept warm, worked in by simulated labelers, and what it tries put to work."""
    made = json.loads(
        on_database(
            "sandbox", "create", "1", "--set", "deliver_at=0.8", "--tasks", "60", "--json", "-"
        ).output
    )
    assert (made["of"], made["state"], made["warm_per_day"]) == (1, "open", 0)
    box = str(made["id"])
    assert "500 pieces of work a day" in on_database("sandbox", "warm", box, "--per-day", "500").output
    assert "500" in on_database("sandbox", "list", "1").output
    ran = json.loads(
        on_database("sandbox", "run", box, "--people", "10", "--answers", "80", "--json", "-").output
    )
    assert sum(ran["people"].values()) == 10
    assert sum(ran["answers"].values()) >= 80
    assert "deliver_at: 0.9 -> 0.8" in on_database("sandbox", "promote", box).output
    assert "is no sandbox" in on_database("sandbox", "promote", "1", code=1).output
    assert town.rows("SELECT max(version) FROM policy_versions WHERE project = 1") == [(2,)]
