"""Attending: alerts listed, looked at, acknowledged and muted, and the rules that open them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np

from goldvein.decisions import alerting as rules
from goldvein.decisions.alerting import SCALES, SPAN_MINUTES, Rule
from goldvein.domain.errors import Conflict, InvalidInput, NotFound
from goldvein.domain.records import Alert
from goldvein.services import alerting, series
from goldvein.services.alarms import resolve_alarm
from goldvein.services.projects import read as read_project
from goldvein.store import alerts, channels, watching
from goldvein.store.alerts import Listed
from goldvein.store.channels import Told
from goldvein.store.database import Database, Transaction
from goldvein.store.watching import RuleVersion

LONGEST_MUTE: Final = timedelta(days=30)
_BEFORE: Final = timedelta(hours=36)
_AFTER: Final = timedelta(hours=12)
_VERSIONS: Final = 20
_FIELDS: Final = frozenset(("on", "range", "low", "high", "learned_since"))


@dataclass(frozen=True, slots=True)
class Curve:
    """A metric around an alert, with what was expected of each point; nulls where nothing is known."""

    metric: str
    at: Sequence[datetime]
    values: Sequence[float]
    low: Sequence[float | None]
    high: Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Look:
    """All that is told of one alert."""

    listed: Listed
    told: Sequence[Told]
    curve: Curve | None


@dataclass(frozen=True, slots=True)
class Line:
    """A rule in force, and what it rests upon: ``learned`` from the own past, ``lent`` by another project."""

    rule: Rule
    source: str


@dataclass(frozen=True, slots=True)
class RuleBook:
    """A project's rules, and the versions that say where they are not the default."""

    version: int
    lines: Sequence[Line]
    own: Mapping[str, Mapping[str, Any]]
    versions: Sequence[RuleVersion]


def list_(
    db: Database, now: datetime, *, project: int | None = None, customer: int | None = None,
    is_open: bool = False, before: int = 2**63 - 1, limit: int = 50,
) -> list[Listed]:  # fmt: skip
    """List alerts, the latest first."""
    with db.connection() as tx:
        return alerts.page(
            tx, project=project, customer=customer, is_open=is_open, before=before, limit=limit, now=now
        )


def count_waiting(db: Database) -> int:
    """Count open alerts that nobody looks after yet, up to a hundred."""
    with db.connection() as tx:
        return alerts.count_waiting(tx, 100)


def look(db: Database, project: int, alert: int, now: datetime) -> Look:
    """Read an alert, whom it was told to, and its metric around it.

    Raises
    ------
    NotFound
        If the project has no such alert.
    """
    with db.snapshot() as tx:
        found = _found(tx, project, alert, now)
        told = channels.of_alert(tx, project, alert)
        return Look(found, told, _curve(tx, project, found.alert, now))


def acknowledge(db: Database, project: int, alert: int, by: str, now: datetime) -> Listed:
    """Say that somebody looks after an alert; whoever said so first stays.

    Raises
    ------
    NotFound
        If the project has no such alert.
    """
    with db.transaction() as tx:
        _found(tx, project, alert, now)
        alerts.acknowledge(tx, project, alert, by, now)
        return _found(tx, project, alert, now)


def mute(db: Database, project: int, alert: int, hours: float, by: str, now: datetime) -> Listed:
    """Let nobody be told of alerts like this one for some hours; 0 ends that.

    Raises
    ------
    InvalidInput
        If that is too long.
    NotFound
        If the project has no such alert.
    """
    if not 0 <= hours * 3600 <= LONGEST_MUTE.total_seconds():
        raise InvalidInput("an alert is muted for 0 to 720 hours", code="invalid_mute", pointer="/hours")
    with db.transaction() as tx:
        alert_ = _found(tx, project, alert, now).alert
        alerts.mute(tx, project, alert_.kind, alert_.subject, now + timedelta(hours=hours), by)
        return _found(tx, project, alert, now)


def _found(tx: Transaction, project: int, alert: int, now: datetime) -> Listed:
    found = alerts.find(tx, project, alert, now)
    if found is None:
        raise NotFound(f"project {project} has no alert {alert}", code="alert_unknown")
    return found


