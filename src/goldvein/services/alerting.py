"""Alerting: looks at every project's metrics as they come, at its customer and at its webhooks (ADR 0037).

Each span of ten minutes is looked at once: how far a project was looked at, what its rules remember and the
alerts that follow are written in one transaction, under the lock of the project's row. So any number of
processes may look, at any time, and a killed one leaves nothing half said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np

from goldvein.decisions import alerting, silence
from goldvein.decisions.alerting import PAST_DAYS, SPAN_MINUTES, Change, Readings, Rule, Watch
from goldvein.decisions.silence import Habit
from goldvein.domain.metrics import Point
from goldvein.domain.records import AlertKind
from goldvein.services import series
from goldvein.services.alarms import open_alarm, resolve_alarm
from goldvein.stats.cusum import Sum
from goldvein.stats.expected import Range
from goldvein.store import alerts, projects, watching
from goldvein.store.database import Database, Transaction
from goldvein.store.figures import begin
from goldvein.store.watching import Remembered

LEARN_EVERY: Final = timedelta(hours=24)
_BACK: Final = timedelta(days=7)
"""What nobody looked at for longer is past."""
OF_METRICS: Final[tuple[AlertKind, ...]] = ("low", "high")
_ONE_PUSH: Final = timedelta(minutes=SPAN_MINUTES)
"""Pushes that follow each other so closely are one."""


def look(db: Database, now: datetime) -> None:
    """Look at all that happened since the last look; every minute is often enough."""
    upto = begin(now, SPAN_MINUTES)
    with db.transaction() as tx:
        watching.begin(tx, upto)
        watching.note_pushes(tx, begin(now, 1))
    with db.connection() as tx:
        due = watching.due(tx, upto, now - LEARN_EVERY)
    for project, is_stale in due:
        if is_stale:
            learn(db, project, now)
        _look_at(db, project, upto, now)
    with db.transaction() as tx:
        _look_at_customers(tx, now)
        _look_at_webhooks(tx, now)
        for project, kind, subject in alerts.of_those_who_rest(tx, (*OF_METRICS, "silent")):
            resolve_alarm(tx, project, kind, subject, now)


def learn(db: Database, project: int, now: datetime) -> None:
    """Learn what is expected of a project's metrics, and when its customer pushes, from the last weeks."""
    since = now - timedelta(days=PAST_DAYS)
    with db.transaction() as tx:
        looked = watching.take(tx, project)
        if looked is None:
            return
        own, rules = watching.rules(tx, project), rules_of(tx, project)
        since_of = _learned_since(own.rules if own else {}, since)
        past = readings(_past(tx, project, list(rules), since, now))
        spells = alerts.spells(tx, project, since, now)
        lender = watching.alike(tx, project)
        lent = watching.watches(tx, lender) if lender is not None else {}
        ranges: dict[str, tuple[Mapping[str, Any] | None, int | None]] = {}
        for metric, rule in rules.items():
            if rule.is_fixed or not rule.on:
                continue
            incidents = [(o.timestamp(), e.timestamp()) for name, o, e in spells if name == metric]
            points = past.get(metric, NOTHING).after(since_of.get(metric, since.timestamp()))
            known = alerting.learned(rule, alerting.lessons(points, incidents, now.timestamp()))
            found = known or _borrowed(metric, lent.get(metric))
            written = None if found is None else asdict(found)
            ranges[metric] = (written, lender if known is None and found is not None else None)
        watching.expect(tx, project, ranges, looked.upto)
        watching.note_learned(tx, project, _habit(watching.pushes(tx, project, since), since, now), now)
        watching.forget_pushes(tx, since - timedelta(days=1))


def _past(
    tx: Transaction, project: int, metrics: Sequence[str], since: datetime, now: datetime
) -> list[Point]:
    """Points of some weeks, a week at a time."""
    found: list[Point] = []
    while since < now:
        until = min(now, begin(since + timedelta(days=7), SPAN_MINUTES))
        found += series.read(tx, project, metrics, since, until, SPAN_MINUTES)
        since = until
    return found


NOTHING: Final = Readings(np.zeros(0), np.zeros(0), np.zeros(0))


def rules_of(tx: Transaction, project: int) -> dict[str, Rule]:
    """The rules in force for a project."""
    own, found = watching.rules(tx, project), projects.find(tx, project)
    deadline = found.deadline_seconds if found is not None else None
    return alerting.rules_of(own.rules if own is not None else {}, deadline)


def readings(points: Sequence[Point]) -> dict[str, Readings]:
    """Points of whole projects by metric, in the order of time."""
    found: dict[str, list[tuple[float, float, float]]] = {}
    for point in sorted(points, key=lambda point: point.at):
        if not point.part:
            found.setdefault(point.metric, []).append((point.at.timestamp(), point.value, point.evidence))
    return {metric: Readings(*np.array(rows, dtype=float).T) for metric, rows in found.items()}


def range_of(written: Mapping[str, Any]) -> Range:
    """A range as it was stored."""
    return Range(**{**written, "centres": tuple(written["centres"]), "points": tuple(written["points"])})


