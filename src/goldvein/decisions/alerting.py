"""Alerting: which metrics are watched, on which side, and when that becomes an alert, once, and ends.

A rule's points pass through two sums (``stats.cusum``): one says that the metric left its range, the other
that it is back. The threshold follows from how many false alerts a project may have in a week over all its
rules together, so that a rule more makes every rule a little less eager, and not the pager louder.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

import numpy as np

from goldvein.domain.errors import InvalidInput
from goldvein.stats import cusum, expected
from goldvein.stats.cusum import Sum
from goldvein.stats.expected import Range, Scale

if TYPE_CHECKING:
    from collections.abc import Iterable

    from goldvein.stats.arrays import Array

Side = Literal["low", "high"]
SIGNS: Final[Mapping[Side, float]] = MappingProxyType({"low": -1.0, "high": 1.0})

SPAN_MINUTES: Final = 10
"""Rules look at points of so many minutes."""
PER_WEEK: Final = 7 * 24 * 60 // SPAN_MINUTES
FALSE_PER_WEEK: Final = 0.25
"""What all rules of a project together are set to; docs/alerts.md has what simulated weeks show."""
LEAST_DAYS: Final = 3.0
"""Of an own past from which a range is learned."""
QUEUE_SHARE: Final = 0.5
"""Of the deadline, from which on the age of a queue is worth an alert."""
BORROWED: Final = 2.0
"""Factor on the spread of a range that another project lends."""
LENT: Final = frozenset(("share", "duration", "amount"))
"""What projects of a kind have in common; how much they do, they have not."""


PAST_DAYS: Final = 21
"""Days of the past that ranges are learned from."""
GUARD_SECONDS: Final = 6 * 3600
"""What lies so shortly before an alert, or before now, teaches nothing: it may be part of an incident."""
DEAD_AFTER_SECONDS: Final = 300.0
"""A webhook whose message has failed for so long, time and again, is dead."""
DEAD_AFTER_TRIES: Final = 4


@dataclass(frozen=True, slots=True)
class Rule:
    """One watched metric.

    Attributes
    ----------
    metric : str
    sides : tuple of str
        ``low``, ``high`` or both.
    low, high : float or None
        Fixed bounds; without any the range is learned.
    on : bool
    worth : float or None
        Where the range is learned: what a value must be over to be worth an alert, however unusual it is.
    """

    metric: str
    sides: tuple[Side, ...]
    low: float | None = None
    high: float | None = None
    on: bool = True
    worth: float | None = None

    @property
    def is_fixed(self) -> bool:
        """Whether an operator's bounds are the range."""
        return self.low is not None or self.high is not None

    def bound(self, side: Side) -> float | None:
        """The fixed bound of a side, if it has one."""
        return self.low if side == "low" else self.high


def _rules(*rules: Rule) -> Mapping[str, Rule]:
    return MappingProxyType({rule.metric: rule for rule in rules})


SCALES: Final[Mapping[str, Scale]] = MappingProxyType({
    "throughput_per_hour": Scale("count", unit=60 / SPAN_MINUTES),
    "active_labelers": Scale("count"),
    "admitted_labelers": Scale("duration", unit=0.0, offset=1.0),
    "answer_seconds_p50": Scale("duration", unit=1.2),
    "answer_seconds_spread": Scale("duration", unit=2.0),
    "queue_age_seconds": Scale("duration", unit=0.0, offset=900.0, least_spread=0.5),
    "latency_p95_share": Scale("duration", unit=3.6, offset=0.02),
    "supply_hours": Scale("duration", unit=0.0, offset=1.0),
    "late_share": Scale("share"),
    "held_share": Scale("share"),
    "withdrawn_share": Scale("share"),
    "benchmark_share": Scale("share"),
    "benchmark_pass_rate": Scale("share"),
    "delivering_share": Scale("share"),
    "agreement_raw": Scale("share"),
    "agreement_alpha": Scale("amount", unit=0.5),
    "agreement_ac1": Scale("amount", unit=0.5),
})  # fmt: skip
"""How each metric varies by chance. The constants of durations are variances of the logarithm of a median
(1.2), of a ratio of quartiles (2) or of a 95% quantile (3.6) of one answer: those of log-normal times whose
logarithms have a standard deviation of 0.9."""

