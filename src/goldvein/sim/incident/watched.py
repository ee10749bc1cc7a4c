"""The operation of ``operation.py`` under the alert rules of the service: what they say, and when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from goldvein.decisions import alerting, silence
from goldvein.decisions.alerting import Change, Watch
from goldvein.sim.incident.operation import PER_DAY, SPAN, START, Played

if TYPE_CHECKING:
    from goldvein.decisions.alerting import Readings, Rule

_BACKOFF_SECONDS: Final = (0.0, 5.0, 15.0, 35.0, 75.0, 155.0, 315.0, 635.0)
"""After a webhook's first failure, when it was tried again, on average (``services.sending``)."""


@dataclass(frozen=True, slots=True)
class Told:
    """An alert: seconds since the epoch, and None while it is open."""

    rule: str
    opened: float
    resolved: float | None = None


def watch(played: Played, *, first_day: int = 0) -> list[Told]:
    """Watch a project from a day on: ranges are learned each day, from the past without incidents."""
    told: list[Told] = []
    rules = alerting.rules_of({}, played.deadline)
    on = [rule for rule in rules.values() if rule.on and rule.metric in played.points]
    limit = alerting.threshold_of(rules.values())
    for rule in on:
        told += _watch_metric(rule, played.points[rule.metric], limit, played.seconds[first_day * PER_DAY :])
    told += _watch_customer(played, first_day)
    return sorted(told, key=lambda one: one.opened)


def _watch_metric(rule: Rule, points: Readings, limit: float, seconds: np.ndarray) -> list[Told]:
    remembered, told = Watch(), dict[str, Told]()
    ended: list[Told] = []
    for begin in range(0, len(seconds), PER_DAY):
        morning = float(seconds[begin])
        spells = [(one.opened, one.resolved or morning) for one in [*ended, *told.values()]]
        known = None if rule.is_fixed else alerting.learned(rule, alerting.lessons(points, spells, morning))
        today = alerting.between(points, morning - 1, morning + PER_DAY * SPAN - 1)
        remembered, changes = alerting.look(rule, known, remembered, today, limit)
        for change in changes:
            _note(change, told, ended)
    return [*ended, *told.values()]


def _note(change: Change, told: dict[str, Told], ended: list[Told]) -> None:
    moment = change.seconds + SPAN  # a span is looked at when it is over
    if change.opened:
        told[change.side] = Told(f"{change.metric} {change.side}", moment)
    elif change.side in told:
        before = told.pop(change.side)
        ended.append(Told(before.rule, before.opened, moment))


def _watch_customer(played: Played, first_day: int) -> list[Told]:
    moments = played.seconds[played.pushed > 0]
    told: list[Told] = []
    open_since: float | None = None
    for begin in range(max(1, first_day) * PER_DAY, len(played.seconds), PER_DAY):
        morning = float(played.seconds[begin])
        past = moments[(moments < morning) & (moments >= morning - alerting.PAST_DAYS * 86_400)]
        known = silence.habit(past, max(START, morning - alerting.PAST_DAYS * 86_400), morning)
        if known is None:
            continue
        for now in played.seconds[begin : begin + PER_DAY] + SPAN:
            before = moments[moments < now]
            quiet = bool(len(before)) and silence.is_silent(known, float(before[-1]), float(now))
            if quiet and open_since is None:
                open_since = float(now)
            elif not quiet and open_since is not None:
                told.append(Told("customer silent", open_since, float(now)))
                open_since = None
    return [*told, *([Told("customer silent", open_since)] if open_since is not None else [])]


def watch_webhook(rng: np.random.Generator, played: Played) -> list[Told]:
    """Watch the receiver of a webhook: labels come all the time, so the first failure follows at once."""
    gone = np.flatnonzero(played.alive == 0)
    if not len(gone):
        return []
    failed = float(played.seconds[gone[0]]) + float(rng.uniform(0, 30))
    for tries, wait in enumerate(_BACKOFF_SECONDS, start=1):
        now = failed + wait
        if alerting.webhook_is_dead(tries=tries, failing_seconds=now - failed, is_disabled=False):
            return [Told("webhook dead", 60 * np.ceil(now / 60))]  # looked at each minute
    return []
