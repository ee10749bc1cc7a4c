"""Fitting: from a record to a scenario: who labels, into what and when they turn, and the benchmarks."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from goldvein.sim.contest.knobs import LENGTH_RULES, POSITION_RULES
from goldvein.stats.lives import fit_lives
from goldvein.stats.states import LEAKER, RANDOM

if TYPE_CHECKING:
    from collections.abc import Mapping

    from goldvein.sim.twin.past import Past
    from goldvein.stats.arrays import Array, IntArray
    from goldvein.stats.lives import Lives

SPANS: Final = 6
"""Stretches of a working life between which the hazard may differ."""
LEAST: Final = 1e-4
"""Share of the population under which a group is left out."""
_EDGE: Final = 0.02


@dataclass(frozen=True, slots=True)
class Fitted:
    """A twin: groups of labelers with their shares, and the knobs of the project.

    Attributes
    ----------
    groups : tuple of mapping
        As ``[[labelers]]`` of a scenario, without shares.
    shares : (n_groups,) float
    project : mapping
        As ``[project]`` of a scenario.
    """

    groups: tuple[Mapping[str, Any], ...]
    shares: Array
    project: Mapping[str, Any]


def fit(past: Past, answers_each: int | None = None) -> Fitted:
    """Fit a crowd and its benchmarks to a record.

    What the model has no state for cannot be found: tastes, fatigue, copying. How much harder ordinary tasks
    are than benchmarks does not show in answers whose truth nobody knows; decoys or audits would tell.

    Parameters
    ----------
    past : Past
    answers_each : int, optional
        Length of a working life in the twin; the longest on record when not given.
    """
    lives = fit_lives(past.model, past.evidence, past.answers)
    edges = accuracy_edges(past)
    named = [*_settled(past, lives, edges, answers_each), *_turning(past, lives, edges, answers_each)]
    kept = [(group, share) for group, share in named if share >= LEAST]
    shares = np.array([share for _, share in kept])
    return Fitted(tuple(group for group, _ in kept), shares / shares.sum(), _project(past, lives))


def accuracy_edges(past: Past) -> Array:
    """Accuracy on the benchmarks at the edges between abilities: (n_abilities + 1,), rising.

    On the scale on which the bar lies at the policy's ``quality_bar``, since that is what "good" means.
    """
    chance, space = 1 / past.options, past.model.space
    curve = past.key_curves.mean(axis=1)
    middles = 0.5 * (curve[1:] + curve[:-1])
    edges = np.concatenate([[2 * curve[0] - middles[0]], middles, [2 * curve[-1] - middles[-1]]])
    at_bar = edges[int(np.argmax(space.good))]
    scaled = chance + (edges - chance) * (past.policy.quality_bar - chance) / (at_bar - chance)
    clipped: Array = np.clip(scaled, chance + _EDGE / past.options, 1 - _EDGE / 2)
    return clipped


def _settled(
    past: Past, lives: Lives, edges: Array, answers_each: int | None
) -> list[tuple[Mapping[str, Any], float]]:
    """Labelers who are one thing as long as they work."""
    space = past.model.space
    grid = space.n_abilities
    stay = 1 - sum(share for _, share in _turns(past, lives, answers_each))
    found: list[tuple[Mapping[str, Any], float]] = [
        (
            {"kind": "honest", "accuracy": [round(float(edges[s]), 4), round(float(edges[s + 1]), 4)]},
            float(lives.start[s]) * stay,
        )
        for s in range(grid)
    ]
    for place, rule in enumerate(space.shortcuts, grid):
        kind: dict[str, Any] = {"kind": _habit(rule)}
        if kind["kind"] not in (RANDOM, LEAKER):
            kind = {"kind": "shortcut", "rule": rule, "lapse": past.model.lapse}
        found.append((kind, float(lives.start[place])))
    return found


def _turning(
    past: Past, lives: Lives, edges: Array, answers_each: int | None
) -> list[tuple[Mapping[str, Any], float]]:
    """Labelers who do the job first and then follow a shortcut."""
    grid = past.model.space.n_abilities
    working = lives.start[:grid]
    low, high = (_quantile(edges, working, q) for q in (0.1, 0.9))
    honest = {"kind": "sleeper", "accuracy": [round(low, 4), round(high, 4)], "lapse": past.model.lapse}
    total = float(working.sum())
    return [({**honest, **turn}, share * total) for turn, share in _turns(past, lives, answers_each)]


def _turns(past: Past, lives: Lives, answers_each: int | None) -> list[tuple[dict[str, Any], float]]:
    """Into what and when people turn, as a share of those who start by doing the job."""
    space, steps = past.model.space, len(lives.turned)
    length = answers_each or steps
    names = [name for name in space.shortcuts if name != LEAKER]
    states = [space.state_of(name) for name in names]
    ends = np.linspace(0, steps, min(SPANS, steps) + 1).astype(int)
    left, found = 1.0, []
    for first, last in pairwise(ends.tolist()):
        until = min(last, length) if last < steps else length
        if first >= until:
            break
        counts = lives.turned[first:last][:, states].sum(axis=0)
        hazard = float(counts.sum()) / max(float(lives.at_work[first:last].sum()), 1e-9)
        turning = left * -np.expm1(-hazard * (until - first))
        left -= turning
        mix = counts / max(counts.sum(), 1e-12)
        found += [
            ({"after": [int(first), int(until)], "becomes": _habit(name)}, float(turning * share))
            for name, share in zip(names, mix, strict=True)
        ]
    return found


def _habit(shortcut: str) -> str:
    """What a shortcut is called in a scenario; one of a class, which no scenario has, is at random there."""
    known = {RANDOM, LEAKER, *POSITION_RULES, *LENGTH_RULES}
    return shortcut if shortcut in known or shortcut.startswith(("most ", "least ")) else RANDOM


def _quantile(edges: Array, weights: Array, q: float) -> float:
    """Accuracy that a share of those who do the job do not reach."""
    below = np.concatenate([[0.0], np.cumsum(weights)]) / weights.sum()
    return float(np.interp(q, below, edges))


def _project(past: Past, lives: Lives) -> Mapping[str, Any]:
    """Knobs of the benchmarks, and how often the longest option is right."""
    chance = 1 / past.options
    curve = past.key_curves[int(np.argmax(past.model.space.good))]
    found = np.clip((curve - chance) / (1 - chance), 0.02, 0.98)
    spread = float(np.std(np.log(found / (1 - found))))
    knobs: dict[str, Any] = {
        "options": past.options,
        "benchmarks": len(past.keys),
        "wrong_keys": round(float(np.mean(1 - past.key_right)), 4),
        "difficulty_spread": round(min(spread, 5.0), 3),
    }
    if (past.longest_picks >= 0).all():
        knobs["longest_right"] = round(float(np.mean(past.longest_picks == past.keys)), 4)
        knobs["ordinary_longest_right"] = round(_ordinary_longest(past, lives, knobs["longest_right"]), 4)
    return knobs


def _ordinary_longest(past: Past, lives: Lives, otherwise: float) -> float:
    """How often the longest option is right on ordinary tasks, by how often good labelers take it there."""
    grid = past.model.space.n_abilities
    given = np.arange(len(past.evidence))[:, None] < past.answers
    possible = np.maximum(past.evidence, np.finfo(float).tiny)
    log_masses = np.log(possible).sum(axis=0) + np.log(lives.start)[:, None]
    masses = np.exp(log_masses - log_masses.max(axis=0))
    doing = masses[:grid].sum(axis=0) / masses.sum(axis=0)
    ordinary = given & ~past.is_benchmark
    weights = ordinary * (doing > 0.9)
    if weights.sum() < 100:
        return otherwise
    taken = float(past.longest[weights].mean())
    accuracy = float(lives.start[:grid] @ past.key_curves.mean(axis=1) / lives.start[:grid].sum())
    missed = (1 - accuracy) / (past.options - 1)
    return float(np.clip((taken - missed) / max(accuracy - missed, 1e-6), 0.0, 1.0))


def scenario_of(
    fitted: Fitted, past: Past, *, size: int, answers_each: int, policy: Mapping[str, float],
    shares: Array | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Tables of a scenario file, in which the twin works under a policy.

    Parameters
    ----------
    shares : (n_groups,) float, optional
        In place of the fitted ones.
    """
    of_groups = fitted.shares if shares is None else shares
    changed = {**_turned(past), **policy}
    labelers = [
        {**group, "share": float(share)}
        for group, share in zip(fitted.groups, of_groups, strict=True)
        if share > 0
    ]
    return {
        "population": {"size": size, "answers_each": answers_each},
        "project": dict(fitted.project),
        "policy": changed,
        "labelers": labelers,
    }


def _turned(past: Past) -> dict[str, float]:
    """Knobs of the record's policy that are not at their default."""
    defaults = type(past.policy)().to_dict()
    own = past.policy.to_dict()
    return {name: value for name, value in own.items() if value != defaults[name]}


def resampled(rng: np.random.Generator, size: int) -> IntArray:
    """Labelers of a bootstrap sample: as many as there are, each with the same chance at every draw."""
    drawn: IntArray = rng.integers(size, size=size)
    return drawn
