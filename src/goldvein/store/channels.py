"""Channels: who is told of alerts, and what each was told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from goldvein.domain.records import Alert
from goldvein.store.database import Transaction
from goldvein.store.queries import load

_queries = load("channels")
ChannelKind = Literal["email", "apprise"]
NoticeEvent = Literal["opened", "resolved"]


@dataclass(frozen=True, slots=True)
class Channel:
    """Somebody who is told of a project's alerts, or, without a project, of all."""

    id: int
    project: int | None
    kind: ChannelKind
    target: str
    made_at: datetime
    made_by: str


@dataclass(frozen=True, slots=True)
class Notice:
    """What a channel is to be told now; ``tries`` counts this one."""

    channel: int
    kind: ChannelKind
    target: str
    project: int
    name: str
    event: NoticeEvent
    tries: int
    alert: Alert


@dataclass(frozen=True, slots=True)
class Told:
    """How telling a channel went; nothing is tried any more without ``next_try_at``."""

    channel: int
    kind: ChannelKind
    target: str
    event: NoticeEvent
    tries: int
    next_try_at: datetime | None
    told_at: datetime | None
    error: str | None


def add(
    tx: Transaction, project: int | None, kind: ChannelKind, target: str, by: str, now: datetime
) -> Channel:
    """Write a channel."""
    values = {"project": project, "kind": kind, "target": target, "by": by, "now": now}
    row = tx.execute(_queries.add, values).fetchone()
    assert row is not None
    return Channel(*row)


def list_(tx: Transaction) -> list[Channel]:
    """List all channels."""
    return [Channel(*row) for row in tx.execute(_queries.list)]


def find(tx: Transaction, channel: int) -> Channel | None:
    """Find a channel."""
    row = tx.execute(_queries.one, {"channel": channel}).fetchone()
    return None if row is None else Channel(*row)


def delete(tx: Transaction, channel: int) -> bool:
    """Remove a channel; false if there is none."""
    return tx.execute(_queries.delete, {"channel": channel}).fetchone() is not None


def note(tx: Transaction, project: int, alert: int, event: NoticeEvent, now: datetime) -> None:
    """Write what channels are to be told of an alert."""
    tx.execute(_queries.note, {"project": project, "alert": alert, "event": event, "now": now})


def claim(tx: Transaction, now: datetime, lease: timedelta, *, limit: int) -> list[Notice]:
    """Lease notices that are due."""
    rows = tx.execute(_queries.claim, {"now": now, "until": now + lease, "limit": limit})
    return [_notice(*row) for row in rows]


def _notice(
    channel: int, kind: ChannelKind, target: str, project: int, name: str, event: NoticeEvent, tries: int,
    *alert: Any,
) -> Notice:  # fmt: skip
    return Notice(channel, kind, target, project, name, event, tries, Alert(*alert))


def settle(
    tx: Transaction, notice: Notice, *, told_at: datetime | None, next_try_at: datetime | None,
    error: str | None,
) -> None:  # fmt: skip
    """Write how a try went."""
    values = {
        "channel": notice.channel, "project": notice.project, "alert": notice.alert.id, "event": notice.event,
        "tries": notice.tries, "told_at": told_at, "next_try_at": next_try_at, "error": error,
    }  # fmt: skip
    tx.execute(_queries.settle, values)


def of_alert(tx: Transaction, project: int, alert: int) -> list[Told]:
    """List whom an alert was told to."""
    return [Told(*row) for row in tx.execute(_queries.of_alert, {"project": project, "alert": alert})]
