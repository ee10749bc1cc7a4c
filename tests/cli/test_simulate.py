"""``goldvein simulate``: what it prints, what it writes, how it fails."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run

SCENARIO = """
seed = 3
[population]
size = 50
answers_each = 120
[project]
benchmarks = 100
[[labelers]]
kind = "honest"
share = 0.8
accuracy = [0.75, 0.95]
[[labelers]]
kind = "random"
share = 0.2
"""


@pytest.fixture
def scenario(tmp_path: Path) -> str:
    """A scenario that plays within a second."""
    path = tmp_path / "small.toml"
    path.write_text(SCENARIO)
    return str(path)


def test_simulate_prints_and_writes_its_report(run: Run, scenario: str, tmp_path: Path) -> None:
    """The report holds every policy's figures with intervals; the table shows them; the picture is there."""
    report_path, picture = tmp_path / "report.json", tmp_path / "contest.png"
    arguments = ("--policy", "fixed-rate", "--policy", "potato", "--seeds", "2")
    result = run("simulate", scenario, *arguments, "--json", str(report_path), "--plot", str(picture))
    report = json.loads(report_path.read_text())
    assert report["scenario"] == "small"
    assert report["seeds"] == [3, 4]
    assert set(report["policies"]) == {"fixed-rate", "potato"}
    wanted = {
        "false_rejection", "false_acceptance", "bad_share", "accuracy_delivered", "benchmark_share",
        "held_honest", "sleeper_delay", "sleeper_bad_delivered",
    }  # fmt: skip
    for figures in report["policies"].values():
        assert wanted <= set(figures)
        assert wanted <= set(figures["intervals"])
        assert set(figures["kinds"]) == {"honest", "random"}
    assert report["policies"]["potato"]["false_acceptance"] == 1.0
    assert report["policies"]["potato"]["sleeper_delay"] is None
    assert "false rejection" in result.output
    assert "potato" in result.output
    assert picture.stat().st_size > 10_000


def test_the_default_policy_is_ours(run: Run, scenario: str) -> None:
    """Without a name Goldvein's own policy plays, and standard output can be the report alone."""
    result = run("simulate", scenario, "--json", "-")
    assert set(json.loads(result.stdout)["policies"]) == {"default"}


def test_peers_are_matched(run: Run, scenario: str) -> None:
    """`--matched` plays ours, the peer as published, and the peer at our share of benchmarks."""
    report = json.loads(run("simulate", scenario, "--policy", "potato", "--matched", "--json", "-").stdout)
    assert list(report["policies"]) == ["default", "potato", "potato matched"]
    assert report["policies"]["potato matched"]["scale"] != 1.0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--policy", "potatoe"), "no policy 'potatoe'"),
        (("--plot", "contest.doc"), "png"),
        (("--seeds", "0"), "0"),
    ],
)
def test_what_cannot_be_is_refused_at_once(
    run: Run, scenario: str, arguments: tuple[str, ...], said: str
) -> None:
    """Wrong names are answered with the right ones before anything is played."""
    code = 2 if arguments[0] == "--seeds" else 1
    assert said in run("simulate", scenario, *arguments, code=code).output


MINING = """
[mining]
tasks = 300
[[mining.kinds]]
name = "clear"
share = 0.6
accuracy = 0.95
[[mining.kinds]]
name = "split"
share = 0.4
accuracy = 0.5
attractor = 0.8
ambiguous = true
"""


def test_rules_of_mining_compete(run: Run, tmp_path: Path) -> None:
    """A scenario of mining plays every rule; what belongs to labelers is refused with the way out."""
    path = tmp_path / "pool.toml"
    path.write_text(MINING)
    result = run("simulate", str(path), "--seeds", "2", "--json", "-")
    report = json.loads(result.stdout)

    assert report["seeds"] == [1, 2]
    assert "goldvein" in report["rules"]
    assert report["optimum"][0]["wrong_keys"] > report["optimum"][-1]["wrong_keys"]
    assert "unanimous 5" in result.output
    assert "leave --matched out" in run("simulate", str(path), "--matched", code=2).output


def test_a_wrong_pool_says_what_to_do(run: Run, tmp_path: Path) -> None:
    """The key, its value, the rule."""
    path = tmp_path / "pool.toml"
    path.write_text(MINING.replace("0.4", "0.3"))

    assert "sum to 0.9" in run("simulate", str(path), code=1).output


def test_scenarios_that_come_along_go_by_name(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Each is listed with what it is for, plays by its name wherever one is, and a file goes before it."""
    monkeypatch.chdir(tmp_path)
    listed = run("simulate", "--list").output.splitlines()
    assert listed[0].startswith("example  ")
    assert any(line.startswith("mining/mixed ") for line in listed)
    assert all(len(line.split(maxsplit=1)) == 2 for line in listed)
    refused = run("simulate", "exampel", code=2).output
    assert "exampel" in refused
    assert "--list" in refused
    run("simulate", "mining/three-trusted", "--json", "found.json")
    assert json.loads(Path("found.json").read_text())["scenario"] == "three-trusted"
    Path("example").write_text(SCENARIO)
    run("simulate", "example", "--json", "own.json")
    assert json.loads(Path("own.json").read_text())["labelers"] == 50
