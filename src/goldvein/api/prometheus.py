"""Metrics for Prometheus, in its text format: what was sampled last of each project, and of no labeler."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from litestar import Response, get
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from goldvein.api.access import OPERATORS
from goldvein.api.service import Call, service_of
from goldvein.domain.metrics import METRICS, Metric
from goldvein.services import operating
from goldvein.services.operating import Watched
from goldvein.services.series import by_fifths
from goldvein.store.gauges import Sample

PREFIX: Final = "goldvein_"
DASHBOARD: Final = Path(__file__).parent / "grafana.json"
"""Grafana's account of a dashboard of all of it."""
_BOUNDS: Final = ("low", "high")
_NOW: Final[Mapping[str, str]] = {
    "queued_tasks": "Tasks that wait, counted up to 20,000.",
    "leased_tasks": "Tasks in labelers' hands.",
    "late_seconds": "By how much some task will miss its deadline at the present pace; below 0: none will.",
    "benchmarks": "Benchmarks in use.",
    "candidates": "Tasks that the panel is making into a benchmark.",
    "open_alerts": "Alerts that are open.",
    "sample_age_seconds": "Since the project was last sampled: large where no `goldvein work` runs.",
}
"""What is told beside the metrics."""
_LEVELS: Final[Mapping[str, Callable[[Sample], float | None]]] = {
    "late_seconds": lambda s: s.late_seconds,
    "queue_age_seconds": lambda s: s.oldest_seconds or 0.0,
    "supply_hours": lambda s: s.supply["runs_out_in_hours"],
    "active_labelers": lambda s: s.active,
    "admitted_labelers": lambda s: s.admitted,
    "delivering_share": lambda s: (
        s.standings["delivering"] / s.standings["judged"] if s.standings.get("judged") else None
    ),
}


@get("/metrics", opt={"roles": OPERATORS, "scraped": True}, include_in_schema=False)
async def scrape(request: Call) -> Response[bytes]:
    """Tell Prometheus what was sampled last: of each project that works, one row is read."""
    service = service_of(request)
    now = service.now()
    watched = await service.call(operating.watched)
    return Response(
        await service.run(lambda: exposition(watched, now)),
        media_type=CONTENT_TYPE_LATEST,
        headers={"Cache-Control": "no-store"},
    )


def exposition(watched: Sequence[Watched], now: datetime) -> bytes:
    """Write down what was sampled, and what this process uses."""
    registry = CollectorRegistry()
    ProcessCollector(namespace=PREFIX.rstrip("_"), registry=registry)
    registry.register(_Sampled(watched, now))
    return generate_latest(registry)


def names() -> frozenset[str]:
    """All names under which something of a project is told."""
    return frozenset(family.name for family in _families().values())


class _Sampled:
    """Gives registry what it asks for: families of gauges."""

    def __init__(self, watched: Sequence[Watched], now: datetime) -> None:
        self._watched = watched
        self._now = now

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Fill the families."""
        families = _families()
        for one in self._watched:
            project = str(one.project.id)
            families["project_info"].add_metric([project, one.project.name, one.project.state], 1)
            families["open_alerts"].add_metric([project], one.alerts)
            for name, labels, value in _told(one, self._now):
                families[name].add_metric([project, *labels], value)
        return families.values()


def _families() -> dict[str, GaugeMetricFamily]:
    families = {
        "project_info": _family("project_info", "Projects that work.", "project", "name", "state"),
        "standings": _family("standings", "Labelers by the state of their standing.", "project", "state"),
        "evidence": _family("evidence", "The count behind a metric.", "project", "metric", "part"),
        **{name: _family(name, words, "project") for name, words in _NOW.items()},
    }
    for metric in METRICS.values():
        parts = ("part",) if metric.has_parts else ()
        families[metric.name] = _family(metric.name, _help(metric), "project", *parts)
        for bound in _BOUNDS if metric.kind == "agreement" else ():
            words = f"The {bound} end of a 90% interval of {metric.name}."
            families[f"{metric.name}_{bound}"] = _family(f"{metric.name}_{bound}", words, "project", *parts)
    return families


def _help(metric: Metric) -> str:
    window = {"level": "as last sampled", "agreement": "over the last day"}.get(
        metric.kind, "over the last hour"
    )
    return f"{metric.meaning} ({window})"


def _family(name: str, words: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(PREFIX + name, words, labels=labels)


def _told(one: Watched, now: datetime) -> Iterator[tuple[str, list[str], float]]:
    """Give family, labels after the project, and value."""
    sample = one.sample
    if sample is None:
        return
    yield "queued_tasks", [], sample.queued
    yield "leased_tasks", [], sample.leased
    yield "benchmarks", [], sample.benchmarks
    yield "candidates", [], sample.candidates
    yield "sample_age_seconds", [], (now - sample.sampled_at).total_seconds()
    for name, level in _LEVELS.items():
        if (value := level(sample)) is not None:
            yield name, [], value
    for state, count in sample.standings["states"].items():
        yield "standings", [state], count
    for fifth, count in by_fifths(sample.standings["p_all"]).items():
        yield "standings_by_p", [fifth], count
    for point in sample.metrics:
        metric = METRICS.get(point["metric"])
        if metric is None:  # of an older version
            continue
        part = point["part"] or "all"
        parts = [part] if metric.has_parts else []
        yield metric.name, parts, point["value"]
        yield "evidence", [metric.name, part], point["evidence"]
        for bound in _BOUNDS if metric.kind == "agreement" else ():
            yield f"{metric.name}_{bound}", parts, point[bound]
