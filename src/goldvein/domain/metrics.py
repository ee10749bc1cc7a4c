"""Metrics: what is told of a project over time, by name, and one point of such a series."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

Better = Literal["higher", "lower"]
Kind = Literal["rate", "share", "quantile", "level", "agreement"]
"""What a value is made of, and so what its evidence counts.

``rate``: events in an hour; the events. ``share``: some of all; all. ``quantile``: of durations, or of
durations by their limits; those. ``level``: the mean of what was sampled (of an age: the most, of a supply:
the least); the samples. ``agreement``: of pairs of answers; the pairs.
"""


@dataclass(frozen=True, slots=True)
class Point:
    """One value of a metric, over the span that begins ``at``.

    ``part`` names a slice of the project, or is empty for all of it; ``evidence`` is the count behind the
    value (see ``Kind``). Agreement has an interval of 90%, from ``low`` to ``high``.
    """

    metric: str
    part: str
    at: datetime
    value: float
    evidence: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Metric:
    """What a metric is: its unit, its meaning in a sentence, and which way is better, if any."""

    name: str
    unit: Literal["1/h", "s", "share", "ratio", "h", "labelers", "coefficient"]
    meaning: str
    better: Better | None
    kind: Kind
    has_parts: bool = False


_METRICS: Final = (
    Metric("throughput_per_hour", "1/h", "Labels delivered in an hour.", "higher", "rate"),
    Metric("answer_seconds_p50", "s", "Median time from shown to answered.", None, "quantile"),
    Metric(
        "answer_seconds_spread", "ratio",
        "How times on task spread: their upper quartile by their lower one.", None, "quantile",
    ),
    Metric("queue_age_seconds", "s", "Age of the oldest task that waits, at its most.", "lower", "level"),
    Metric(
        "late_share", "share",
        "Of tasks with a deadline that were labelled or expired: those that were not in time.", "lower",
        "share",
    ),
    Metric(
        "latency_p95_share", "ratio",
        "95% of tasks took at most this part of the time from push to deadline.", "lower", "quantile",
    ),
    Metric("held_share", "share", "Of ordinary answers: those held back.", "lower", "share"),
    Metric(
        "released_share", "share", "Answers let out after a hold, by answers held back.", None, "share"
    ),
    Metric(
        "discarded_share", "share", "Answers discarded, at once or after a hold, by ordinary answers.",
        "lower", "share",
    ),
    Metric("withdrawn_share", "share", "Labels taken back, by labels delivered.", "lower", "share"),
    Metric("benchmark_share", "share", "Of the crowd's answers: those to benchmarks.", "lower", "share"),
    Metric(
        "benchmark_pass_rate", "share", "Of answers to benchmarks: those that were the key.", "higher",
        "share",
    ),
    Metric(
        "supply_hours", "h", "How long benchmarks last at the present use, at its least.", "higher", "level"
    ),
    Metric(
        "agreement_raw", "coefficient", "Of pairs of answers to one task: those that are the same.",
        "higher", "agreement", has_parts=True,
    ),
    Metric(
        "agreement_alpha", "coefficient", "Krippendorff's alpha of those pairs.", "higher", "agreement",
        has_parts=True,
    ),
    Metric(
        "agreement_ac1", "coefficient", "Gwet's AC1 of those pairs.", "higher", "agreement", has_parts=True,
    ),
    Metric(
        "active_labelers", "labelers", "Labelers who may work, seen within five minutes.", "higher", "level",
    ),
    Metric("admitted_labelers", "labelers", "Labelers who may work.", None, "level"),
    Metric(
        "delivering_share", "share", "Of the crowd's standings: those whose answers are delivered.",
        "higher", "level",
    ),
    Metric(
        "standings_by_p", "labelers", "Standings by P(good) on all evidence, in fifths.",
        None, "level", has_parts=True,
    ),
)  # fmt: skip

METRICS: Final[Mapping[str, Metric]] = {metric.name: metric for metric in _METRICS}
"""All metrics by name, in the order in which they are shown."""
