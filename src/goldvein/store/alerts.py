"""Alerts: what somebody should look at, opened once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from goldvein.domain.records import Alert, AlertKind
from goldvein.store.database import Transaction
from goldvein.store.queries import load

_queries = load("alerts")


def open_(
    tx: Transaction, project: int, kind: AlertKind, subject: str, detail: Mapping[str, Any], now: datetime
) -> int | None:
    """Open an alert and return its id; None if one of the same kind and subject is open."""
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
