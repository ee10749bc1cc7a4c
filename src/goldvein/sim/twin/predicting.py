"""Predicting: what a policy would come to, by twins fitted to resampled records, with intervals.

Each draw resamples the record's labelers, fits a twin, draws a crowd from it and lets it work: so the spread
of the draws holds what the record leaves open, who happens to come, and the luck of a run.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import asin, sin, sqrt
from typing import TYPE_CHECKING, Final

import numpy as np

from goldvein.sim.contest.figures import measure
from goldvein.sim.contest.player import BENCHMARK, NONE
from goldvein.sim.contest.rounds import OURS, play_round
from goldvein.sim.contest.scenario import scenario_from_dict
from goldvein.sim.twin.fitting import fit, resampled, scenario_of
from goldvein.stats.intervals import student_95

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from goldvein.sim.contest.player import Record
    from goldvein.sim.twin.fitting import Fitted
    from goldvein.sim.twin.past import Past
    from goldvein.stats.arrays import Array

FIGURES: Final = ("bad_share", "benchmark_share", "held_honest", "false_rejection")
BENCHMARKS: Final = "benchmark_share"
IN_FORCE: Final = "in force"
"""Name of the policy under which the record was made."""
DRAWS: Final = 12


@dataclass(frozen=True, slots=True)
class Prediction:
    """A figure of the next run: the middle of the draws, and where it lies in 95 of 100 cases."""

    estimate: float
    low: float
    high: float

    def holds(self, value: float) -> bool:
        """Whether a value lies in the interval."""
        return self.low <= value <= self.high


@dataclass(frozen=True, slots=True, eq=False)
class Twin:
    """One twin: fitted to resampled labelers, with the crowd that comes and the seed of its run."""

    fitted: Fitted
    shares: Array
    seed: int


def twins_of(past: Past, seed: int, *, draws: int, size: int, answers_each: int) -> Iterator[Twin]:
    """Fit twins to resampled records, one after the other."""
    for stream in np.random.SeedSequence(seed).spawn(draws):
        rng = np.random.default_rng(stream)
        fitted = fit(past.of(resampled(rng, past.size)), answers_each)
        yield Twin(fitted, rng.multinomial(size, fitted.shares) / size, int(rng.integers(2**31)))


def predict(
    past: Past, policies: Mapping[str, Mapping[str, float]], seed: int, *, draws: int = DRAWS,
    size: int | None = None, answers_each: int | None = None, show: Callable[[int], None] | None = None,
) -> dict[str, dict[str, Prediction]]:  # fmt: skip
    """Predict the figures of some policies, each played by the same twins.

    Parameters
    ----------
    past : Past
    policies : mapping
        By name, knobs to turn in the record's policy. Where one is called ``IN_FORCE``, and turns none, the
        share of benchmarks is known of it: all others are shifted by what the twins miss there.
    seed : int
    draws : int
        Twins; at least two.
    size, answers_each : int, optional
        Labelers of a run and their answers; as on record when not given.
    show : callable, optional
        Told after each run how many are done.
    """
    found: dict[str, dict[str, list[float]]] = {name: {f: [] for f in FIGURES} for name in policies}
    size, done, twins = size or past.size, 0, []
    answers_each = answers_each or len(past.evidence)
    for twin in twins_of(past, seed, draws=draws, size=size, answers_each=answers_each):
        for name, knobs in policies.items():
            tables = scenario_of(
                twin.fitted, past, size=size, answers_each=answers_each, policy=knobs, shares=twin.shares
            )
            played = play_round(scenario_from_dict(tables, name), OURS, twin.seed)
            ratios = measure(played).ratios
            if name == IN_FORCE:
                twins.append(share_as_recorded(played, past))
            for figure in FIGURES:
                found[name][figure].append(ratios[figure].value)
            done += 1
            if show is not None:
                show(done)
    missed = shift_of(past, twins) if twins else 0.0
    return {
        name: {f: interval_of(values, missed if f == BENCHMARKS else 0.0) for f, values in of.items()}
        for name, of in found.items()
    }


def share_as_recorded(played: Record, past: Past) -> float:
    """Share of benchmarks of a run, each step weighted by how many were at work then on record."""
    active, tested = (played.fate != NONE).sum(axis=1), (played.fate == BENCHMARK).sum(axis=1)
    steps = min(len(active), len(past.evidence))
    weights = (np.arange(steps)[:, None] < past.answers).sum(axis=1)
    shares = tested[:steps] / np.maximum(active[:steps], 1)
    return float(shares @ weights / weights.sum())


def shift_of(past: Past, twins: Sequence[float]) -> float:
    """By how much, on the arcsine's scale, the record spends more benchmarks than its twins do."""
    given = np.arange(len(past.evidence))[:, None] < past.answers
    observed = float(past.is_benchmark[given].mean())
    return asin(sqrt(observed)) - float(np.arcsin(np.sqrt(twins)).mean())


def interval_of(values: Sequence[float], shift: float = 0.0) -> Prediction:
    """Where the next value will lie, given some: Student's t on arcsines, whose spread hardly varies.

    A run that delivered nothing has no bad share and is left out.

    Source
    ------
    Anscombe (1948) for the transformation; the interval is that of a normal sample's next value.
    """
    known = np.arcsin(np.sqrt([value for value in values if not np.isnan(value)]))
    if len(known) < 2:
        return Prediction(float("nan"), 0.0, 1.0)
    middle = min(max(float(known.mean()) + shift, 0.0), asin(1.0))
    half = student_95(len(known) - 1) * float(known.std(ddof=1)) * sqrt(1 + 1 / len(known))
    low, high = max(0.0, middle - half), min(asin(1.0), middle + half)
    return Prediction(sin(middle) ** 2, sin(low) ** 2, sin(high) ** 2)
