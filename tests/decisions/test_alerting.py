"""Alert rules: once opened, once over; what operators say; and incidents that teach nothing."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, get_args

import numpy as np
import pytest

from goldvein.decisions import alerting
from goldvein.decisions.advice import advice
from goldvein.decisions.alerting import DEFAULTS, SCALES, Change, Readings, Rule, Watch
from goldvein.domain.errors import InvalidInput
from goldvein.domain.metrics import METRICS
from goldvein.domain.records import AlertKind
from goldvein.sim.incident.operation import START
from goldvein.stats.arrays import Array

SPAN = 600.0
LATE = Rule("late_share", ("high",), high=0.05)


def points(values: list[float], evidence: float = 500.0, begin: float = START) -> Readings:
    seconds = begin + SPAN * np.arange(len(values), dtype=np.float64)
    return Readings(seconds, np.array(values), np.full(len(values), evidence))


def test_every_rule_has_a_metric_a_scale_and_words() -> None:
    """Whatever may open can be read: no rule watches what is no metric, and none opens without advice."""
    assert DEFAULTS.keys() == SCALES.keys() <= METRICS.keys()
    for rule in DEFAULTS.values():
        for side in rule.sides:
            assert advice(side, rule.metric).action
            assert not rule.on or "left its range" not in advice(side, rule.metric).action
    assert all(advice(kind, "x").title for kind in get_args(AlertKind))


@pytest.mark.parametrize(
    ("metric", "told"),
    [
        ("answer_seconds_p50", lambda q: q[1]),
        ("answer_seconds_spread", lambda q: q[2] - q[0]),
        ("latency_p95_share", lambda q: q[3]),
    ],
)
def test_durations_vary_by_chance_as_their_quantiles_do(metric: str, told: Callable[[Array], Array]) -> None:
    """The units of their scales are variances of one answer's, of log-normal times that spread by 0.9."""
    logs = np.random.default_rng(1).normal(0.0, 0.9, (4000, 800))
    found = told(np.quantile(logs, [0.25, 0.5, 0.75, 0.95], axis=1))
    assert 800 * found.var() == pytest.approx(SCALES[metric].unit, rel=0.12)


def test_an_alert_opens_once_and_is_over_once_however_often_one_looks() -> None:
    """Points looked at twice, in pieces or together, come to the same."""
    series = points([0.01] * 20 + [0.3] * 20 + [0.01] * 40)
    limit = alerting.threshold_of(DEFAULTS.values())
    at_once, changes = alerting.look(LATE, None, Watch(), series, limit)
    assert [change.opened for change in changes] == [True, False]
    assert 3 <= (changes[0].seconds - START) / SPAN - 19 <= 6
    piecewise, found = Watch(), list[Change]()
    for upto in range(5, 90, 5):
        piecewise, more = alerting.look(
            LATE, None, piecewise, replace(series, **{n: getattr(series, n)[:upto] for n in FIELDS}), limit
        )
        found += more
    assert (piecewise, found) == (at_once, changes)


FIELDS = ("seconds", "values", "evidence")


def test_a_handful_of_answers_opens_nothing() -> None:
    """A share far out of its range needs evidence: ten late tasks among forty spans are not enough."""
    limit = alerting.threshold_of(DEFAULTS.values())
    _, changes = alerting.look(LATE, None, Watch(), points([1.0, 0.0, 0.0, 0.0] * 10, evidence=0.2), limit)
    assert changes == []


def test_more_rules_are_each_less_eager() -> None:
    """False alerts are counted for a project, not for a rule."""
    assert alerting.threshold(1) < alerting.threshold(10) < alerting.threshold(40)
    fewer = [replace(rule, on=rule.metric == "late_share") for rule in DEFAULTS.values()]
    assert alerting.threshold_of(fewer) == alerting.threshold(1)


