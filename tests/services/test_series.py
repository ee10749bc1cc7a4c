"""Series are what the whole log says, span by span, and what was sampled over each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

from goldvein.domain.errors import InvalidInput
from goldvein.domain.metrics import METRICS, Point
from goldvein.services import series
from goldvein.services.metering import Meter
from goldvein.stats.spread import LARGEST_ERROR
from goldvein.store import gauges
from goldvein.store.database import Database
from goldvein.store.figures import begin
from goldvein.store.gauges import Sample
from tests.services.lively import lively, log_of, told
from tests.services.town import START, Town

SPANS = (1, 5, 10, 30, 60, 120)
SLACK = (1 + LARGEST_ERROR) ** 2


@pytest.fixture(scope="module")
def town(module_database_url: str) -> Iterator[Town]:
    """A town with a history, all of it rolled up."""
    with Database(module_database_url) as db:
        town = lively(db)
        Meter(db).catch_up()
        yield town


def read(town: Town, span: int, *names: str, until: datetime | None = None) -> list[Point]:
    """Metrics from the start on."""
    with town.db.connection() as tx:
        return series.read(tx, 1, names or list(METRICS), START, until or town.now, span)


def values(points: list[Point], metric: str, part: str = "") -> dict[datetime, tuple[float, float]]:
    """Of one metric and part: value and evidence by time."""
    return {p.at: (p.value, p.evidence) for p in points if (p.metric, p.part) == (metric, part)}


def by_span(town: Town, span: int) -> dict[datetime, list[dict[str, Any]]]:
    """The log's rows by the spans they fall into."""
    found: dict[datetime, list[dict[str, Any]]] = {}
    for row in log_of(town):
        found.setdefault(begin(row["at"], span), []).append(row)
    return found


def ends(row: dict[str, Any]) -> bool:
    """Whether a row gives a task its label, or says that there will be none."""
    by_panel = row["kind"] in {"promote", "drop"} and row["is_panels"]
    return by_panel or "delivered" in told(row) or row["kind"] == "expire"


@pytest.mark.parametrize("span", SPANS)
def test_shares_and_rates_are_the_logs(town: Town, span: int) -> None:
    """Whatever stored spans one is made of, its shares, rates and evidence are those of its rows."""
    points = read(town, span)
    shares = {
        "held_share": ("held", ("answers",)),
        "released_share": ("released", ("held",)),
        "discarded_share": ("discarded", ("answers",)),
        "withdrawn_share": ("withdrawn", ("delivered",)),
        "benchmark_share": ("benchmark_answers", ("benchmark_answers", "answers", "decoy_answers")),
        "benchmark_pass_rate": ("benchmarks_right", ("benchmark_answers",)),
    }
    expected: dict[str, dict[datetime, tuple[float, float]]] = {name: {} for name in shares}
    rates = {}
    for at, rows in by_span(town, span).items():
        names = [name for row in rows for name in told(row)]
        hours = min(timedelta(minutes=span), max(town.now - at, timedelta(minutes=1))) / timedelta(hours=1)
        if at < town.now:
            rates[at] = (names.count("delivered") / hours, names.count("delivered"))
            for name, (some, all_) in shares.items():
                count = sum(names.count(one) for one in all_)
                if count:
                    expected[name][at] = (names.count(some) / count, count)
    assert values(points, "throughput_per_hour") == rates
    for name, exact in expected.items():
        assert values(points, name) == exact, name


def test_times_are_told_within_the_error_of_their_buckets(town: Town) -> None:
    """Median, ratio of quartiles, lateness and the 95% of latencies by deadlines."""
    points = read(town, 60)
    for at, rows in by_span(town, 60).items():
        seconds = sorted(row["milliseconds"] / 1000 for row in rows if row["milliseconds"] is not None)
        low, middle, high = np.quantile(seconds, (0.25, 0.5, 0.75), method="inverted_cdf")
        value, evidence = values(points, "answer_seconds_p50")[at]
        assert evidence == len(seconds)
        assert middle / SLACK <= value <= middle * SLACK
        ratio, _ = values(points, "answer_seconds_spread")[at]
        assert high / low / SLACK**2 <= ratio <= high / low * SLACK**2
        due = [
            (row["at"] - row["pushed_at"]) / (row["deadline"] - row["pushed_at"])
            for row in rows
            if row["deadline"] is not None and ends(row)
        ]
        late, count = values(points, "late_share").get(at, (0.0, 0))
        assert count == len(due)
        if due:
            assert late == sum(one >= 1 for one in due) / len(due)
            exact = np.quantile(due, 0.95, method="inverted_cdf")
            value, _ = values(points, "latency_p95_share")[at]
            assert exact / SLACK <= value <= exact * SLACK
    assert values(points, "late_share")


