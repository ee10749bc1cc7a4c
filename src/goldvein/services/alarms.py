"""Alarms: alerts opened once and resolved once, each with its event, its entry in the log and its notices."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from goldvein.domain.records import AlertKind
from goldvein.store import alerts, channels, log, outbox
from goldvein.store.channels import NoticeEvent
from goldvein.store.database import Transaction
from goldvein.store.log import Entry


def open_alarm(
    tx: Transaction, project: int, kind: AlertKind, subject: str, detail: Mapping[str, Any], now: datetime
) -> int | None:
    """Open an alert, unless one of the same kind and subject is open; return its id if it is new."""
    alert = alerts.open_(tx, project, kind, subject, detail, now)
    if alert is not None:
        _tell(tx, project, "opened", alert, {"kind": kind, "subject": subject, **detail}, now)
    return alert


def resolve_alarm(tx: Transaction, project: int, kind: AlertKind, subject: str, now: datetime) -> int | None:
    """Resolve the open alert of this kind and subject; return its id if there was one."""
    alert = alerts.resolve(tx, project, kind, subject, now)
    if alert is not None:
        _tell(tx, project, "resolved", alert, {"kind": kind, "subject": subject}, now)
    return alert


def _tell(
    tx: Transaction, project: int, what: NoticeEvent, alert: int, detail: Mapping[str, Any], now: datetime
) -> None:
    outbox.insert_many(tx, [project], [f"alert.{what}"], [None], [None], [None], now, alerts=[alert])
    entry = Entry(project, "alert", decision=what, detail={"alert": alert, **detail})
    log.append(tx, [entry], now)
    channels.note(tx, project, alert, what, now)