DEFAULTS: Final[Mapping[str, Rule]] = _rules(
    Rule("throughput_per_hour", ("low",)),
    Rule("active_labelers", ("low",)),
    Rule("answer_seconds_p50", ("low", "high")),
    Rule("answer_seconds_spread", ("low", "high")),
    Rule("queue_age_seconds", ("high",), worth=3600.0),
    Rule("latency_p95_share", ("high",), high=1.0),
    Rule("late_share", ("high",), high=0.05),
    Rule("held_share", ("high",)),
    Rule("withdrawn_share", ("high",)),
    Rule("benchmark_share", ("high",)),
    Rule("benchmark_pass_rate", ("low",)),
    Rule("supply_hours", ("low",), low=6.0),
    Rule("agreement_raw", ("low",)),
    Rule("agreement_alpha", ("low",), on=False),
    Rule("agreement_ac1", ("low",), on=False),
    Rule("admitted_labelers", ("low",), on=False),
    Rule("delivering_share", ("low",), on=False),
)
"""What is watched of a project where nobody says otherwise. The last four are off: the same answers move the
raw agreement, and standings follow the pass rate days later."""


def rules_of(
    overrides: Mapping[str, Mapping[str, Any]], deadline_seconds: float | None = None
) -> dict[str, Rule]:
    """The rules of a project that overrides some defaults.

    Parameters
    ----------
    overrides : mapping
        By metric: ``on``; and ``range``, which is ``learned`` or ``fixed`` with ``low``, ``high`` or both.
    deadline_seconds : float or None
        Of its tasks: a queue is worth an alert from half of it on, and from an hour on without any.

    Raises
    ------
    InvalidInput
        If a metric, a word or a bound cannot be.
    """
    unknown = sorted(overrides.keys() - DEFAULTS.keys())
    if unknown:
        raise InvalidInput(f"no rule watches {unknown[0]!r}", code="unknown_metric", pointer=f"/{unknown[0]}")
    rules = {
        metric: _overridden(rule, overrides[metric]) if metric in overrides else rule
        for metric, rule in DEFAULTS.items()
    }
    if deadline_seconds is not None:
        age = rules["queue_age_seconds"]
        rules[age.metric] = replace(age, worth=QUEUE_SHARE * deadline_seconds)
    return rules


def _overridden(rule: Rule, override: Mapping[str, Any]) -> Rule:
    on, range_ = override.get("on", rule.on), override.get("range")
    low, high = override.get("low"), override.get("high")
    bounds = [bound for bound in (low, high) if bound is not None]
    if range_ is None and bounds:
        range_ = "fixed"
    wrong = (
        "on is true or false" if not isinstance(on, bool)
        else "range is learned, or fixed with low, high or both" if range_ not in (None, "learned", "fixed")
        or (range_ == "fixed") != bool(bounds)
        else "bounds are numbers of at least 0" if not all(map(_is_bound, bounds))
        else "low lies under high" if len(bounds) == 2 and bounds[0] >= bounds[1]
        else "a share is at most 1" if SCALES[rule.metric].family == "share" and max(bounds, default=0) > 1
        else ""
    )  # fmt: skip
    if wrong:
        raise InvalidInput(f"{rule.metric}: {wrong}", code="invalid_rule", pointer=f"/{rule.metric}")
    if range_ is None:
        return replace(rule, on=on)
    if range_ == "learned":
        return replace(rule, on=on, low=None, high=None)
    sides = tuple(side for side in get_args(Side) if {"low": low, "high": high}[side] is not None)
    return Rule(rule.metric, sides, low, high, on)


