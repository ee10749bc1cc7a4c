"""Reference checks: whether accuracy fell on one sample of tasks that others label anew every day.

Each task of the sample has a difficulty of its own, learned from the days before and shrunk to what all have
in common: so what is hard about a task is no noise (its days are paired), and a mistake on a task that
nobody gets wrong tells more than one on a task that half of the people do. For each day on which a drop may
have begun, two kinds of drop stand against "nothing changed": everybody a little worse, most on tasks of
middling difficulty; and some people who do not do the job, on easy tasks as well. The evidence is the
largest log likelihood ratio of their mixture over the days on which it may have begun.

Source
------
Shrinkage: Beta-binomial by moments (Kleinman 1973, JASA 68). Sequential test: generalized
likelihood ratio over a window of change times (Lai 1995, JRSS B 57), with the uncertainty of what was
learned before in its variance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from goldvein.stats.arrays import Array, IntArray

SPANS: Final = (3, 5)
"""Days up to today that are tested for a drop. Each span more is a chance more of a false alert, one day most
of all: its few mistakes are far from Gaussian, and a drop that one day makes certain stands out among three
as well."""
WINDOW: Final = SPANS[-1]
LEAST_DAYS: Final = 3
"""Days that are learned from before a drop can begin."""
SOME_CARELESS: Final = 0.02
"""Weight of a drop that is some people's, not everybody's: on easy tasks it shows so clearly that a small one
is enough, and a large one would hide the other kind."""
LEAST_SIZE: Final = 0.5
"""The smallest drop that is worth a name, as a share of the one that is looked for."""
_PRIOR_CONCENTRATION: Final = 3.0
"""Of tasks' probabilities to be answered right, while little is known: recorded crowds have 1.1 to 5.7."""
_SPREAD_ERROR: Final = 0.1
"""Standard error of the intraclass correlation at which it counts as much as what recorded crowds have."""
_LEAST_VARIANCE: Final = 0.05
"""Variance of an answer that is never taken for less in its weight: one slip on the easiest task is no
drop."""
_SUREST: Final = 0.998
_Z95: Final = 1.959964