def _borrowed(metric: str, other: Remembered | None) -> Range | None:
    if other is None or other.range is None or other.lent_by is not None:
        return None
    return alerting.lent(metric, range_of(other.range))


def _learned_since(own: Mapping[str, Mapping[str, Any]], least: datetime) -> dict[str, float]:
    """From when on rules may learn, where somebody said that all is new."""
    return {
        metric: max(least, datetime.fromisoformat(override["learned_since"])).timestamp()
        for metric, override in own.items()
        if override.get("learned_since")
    }


def _habit(pushes: Sequence[datetime], since: datetime, now: datetime) -> Mapping[str, Any] | None:
    apart: list[float] = []
    for at in pushes:
        if not apart or at.timestamp() - apart[-1] >= _ONE_PUSH.total_seconds():
            apart.append(at.timestamp())
    first = max(since.timestamp(), apart[0]) if apart else now.timestamp()
    known = silence.habit(np.array(apart), first, now.timestamp())
    return None if known is None else asdict(known)


# --- metrics ------------------------------------------------------------------------------------------------


def _look_at(db: Database, project: int, upto: datetime, now: datetime) -> None:
    with db.transaction() as tx:
        looked = watching.take(tx, project)
        if looked is None or looked.upto >= upto:
            return
        rules = {metric: rule for metric, rule in rules_of(tx, project).items() if rule.on}
        remembered = watching.watches(tx, project)
        points = readings(
            series.read(tx, project, list(rules), max(looked.upto, upto - _BACK), upto, SPAN_MINUTES)
        )
        limit = alerting.threshold_of(rules.values())
        sums: dict[str, tuple[datetime, Mapping[str, Any]]] = {}
        for metric, rule in rules.items():
            before = remembered.get(metric)
            known = range_of(before.range) if before is not None and before.range is not None else None
            new = points.get(metric, NOTHING)
            after, changes = alerting.look(rule, known, _watch(before), new, limit)
            for change in changes:
                _tell(tx, project, rule, known, change, new, now)
            if after.upto:
                moment = datetime.fromtimestamp(after.upto, UTC)
                sums[metric] = (moment, {side: asdict(one) for side, one in after.sums.items()})
        watching.remember(tx, project, sums)
        watching.move(tx, project, upto)


def _watch(before: Remembered | None) -> Watch:
    if before is None or not before.sums:
        return Watch()
    return Watch(before.upto.timestamp(), {side: Sum(**one) for side, one in before.sums.items()})  # type: ignore[misc]


def _tell(
    tx: Transaction, project: int, rule: Rule, known: Range | None, change: Change, new: Readings,
    now: datetime,
) -> None:  # fmt: skip
    if not change.opened:
        resolve_alarm(tx, project, change.side, change.metric, now)
        return
    detail = {"value": change.value, "at": datetime.fromtimestamp(change.seconds, UTC).isoformat()}
    open_alarm(tx, project, change.side, change.metric, detail | _expected(rule, known, change, new), now)


def _expected(rule: Rule, known: Range | None, change: Change, new: Readings) -> dict[str, Any]:
    """What was expected where a change became sure."""
    if rule.is_fixed or known is None:
        return {"range": "fixed", "low": rule.low, "high": rule.high}
    place = int(np.searchsorted(new.seconds, change.seconds))
    point = slice(place, place + 1)
    low, high = alerting.ordinary(rule, known, new.seconds[point], new.evidence[point])
    return {"range": "learned", "low": float(low[0]), "high": float(high[0])}


# --- customers and their receivers --------------------------------------------------------------------------


def _look_at_customers(tx: Transaction, now: datetime) -> None:
    waiting = {project for project, _, _ in alerts.waiting(tx, ("silent",))}
    for project, written, last in watching.habits(tx):
        habit = Habit(tuple(written["rates"]), written["limit"])
        is_silent = last is not None and silence.is_silent(habit, last.timestamp(), now.timestamp())
        if is_silent and project not in waiting:
            assert last is not None
            missed = silence.missing(habit, last.timestamp(), now.timestamp())
            detail = {"last_push": last.isoformat(), "missing_pushes": round(missed, 1)}
            open_alarm(tx, project, "silent", "customer", detail, now)
        elif not is_silent and project in waiting:
            resolve_alarm(tx, project, "silent", "customer", now)


def _look_at_webhooks(tx: Transaction, now: datetime) -> None:
    waiting = {(project, subject) for project, _, subject in alerts.waiting(tx, ("webhook",))}
    dead = {}
    for hook in watching.failing_webhooks(tx, 1):
        failing = (now - hook.since).total_seconds() if hook.since is not None else 0.0
        if alerting.webhook_is_dead(tries=hook.tries, failing_seconds=failing, is_disabled=hook.is_disabled):
            dead[hook.project, str(hook.id)] = hook
    for (project, subject), hook in dead.items():
        if (project, subject) not in waiting:
            detail = {
                "webhook": hook.id, "tries": hook.tries, "given_up": hook.is_disabled,
                "failing_since": hook.since.isoformat() if hook.since is not None else None,
            }  # fmt: skip
            open_alarm(tx, project, "webhook", subject, detail, now)
    for project, subject in waiting - dead.keys():
        resolve_alarm(tx, project, "webhook", subject, now)
