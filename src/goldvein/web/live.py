"""The live view as charts: what a project did and what was sampled of it, over a window."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from goldvein.services.operating import Live, Point
from goldvein.stats.spread import quantile
from goldvein.store.figures import Figures, Spread
from goldvein.store.gauges import Gauge
from goldvein.web.charts import Chart, Series, Unit

_STEP = 20


def charts(live: Live) -> list[Chart]:
    """Draw a project's window."""
    points = live.points
    made = [
        _answers(points),
        _latency(points),
        _waiting(points),
        _age(points),
        _people(points),
        _benchmarks(points),
        _supply(points),
        _task_times(points),
    ]
    return [*made, _standings(live)]


def _answers(points: Sequence[Point]) -> Chart:
    return _over_time(
        "answers", "Ordinary answers", "What became of the answers of each span.", points,
        Series("delivered at once", _counts(points, lambda f: f.delivered - f.released), "good", "bar"),
        Series("released after a hold", _counts(points, lambda f: f.released), "accent", "bar"),
        Series("held", _counts(points, lambda f: f.held), "gold", "bar"),
        Series("discarded", _counts(points, lambda f: f.discarded), "ink-soft", "bar"),
        Series("withdrawn", _counts(points, lambda f: f.withdrawn), "bad", "bar"),
    )  # fmt: skip


def _latency(points: Sequence[Point]) -> Chart:
    return _over_time(
        "latency", "From push to label", "Of labels by the time at which they went out, within 9%.", points,
        Series("half within", _quantiles(points, lambda p: p.label_times, 0.5), "accent"),
        Series("95% within", _quantiles(points, lambda p: p.label_times, 0.95), "gold"),
        unit="seconds",
    )  # fmt: skip


def _waiting(points: Sequence[Point]) -> Chart:
    return _over_time(
        "waiting", "Tasks that wait", "As last sampled in each span; counted up to 20,000.", points,
        Series("waiting", _sampled(points, lambda g: g.queued), "accent"),
        Series("in labelers' hands", _sampled(points, lambda g: g.leased), "gold"),
    )  # fmt: skip


def _age(points: Sequence[Point]) -> Chart:
    return _over_time(
        "age", "Age of the oldest", "Since the push of the task that waits longest; the most in each span.",
        points, Series("oldest", _sampled(points, lambda g: g.oldest_seconds), "accent"),
        unit="seconds",
    )  # fmt: skip


def _people(points: Sequence[Point]) -> Chart:
    return _over_time(
        "people", "Labelers at work", "Seen within five minutes, panel and crowd; admitted: let in.", points,
        Series("at work", _sampled(points, lambda g: g.active), "accent"),
        Series("admitted", _sampled(points, lambda g: g.admitted), "ink-soft"),
    )  # fmt: skip


def _benchmarks(points: Sequence[Point]) -> Chart:
    def share(f: Figures) -> float | None:
        asked = f.benchmark_answers
        return asked / (asked + f.answers + f.decoy_answers + f.reference_answers) if asked else None

    return _over_time(
        "benchmarks", "Benchmarks among answers", "How many answers were to benchmarks, and right.", points,
        Series("share of answers", _shares(points, share), "accent"),
        Series(
            "answered right",
            _shares(points, lambda f: f.benchmarks_right / (f.benchmark_answers or 1) if share(f) else None),
            "good",
        ),
        unit="percent",
    )  # fmt: skip


def _supply(points: Sequence[Point]) -> Chart:
    return _over_time(
        "supply", "Supply of benchmarks", "Those in use, and tasks that the panel is making into one.",
        points,
        Series("in use", _sampled(points, lambda g: g.benchmarks), "accent"),
        Series("candidates", _sampled(points, lambda g: g.candidates), "gold"),
    )  # fmt: skip


def _task_times(points: Sequence[Point]) -> Chart:
    return _over_time(
        "seconds", "Time on task", "By the server's clock, from shown to answered, within 9%.", points,
        Series("half within", _quantiles(points, lambda p: p.task_times, 0.5), "accent"),
        Series("95% within", _quantiles(points, lambda p: p.task_times, 0.95), "gold"),
        unit="seconds",
    )  # fmt: skip


def _standings(live: Live) -> Chart:
    sample = live.line.sample
    counts = sample.standings["p_all"] if sample is not None else [0] * _STEP
    words = [f"{100 * n // _STEP} to {100 * (n + 1) // _STEP}%" for n in range(_STEP)]
    return Chart(
        "standings", "Standings now", "Labelers by the probability that they are good, on all evidence.",
        words, [Series("labelers", counts, "accent", "bar")], x_name="P(good)",
    )  # fmt: skip


def _over_time(
    id_: str, title: str, note: str, points: Sequence[Point], *series: Series, unit: Unit = "number"
) -> Chart:
    return Chart(id_, title, note, [point.at for point in points], series, unit)


def _counts(points: Sequence[Point], count: Callable[[Figures], int]) -> list[float | None]:
    return [count(point.figures) if point.figures is not None else 0 for point in points]


def _shares(points: Sequence[Point], share: Callable[[Figures], float | None]) -> list[float | None]:
    return [share(point.figures) if point.figures is not None else None for point in points]


def _sampled(points: Sequence[Point], value: Callable[[Gauge], float | None]) -> list[float | None]:
    return [value(point.gauge) if point.gauge is not None else None for point in points]


def _quantiles(
    points: Sequence[Point], spread: Callable[[Point], Spread], share: float
) -> list[float | None]:
    return [quantile(spread(point), share) for point in points]