def _is_bound(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e12


@dataclass(frozen=True, slots=True)
class Readings:
    """Consecutive points of one metric: (n,) float each; ``seconds`` since the epoch, rising."""

    seconds: Array
    values: Array
    evidence: Array

    def after(self, seconds: float) -> Readings:
        """Those that are later."""
        later = self.seconds > seconds
        return Readings(self.seconds[later], self.values[later], self.evidence[later])

    def without(self, spells: Iterable[tuple[float, float]]) -> Readings:
        """Those that lie in none of some spells: what happened in an incident teaches no range."""
        kept = np.ones(len(self.seconds), dtype=bool)
        for begin, end in spells:
            kept &= (self.seconds < begin) | (self.seconds > end)
        return Readings(self.seconds[kept], self.values[kept], self.evidence[kept])


@dataclass(frozen=True, slots=True)
class Watch:
    """What is remembered of one rule of a project between two looks."""

    upto: float = 0.0
    sums: Mapping[Side, Sum] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """A metric that left its range, or came back, with the point at which that was sure."""

    metric: str
    side: Side
    opened: bool
    seconds: float
    value: float


@cache
def threshold(sides: int) -> float:
    """The threshold of each of so many watched sides."""
    return cusum.threshold(PER_WEEK * max(1, sides) / FALSE_PER_WEEK)


def threshold_of(rules: Iterable[Rule]) -> float:
    """The threshold of a project's rules: all that are on share what may be false in a week."""
    return threshold(sum(len(rule.sides) for rule in rules if rule.on))


def between(points: Readings, begin: float, end: float) -> Readings:
    """Those in (begin, end]."""
    kept = (points.seconds > begin) & (points.seconds <= end)
    return Readings(points.seconds[kept], points.values[kept], points.evidence[kept])


def lessons(points: Readings, alerts: Iterable[tuple[float, float]], now: float) -> Readings:
    """What a range may be learned from now: the past of some weeks, without alerts and what led to them."""
    past = between(points, now - PAST_DAYS * 86_400, now - GUARD_SECONDS)
    return past.without((opened - GUARD_SECONDS, ended) for opened, ended in alerts)


def webhook_is_dead(*, tries: int, failing_seconds: float, is_disabled: bool) -> bool:
    """Whether a receiver takes nothing any more; ``is_disabled``: given up, and not by its owner."""
    return is_disabled or (tries >= DEAD_AFTER_TRIES and failing_seconds >= DEAD_AFTER_SECONDS)


def learned(rule: Rule, past: Readings) -> Range | None:
    """What is expected of a metric from a project's own past; None while that is too short."""
    if not len(past.seconds) or len(past.seconds) * SPAN_MINUTES < 0.25 * LEAST_DAYS * 24 * 60:
        return None
    if past.seconds[-1] - past.seconds[0] < LEAST_DAYS * 86_400 - 3600:
        return None
    scale, points = SCALES[rule.metric], (past.seconds, past.values, past.evidence)
    signs = [SIGNS[side] for side in rule.sides]
    return expected.temper(scale, expected.learn(scale, *points), signs, *points)


def lent(metric: str, other: Range) -> Range | None:
    """What a similar project lends; None for what no two projects have in common."""
    return expected.widen(other, BORROWED) if SCALES[metric].family in LENT else None


def ordinary(rule: Rule, known: Range, seconds: Array, evidence: Array) -> Array:
    """Lower and upper end of what is no cause for an alert, for single points: (2, n), as values."""
    low, high = expected.band(SCALES[rule.metric], known, seconds, evidence)
    return np.array([low, high if rule.worth is None else np.maximum(high, rule.worth)])


def look(
    rule: Rule, known: Range | None, watch: Watch, new: Readings, limit: float
) -> tuple[Watch, list[Change]]:
    """Take new points into a rule's sums; return what to remember, and what changed.

    Parameters
    ----------
    rule : Rule
    known : Range or None
        None: nothing was learned yet, and only fixed bounds are watched.
    watch : Watch
    new : Readings
        Points up to ``watch.upto`` are passed over: looking twice is looking once.
    limit : float
        From ``threshold_of``.
    """
    fresh = new.after(watch.upto)
    if not len(fresh.seconds):
        return watch, []
    sums, changes = dict(watch.sums), []
    for side in rule.sides:
        speaks = _speaks(rule, side, known, fresh)
        if speaks is None:
            continue
        so_far = sums.get(side, Sum())
        for place, one in enumerate(speaks):
            after = cusum.step(so_far, float(one), limit)
            if after.is_open != so_far.is_open:
                changes.append(Change(
                    rule.metric, side, after.is_open, float(fresh.seconds[place]), float(fresh.values[place])
                ))  # fmt: skip
            so_far = after
        sums[side] = so_far
    return Watch(float(fresh.seconds[-1]), sums), changes


def _speaks(rule: Rule, side: Side, known: Range | None, new: Readings) -> Array | None:
    """How much points speak for having left the range on a side; None where no range is known."""
    scale, sign = SCALES[rule.metric], SIGNS[side]
    if rule.is_fixed:
        bound = rule.bound(side)
        return None if bound is None else expected.beyond(scale, bound, sign, new.values, new.evidence)
    if known is None:
        return None
    unusual = expected.speaks(scale, known, sign, new.seconds, new.values, new.evidence)
    if rule.worth is None:
        return unusual
    # The less of two honest ratios is honest.
    return np.minimum(unusual, expected.beyond(scale, rule.worth, sign, new.values, new.evidence))