@dataclass(frozen=True, slots=True)
class Baseline:
    """What the days before tell of each task: Beta posteriors, (..., n_tasks); others (..., 1).

    ``right`` is the posterior mean, ``weight`` its pseudo-count; ``error`` the standard error of what all
    tasks have in common, and ``pull`` the share of it in each task's mean.
    """

    right: Array
    weight: Array
    error: Array
    pull: Array

    @property
    def within(self) -> Array:
        """Variance of one answer to the task as it is."""
        return self.right * (1 - self.right) * self.weight / (self.weight + 1)

    @property
    def between(self) -> Array:
        """Variance of what is believed of the task."""
        return self.right * (1 - self.right) / (self.weight + 1)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Of a drop, by day: log likelihood ratio, and the day (index) on which it began if there was one."""

    ratio: Array
    began: IntArray


def difficulty(right: Array, seen: Array) -> tuple[Array, Array]:
    """Mean accuracy of some tasks, and how alike they are.

    Parameters
    ----------
    right, seen : (..., n_tasks) float
        Right answers and answers of each task.

    Returns
    -------
    accuracy, concentration : (..., 1) float
        Mean and pseudo-count of the Beta distribution of tasks' probabilities to be answered right; a small
        concentration means that some are easy and some are hard.
    """
    answers = seen.sum(-1, keepdims=True)
    accuracy = (right.sum(-1, keepdims=True) + 1) / (answers + 2)
    again = np.maximum(seen - 1, 0).sum(-1, keepdims=True)
    wrong_and_right = np.divide(right * (seen - right), seen, out=np.zeros_like(right), where=seen > 0)
    within = wrong_and_right.sum(-1, keepdims=True) / np.maximum(again, 1)
    alike = 1 - within / (accuracy * (1 - accuracy))
    tasks = np.maximum((seen > 1).sum(-1, keepdims=True), 1)
    error = np.sqrt(2 * tasks) / np.maximum(again, 1)
    trust = np.where(again > 0, 1 / (1 + (error / _SPREAD_ERROR) ** 2), 0.0)
    alike = np.clip(trust * alike + (1 - trust) / (_PRIOR_CONCENTRATION + 1), 0.003, 0.9)
    return accuracy, 1 / alike - 1


def learn(right: Array, seen: Array, chance: Array | float) -> Baseline:
    """Learn what to expect of each task, from right answers and answers before: (..., n_tasks) each.

    Parameters
    ----------
    chance : float or (n_tasks,) float
        P(right) of somebody who guesses.
    """
    accuracy, alike = difficulty(right, seen)
    weight = seen + alike
    mean = np.clip((right + alike * accuracy) / weight, chance / 2, _SUREST)
    answers = np.maximum(seen.sum(-1, keepdims=True), 1)
    each = np.maximum(answers / seen.shape[-1], 1)
    error = np.sqrt(accuracy * (1 - accuracy) / answers * (1 + (each - 1) / (alike + 1)))
    return Baseline(mean, weight, error, alike / weight)


def evidence(
    right: Array,
    seen: Array,
    chance: Array | float,
    *,
    drop: float = 0.05,
    inflation: Array | float = 1.0,
    before: tuple[Array, Array] | None = None,
) -> Evidence:
    """Evidence of a drop in accuracy, after each of some days.

    Parameters
    ----------
    right, seen : (n_days, ..., n_tasks)
        Whether each task was answered right, and whether it was answered at all.
    chance : float or (n_tasks,) float
        P(right) of somebody who guesses.
    drop : float
        The drop in mean accuracy that is looked for, in (0, 1).
    inflation : float or (n_days,) float
        Variance of a sum of answers over what independent answers have, at least 1: ``clustering``; of each
        day as those before it tell.
    before : pair of (..., n_tasks) float, optional
        Right answers and answers of earlier days, on which no drop began.

    Returns
    -------
    Evidence
        (n_days, ...) each; minus infinity where too little was known before.
    """
    days = right.shape[0]
    right, seen = right * seen.astype(float), seen.astype(float)
    least = LEAST_DAYS if before is None else 0
    varies = np.broadcast_to(inflation, (days,))
    known = before or (np.zeros(right.shape[1:]), np.zeros(right.shape[1:]))
    ratios = np.full(right.shape[:-1], -np.inf)
    began = np.zeros(right.shape[:-1], dtype=np.int64)
    suspects: list[_Suspicion] = []
    for day in range(days):
        if day >= least:
            suspects.append(_Suspicion(day, learn(*known, chance), chance, drop, float(varies[day])))
            suspects = suspects[-WINDOW:]
        best = np.full(right.shape[1:-1], -np.inf)
        for one in suspects:
            ratio = one.add(right[day], seen[day])
            began[day] = np.where(ratio > best, one.day, began[day])
            best = np.maximum(ratio, best)
            if day - one.day + 1 in SPANS:
                ratios[day] = np.maximum(ratio, ratios[day])
        known = known[0] + right[day], known[1] + seen[day]
    return Evidence(ratios, began)


class _Suspicion:
    """That a drop began on one day: what was known before, and what came since."""

    def __init__(
        self, day: int, baseline: Baseline, chance: Array | float, drop: float, inflation: float
    ) -> None:
        self.day = day
        self.baseline = baseline
        self.inflation = inflation
        variance = baseline.right * (1 - baseline.right)
        skill = np.maximum(baseline.right - chance, 0.01)
        alike = drop * variance / variance.mean(-1, keepdims=True)
        careless = drop * skill / skill.mean(-1, keepdims=True)
        self.kinds = [
            _Kind(alike, alike / variance, np.log1p(-SOME_CARELESS), baseline),
            _Kind(
                careless, careless / np.maximum(variance, _LEAST_VARIANCE), np.log(SOME_CARELESS), baseline
            ),
        ]
        self.since = np.zeros_like(baseline.right)

    def add(self, right: Array, seen: Array) -> Array:
        """Take a day in, and give the log likelihood ratio since: (...,)."""
        known = self.baseline
        self.since = self.since + seen
        told = seen * known.right - right
        parts = [kind.add(told, self.since, self.inflation) for kind in self.kinds]
        return np.asarray(np.logaddexp(*parts))


class _Kind:
    """One kind of drop: by how much each task falls, its weight in the sum, and how likely the kind is.

    Sums are Gaussian; all that a task brings to their mean and variance is reckoned once.
    """

    def __init__(self, fall: Array, weight: Array, log_prior: float, known: Baseline) -> None:
        self.weight, self.log_prior = weight, log_prior
        self.fall = weight * fall
        self.within, self.between = weight**2 * known.within, weight**2 * known.between
        self.common = weight * known.pull * known.error
        self.total: Array | float = 0.0

    def add(self, told: Array, since: Array, inflation: float) -> Array:
        """Log likelihood ratio of right answers too few against none, prior included: (...,).

        Parameters
        ----------
        told : (..., n_tasks) float
            Right answers that a day was expected to bring, minus those that it did.
        since : (..., n_tasks) float
            Answers since the drop began, that day's included.
        """
        self.total = self.total + _dot(self.weight, told)
        expected = np.maximum(_dot(self.fall, since), 1e-12)
        variance = inflation * _dot(self.within, since) + _dot(self.between, since**2)
        variance = np.maximum(variance + _dot(self.common, since) ** 2, 1e-12)
        likeliest = np.maximum(self.total, LEAST_SIZE * expected)
        return np.asarray((likeliest * self.total - likeliest**2 / 2) / variance + self.log_prior)


def _dot(one: Array, other: Array) -> Array:
    """Sums of products over tasks: (...,)."""
    return np.asarray(np.einsum("...i,...i->...", one, other))


def clustering(residuals: Sequence[Array]) -> float:
    """Variance of sums of answers over what independent answers have, at least 1.

    Parameters
    ----------
    residuals : sequence of (n_answers,) float
        For each labeler of each day, answers (1 right, 0 wrong) minus what was expected of their tasks.

    Source
    ------
    Liang and Zeger 1986 (the sandwich's middle, over clusters).
    """
    squares = sum(float((one**2).sum()) for one in residuals)
    if not squares:
        return 1.0
    return max(1.0, sum(float(one.sum()) ** 2 for one in residuals) / squares)


def accuracy_interval(
    right: float, answers: float, inflation: float = 1.0, z: float = _Z95
) -> tuple[float, float]:
    """Interval of accuracy on all such tasks: what these tasks and people tell of others (Wilson's).

    Parameters
    ----------
    inflation : float
        From ``clustering``: so many answers tell as much as one.
    """
    n = answers / inflation
    if not n:
        return 0.0, 1.0
    share = right / answers
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))


def paired_interval(
    right: float, known: Array, inflation: float = 1.0, z: float = _Z95
) -> tuple[float, float]:
    """Interval of accuracy on these very tasks, to be compared with that of other days.

    Parameters
    ----------
    known : (n_answers,) float
        P(right) of each task that was answered, over all days.
    """
    answers = len(known)
    if not answers:
        return 0.0, 1.0
    # Half an answer of each kind more: no day is without doubt because all its answers were right.
    half = z * float(np.sqrt(inflation * ((known * (1 - known)).sum() + 0.25))) / answers
    share = right / answers
    return max(0.0, share - half), min(1.0, share + half)
