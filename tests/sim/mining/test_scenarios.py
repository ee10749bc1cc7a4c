"""The pools that come along can be played, each for some tasks."""

from dataclasses import replace
from pathlib import Path

import pytest

from goldvein.sim.builtin import SCENARIOS
from goldvein.sim.mining.contest import MiningContest
from goldvein.sim.mining.scenario import is_mining, read_mining


@pytest.mark.parametrize("path", sorted((SCENARIOS / "mining").glob("*.toml")), ids=lambda path: path.stem)
def test_it_plays(path: Path) -> None:
    """Every rule on every pool; ours makes benchmarks of all of them."""
    assert is_mining(path)
    contest = MiningContest(replace(read_mining(path), tasks=200), 1)
    contest.play()

    assert contest.report()["rules"]["goldvein"]["promoted"] > 0


def test_other_scenarios_are_not_mining() -> None:
    """The command tells the two kinds apart by their tables."""
    assert not is_mining(SCENARIOS / "example.toml")
    assert not is_mining(SCENARIOS / "missing.toml")
