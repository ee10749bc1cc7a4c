"""Discovering: looks for shortcuts without a state, gives them one, and tells of them and of tastes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from goldvein.domain.errors import Conflict
from goldvein.domain.records import AlertKind
from goldvein.services.delivery import alert_json
from goldvein.services.lessons import LEAST_ORDINARY
from goldvein.services.material import Material, read_material
from goldvein.services.reestimation import write_version
from goldvein.services.traces import AT_MOST, Traces, traces_of
from goldvein.services.views import View, Views
from goldvein.stats.choices import leans_of
from goldvein.stats.discovery import Shortcut, with_rules
from goldvein.stats.discovery import discover as search
from goldvein.stats.taste import Taste
from goldvein.store import alerts, log, outbox
from goldvein.store.database import Database, Transaction
from goldvein.store.log import Entry

MOST_RULES: Final = 12
"""Discovered rules that get a state; each costs every answer a little."""


@dataclass(frozen=True, slots=True)
class Discovery:
    """What a look at a project came to; mostly nothing.

    Attributes
    ----------
    shortcuts, tastes : tuple
        Labelers in them by id.
    opened : tuple of int
        Alerts that are new.
    model_version : int or None
        The version that gives new rules a state; None if there is none.
    answers, suspects : int
        How many were looked at.
    """

    project: int
    shortcuts: tuple[Shortcut, ...]
    tastes: tuple[Taste, ...]
    opened: tuple[int, ...]
    model_version: int | None
    answers: int
    suspects: int


def discover(db: Database, project: int, now: datetime) -> Discovery:
    """Look for unlisted shortcuts and for tastes; open alerts, and give each new rule a state.

    Everybody's next answer is judged with the new states. Looking again changes nothing.

    Raises
    ------
    NotFound
        If the project is not under way.
    Conflict
        If it has not opened yet.
    """
    with db.snapshot() as tx:
        view = Views().one(tx, project)
        if view.model is None:
            raise Conflict(f"project {project} has not opened: there is no model yet", code="not_opened")
        material = read_material(tx, view, AT_MOST)
    traces = traces_of(material, view.model)
    found = search(view.model, traces.choices, traces.p_good, traces.misfit)
    shortcuts = tuple(replace(one, labelers=_ids(material, one.labelers)) for one in found.shortcuts)
    tastes = tuple(replace(one, labelers=_ids(material, one.labelers)) for one in found.tastes)
    opened = _tell(db, project, [*map(_of_shortcut, shortcuts), *map(_of_taste, tastes)], now)
    version = _give_states(db, view, traces, now)
    return Discovery(project, shortcuts, tastes, opened, version, len(traces.choices), len(found.suspects))


def _ids(material: Material, places: Sequence[int]) -> tuple[int, ...]:
    return tuple(material.labelers[list(places)].tolist())


def new_rules(tx: Transaction, project: int) -> tuple[str, ...]:
    """Rules that were discovered in a project, in that order; the first ones, where they are many."""
    rules = [one.subject for one in alerts.of_project(tx, project) if one.kind == "shortcut"]
    return tuple(dict.fromkeys(rules))[:MOST_RULES]


def report(tx: Transaction, project: int) -> list[dict[str, Any]]:
    """What was discovered in a project, ready for JSON, the oldest first."""
    return [alert_json(alert) for alert in alerts.of_project(tx, project)]


@dataclass(frozen=True, slots=True)
class _Finding:
    """What an alert tells: to everybody ``detail``, to the log the labelers as well."""

    kind: AlertKind
    subject: str
    detail: Mapping[str, Any]
    labelers: Sequence[int]


def _of_shortcut(found: Shortcut) -> _Finding:
    detail = {
        "rule": found.rule, "labelers": len(found.labelers), "answers": found.answers, "follows": found.net,
        "coefficient": found.coefficient, "error": found.error, "p_value": found.p_value,
        "evidence": found.evidence,
    }  # fmt: skip
    return _Finding("shortcut", found.rule, detail, found.labelers)


def _of_taste(found: Taste) -> _Finding:
    detail = {
        "labelers": len(found.labelers), "agreed": found.agreed, "expected": found.expected,
        "p_value": found.p_value,
    }  # fmt: skip
    return _Finding("taste", "keys", detail, found.labelers)


def _tell(db: Database, project: int, findings: Sequence[_Finding], now: datetime) -> tuple[int, ...]:
    """Open an alert for each finding that is new, with its event and its entry in the log."""
    if not findings:
        return ()
    with db.transaction() as tx:
        told = {one.subject for one in alerts.of_project(tx, project) if one.kind == "shortcut"}
        fresh = [one for one in findings if one.kind != "shortcut" or one.subject not in told]
        ids = [alerts.open_(tx, project, one.kind, one.subject, one.detail, now) for one in fresh]
        opened = [(one, new) for one, new in zip(fresh, ids, strict=True) if new is not None]
        none, news = [None] * len(opened), [new for _, new in opened]
        events = ["alert.opened"] * len(opened)
        outbox.insert_many(tx, [project] * len(opened), events, none, none, none, now, alerts=news)
        log.append(tx, [_entry(project, one, new) for one, new in opened], now)
    return tuple(news)


def _entry(project: int, finding: _Finding, alert: int) -> Entry:
    detail = {
        "alert": alert, "kind": finding.kind, "subject": finding.subject, "who": list(finding.labelers),
        **finding.detail,
    }  # fmt: skip
    return Entry(project, "alert", decision="opened", detail=detail)


def _give_states(db: Database, view: View, traces: Traces, now: datetime) -> int | None:
    """Put a model in force that has a state for every discovered rule; later, while one is estimated."""
    project, model = view.project.id, view.model
    assert model is not None
    with db.connection() as tx:
        rules = [rule for rule in new_rules(tx, project) if rule not in model.space.shortcuts]
    if not rules:
        return None
    grown = with_rules(model, rules)
    ordinary = traces.choices.labelers[traces.choices.benchmarks < 0]
    known = set(traces.choices.rules).issuperset(grown.space.content_rules)
    if view.project.classes is None and known and traces.p_good[ordinary].sum() >= LEAST_ORDINARY:
        grown = with_rules(model, rules, leans_of(traces.choices, traces.p_good, grown.space.content_rules))
    report = {"rules": rules}
    try:
        return write_version(db, view, grown, {}, report, now)[0]
    except Conflict:
        return None
