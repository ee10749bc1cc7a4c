"""Alerts: what somebody should look at, opened once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from goldvein.domain.records import Alert, AlertKind
from goldvein.store.database import Transaction
from goldvein.store.queries import load

_queries = load("alerts")


@dataclass(frozen=True, slots=True)
class Listed:
    """An alert with its project; ``muted_until``: nobody is told of such ones until then."""

    project: int
    name: str
    alert: Alert
    muted_until: datetime | None


def open_(
    tx: Transaction, project: int, kind: AlertKind, subject: str, detail: Mapping[str, Any], now: datetime
) -> int | None:
    """Open an alert and return its id; None if one of its kind and subject is open, or in a sandbox."""
    values = {
        "project": project, "kind": kind, "subject": subject, "detail": Jsonb(dict(detail)), "now": now,
    }  # fmt: skip
    row = tx.execute(_queries.open, values).fetchone()
    return None if row is None else int(row[0])


def resolve(tx: Transaction, project: int, kind: AlertKind, subject: str, now: datetime) -> int | None:
    """Resolve the open alert of this kind and subject and return its id; None if there is none."""
    values = {"project": project, "kind": kind, "subject": subject, "now": now}
    row = tx.execute(_queries.resolve, values).fetchone()
    return None if row is None else int(row[0])


def opened(tx: Transaction, project: int, *, limit: int) -> list[Alert]:
    """List a project's open alerts, the latest first."""
    return [Alert(*row) for row in tx.execute(_queries.opened, {"project": project, "limit": limit})]


def of_project(tx: Transaction, project: int) -> list[Alert]:
    """List a project's alerts, the oldest first."""
    return [Alert(*row) for row in tx.execute(_queries.of_project, {"project": project})]


def open_of_project(tx: Transaction, project: int) -> list[Alert]:
    """List a project's open alerts, the oldest first."""
    return [Alert(*row) for row in tx.execute(_queries.open_of_project, {"project": project})]


def count_open(tx: Transaction, projects: Sequence[int]) -> dict[int, int]:
    """Map projects to how many of their alerts are open; those without any are left out."""
    return dict(tx.execute(_queries.count_open, {"projects": list(projects)}).fetchall())


def page(
    tx: Transaction, *, project: int | None, customer: int | None, is_open: bool, before: int, limit: int,
    now: datetime,
) -> list[Listed]:  # fmt: skip
    """List alerts with ids under ``before``, the latest first: of one project, of a customer's, or all."""
    values = {"project": project, "customer": customer, "before": before, "limit": limit, "now": now}
    statement = _queries.waiting_page if is_open else _queries.page
    return [_listed(row) for row in tx.execute(statement, values)]


def find(tx: Transaction, project: int, alert: int, now: datetime) -> Listed | None:
    """Find an alert of a project."""
    row = tx.execute(_queries.one, {"project": project, "alert": alert, "now": now}).fetchone()
    return None if row is None else _listed(row)


def _listed(row: Sequence[Any]) -> Listed:
    return Listed(row[0], row[1], Alert(*row[2:10]), row[10])


def spells(
    tx: Transaction, project: int, since: datetime, now: datetime
) -> list[tuple[str, datetime, datetime]]:
    """List (metric, opened, resolved or now) of the alerts of a project's metrics since a moment."""
    return list(tx.execute(_queries.spells, {"project": project, "since": since, "now": now}))


def waiting(tx: Transaction, kinds: Sequence[AlertKind]) -> list[tuple[int, AlertKind, str]]:
    """List (project, kind, subject) of open alerts of some kinds, over all projects."""
    return list(tx.execute(_queries.waiting_of_kinds, {"kinds": list(kinds)}))


def of_those_who_rest(tx: Transaction, kinds: Sequence[AlertKind]) -> list[tuple[int, AlertKind, str]]:
    """List (project, kind, subject) of open alerts in projects that are neither mined nor open now."""
    return list(tx.execute(_queries.of_those_who_rest, {"kinds": list(kinds)}))


def acknowledge(tx: Transaction, project: int, alert: int, by: str, now: datetime) -> bool:
    """Note who has seen an alert; false if somebody had already."""
    values = {"project": project, "alert": alert, "by": by, "now": now}
    return tx.execute(_queries.acknowledge, values).rowcount > 0


def mute(tx: Transaction, project: int, kind: AlertKind, subject: str, until: datetime, by: str) -> None:
    """Let nobody be told of such alerts until a moment."""
    values = {"project": project, "kind": kind, "subject": subject, "until": until, "by": by}
    tx.execute(_queries.mute, values)


def count_waiting(tx: Transaction, bound: int) -> int:
    """Count open alerts that nobody acknowledged, up to a bound."""
    row = tx.execute(_queries.count_waiting, {"bound": bound}).fetchone()
    assert row is not None
    return int(row[0])
