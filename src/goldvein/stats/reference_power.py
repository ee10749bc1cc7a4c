"""What a reference sample can see: thresholds of its test, and the drops that it finds, by simulation.

Both follow from how many tasks are answered a day, how accurately, and how much tasks differ in difficulty.
They are computed on a coarse grid of these, so that the same sample is held to the same threshold every day.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from goldvein.stats.reference import WINDOW, evidence

if TYPE_CHECKING:
    from goldvein.stats.arrays import Array

Kind = Literal["alike", "careless"]
QUIET_DAYS: Final = 60
QUIET: Final = 0.92
"""Share of quiet runs of so many days without a false alert: two points over what is promised, for what the
simulation and a grid of samples leave open."""
FOUND: Final = 0.85
WITHIN_DAYS: Final = 5
_HISTORY_DAYS: Final = 30
_LEAST_DROP, _MOST_DROP = 0.005, 0.3
_SIZES: Final = (10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1000)
"""Sizes of samples on the grid: what more than the last would see is told with caution, in bounded time."""
_AT_ONCE: Final = 40_000
"""Tasks of all runs that are simulated together: it bounds the memory."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample as its test sees it; ``tasks`` are those answered a day.

    ``concentration`` is that of tasks' difficulties, ``chance`` P(right) of somebody who guesses.
    """

    tasks: int
    accuracy: float
    concentration: float
    chance: float

    def rounded(self) -> Sample:
        """The point of the grid that stands for it: thresholds change little from one point to the next."""
        return Sample(
            min(_SIZES, key=lambda size: abs(np.log(size / max(self.tasks, 1)))),
            min(0.975, max(0.025, round(self.accuracy * 40) / 40)),
            float(2.0 ** min(6, max(-1, round(np.log2(self.concentration))))),
            round(self.chance, 3),
        )


def draw_tasks(rng: np.random.Generator, sample: Sample, runs: int) -> Array:
    """P(right) of each task in each of some samples drawn anew: (runs, tasks)."""
    mean, alike = sample.accuracy, sample.concentration
    drawn = rng.beta(mean * alike, (1 - mean) * alike, (runs, sample.tasks))
    return np.asarray(np.clip(drawn, 0.002, 0.999))


def dropped(right: Array, drop: float, kind: Kind, chance: float) -> Array:
    """P(right) of each task after a drop of the mean by ``drop``: (..., n_tasks).

    ``careless``: some of the people guess. ``alike``: every task is harder by the same on the logit scale.
    """
    mean = right.mean(-1, keepdims=True)
    if kind == "careless":
        share = np.clip(drop / np.maximum(mean - chance, 1e-9), 0, 1)
        return np.asarray((1 - share) * right + share * chance)
    logits = np.log(right / (1 - right))
    least, most = np.zeros_like(mean), np.full_like(mean, 12.0)
    for _ in range(30):
        middle = (least + most) / 2
        too_far = mean - (1 / (1 + np.exp(middle - logits))).mean(-1, keepdims=True) > drop
        least, most = np.where(too_far, least, middle), np.where(too_far, middle, most)
    return np.asarray(1 / (1 + np.exp(least - logits)))


def play(rng: np.random.Generator, right: Array, days: int) -> Array:
    """Whether each task is answered right on each of some days: (days, ..., n_tasks) bool."""
    return np.asarray(rng.random((days, *right.shape), dtype=np.float32) < right)


def simulate_threshold(rng: np.random.Generator, sample: Sample, *, drop: float, runs: int) -> float:
    """Evidence of a drop that is not reached on any of 60 days in ``QUIET`` of the runs without one."""
    size, largest = max(1, _AT_ONCE // sample.tasks), []
    for first in range(0, runs, size):
        answered = play(rng, draw_tasks(rng, sample, min(size, runs - first)), QUIET_DAYS)
        largest.append(evidence(answered, np.ones_like(answered), sample.chance, drop=drop).ratio.max(0))
    return max(0.0, float(np.quantile(np.concatenate(largest), QUIET)))


def found_share(
    rng: np.random.Generator,
    sample: Sample,
    threshold: float,
    fall: float,
    kind: Kind,
    *,
    drop: float,
    runs: int,
) -> Array:
    """Share of runs in which a fall is found on its first day, by its second, ...: (WITHIN_DAYS,).

    The fall comes after 30 days. Runs with a false alert in the last eight of them are left out.
    """
    before = draw_tasks(rng, sample, runs)
    after = dropped(before, fall, kind, sample.chance)
    early = _HISTORY_DAYS - WINDOW
    known = rng.binomial(early, before).astype(float), np.full(before.shape, float(early))
    answered = np.concatenate([play(rng, before, WINDOW), play(rng, after, WITHIN_DAYS)])
    told = evidence(answered, np.ones_like(answered), sample.chance, drop=drop, before=known)
    over = told.ratio > threshold
    found = np.logical_or.accumulate(over[WINDOW:, ~over[:WINDOW].any(0)])
    return np.asarray(found.mean(1))


@lru_cache(maxsize=512)
def threshold(sample: Sample, drop: float, runs: int = 1000) -> float:
    """As ``simulate_threshold``, of a point of the grid: the same twice says the same."""
    return simulate_threshold(np.random.default_rng(1), sample, drop=drop, runs=runs)


@lru_cache(maxsize=512)
def smallest_drop(sample: Sample, drop: float, runs: int = 150) -> float | None:
    """The smallest fall that is found within 5 days in 85% of runs, by half points.

    Of the kind that is harder to find: everybody a little worse.
    None: not even one of 30 points, or down to chance.
    """
    most = round(min(_MOST_DROP, sample.accuracy - sample.chance) / _LEAST_DROP)
    if most < 1 or not _finds(sample, most * _LEAST_DROP, drop, runs):
        return None
    low, high = 0, most
    while high - low > 1:
        middle = (low + high) // 2
        if _finds(sample, middle * _LEAST_DROP, drop, runs):
            high = middle
        else:
            low = middle
    return high * _LEAST_DROP


def _finds(sample: Sample, fall: float, drop: float, runs: int) -> bool:
    """Whether a fall of the kind that is harder to find is found often enough."""
    bar, rng = threshold(sample, drop), np.random.default_rng(2)
    return bool(found_share(rng, sample, bar, fall, "alike", drop=drop, runs=runs)[-1] >= FOUND)
