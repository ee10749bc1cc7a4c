"""Series: the metrics of a project over time, read from what was counted and sampled (ADR 0036)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Self

from goldvein.domain.errors import InvalidInput
from goldvein.domain.metrics import METRICS, Point
from goldvein.stats.pairs import Agreement, Estimate, Pair, agreement, collapsed
from goldvein.stats.spread import bucket_of, quantile
from goldvein.store import figures, gauges, pairs, projects
from goldvein.store.database import Database, Transaction
from goldvein.store.figures import SPANS, Figures, Measure, Spread, begin
from goldvein.store.gauges import Gauge

LATELY: Final = timedelta(hours=1)
AGREED_LATELY: Final = timedelta(days=1)
"""Second answers are few."""
LONGEST_SPAN: Final = 7 * 24 * 60
"""Minutes."""
MOST_SPANS: Final = 1_500
_AGREEMENT: Final[Mapping[str, Callable[[Agreement], Estimate | None]]] = {
    "agreement_raw": lambda found: found.raw,
    "agreement_alpha": lambda found: found.alpha,
    "agreement_ac1": lambda found: found.ac1,
}
_MEASURES: Final[Mapping[str, Measure]] = {
    "answer_seconds_p50": "task",
    "answer_seconds_spread": "task",
    "late_share": "due",
    "latency_p95_share": "due",
}
_LATE_FROM: Final = bucket_of(1.0)
"""Durations by their limits reached these from this bucket on."""
_Share = Callable[[Figures], tuple[int, int]]
_SHARES: Final[Mapping[str, _Share]] = {
    "held_share": lambda f: (f.held, f.answers),
    "released_share": lambda f: (f.released, f.held),
    "discarded_share": lambda f: (f.discarded, f.answers),
    "withdrawn_share": lambda f: (f.withdrawn, f.delivered),
    "benchmark_share": lambda f: (
        f.benchmark_answers, f.benchmark_answers + f.answers + f.decoy_answers,
    ),
    "benchmark_pass_rate": lambda f: (f.benchmarks_right, f.benchmark_answers),
}  # fmt: skip
_LEVELS: Final[Mapping[str, Callable[[Gauge], float | None]]] = {
    "queue_age_seconds": lambda g: g.oldest_seconds or 0.0,
    "supply_hours": lambda g: g.least_supply_hours,
    "active_labelers": lambda g: g.sum_active / g.samples,
    "admitted_labelers": lambda g: g.sum_admitted / g.samples,
    "delivering_share": lambda g: g.sum_delivering / g.sum_standings if g.sum_standings else None,
}


@dataclass(frozen=True, slots=True)
class _Cut:
    """How a window is cut into spans: each stored span of ``base`` minutes goes to its place."""

    base: int
    since: datetime
    until: datetime
    length: timedelta
    place: Callable[[datetime], datetime]

    @classmethod
    def by_spans(cls, since: datetime, until: datetime, minutes: int) -> Self:
        """Cut where spans of this length begin; the longest spans stored that these are made of are read."""
        base = max(span for span in SPANS if minutes % span == 0)
        return cls(
            base, begin(since, minutes), until, timedelta(minutes=minutes), lambda at: begin(at, minutes)
        )

    @classmethod
    def whole(cls, since: datetime, until: datetime, base: int) -> Self:
        """Do not cut: all spans that begin in the window are one."""
        first = begin(since, base) + timedelta(minutes=base)
        return cls(base, first, until, until - first, lambda _: first)

    def hours(self, at: datetime) -> float:
        """How long a span went before the end of the window, a minute at least."""
        return max(min(self.length, self.until - at), timedelta(minutes=1)) / timedelta(hours=1)


@dataclass(slots=True)
class _Span:
    """What is known of one span."""

    figures: Figures | None = None
    gauge: Gauge | None = None
    spreads: dict[Measure, Spread] = field(default_factory=dict)


def read(
    tx: Transaction, project: int, metrics: Collection[str], since: datetime, until: datetime,
    span_minutes: int,
) -> list[Point]:  # fmt: skip
    """Read metrics of a project by spans that begin from ``since`` (the span it lies in) to before ``until``.

    A metric has no point in a span of which nothing is known, or in which it has no meaning: a share of
    nothing, a supply that nothing ends. The last span is told as far as it went: a rate is by the time up to
    ``until``.

    Parameters
    ----------
    metrics : collection of str
        Names of ``METRICS``.
    since, until : datetime
        ``until`` is now, or the end of a span: what came later in its span is not told apart.
    span_minutes : int
        Up to a week, counted from the epoch; those that are no multiple of ten, or of an hour, are only known
        as long as figures of short spans are kept (``metering.KEPT``).

    Returns
    -------
    list of Point
        By metric in the order of ``METRICS``, then part, then time.

    Raises
    ------
    InvalidInput
        If there is no such metric or span, or there would be more than ``MOST_SPANS`` spans.
    """
    _check(metrics, since, until, span_minutes)
    asked, cut = set(metrics), _Cut.by_spans(since, until, span_minutes)
    points = [*_figured(tx, project, cut, asked), *_agreed_points(tx, project, cut, asked)]
    return _in_order(points, asked)


def lately(tx: Transaction, project: int, now: datetime) -> list[Point]:
    """Tell all but levels, which samples tell: of the last hour, agreement of the last day."""
    asked = {name for name, metric in METRICS.items() if metric.kind != "level"}
    points = [
        *_figured(tx, project, _Cut.whole(now - LATELY, now, 1), asked),
        *_agreed_points(tx, project, _Cut.whole(now - AGREED_LATELY, now, 10), asked),
    ]
    return _in_order(points, asked)


def of_project(
    db: Database, project: int, metrics: Collection[str], since: datetime, until: datetime, span_minutes: int
) -> list[Point]:
    """Read metrics of a project, as ``read`` does, as of one moment."""
    with db.snapshot() as tx:
        return read(tx, project, metrics, since, until, span_minutes)


def by_fifths(twentieths: Sequence[int]) -> dict[str, int]:
    """Count standings by fifths of P(good), from counts by twentieths."""
    return {
        f"{20 * n} to {20 * (n + 1)}%": sum(twentieths[4 * n : 4 * n + 4])
        for n in range(len(twentieths) // 4)
    }


def _check(metrics: Collection[str], since: datetime, until: datetime, span_minutes: int) -> None:
    unknown = sorted(set(metrics) - METRICS.keys())
    if unknown:
        raise InvalidInput(
            f"there is no metric {unknown[0]!r}: use {', '.join(METRICS)}",
            code="invalid_parameter", parameter="names",
        )  # fmt: skip
    if not 1 <= span_minutes <= LONGEST_SPAN:
        raise InvalidInput(
            f"a span of {span_minutes} minutes is not told: use 1 to {LONGEST_SPAN}",
            code="invalid_parameter", parameter="span",
        )  # fmt: skip
    if (until - since) / timedelta(minutes=span_minutes) > MOST_SPANS:
        raise InvalidInput(
            f"this asks for more than {MOST_SPANS} spans: use longer ones, or a later since",
            code="invalid_parameter", parameter="span",
        )  # fmt: skip


def _in_order(points: Iterable[Point], asked: AbstractSet[str]) -> list[Point]:
    order = {name: place for place, name in enumerate(METRICS)}
    wanted = [point for point in points if point.metric in asked]
    return sorted(wanted, key=lambda point: (order[point.metric], point.part, point.at))


def _figured(tx: Transaction, project: int, cut: _Cut, asked: AbstractSet[str]) -> Iterator[Point]:
    if asked - _AGREEMENT.keys():
        for at, span in sorted(_spans(tx, project, cut, asked).items()):
            yield from _points(at, span, cut.hours(at))


def _spans(tx: Transaction, project: int, cut: _Cut, asked: AbstractSet[str]) -> Mapping[datetime, _Span]:
    spans, window = defaultdict[datetime, _Span](_Span), (cut.base, cut.since, cut.until)
    for one in figures.series(tx, project, *window):
        span = spans[cut.place(one.at)]
        span.figures = one if span.figures is None else span.figures + one
    for sampled in gauges.series(tx, project, *window):
        span = spans[cut.place(sampled.at)]
        span.gauge = sampled if span.gauge is None else span.gauge + sampled
    for measure in {measure for name, measure in _MEASURES.items() if name in asked}:
        for at, spread in figures.spread(tx, project, *window, measure).items():
            total = spans[cut.place(at)].spreads.setdefault(measure, {})
            for bucket, count in spread.items():
                total[bucket] = total.get(bucket, 0) + count
    return spans


def _points(at: datetime, span: _Span, hours: float) -> Iterator[Point]:
    if span.figures is not None or span.gauge is not None:
        delivered = span.figures.delivered if span.figures is not None else 0
        yield Point("throughput_per_hour", "", at, delivered / hours, delivered)
    if span.figures is not None:
        for name, share in _SHARES.items():
            some, all_ = share(span.figures)
            if all_:
                yield Point(name, "", at, some / all_, all_)
    if span.gauge is not None:
        for name, level in _LEVELS.items():
            value = level(span.gauge)
            if value is not None:
                yield Point(name, "", at, value, span.gauge.samples)
        for part, count in by_fifths(span.gauge.standings["p_all"]).items():
            yield Point("standings_by_p", part, at, count, span.gauge.samples)
    for measure, spread in span.spreads.items():
        yield from _of_durations(at, measure, spread)


def _of_durations(at: datetime, measure: Measure, spread: Spread) -> Iterator[Point]:
    count = sum(spread.values())
    if measure == "due":
        late = sum(n for bucket, n in spread.items() if bucket >= _LATE_FROM)
        yield Point("late_share", "", at, late / count, count)
        yield Point("latency_p95_share", "", at, _quantile(spread, 0.95), count)
    else:
        ratio = _quantile(spread, 0.75) / _quantile(spread, 0.25)
        yield Point("answer_seconds_p50", "", at, _quantile(spread, 0.5), count)
        yield Point("answer_seconds_spread", "", at, ratio, count)


def _quantile(spread: Spread, share: float) -> float:
    found = quantile(spread, share)
    assert found is not None, "a spread that is stored has counts"
    return found


def _agreed_points(tx: Transaction, project: int, cut: _Cut, asked: AbstractSet[str]) -> Iterator[Point]:
    """Tell of all pairs, of where they come from, and of each class against all others."""
    if not asked & _AGREEMENT.keys():
        return
    found = projects.find(tx, project)
    counts: dict[tuple[datetime, str], dict[Pair, int]] = defaultdict(lambda: defaultdict(int))
    for at, sources in pairs.series(tx, project, cut.base, cut.since, cut.until).items():
        for source, cells in sources.items():
            for pair, count in cells.items():
                for part in ("", source):
                    counts[cut.place(at), part][pair] += count
    for at in {at for at, _ in counts}:
        for place, name in enumerate(found.classes or () if found is not None else ()):
            counts[at, f"class {name}"] = collapsed(counts[at, ""], place)
    for (at, part), cells in counts.items():
        told = agreement(cells)
        assert told is not None, "pairs that are stored were given"
        for name, coefficient in _AGREEMENT.items():
            one = coefficient(told)
            if one is not None:
                yield Point(name, part, at, one.value, told.pairs, one.low, one.high)
