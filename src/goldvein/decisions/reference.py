"""What reference checks say: when one is due, whether accuracy fell, since when, and whether it is back.

A drop is found where the evidence of it passes a threshold. From then on the days before it are what is
compared with, until the last days are nearer to those than to the drop: so one drop is one alert, found once
and ended once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np

from goldvein.stats.reference import difficulty, evidence, learn
from goldvein.stats.reference_power import Sample, threshold

if TYPE_CHECKING:
    from goldvein.stats.arrays import Array

RECOVERY_DAYS: Final = 5
"""Days looked at to say that accuracy is back."""
NEARLY_BACK: Final = 0.3
"""Share of the drop looked for that may be left of it then: it does not end by chance, and open anew."""
LEAST_HOURS: Final = 12
"""What a run that begins late has at least, however soon the next one is due."""


@dataclass(frozen=True, slots=True)
class Drop:
    """A drop of accuracy: the days (indexes) on which it began, was found, and was seen to be over."""

    began: int
    found: int
    ended: int | None = None


@dataclass(frozen=True, slots=True)
class Course:
    """Drops over some days, the evidence of a new one on the last day, and the threshold it is held to."""

    drops: tuple[Drop, ...]
    ratio: float
    threshold: float

    @property
    def present(self) -> Drop | None:
        """The drop that is not over."""
        return self.drops[-1] if self.drops and self.drops[-1].ended is None else None


def due_day(first: date, every: int, today: date) -> date | None:
    """The last day up to today on which a run was due; None before the first, or if none ever is.

    However many days were missed, it is one day: what was missed is made up once.
    """
    if not every or today < first:
        return None
    return today - timedelta(days=(today - first).days % every)


def is_over(due: date, begun_at: datetime, every: int, now: datetime) -> bool:
    """Say whether a run has had its time: until the next is due, but twelve hours at least."""
    next_due = datetime.combine(due + timedelta(days=max(every, 1)), time(), begun_at.tzinfo)
    return now >= max(next_due, begun_at + timedelta(hours=LEAST_HOURS))


def sample_of(right: Array, seen: Array, chance: Array) -> Sample:
    """The sample as the days so far show it: (n_days, n_tasks) each, and (n_tasks,)."""
    accuracy, alike = difficulty(right.sum(0), seen.sum(0))
    answered = seen.sum(1)
    daily = float(answered[answered > 0].mean()) if answered.any() else 0.0
    return Sample(round(daily), float(accuracy[0]), float(alike[0]), float(chance.mean()))


def follow(
    right: Array, seen: Array, chance: Array, *, drop: float, inflation: Array | float = 1.0
) -> Course:
    """Follow accuracy over days and say which drops were found, in the order of days.

    Parameters
    ----------
    right, seen : (n_days, n_tasks) float
        1 where a task was answered right, and where it was answered.
    chance : (n_tasks,) float
        P(right) of somebody who guesses.
    drop : float
        The drop of mean accuracy that is looked for.
    inflation : float or (n_days,) float
        From ``stats.reference.clustering``, of each day as those before it tell.
    """
    known = seen.astype(float)
    right = right * known
    drops: list[Drop] = []
    start, ratio, bar = 0, float("-inf"), float("nan")
    while True:
        told = evidence(right, known, chance, drop=drop, inflation=inflation)
        found = None
        for day in range(start, len(known)):
            ratio = float(told.ratio[day])
            if ratio <= 0 and day < len(known) - 1:  # under every threshold: none needs to be known
                continue
            bar = threshold(sample_of(right[: day + 1], known[: day + 1], chance).rounded(), drop)
            if ratio > bar:
                found = Drop(int(told.began[day]), day)
                break
        if found is None:
            return Course(tuple(drops), ratio, bar)
        over = _recovered(right, known, chance, found, drop)
        if over is None:
            return Course((*drops, found), ratio, bar)
        drops.append(Drop(found.began, found.found, over))
        known = known.copy()
        known[found.began : over] = 0  # nobody compares with what was wrong
        right = right * known
        start = over


def _recovered(right: Array, seen: Array, chance: Array, found: Drop, drop: float) -> int | None:
    """The day on which the last few days were nearer to those before the drop; None if there is none yet."""
    before = learn(right[: found.began].sum(0), seen[: found.began].sum(0), chance)
    for day in range(max(found.found + 1, found.began + RECOVERY_DAYS), len(seen)):
        last = slice(day - RECOVERY_DAYS + 1, day + 1)
        answers = seen[last].sum()
        if not answers:
            continue
        fall = ((seen[last] * before.right).sum() - right[last].sum()) / answers
        if fall < NEARLY_BACK * drop:
            return day
    return None


def fall_since(right: Array, seen: Array, chance: Array, found: Drop) -> tuple[float, float]:
    """How far accuracy has fallen since a drop began, task by task, and its standard error."""
    before = learn(right[: found.began].sum(0), seen[: found.began].sum(0), chance)
    since, told = seen[found.began :].sum(0), right[found.began :].sum(0)
    answers = since.sum()
    if not answers:
        return 0.0, 1.0
    fall = float(((since * before.right) - told).sum() / answers)
    variance = (since * before.within).sum() + (since**2 * before.between).sum()
    common = (before.error[0] * (since * before.pull).sum()) ** 2
    return fall, float(np.sqrt(variance + common) / answers)
