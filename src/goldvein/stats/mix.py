"""The mix in which benchmarks are served: no shortcut passes more of it than chance would.

Benchmarks are mined from work, so a shortcut that is right on most tasks is right on most benchmarks. Served
alike, they would let it pass. The weights here depart from serving all alike as little as that takes; what
they cannot reach, since few benchmarks must not bear all servings, is said in benchmarks to be mined.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Final

import numpy as np

from goldvein.stats.arrays import Array, BoolArray, IntArray, ShapeError, frozen
from goldvein.stats.states import POSITION_RULES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from goldvein.stats.model import Model

STRETCH: Final = 2.0
"""Servings that one benchmark may bear, over what it would bear if all wore out together."""
_STEEPEST: Final = 40.0
_STEPS: Final = 100
_CLOSE: Final = 1e-10
_REACHED: Final = 1e-4
_MOST_MISSING: Final = 100_000


@dataclass(frozen=True, slots=True, eq=False)
class Mix:
    """How often each of n benchmarks is to be served, and what that comes to.

    Attributes
    ----------
    weights : (n,) float
        Shares of servings; they sum to one.
    uniform, served : mapping of str to float
        The share of benchmarks that each rule passes: all served alike, and by these weights.
    chance : mapping of str to float
        The share that guessing would pass.
    missing : mapping of str to int
        Benchmarks that each rule gets wrong which must still be mined, so that it comes down to chance.
    effective : float
        Number of benchmarks that, served alike, would be as many: 1 / sum of squared weights.
    """

    weights: Array
    uniform: Mapping[str, float]
    served: Mapping[str, float]
    chance: Mapping[str, float]
    missing: Mapping[str, int]
    effective: float

    @property
    def is_even(self) -> bool:
        """Whether all benchmarks are served alike."""
        return not len(self.weights) or bool(np.ptp(self.weights) <= _CLOSE)


def rule_passes(picks: Sequence[int], key: int, n_options: int) -> float:
    """P(a rule that picks these options takes the key); with nothing to go by it is a guess."""
    return (key in picks) / len(picks) if picks else 1 / n_options


def table_passes(
    model: Model, tables: Sequence[Array], keys: Sequence[int], *, positions_fixed: bool = False
) -> dict[str, Array]:
    """What content rules pass, read from the benchmarks' likelihoods; lapses are taken out.

    Parameters
    ----------
    model : Model
    tables : n tables, each (n_states, K_i + 1) float
    keys : n options
    positions_fixed : bool
        Whether the order shown is always the same, as that of classes is: then positions are content.

    Returns
    -------
    mapping of str to (n,) float
        By rule, P(its pick is the key) for each benchmark.
    """
    options = np.array([table.shape[1] - 1 for table in tables])
    lapsed = model.lapse * (1 - model.random_none) / options
    found = {}
    for rule in model.space.content_rules:
        state = model.space.state_of(rule)
        taken = np.array([table[state, key] for table, key in zip(tables, keys, strict=True)])
        guessed = np.isclose(taken, lapsed / model.lapse)  # a rule with nothing to go by never lapses
        passed = np.clip((taken - lapsed) / (1 - model.lapse), 0.0, 1.0)
        found[rule] = np.where(guessed, 1 / options, passed)
    return {**found, **(position_passes(keys, options) if positions_fixed else {})}


def position_passes(keys: Sequence[int], n_options: Sequence[int] | IntArray) -> dict[str, Array]:
    """What the first and the last place pass where the order shown is always the same."""
    key, last = np.asarray(keys), np.asarray(n_options) - 1
    return dict(zip(POSITION_RULES, ((key == 0).astype(float), (key == last).astype(float)), strict=True))


def bearable(exposures: IntArray, budget: int, stretch: float = STRETCH) -> Array:
    """Largest share of servings that each benchmark can bear: (n,) to (n,), summing to at least one.

    In proportion to what is left of its exposure budget; ``stretch`` times that is the most. A benchmark past
    its budget counts as one with a serving left: it may be all that somebody has not seen.
    """
    left = np.maximum(budget - np.asarray(exposures, dtype=float), 1.0)
    share: Array = stretch * left / left.sum()
    return share


def target_mix(passes: Mapping[str, Array], n_options: Sequence[int] | IntArray, most: Array) -> Mix:
    """Weights nearest to serving all alike under which no rule passes more than chance.

    Nearest by relative entropy: ``w_i ~ exp(-sum_r slope_r excess_ri)``, cut off at ``most_i``. Where the
    bounds do not let a rule down to chance it comes as near as they do.

    Parameters
    ----------
    passes : mapping of str to (n,) float
        By rule, P(its pick is the key).
    n_options : n counts
    most : (n,) float
        Largest share of servings of each; see ``bearable``.

    Source
    ------
    Csiszar (1975), I-divergence geometry: the projection on linear constraints is an exponential tilt. The
    slopes maximise its dual, which is concave; by Newton's method with bounds (Bertsekas 1982).
    """
    rules, n = tuple(passes), len(most)
    if most.sum() < 1 - _CLOSE:
        raise ShapeError(f"the largest shares sum to {most.sum():.6g}, but must reach 1; raise the stretch")
    chance = 1 / np.asarray(n_options, dtype=float)
    excess = np.array([passes[rule] - chance for rule in rules]).reshape(len(rules), n)
    weights = _tilted(excess, _slopes(excess, most), most)[0] if rules else _water(np.zeros(n), most)
    mean = float(chance.mean())
    return Mix(
        weights=frozen(weights),
        uniform={rule: float(passes[rule].mean()) for rule in rules},
        served={rule: float(passes[rule] @ weights) for rule in rules},
        chance=dict.fromkeys(rules, mean),
        missing={
            rule: _missing(row, float(row @ weights) + mean, mean, most)
            for rule, row in zip(rules, excess, strict=True)
        },
        effective=float(1 / (weights @ weights)),
    )


def _missing(excess: Array, served: float, chance: float, most: Array) -> int:
    """Fresh benchmarks that a rule gets wrong which let bounded weights bring it down to chance.

    By itself, exactly; where only all rules together stand in the way, by what has to be pushed out at least.
    """
    over = served - chance
    if over <= _REACHED:
        return 0
    n, stretch = len(excess), float(most.sum())
    together = ceil(min(over * n / max(stretch - over, _REACHED), _MOST_MISSING) - _REACHED)
    low, high = 0, max(1, together)
    while not _reaches(excess, high, chance, most) and high < _MOST_MISSING:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _reaches(excess, middle, chance, most) else (middle, high)
    return max(high, together)


def _reaches(excess: Array, more: int, chance: float, most: Array) -> bool:
    """Whether so many more benchmarks that a rule gets wrong do; the others' bounds shrink with them."""
    n, stretch = len(excess), float(most.sum())
    bounds = np.append(most * n, np.full(more, stretch)) / (n + more)
    grown = np.append(excess, np.full(more, -chance))
    return float(_filled(grown, bounds) @ grown) <= _REACHED