@pytest.mark.parametrize(
    ("override", "fits"),
    [
        ({"on": False}, True),
        ({"low": 0.7}, True),
        ({"range": "fixed", "low": 0.7, "high": 0.9}, True),
        ({"range": "learned"}, True),
        ({"range": "fixed"}, False),
        ({"range": "learned", "low": 0.7}, False),
        ({"range": "loose"}, False),
        ({"low": 0.9, "high": 0.7}, False),
        ({"low": "much"}, False),
        ({"low": True}, False),
        ({"high": 1.5}, False),
        ({"on": "yes"}, False),
        ({"low": float("nan")}, False),
    ],
)
def test_what_an_operator_may_say(override: dict[str, Any], fits: bool) -> None:
    """Bounds are numbers in order, a share is at most one, and a range is one of two kinds."""
    if not fits:
        with pytest.raises(InvalidInput):
            alerting.rules_of({"benchmark_pass_rate": override})
        return
    rule = alerting.rules_of({"benchmark_pass_rate": override})["benchmark_pass_rate"]
    assert rule.on == override.get("on", True)
    assert (rule.low, rule.high) == (override.get("low"), override.get("high"))
    if rule.is_fixed:
        assert rule.sides == tuple(side for side in ("low", "high") if side in override)


def test_a_rule_of_no_metric_is_refused() -> None:
    """A misspelt metric is not silently watched by nothing."""
    with pytest.raises(InvalidInput, match="no rule watches"):
        alerting.rules_of({"benchmark_passrate": {"on": False}})


def test_an_incident_teaches_nothing() -> None:
    """Points of an alert, and those shortly before it, are left out, and so are those of the last hours."""
    series = points([0.5] * 1000)
    opened, ended, now = START + 300 * SPAN, START + 400 * SPAN, START + 1000 * SPAN
    kept = alerting.lessons(series, [(opened, ended)], now)
    assert not ((kept.seconds >= opened - alerting.GUARD_SECONDS) & (kept.seconds <= ended)).any()
    assert kept.seconds.max() <= now - alerting.GUARD_SECONDS
    assert len(kept.seconds) == 1000 - 137 - 35


def test_a_range_is_learned_after_three_days_and_lent_only_where_projects_are_alike() -> None:
    """Before, a similar project's shares and times serve, wider; its throughput never does."""
    rng = np.random.default_rng(0)
    days = [points((rng.binomial(50, 0.9, 144 * n) / 50).tolist(), 50.0) for n in (1, 4)]
    assert alerting.learned(DEFAULTS["benchmark_pass_rate"], days[0]) is None
    known = alerting.learned(DEFAULTS["benchmark_pass_rate"], days[1])
    assert known is not None
    borrowed = alerting.lent("benchmark_pass_rate", known)
    assert borrowed is not None
    assert borrowed.widened == alerting.BORROWED
    assert alerting.lent("throughput_per_hour", known) is None


@pytest.mark.parametrize(("age", "alerts"), [(3600.0, 0), (20_000.0, 1)])
def test_a_queue_is_worth_an_alert_from_half_its_deadline_on(age: float, alerts: int) -> None:
    """However unusual, an hour is nothing where tasks have nine; five and a half are, after long quiet."""
    rule = alerting.rules_of({}, 9 * 3600.0)["queue_age_seconds"]
    known = alerting.learned(rule, points([60.0] * 144 * 4))
    assert known is not None
    _, changes = alerting.look(rule, known, Watch(), points([age] * 12), 10.0)
    assert [change.opened for change in changes] == [True] * alerts
    high = alerting.ordinary(rule, known, np.array([START]), np.ones(1))[1, 0]
    assert high == pytest.approx(4.5 * 3600)


def test_without_a_range_nothing_is_said() -> None:
    """A young project without a similar one is watched by fixed bounds alone."""
    rule = DEFAULTS["benchmark_pass_rate"]
    watch, changes = alerting.look(rule, None, Watch(), points([0.0] * 50), 5.0)
    assert changes == []
    assert watch.upto > START


@pytest.mark.parametrize(
    ("tries", "seconds", "disabled", "dead"),
    [(1, 1e6, False, False), (9, 60, False, False), (4, 300, False, True), (24, 9e9, True, True)],
)
def test_a_dead_webhook(tries: int, seconds: float, disabled: bool, dead: bool) -> None:
    """It is dead when several tries over five minutes failed, or when it was given up."""
    assert alerting.webhook_is_dead(tries=tries, failing_seconds=seconds, is_disabled=disabled) == dead
