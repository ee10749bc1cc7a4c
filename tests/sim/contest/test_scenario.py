"""Scenario files: what they say is what is played, and what cannot be played is said clearly."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goldvein.sim.builtin import SCENARIOS
from goldvein.sim.contest.groups import KNOBS, KNOBS_OF_KIND
from goldvein.sim.contest.scenario import (
    _MODEL,
    _POPULATION,
    _PROJECT,
    Scenario,
    ScenarioError,
    read_scenario,
    scenario_from_dict,
)

PLAIN: dict[str, Any] = {"labelers": [{"kind": "honest", "share": 1.0}]}
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-3, 30),
    st.floats(),
    st.floats(0, 1),
    st.text(max_size=8),
    st.lists(st.floats(0, 1), max_size=3),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
    st.just(10**400),
)


def changed(*path: str | int, to: Any) -> dict[str, Any]:
    """The plain scenario with one value set."""
    values: Any = copy.deepcopy(PLAIN)
    place = values
    for step in path[:-1]:
        place = place[step] if isinstance(step, int) else place.setdefault(step, {})
    place[path[-1]] = to
    return values  # type: ignore[no-any-return]


def test_the_example_of_the_docs() -> None:
    """Every key of the example means what the docs say."""
    example = read_scenario(SCENARIOS / "example.toml")
    kinds = [(group.kind, group.share) for group in example.groups]

    assert (example.name, example.seed, example.size, example.answers_each) == ("example", 1, 2000, 600)
    assert (example.options, example.benchmarks, example.item_parameters) == (4, 400, "estimated")
    assert (example.longest_right, example.ordinary_longest_right) == (0.85, 0.85)
    assert dict(example.policy) == {"quality_bar": 0.7}
    assert kinds == [
        ("honest", 0.7),
        ("random", 0.1),
        ("shortcut", 0.1),
        ("shortcut", 0.05),
        ("sleeper", 0.05),
    ]
    assert [group.name for group in example.groups] == ["honest", "random", "longest", "first", "sleeper"]


@pytest.mark.parametrize("path", sorted(SCENARIOS.glob("*.toml")), ids=lambda path: path.stem)
def test_every_scenario_that_comes_along_can_be_read(path: Path) -> None:
    """And says in its first line what it is about."""
    assert read_scenario(path).name == path.stem
    assert path.read_text().startswith("# ")


def test_a_base_is_laid_under(tmp_path: Path) -> None:
    """Tables are merged key by key, lists replaced, over any number of floors."""
    (tmp_path / "one.toml").write_text(
        'seed = 4\n[project]\noptions = 3\nbenchmarks = 9\n[[labelers]]\nkind = "random"\nshare = 1'
    )
    (tmp_path / "two.toml").write_text('base = "one.toml"\n[project]\nbenchmarks = 7')
    (tmp_path / "three.toml").write_text('base = "two.toml"\n[[labelers]]\nkind = "honest"\nshare = 1')
    read = read_scenario(tmp_path / "three.toml")

    assert (read.name, read.seed, read.options, read.benchmarks) == ("three", 4, 3, 7)
    assert [group.kind for group in read.groups] == ["honest"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, ["cannot be read", "check the path"]),
        ("seed = ", ["is not TOML", "mend"]),
        ('base = "gone.toml"', ["gone.toml", "mend base in x.toml"]),
        ('base = "x.toml"', ["builds on it", "take one base out"]),
        ("base = 3", ["base is 3", "a file beside this one"]),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, content: str | None, words: list[str]) -> None:
    """The error names the file and the way out."""
    if content is not None:
        (tmp_path / "x.toml").write_text(content)
    with pytest.raises(ScenarioError) as refused:
        read_scenario(tmp_path / "x.toml")
    assert all(word in str(refused.value) for word in words), refused.value


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (
            changed("project", "longest_right", to=1.5),
            ["project.longest_right", "1.5", "from 0 to 1", "0.85"],
        ),
        (changed("project", "options", to=2.5), ["project.options", "2.5", "whole", "options = 4"]),
        (changed("project", "optoins", to=2), ["project.optoins", "not a key", "options"]),
        (changed("project", to=3), ["project is 3", "must be a table"]),
        (changed("project", "item_parameters", to="guessed"), ["guessed", "estimated, given, panel"]),
        (changed("project", "features", to={"length": 0.3}), ["features.length", "longest_right"]),
        (changed("project", "features", to={"Über": 0.3}), ["Über", "small letters"]),
        (changed("policy", "quality_bar", to=0.2), ["quality_bar", "0.2", "guessing reaches", "0.7"]),
        (changed("policy", "deliver_at", to=0.1), ["deliver_at", "0.1", "between"]),
        (changed("policy", "delver_at", to=0.9), ["delver_at", "known are"]),
        (changed("model", "hazard", to="high"), ["model.hazard", "'high'", "0.001"]),
        (changed("seed", to=-1), ["seed is -1", "seed = 1"]),
        (changed("labelers", to=[]), ["no labelers", "[[labelers]]"]),
        (changed("labelers", 0, "share", to=0.9), ["sum to 0.9", "+0.1"]),
        (changed("labelers", 0, to={"kind": "honest"}), ["labelers[1] has no share", "share = 0.1"]),
        (changed("labelers", 0, "kind", to="honset"), ["labelers[1].kind", "'honset'", "sleeper"]),
        (changed("labelers", 0, "accuracy", to=[0.9, 0.8]), ["labelers[1].accuracy", "rising"]),
        (changed("labelers", 0, "accuracy", to=0.2), ["labelers[1].accuracy", "between 0.25 and 1"]),
        (changed("labelers", 0, "dissent", to=0.1), ["labelers[1].accuracy", "dissent = 0.1", "0.9;"]),
        (changed("labelers", 0, "rule", to="first"), ["labelers[1], a honest", "rule", "accuracy"]),
        (changed("labelers", 0, to={"kind": "shortcut", "share": 1}), ["no rule", 'rule = "longest"']),
        (changed("labelers", 0, to={"kind": "sleeper", "share": 1}), ["no after", "after = 100"]),
        (
            changed("labelers", 0, to={"kind": "shortcut", "share": 1, "rule": "most length"}),
            ["most length", "longest", "least FEATURE"],
        ),
    ],
)
def test_errors_name_key_value_rule_and_way_out(values: dict[str, Any], words: list[str]) -> None:
    """Whoever reads the message knows what to change."""
    with pytest.raises(ScenarioError) as refused:
        scenario_from_dict(values, "x")
    assert all(word in str(refused.value) for word in words), refused.value


KEYS = [
    ("seed",),
    *(("population", name) for name in _POPULATION),
    *(("project", name) for name in (*_PROJECT, "features")),
    *(("model", name) for name in _MODEL),
    *(("policy", name) for name in ("quality_bar", "deliver_at", "min_benchmarks", "rate_floor")),
    *(("labelers", 0, name) for name in KNOBS),
    ("population",),
    ("project",),
    ("policy",),
    ("model",),
    ("labelers",),
]


NEEDED: dict[str, dict[str, Any]] = {"shortcut": {"rule": "first"}, "sleeper": {"after": 10}}


@settings(max_examples=400)
@given(path=st.sampled_from(KEYS), value=VALUES, kind=st.sampled_from(sorted(KNOBS_OF_KIND)))
def test_any_value_is_taken_or_refused_by_name(path: tuple[str | int, ...], value: Any, kind: str) -> None:
    """No value breaks the reader: it makes a scenario, or an error that names the key and a way out."""
    values = changed(*path, to=value)
    if path[0] == "labelers" and len(path) == 3:
        needed = NEEDED.get(kind, {})
        values["labelers"][0] = {"kind": kind, "share": 1, **needed, str(path[-1]): value}
    said = refusal(values)

    named = "accuracy" if path[-1] == "dissent" and "accuracy" in said else str(path[-1])
    assert not said or named in said
    assert not said or ";" in said or path[0] == "policy"


def refusal(values: dict[str, Any]) -> str:
    """What is said against a scenario; nothing where it is taken."""
    try:
        assert isinstance(scenario_from_dict(values, "x"), Scenario)
    except ScenarioError as error:
        return str(error)
    return ""
