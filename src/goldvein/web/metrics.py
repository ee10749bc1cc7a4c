"""The metrics of a project over time, as charts: what programs and alerts read, for people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import cycle, product
from typing import Final, Self

from goldvein.domain.metrics import METRICS, Point
from goldvein.services.operating import Window
from goldvein.store.figures import begin
from goldvein.web.charts import Chart, Colour, Kind, Series, Unit

_COLOURS: Final[Sequence[Colour]] = ("accent", "gold", "good", "bad", "ink-soft")
"""Those that can be told apart: `warn` is the gold of a light page."""
_FROM_BAD_TO_GOOD: Final[Sequence[Colour]] = ("bad", "gold", "ink-soft", "accent", "good")
_LINES: Final[Sequence[Kind]] = ("line", "dashed", "dotted")
_SECONDS_IN: Final = {"s": 1.0, "h": 3600.0}
"""Durations of these units are shown in the one that fits."""


@dataclass(frozen=True, slots=True)
class _Drawing:
    """One chart: which metrics, by what names."""

    title: str
    note: str
    unit: Unit
    lines: Mapping[str, str]


_DRAWINGS: Final = (
    _Drawing("Labels an hour", "Delivered.", "number", {"throughput_per_hour": "labels an hour"}),
    _Drawing("Time on task", "From shown to answered.", "seconds", {"answer_seconds_p50": "median"}),
    _Drawing(
        "Spread of times", "Upper quartile of times on task by the lower one.", "ratio",
        {"answer_seconds_spread": "upper by lower quartile"},
    ),
    _Drawing(
        "Age of the oldest", "Of tasks that wait, at its most.", "seconds", {"queue_age_seconds": "oldest"}
    ),
    _Drawing(
        "Against the deadline", "Of tasks with one; 1 is at the deadline.", "ratio",
        {"latency_p95_share": "95% within this part of the time", "late_share": "share that was late"},
    ),
    _Drawing(
        "What the gate did", "By ordinary answers; released: by those held; withdrawn: by labels.", "percent",
        {
            "held_share": "held", "released_share": "released", "discarded_share": "discarded",
            "withdrawn_share": "withdrawn",
        },
    ),
    _Drawing(
        "Benchmarks among answers", "How many answers were to benchmarks, and right.", "percent",
        {"benchmark_share": "share of answers", "benchmark_pass_rate": "answered right"},
    ),
    _Drawing(
        "Benchmarks last", "At the present use, at its least; a gap: nothing ends them.", "seconds",
        {"supply_hours": "until too few"},
    ),
    _Drawing(
        "Labelers", "At work: who may work, seen within five minutes, on average.", "number",
        {"active_labelers": "at work", "admitted_labelers": "admitted"},
    ),
    _Drawing(
        "Whose answers are delivered", "Of the crowd's standings.", "percent",
        {"delivering_share": "pass the gate"},
    ),
)  # fmt: skip
_AGREEMENTS: Final = (
    _Drawing(
        "Krippendorff's alpha", "1: all pairs are the same; 0: as any two answers of that time.", "ratio",
        {"agreement_alpha": "alpha"},
    ),
    _Drawing(
        "Gwet's AC1", "As alpha, with a chance that stays apart from a common class.", "ratio",
        {"agreement_ac1": "AC1"},
    ),
    _Drawing("Equal answers", "Of pairs of answers to one task.", "percent", {"agreement_raw": "equal"}),
)  # fmt: skip
_ALPHA_BY_PART: Final = _Drawing(
    "Alpha by part",
    "Where pairs come from, and each class by itself.",
    "ratio",
    {"agreement_alpha": ""},
)
_STANDINGS: Final = _Drawing(
    "Standings by P(good)", "On all evidence, as last sampled in each span.", "number", {"standings_by_p": ""}
)


def charts(points: Sequence[Point], window: Window, now: datetime) -> list[Chart]:
    """Draw all series of a window: agreement first, of all pairs and by parts; then all else."""
    values = _Values.of(points, window, now)
    return [
        *(_with_interval(drawing, values) for drawing in _AGREEMENTS),
        _by_part(_ALPHA_BY_PART, values, [*product(_LINES, _COLOURS)]),
        *(_lines(drawing, values) for drawing in _DRAWINGS),
        _by_part(_STANDINGS, values, [("bar", colour) for colour in _FROM_BAD_TO_GOOD]),
    ]


@dataclass(frozen=True, slots=True)
class _Values:
    """Points by metric and part, then by time; and all moments of a window."""

    by_name: Mapping[tuple[str, str], Mapping[datetime, Point]]
    moments: Sequence[datetime]

    @classmethod
    def of(cls, points: Sequence[Point], window: Window, now: datetime) -> Self:
        """Arrange the points of a window."""
        found: dict[tuple[str, str], dict[datetime, Point]] = defaultdict(dict)
        for point in points:
            found[point.metric, point.part][point.at] = point
        first, length = begin(now - window.length, window.span), timedelta(minutes=window.span)
        return cls(found, [first + n * length for n in range(int((now - first) / length) + 1)])

    def along(self, metric: str, part: str = "") -> list[Point | None]:
        """The points of one series, and gaps."""
        known = self.by_name.get((metric, part), {})
        return [known.get(at) for at in self.moments]

    def parts(self, metric: str) -> list[str]:
        """The parts that there are points of."""
        return sorted(part for name, part in self.by_name if name == metric and part)


def _lines(drawing: _Drawing, values: _Values) -> Chart:
    """Draw metrics of the whole project, one line each."""
    drawn = [
        Series(words, _scaled(name, values.along(name)), colour)
        for (name, words), colour in zip(drawing.lines.items(), _COLOURS, strict=False)
    ]
    return _chart(drawing, next(iter(drawing.lines)), values, drawn)


def _with_interval(drawing: _Drawing, values: _Values) -> Chart:
    """Draw one metric between the ends of its interval, and tell how many pairs it rests on."""
    ((name, words),) = drawing.lines.items()
    points = values.along(name)
    notes = [f"{p.value:.2f}, of {p.evidence:,.0f} pairs" if p is not None else "" for p in points]
    drawn = [
        Series(words, _scaled(name, points), "accent", notes=notes),
        Series("at most", [p.high if p is not None else None for p in points], "ink-soft", "bound"),
        Series("at least", [p.low if p is not None else None for p in points], "ink-soft", "bound"),
    ]
    return _chart(drawing, name, values, drawn)


def _by_part(drawing: _Drawing, values: _Values, looks: Sequence[tuple[Kind, Colour]]) -> Chart:
    """Draw one metric by its parts, each with a look of its own."""
    (name,) = drawing.lines
    drawn = [
        Series(part, _scaled(name, values.along(name, part)), colour, kind)
        for part, (kind, colour) in zip(values.parts(name), cycle(looks), strict=False)
    ]
    return _chart(drawing, f"{name}-parts", values, drawn)


def _chart(drawing: _Drawing, name: str, values: _Values, drawn: Sequence[Series]) -> Chart:
    return Chart(name.replace("_", "-"), drawing.title, drawing.note, values.moments, drawn, drawing.unit)


def _scaled(metric: str, points: Sequence[Point | None]) -> list[float | None]:
    seconds = _SECONDS_IN.get(METRICS[metric].unit, 1.0)
    return [point.value * seconds if point is not None else None for point in points]
