"""Scenarios: a population, a project and a policy, read from TOML and checked to the last key."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from goldvein.domain.policy import Policy, PolicyError
from goldvein.sim.contest.groups import Group, read_group
from goldvein.sim.contest.knobs import (
    Number,
    OneOf,
    ScenarioError,
    check_names,
    feature_of,
    is_word,
    refused,
    table,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from goldvein.sim.contest.knobs import Knob

__all__ = ["Group", "Scenario", "ScenarioError", "read_scenario", "scenario_from_dict"]

STANDARD_FEATURES = ("length", "overlap", "punctuation", "numbers", "politeness", "sentiment")


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is simulated; ``docs/simulate.md`` describes every key of the file.

    Attributes
    ----------
    size, answers_each, earlier : int
        Labelers; answers that each gives; earlier labelers, from whom item parameters are estimated.
    options, benchmarks : int
        K; how many benchmarks there are.
    mining : str
        How benchmarks came about: ``random``, as tasks came, or ``directed``, screened by the panel's first
        answers as the service screens them.
    longest_right, ordinary_longest_right : float
        Share of mined tasks, and of ordinary tasks, whose key is the longest option.
    ordinary_difficulty : float
        Logits added to the difficulty of ordinary tasks.
    wrong_keys : float
        Share of benchmarks whose stored key is wrong.
    item_parameters : str
        ``estimated`` from a burn-in, or ``given``, or what the ``panel`` alone says of them.
    difficulty, difficulty_spread, discrimination_spread : float
        Tasks' difficulties are N(difficulty, spread); log discriminations N(0, spread).
    attractor : float
        Share of honest mistakes that fall on one and the same wrong option of a task.
    mistakes_longest : float
        Share of honest mistakes drawn to the longest option where that is wrong; the others go as usual.
    features : mapping of str to float
        For each feature but length, the share of tasks whose key has the most of it.
    policy, model : mapping
        Overrides of ``Policy`` and of the model that the policy believes in.
    groups : tuple of Group
        Who works; their shares sum to one.
    """

    name: str
    seed: int = 1
    size: int = 2000
    answers_each: int = 600
    earlier: int = 200
    options: int = 4
    benchmarks: int = 400
    mining: str = "random"
    longest_right: float = 0.85
    ordinary_longest_right: float = 0.85
    ordinary_difficulty: float = 0.0
    wrong_keys: float = 0.0
    item_parameters: str = "estimated"
    difficulty: float = -2.0
    difficulty_spread: float = 1.0
    discrimination_spread: float = 0.3
    attractor: float = 0.6
    mistakes_longest: float = 0.0
    features: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    policy: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    model: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    groups: tuple[Group, ...] = ()

    @property
    def quality_bar(self) -> float:
        """Mean accuracy on the benchmarks from which a labeler counts as good."""
        return float(self.policy.get("quality_bar", Policy().quality_bar))


_POPULATION: Mapping[str, Knob] = {
    "size": Number(1, 1_000_000, 2000, whole=True),
    "answers_each": Number(1, 1_000_000, 600, whole=True),
    "earlier": Number(1, 100_000, 200, whole=True),
}
_SHARE = Number(0, 1, 0.1)
_ANY = Number(-1e9, 1e9, 0.7)
_PROJECT: Mapping[str, Knob] = {
    "options": Number(2, 16, 4, whole=True),
    "benchmarks": Number(1, 100_000, 400, whole=True),
    "mining": OneOf(("random", "directed")),
    "longest_right": Number(0, 1, 0.85),
    "ordinary_longest_right": Number(0, 1, 0.85),
    "ordinary_difficulty": Number(-10, 10, 1.0),
    "wrong_keys": Number(0, 1, 0.05),
    "item_parameters": OneOf(("estimated", "given", "panel")),
    "difficulty": Number(-8, 8, -2.0),
    "difficulty_spread": Number(0, 5, 1.0),
    "discrimination_spread": Number(0, 2, 0.3),
    "attractor": Number(0, 1, 0.6),
    "mistakes_longest": Number(0, 1, 0.5),
}
_MODEL: Mapping[str, Knob] = {
    "hazard": Number(0, 0.5, 0.001),
    "walk": Number(0, 0.24, 0.0003),
    "lapse": Number(0.0001, 0.9, 0.05),
    "leak_half": Number(0.1, 1e6, 15),
    "ordinary_weight": Number(0, 1, 0.7),
}
_TOP = ("base", "seed", "population", "project", "policy", "model", "labelers")


def read_scenario(path: Path) -> Scenario:
    """Scenario of a TOML file; ``base`` in it names a file, beside it, whose keys it changes.

    Raises
    ------
    ScenarioError
        If a file cannot be read or says something impossible.
    """
    return scenario_from_dict(_with_base(path, ()), path.stem)


