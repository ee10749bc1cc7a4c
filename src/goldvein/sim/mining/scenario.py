"""Scenarios of mining: a file with a ``[mining]`` table, checked to the last key."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from goldvein.domain.policy import Policy, PolicyError
from goldvein.sim.contest.knobs import Number, ScenarioError, Text, check_names, table
from goldvein.sim.mining.pools import Kind, Pool

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from goldvein.sim.contest.knobs import Knob


@dataclass(frozen=True, slots=True)
class MiningScenario:
    """A pool to be mined.

    Attributes
    ----------
    name : str
    pool : Pool
    policy : Policy
        Knobs of our rule.
    seed : int
    tasks : int
        How many are drawn for each seed.
    """

    name: str
    pool: Pool
    policy: Policy
    seed: int = 1
    tasks: int = 10_000


_POOL: Mapping[str, Knob] = {
    "options": Number(2, 16, 4, whole=True),
    "tasks": Number(100, 1_000_000, 10_000, whole=True),
    "trusted": Number(1, 1_000, 24, whole=True),
    "spread": Number(0, 5, 0.5),
}
_KIND: Mapping[str, Knob] = {
    "name": Text("clear"),
    "share": Number(0, 1, 0.5),
    "accuracy": Number(0, 1, 0.95),
    "attractor": Number(0, 1, 0.7),
    "none": Number(0, 1, 0.05),
}
_FLAGS = ("ambiguous", "answerable")
_TOP = ("seed", "mining", "policy")


def is_mining(path: Path) -> bool:
    """Whether a scenario is one of mining; a file that cannot be read is not, and says so when played."""
    try:
        return "mining" in tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError):
        return False


def read_mining(path: Path) -> MiningScenario:
    """Scenario of a TOML file.

    Raises
    ------
    ScenarioError
        With the key, its value, the rule that it breaks and the way out.
    """
    return mining_from_dict(tomllib.loads(path.read_text(encoding="utf-8")), path.stem)


def mining_from_dict(values: Mapping[str, Any], name: str) -> MiningScenario:
    """Scenario from the tables of a file: ``seed``, ``mining`` and ``policy``; the last may be missing.

    Raises
    ------
    ScenarioError
        With the key, its value, the rule that it breaks and the way out.
    """
    check_names("", values, _TOP)
    mining = dict(table("mining", values.get("mining", {})))
    kinds = mining.pop("kinds", None)
    check_names("mining.", mining, _POOL)
    knobs = {key: _POOL[key].read(f"mining.{key}", value) for key, value in mining.items()}
    options = int(knobs.get("options", 4))
    pool = Pool(
        options=options,
        kinds=_kinds(kinds, options),
        trusted=int(knobs.get("trusted", 24)),
        spread=knobs.get("spread", 0.0),
    )
    return MiningScenario(
        name=name,
        pool=pool,
        policy=_policy(table("policy", values.get("policy", {}))),
        seed=int(Number(0, 2**63 - 1, 1, whole=True).read("seed", values.get("seed", 1))),
        tasks=int(knobs.get("tasks", 10_000)),
    )


def _policy(values: Mapping[str, Any]) -> Policy:
    try:
        return Policy.from_dict(values)
    except PolicyError as error:
        raise ScenarioError(f"policy: {error}") from error


def _kinds(values: Any, options: int) -> tuple[Kind, ...]:
    if not isinstance(values, list) or not values:
        raise ScenarioError("the pool has no tasks; write at least one [[mining.kinds]] table")
    kinds = tuple(_kind(f"mining.kinds[{place}]", one, options) for place, one in enumerate(values, 1))
    total = sum(kind.share for kind in kinds)
    if abs(total - 1) > 1e-6:
        raise ScenarioError(
            f"the shares of mining.kinds sum to {total:g}, but must sum to 1; "
            f"change the share of one kind by {1 - total:+.4g}"
        )
    if not any(kind.good for kind in kinds):
        raise ScenarioError(
            "every kind of mining.kinds is ambiguous or cannot be answered, so nothing is worth mining; "
            "write one without ambiguous = true"
        )
    return kinds


def _kind(where: str, values: Any, options: int) -> Kind:
    given = table(where, values)
    check_names(f"{where}.", given, (*_KIND, *_FLAGS))
    for needed in ("name", "share", "accuracy"):
        if needed not in given:
            raise ScenarioError(f"{where} has no {needed}; write for instance {needed} = {_example(needed)}")
    flags = {name: _flag(f"{where}.{name}", given[name]) for name in _FLAGS if name in given}
    knobs = {name: _KIND[name].read(f"{where}.{name}", given[name]) for name in _KIND if name in given}
    # Without an attractor mistakes spread evenly over the wrong options.
    wrong = options - 1 if flags.get("answerable", True) else options
    return Kind(**{"attractor": 1 / wrong, **knobs, **flags})


def _flag(key: str, value: Any) -> bool:
    if not isinstance(value, bool):
        name = key.rsplit(".", 1)[1]
        raise ScenarioError(
            f"{key} is {value!r}, but must be true or false; write {name} = true, or leave it out"
        )
    return value


def _example(name: str) -> str:
    return {"name": '"clear"', "share": "0.5", "accuracy": "0.95"}[name]