def _filled(excess: Array, most: Array) -> Array:
    """Weights that bring one rule down as far as the bounds let it: the least excess first."""
    order = np.argsort(excess, kind="stable")
    before = np.cumsum(most[order]) - most[order]
    weights = np.empty_like(most)
    weights[order] = np.clip(1 - before, 0.0, most[order])
    return weights


def _slopes(excess: Array, most: Array) -> Array:
    """The tilt: (n_rules,) slopes from 0 to a bound beyond which weights hardly change."""
    slopes = np.zeros(len(excess))
    weights, free, value = _valued(excess, slopes, most)
    for _ in range(_STEPS):
        gradient = excess @ weights
        moves = ((slopes > 0) | (gradient > 0)) & ((slopes < _STEEPEST) | (gradient < 0))
        if not moves.any() or np.abs(gradient[moves]).max() <= _CLOSE:
            break
        step = np.zeros_like(slopes)
        step[moves] = np.linalg.solve(_curvature(excess[moves], weights, free), gradient[moves])
        size = 1.0
        while size > _CLOSE:
            tried = np.clip(slopes + size * step, 0.0, _STEEPEST)
            found = _valued(excess, tried, most)
            if found[2] > value + 1e-4 * float(gradient @ (tried - slopes)):
                break
            size /= 2
        else:
            break
        slopes, (weights, free, value) = tried, found
    return slopes


def _curvature(excess: Array, weights: Array, free: BoolArray) -> Array:
    """How the pass shares answer to the slopes: their covariance among weights that are not cut off."""
    mass = weights[free].sum()
    moved = excess[:, free]
    mean = moved @ weights[free] / mass if mass > 0 else np.zeros(len(excess))
    spread = (moved * weights[free]) @ moved.T - mass * np.outer(mean, mean)
    curved: Array = spread + 1e-6 * np.eye(len(excess))
    return curved


def _valued(excess: Array, slopes: Array, most: Array) -> tuple[Array, BoolArray, float]:
    """Weights under a tilt, which of them are not cut off, and the dual's value there."""
    weights, free = _tilted(excess, slopes, most)
    held = weights > 0
    entropy = float(weights[held] @ np.log(weights[held] * len(weights)))
    return weights, free, entropy + float(slopes @ (excess @ weights))


def _tilted(excess: Array, slopes: Array, most: Array) -> tuple[Array, BoolArray]:
    """Weights under a tilt, and which of them are not cut off."""
    weights = _water(-(slopes @ excess), most)
    return weights, weights < most * (1 - _CLOSE)


def _water(logs: Array, most: Array) -> Array:
    """Weights ``min(most, c exp(logs))`` that sum to one: sorted by what is cut off first."""
    tilt = np.exp(logs - logs.max())
    order = np.argsort(most / tilt, kind="stable")
    cut, below = np.cumsum(most[order]), np.cumsum(tilt[order][::-1])[::-1]
    scale = (1 - np.append(0.0, cut[:-1])) / below  # with the first i cut off
    fits = scale * tilt[order] <= most[order] * (1 + 1e-12)
    first = int(np.argmax(fits)) if fits.any() else len(order) - 1
    weights = np.minimum(most, max(scale[first], 0.0) * tilt)
    normalised: Array = weights / weights.sum()
    return normalised