def _curve(tx: Transaction, project: int, alert: Alert, now: datetime) -> Curve | None:
    if alert.kind not in alerting.OF_METRICS or alert.subject not in SCALES:
        return None
    since, until = alert.opened_at - _BEFORE, min(now, (alert.resolved_at or now) + _AFTER)
    since = max(since, until - timedelta(days=7))
    found = alerting.readings(series.read(tx, project, [alert.subject], since, until, SPAN_MINUTES))
    points = found.get(alert.subject, alerting.NOTHING)
    rule = alerting.rules_of(tx, project)[alert.subject]
    written = watching.watches(tx, project).get(alert.subject)
    nothing: list[float | None] = [None] * len(points.seconds)
    low, high = nothing, nothing
    if rule.is_fixed:
        low, high = [rule.low] * len(nothing), [rule.high] * len(nothing)
    elif written is not None and written.range is not None and len(points.seconds):
        known = alerting.range_of(written.range)
        ends = rules.ordinary(rule, known, points.seconds, np.maximum(points.evidence, 1.0))
        low, high = ends.tolist()
    at = [datetime.fromtimestamp(one, now.tzinfo) for one in points.seconds]
    return Curve(alert.subject, at, points.values.tolist(), low, high)


# --- rules --------------------------------------------------------------------------------------------------


def book(db: Database, project: int) -> RuleBook:
    """Read a project's rules.

    Raises
    ------
    NotFound
        If there is no such project.
    """
    with db.snapshot() as tx:
        read_project(tx, project, None)
        return _book(tx, project)


def _book(tx: Transaction, project: int) -> RuleBook:
    versions = watching.rule_versions(tx, project, limit=_VERSIONS)
    own = versions[0].rules if versions else {}
    known = watching.watches(tx, project)
    lines = []
    for metric, rule in alerting.rules_of(tx, project).items():
        range_ = known.get(metric)
        if rule.is_fixed:
            source = "fixed"
        elif range_ is None or range_.range is None:
            source = "not known yet"
        else:
            source = "learned" if range_.lent_by is None else f"lent by project {range_.lent_by}"
        lines.append(Line(rule, source))
    return RuleBook(versions[0].version if versions else 0, lines, own, versions)


def set_rules(
    db: Database, project: int, changes: Mapping[str, Mapping[str, Any] | None], by: str, now: datetime,
    *, version: int | None = None,
) -> RuleBook:  # fmt: skip
    """Change rules of a project: a new version. What changed begins anew, and its alerts are resolved.

    Parameters
    ----------
    changes : mapping
        By metric what differs from the default (``decisions.alerting.rules_of``), and ``learned_since``: from
        when on its range may be learned, as an ISO moment or ``now``. None: the default again.
    version : int, optional
        The version that the changes were made to.

    Raises
    ------
    Conflict
        If somebody changed them meanwhile.
    InvalidInput
        If a metric, a word or a bound cannot be.
    NotFound
        If there is no such project.
    """
    with db.transaction() as tx:
        read_project(tx, project, None)
        watching.wait(tx, project)  # a look by the old rules may be about to open what nobody would resolve
        last = watching.rules(tx, project)
        rules.rules_of({metric: {} for metric in changes})
        number, own = (last.version, dict(last.rules)) if last is not None else (0, {})
        if version is not None and version != number:
            raise _changed(project)
        for metric, change in changes.items():
            if change is None:
                own.pop(metric, None)
            else:
                own[metric] = _checked(metric, change, now)
        rules.rules_of(own)
        if not watching.add_rules(tx, project, number + 1, own, by, now):
            raise _changed(project)
        watching.forget_sums(tx, project, list(changes))
        for metric in changes:
            for side in alerting.OF_METRICS:
                resolve_alarm(tx, project, side, metric, now)
    alerting.learn(db, project, now)
    return book(db, project)


def _changed(project: int) -> Conflict:
    return Conflict(
        f"the rules of project {project} were changed meanwhile: read them again", code="rules_changed"
    )


def _checked(metric: str, change: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    unknown = sorted(change.keys() - _FIELDS)
    if unknown:
        raise InvalidInput(
            f"a rule has no {unknown[0]!r}: it has {', '.join(sorted(_FIELDS))}", code="invalid_rule",
            pointer=f"/{metric}/{unknown[0]}",
        )  # fmt: skip
    kept = {name: value for name, value in change.items() if value is not None}
    since = kept.get("learned_since")
    if since is None:
        return kept
    moment = now if since == "now" else _moment(since)
    if moment is None or moment > now:
        raise InvalidInput(
            f"learned_since={since!r} is no moment of the past with its zone: use now, or ISO 8601",
            code="invalid_rule", pointer=f"/{metric}/learned_since",
        )  # fmt: skip
    return kept | {"learned_since": moment.isoformat()}


def _moment(text: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return found if found.tzinfo is not None else None
