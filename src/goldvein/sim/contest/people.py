"""Who the simulated labelers are: one row of numbers each, drawn from the groups of a scenario."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from goldvein.sim.contest.groups import KNOBS_OF_KIND
from goldvein.stats.arrays import Array, BoolArray, IntArray

if TYPE_CHECKING:
    from collections.abc import Sequence

    from goldvein.sim.contest.groups import Group
    from goldvein.sim.contest.tastes import Tastes

RANDOM, FIRST, LAST = 0, 1, 2
NEVER = np.iinfo(np.int64).max
PACE_SPREAD = 0.3


@dataclass(slots=True, eq=False)
class People:
    """Labelers, one row each. ``theta`` moves where they drift; the rest stays.

    Attributes
    ----------
    kinds, behaviours : tuple of str
        Names of the groups (groups of one name count as one), and the kind of labeler that each is.
    kind_of : (n,) int
        Index into ``kinds``.
    theta, taste : (n,) float, int
        Ability when learned and rested; circle of taste, 0 being the one that the keys follow.
    learning, learning_answers, fatigue, day, drift : (n,) float
    turns_at : (n,) int
        Answers after which the labeler stops doing the job; 0 for those who never did, ``NEVER`` for those
        who always do.
    habit : (n,) int
        What it does instead: ``RANDOM``, ``FIRST``, ``LAST`` or, from 3 on, a content rule.
    lapse, guesses, spell, over, speed, guess_speed, pace : (n,) float
    ring, leaker, model : (n,) int
        Number of its ring, its row among leakers, the model that it copies; -1 for none.
    leak_half : (n,) float
    """

    kinds: tuple[str, ...]
    behaviours: tuple[str, ...]
    kind_of: IntArray
    theta: Array
    taste: IntArray
    learning: Array
    learning_answers: Array
    fatigue: Array
    day: Array
    drift: Array
    turns_at: IntArray
    habit: IntArray
    lapse: Array
    guesses: Array
    spell: Array
    over: Array
    speed: Array
    guess_speed: Array
    pace: Array
    ring: IntArray
    leaker: IntArray
    model: IntArray
    leak_half: Array

    @property
    def size(self) -> int:
        """Number of labelers."""
        return len(self.theta)

    @property
    def sleeper(self) -> BoolArray:
        """Who does the job first and then stops for good."""
        return (self.turns_at > 0) & (self.turns_at < NEVER)


def draw_people(
    rng: np.random.Generator, groups: Sequence[Group], size: int, tastes: Tastes, rules: Sequence[str]
) -> People:
    """Draw labelers, in random order, with as many of each group as its share asks.

    Parameters
    ----------
    rng : numpy.random.Generator
    groups : sequence of Group
    size : int
    tastes : Tastes
        Turns accuracies into abilities.
    rules : sequence of str
        Content rules, in the order in which ``habit`` counts them.
    """
    which = rng.permutation(np.repeat(np.arange(len(groups)), quotas([g.share for g in groups], size)))
    kinds = tuple(dict.fromkeys(group.name for group in groups))
    taste = _tastes_of(groups, which)
    target = _between(rng, _of(groups, which, "accuracy"))
    after = np.floor(_between(rng, _of(groups, which, "after")) + 0.5).astype(np.int64)
    behaves = [group.kind for group in groups]
    numbers = {name: _of(groups, which, name) for name in _PLAIN}
    return People(
        kinds=kinds,
        behaviours=tuple(next(g.kind for g in groups if g.name == name) for name in kinds),
        kind_of=np.array([kinds.index(group.name) for group in groups])[which],
        theta=tastes.theta_of(target, taste),
        taste=taste,
        turns_at=np.where(np.array([_leaves(kind) for kind in behaves])[which], after, NEVER),
        habit=np.array([_habit(group, rules) for group in groups])[which],
        pace=rng.normal(0, PACE_SPREAD, size),
        ring=_rings(groups, which),
        leaker=_numbered(np.array([kind == "leaker" for kind in behaves])[which]),
        model=_numbered(np.array([kind == "copier" for kind in behaves]))[which],
        **numbers,
    )


def quotas(shares: Sequence[float], size: int) -> IntArray:
    """Whole numbers that sum to ``size``, in proportion to shares; what is left goes to the largest rests."""
    exact = np.asarray(shares, dtype=float) * size
    whole = np.floor(exact + 1e-9).astype(np.int64)
    short = np.argsort(whole - exact, kind="stable")[: size - whole.sum()]
    whole[short] += 1
    return whole


_PLAIN = (
    "learning",
    "learning_answers",
    "fatigue",
    "day",
    "drift",
    "lapse",
    "guesses",
    "spell",
    "over",
    "speed",
    "guess_speed",
    "leak_half",
)


def _of(groups: Sequence[Group], which: IntArray, name: str) -> Array:
    """Give one knob of everybody."""
    values: Array = np.array([getattr(group, name) for group in groups], dtype=float)[which]
    return values


def _between(rng: np.random.Generator, ends: Array) -> Array:
    """Draw a number between the two ends of everybody's span."""
    numbers: Array = ends[:, 0] + (ends[:, 1] - ends[:, 0]) * rng.random(len(ends))
    return numbers


def _leaves(kind: str) -> bool:
    """Whether there is a time from which this kind does not do the job: at once, or after some answers."""
    return kind not in {"honest", "part-timer", "speeder", "adapter", "copier"}


def _habit(group: Group, rules: Sequence[str]) -> int:
    """Code of what a labeler does when it does not do the job."""
    names = ("random", "first", "last", *rules)
    if group.kind == "shortcut":
        return names.index(group.rule)
    return names.index(group.becomes) if "becomes" in KNOBS_OF_KIND[group.kind] else RANDOM


def _numbered(mask: BoolArray) -> IntArray:
    """0, 1, 2 ... where the mask holds, -1 elsewhere."""
    return np.where(mask, mask.cumsum() - 1, -1)


def _tastes_of(groups: Sequence[Group], which: IntArray) -> IntArray:
    """Circle of taste of everybody: each dissenting group has circles of its own, filled in turn."""
    taste, first = np.zeros(len(which), dtype=np.int64), 1
    for number, group in enumerate(groups):
        if group.dissent > 0:
            members = np.flatnonzero(which == number)
            taste[members] = first + np.arange(len(members)) % group.clusters
            first += group.clusters
    return taste


def _rings(groups: Sequence[Group], which: IntArray) -> IntArray:
    """Ring of every colluder."""
    ring, first = np.full(len(which), -1), 0
    for number, group in enumerate(groups):
        if group.kind == "colluder":
            members = np.flatnonzero(which == number)
            ring[members] = first + np.arange(len(members)) // (group.ring or max(1, len(members)))
            first = ring.max(initial=-1) + 1
    return ring