def scenario_from_dict(values: Mapping[str, Any], name: str) -> Scenario:
    """Scenario from the tables of a file.

    Parameters
    ----------
    values : mapping
        ``seed``, ``population``, ``project``, ``policy``, ``model`` and ``labelers``; all but the last may
        be missing.
    name : str
        What reports call it.

    Raises
    ------
    ScenarioError
        With the key, its value, the rule that it breaks and the way out.
    """
    check_names("", values, _TOP)
    project = dict(table("project", values.get("project", {})))
    features = _features(project.pop("features", {}))
    knobs = _read("project", project, _PROJECT)
    knobs.setdefault("ordinary_longest_right", knobs.get("longest_right", 0.85))
    options = knobs.get("options", 4)
    return Scenario(
        name=name,
        seed=int(Number(0, 2**63 - 1, 1, whole=True).read("seed", values.get("seed", 1))),
        features=features,
        policy=_policy(table("policy", values.get("policy", {})), options),
        model=MappingProxyType(_read("model", table("model", values.get("model", {})), _MODEL)),
        groups=_groups(values.get("labelers"), options),
        **_read("population", table("population", values.get("population", {})), _POPULATION),
        **knobs,
    )


def features_of(scenario: Scenario) -> tuple[str, ...]:
    """Name every feature that options have: the standard ones, the given ones, those of some shortcut."""
    rules = (rule for group in scenario.groups for rule in (group.rule, group.becomes))
    named = (*STANDARD_FEATURES, *scenario.features, *map(feature_of, rules))
    return tuple(dict.fromkeys(feature for feature in named if feature is not None))


def _with_base(path: Path, above: tuple[Path, ...]) -> dict[str, Any]:
    """Tables of a file, laid over those of its base."""
    path = path.resolve()
    if path in above:
        raise ScenarioError(f"base of {above[-1].name} is {path.name}, which builds on it; take one base out")
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        way = f"mend base in {above[-1].name}; it names a file beside it" if above else "check the path"
        raise ScenarioError(f"scenario {path.name} cannot be read ({error.strerror}); {way}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ScenarioError(f"scenario {path.name} is not TOML: {error}; mend that place") from error
    base = values.pop("base", None)
    if base is None:
        return values
    if not isinstance(base, str):
        raise refused("base", base, "the name of a file beside this one", "example.toml")
    return _laid_over(_with_base(path.parent / base, (*above, path)), values)


def _laid_over(base: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    """Tables are merged, key by key; everything else, lists too, is replaced."""
    merged = dict(base)
    for key, value in values.items():
        under = merged.get(key)
        both = isinstance(value, dict) and isinstance(under, dict)
        merged[key] = _laid_over(under, value) if both else value  # type: ignore[arg-type]
    return merged


def _read(where: str, values: Mapping[str, Any], knobs: Mapping[str, Knob]) -> dict[str, Any]:
    check_names(f"{where}.", values, knobs)
    return {name: knobs[name].read(f"{where}.{name}", value) for name, value in values.items()}


def _features(values: Any) -> Mapping[str, float]:
    """Shares of ``[project.features]``; length has knobs of its own."""
    shares = table("project.features", values)
    for name in shares:
        if name == "length":
            raise ScenarioError("project.features.length is not a key; write longest_right under [project]")
        if not is_word(name):
            raise refused("a name in project.features", name, "small letters, digits, - and _", "word-count")
    return MappingProxyType({n: _SHARE.read(f"project.features.{n}", v) for n, v in shares.items()})


def _policy(values: Mapping[str, Any], options: int) -> Mapping[str, float]:
    """Overrides that make a policy which can be kept, with a bar over chance."""
    read = {name: _ANY.read(f"policy.{name}", value) for name, value in values.items()}
    try:
        whole = Policy.from_dict(read)
    except PolicyError as error:
        raise ScenarioError(f"policy: {error}") from error
    if not 1 / options < whole.quality_bar < 1:
        raise ScenarioError(
            f"policy.quality_bar is {whole.quality_bar}, but with {options} options it must lie between "
            f"{1 / options:.3g}, what guessing reaches, and 1; write for instance quality_bar = 0.7"
        )
    return MappingProxyType({name: getattr(whole, name) for name in values})


def _groups(values: Any, options: int) -> tuple[Group, ...]:
    if not isinstance(values, list) or not values:
        raise ScenarioError("the scenario has no labelers; write at least one [[labelers]] table")
    groups = tuple(read_group(f"labelers[{place}]", one, options) for place, one in enumerate(values, 1))
    total = sum(group.share for group in groups)
    if abs(total - 1) > 1e-6:
        raise ScenarioError(
            f"the shares of labelers sum to {total:g}, but must sum to 1; "
            f"change the share of one kind by {1 - total:+.4g}"
        )
    return groups
