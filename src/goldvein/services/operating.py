"""Operating: what an operator's pages show of projects, read from what was metered and never counted anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from goldvein.domain.errors import InvalidInput
from goldvein.domain.records import Alert, Project
from goldvein.services import why_empty
from goldvein.services.metering import ACTIVE, PACE, QUEUE_BOUND
from goldvein.services.projects import read
from goldvein.stats.spread import quantile
from goldvein.store import alerts, figures, gauges, keys, projects, roster
from goldvein.store.database import Database, Transaction
from goldvein.store.figures import Figures, Spread, begin
from goldvein.store.gauges import Gauge, Sample

LATELY: Final = timedelta(hours=1)
"""Latencies are told of the labels of this time."""
HOUR: Final = 3600.0
MOST_WATCHED: Final = 500


@dataclass(frozen=True, slots=True)
class Window:
    """How far back charts go, and the minutes that one of their points stands for."""

    name: str
    words: str
    length: timedelta
    span: int


WINDOWS: Final = {
    window.name: window
    for window in (
        Window("15m", "15 minutes", timedelta(minutes=15), 1),
        Window("3h", "3 hours", timedelta(hours=3), 1),
        Window("24h", "24 hours", timedelta(hours=24), 10),
        Window("7d", "7 days", timedelta(days=7), 60),
    )
}
METRIC_WINDOWS: Final = {
    window.name: window
    for window in (
        Window("3h", "3 hours", timedelta(hours=3), 10),
        Window("24h", "24 hours", timedelta(hours=24), 60),
        Window("7d", "7 days", timedelta(days=7), 60),
        Window("30d", "30 days", timedelta(days=30), 24 * 60),
        Window("1y", "a year", timedelta(days=364), 7 * 24 * 60),
    )
}


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a project goes: labels an hour, and the quantiles of seconds from push to label lately."""

    per_hour: float
    p50_seconds: float | None
    p95_seconds: float | None


@dataclass(frozen=True, slots=True)
class Forecast:
    """When what waits now will be done at the present pace; null where nothing is delivered.

    ``late_seconds`` is by how much some of it will miss its deadline then; ``at_least``: more waits than was
    looked at.
    """

    done_seconds: float | None
    late_seconds: float | None
    at_least: bool


@dataclass(frozen=True, slots=True)
class ProjectLine:
    """One project among all, as it is now."""

    project: Project
    customer: str
    pace: Pace
    sample: Sample | None
    at_work: int
    alerts: int
    forecast: Forecast | None


@dataclass(frozen=True, slots=True)
class Watched:
    """One project that works, as it was sampled last."""

    project: Project
    sample: Sample | None
    alerts: int


@dataclass(frozen=True, slots=True)
class Point:
    """One span of a window: what happened in it, and what was sampled; zeros and nulls where nothing did."""

    at: datetime
    figures: Figures | None
    gauge: Gauge | None
    label_times: Spread
    task_times: Spread


@dataclass(frozen=True, slots=True)
class Live:
    """One project, now and over a window."""

    line: ProjectLine
    window: Window
    points: Sequence[Point]
    alerts: Sequence[Alert]
    why_empty: Sequence[Mapping[str, str]]

    @property
    def told(self) -> Mapping[str, Mapping[str, Any]]:
        """Metrics of the whole project over the last hour, or day, by name."""
        known = self.line.sample.metrics if self.line.sample is not None else ()
        return {one["metric"]: one for one in known if not one["part"]}


def find_window(name: str, windows: Mapping[str, Window] = WINDOWS) -> Window:
    """Find a window by its name.

    Raises
    ------
    InvalidInput
        If there is none of that name.
    """
    if name not in windows:
        raise InvalidInput(
            f"there is no window {name!r}: use {', '.join(windows)}",
            code="invalid_parameter",
            parameter="window",
        )
    return windows[name]


def overview(db: Database, now: datetime) -> list[ProjectLine]:
    """List all projects as they are now, living ones first."""
    with db.snapshot() as tx:
        found = _lines(tx, projects.list_all(tx, None), now)
    return sorted(found, key=lambda line: (line.project.state == "closed", line.project.id))


def watched(db: Database) -> list[Watched]:
    """List the latest projects that work, as they were sampled last: a row of each is read."""
    with db.snapshot() as tx:
        found = projects.list_working(tx, limit=MOST_WATCHED)
        ids = [project.id for project in found]
        samples, opened = gauges.latest(tx, ids), alerts.count_open(tx, ids)
    return [Watched(one, samples.get(one.id), opened.get(one.id, 0)) for one in found]


def live(db: Database, project: int, window: Window, now: datetime) -> Live:
    """Read one project, now and over a window.

    Raises
    ------
    NotFound
        If there is no such project.
    """
    with db.snapshot() as tx:
        (line,) = _lines(tx, [read(tx, project, None)], now)
        points = _points(tx, project, window, now)
        opened = alerts.open_of_project(tx, project)
    if line.sample is not None and line.project.state in ("mining", "open", "paused"):
        reasons = line.sample.why_empty
    else:
        reasons = why_empty.explain(db, project, now)["reasons"]
    return Live(line, window, points, opened, reasons)


def _lines(tx: Transaction, found: Sequence[Project], now: datetime) -> list[ProjectLine]:
    ids = [project.id for project in found]
    names = keys.customer_names(tx, sorted({project.customer for project in found}))
    recent, spreads = figures.recent(tx, ids, now - PACE), figures.recent_spread(tx, ids, now - LATELY)
    samples, opened = gauges.latest(tx, ids), alerts.count_open(tx, ids)
    here = roster.at_work(tx, ids, now - ACTIVE)
    lines = []
    for project in found:
        delivered = recent.get(project.id, (0, 0))[1]
        pace = _pace(delivered, spreads.get(project.id, {}))
        sample = samples.get(project.id)
        lines.append(
            ProjectLine(
                project, names[project.customer], pace, sample, here.get(project.id, 0),
                opened.get(project.id, 0), forecast(sample, pace) if sample is not None else None,
            )
        )  # fmt: skip
    return lines


def _pace(delivered: int, spread: Spread) -> Pace:
    per_hour = delivered * HOUR / PACE.total_seconds()
    return Pace(per_hour, quantile(spread, 0.5), quantile(spread, 0.95))


def forecast(sample: Sample, pace: Pace) -> Forecast:
    """Say when what waits will be done, and whether in time."""
    done = sample.queued / pace.per_hour * HOUR if pace.per_hour else (None if sample.queued else 0.0)
    return Forecast(done, sample.late_seconds, sample.queued >= QUEUE_BOUND)


def _points(tx: Transaction, project: int, window: Window, now: datetime) -> list[Point]:
    since = begin(now - window.length, window.span) + timedelta(minutes=window.span)
    sums = {one.at: one for one in figures.series(tx, project, window.span, since, now)}
    sampled = {one.at: one for one in gauges.series(tx, project, window.span, since, now)}
    label_times = figures.spread(tx, project, window.span, since, now, "label")
    task_times = figures.spread(tx, project, window.span, since, now, "task")
    count = int(window.length / timedelta(minutes=window.span))
    moments = [since + timedelta(minutes=n * window.span) for n in range(count)]
    return [
        Point(at, sums.get(at), sampled.get(at), label_times.get(at, {}), task_times.get(at, {}))
        for at in moments
    ]