def test_agreement_is_told_of_all_pairs_and_of_where_they_come_from(town: Town) -> None:
    """The share of equal pairs is the log's, and parts add up to the whole."""
    points = read(town, 60, "agreement_raw", "agreement_ac1")
    stored = town.rows(
        "SELECT at, source, one = other, sum(count) FROM pairs WHERE span = 60 GROUP BY 1, 2, 3"
    )
    assert {point.part for point in points} == {"", "decoys", "panels"}
    for part in ("", "decoys", "panels"):
        for at, (value, evidence) in values(points, "agreement_raw", part).items():
            rows = [row for row in stored if row[0] == at and part in ("", row[1])]
            assert evidence == sum(row[3] for row in rows)
            assert value == pytest.approx(float(sum(row[3] for row in rows if row[2]) / evidence))
    raw, ac1 = values(points, "agreement_raw"), values(points, "agreement_ac1")
    assert all(ac1[at][0] < value for at, (value, _) in raw.items() if value < 1)


def test_what_was_sampled_is_told_of_whole_spans(db: Database) -> None:
    """Means of counts, the oldest at its most, the supply at its least; what nobody knows has no point."""
    Town(db)
    looks = ((4, 10.0, 8.0, 2), (8, 90.0, None, 3), (3, None, 5.0, 4))
    for n, (active, oldest, supply, delivering) in enumerate(looks):
        sample = Sample(
            START + timedelta(minutes=4 * n), 0, oldest, None, 0, active, 9, 60, 5, {},
            {"runs_out_in_hours": supply}, [],
            {"states": {}, "p_all": [n] * 20, "judged": 5 if n else 0, "delivering": delivering if n else 0},
            [],
        )  # fmt: skip
        with db.transaction() as tx:
            gauges.save(tx, 1, sample)
    names = ("active_labelers", "admitted_labelers", "queue_age_seconds", "supply_hours", "delivering_share")
    until = START + timedelta(hours=1)
    with db.connection() as tx:
        points = series.read(tx, 1, [*names, "throughput_per_hour"], START, until, 60)
        minutes = series.read(tx, 1, ["supply_hours"], START, until, 1)
        fifths = series.read(tx, 1, ["standings_by_p"], START, until, 60)
        quarter = series.read(tx, 1, names, START, until, 15)
    assert {point.metric: (point.value, point.evidence) for point in points} == {
        "throughput_per_hour": (0, 0),
        "queue_age_seconds": (90, 3),
        "supply_hours": (5, 3),
        "active_labelers": (5, 3),
        "admitted_labelers": (9, 3),
        "delivering_share": (0.7, 3),
    }
    assert {p.part: p.value for p in fifths} == {f"{n} to {n + 20}%": 8 for n in range(0, 100, 20)}
    assert {(p.metric, p.value) for p in quarter} == {(p.metric, p.value) for p in points if p.evidence}
    assert [(point.at - START, point.value) for point in minutes] == [
        (timedelta(0), 8), (timedelta(minutes=8), 5),
    ]  # fmt: skip


def test_a_window_begins_with_a_span_and_ends_before_its_end(town: Town) -> None:
    """The span in which a window begins is whole; one that begins at its end is not in it."""
    middle = START + timedelta(minutes=15, seconds=30)
    with town.db.connection() as tx:
        points = series.read(tx, 1, ["benchmark_share"], middle, START + timedelta(minutes=20), 5)
    assert [point.at for point in points] == [START + timedelta(minutes=15)]
    whole = values(read(town, 5, "benchmark_share"), "benchmark_share")
    assert points[0].value == whole[points[0].at][0]


@pytest.mark.parametrize(
    ("names", "span", "parameter"),
    [(["mood"], 60, "names"), (["held_share"], 0, "span"), (["held_share"], 99_999, "span")],
)
def test_what_is_not_told_is_refused(town: Town, names: list[str], span: int, parameter: str) -> None:
    """An unknown metric, or a span of no length, is named in the error; so are too many spans."""
    with town.db.connection() as tx, pytest.raises(InvalidInput) as refused:
        series.read(tx, 1, names, START, START + timedelta(days=1), span)
    assert refused.value.code == "invalid_parameter"
    assert refused.value.facts["parameter"] == parameter
    with town.db.connection() as tx, pytest.raises(InvalidInput):
        series.read(tx, 1, ["held_share"], START - timedelta(days=30), START, 1)


def test_every_metric_has_a_point(town: Town) -> None:
    """No name stands in the table that nothing is ever told of."""
    Meter(town.db).step(town.now)
    told_of = {point.metric for point in read(town, 60, until=town.now + timedelta(seconds=1))}
    assert told_of >= METRICS.keys() - {"supply_hours"}


def test_a_sample_tells_the_metrics_of_lately(town: Town) -> None:
    """With the last sample stands what is so over the last hour, and agreement over the last day."""
    Meter(town.db).step(town.now)
    with town.db.connection() as tx:
        told_of = gauges.latest(tx, [1])[1].metrics
        points = series.lately(tx, 1, town.now)
    assert [(one["metric"], one["part"]) for one in told_of] == [(p.metric, p.part) for p in points]
    rows = [name for row in log_of(town) for name in told(row)]
    (held,) = [one for one in told_of if one["metric"] == "held_share"]
    assert (held["value"], held["evidence"]) == (
        rows.count("held") / rows.count("answers"),
        rows.count("answers"),
    )
    (alpha,) = [one for one in told_of if (one["metric"], one["part"]) == ("agreement_alpha", "")]
    assert alpha["low"] < alpha["value"] < alpha["high"]
