"""Webhooks, the lease under which one process serves each, and the log of their deliveries."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from goldvein.store.database import Transaction
from goldvein.store.queries import load

_queries = load("webhooks")


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where events of a project are sent, and how far that is.

    ``position``: everything up to here was delivered. ``sending_to``: end of the message under way, which
    does not change once it stands here. ``next_try_at``: nobody touches the webhook before; while a process
    serves it, the end of that process's lease.
    """

    id: int
    project: int
    url: str
    secret: str = field(repr=False)
    events: Sequence[str]
    state: Literal["enabled", "disabled"]
    reason: str | None
    position: int
    sending_to: int | None
    tries: int
    next_try_at: datetime
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    """One try to deliver a message."""

    id: int
    message: str
    from_position: int
    to_position: int
    tries: int
    status: int | None
    error: str | None
    duration_ms: int
    sent_at: datetime


def insert(
    tx: Transaction,
    project: int,
    *,
    url: str,
    secret: str,
    events: Sequence[str],
    position: int,
    now: datetime,
) -> Webhook:
    """Make a webhook that starts after ``position``."""
    values = {
        "project": project,
        "url": url,
        "secret": secret,
        "events": list(events),
        "position": position,
        "now": now,
    }
    row = tx.execute(_queries.insert, values).fetchone()
    assert row is not None
    return Webhook(*row)


def find(tx: Transaction, webhook: int) -> Webhook | None:
    """Read one webhook."""
    row = tx.execute(_queries.get, {"webhook": webhook}).fetchone()
    return Webhook(*row) if row else None


def list_(tx: Transaction, project: int) -> list[Webhook]:
    """Read the webhooks of a project."""
    return [Webhook(*row) for row in tx.execute(_queries.of_project, {"project": project})]


def delete(tx: Transaction, webhook: int) -> bool:
    """Remove a webhook and its log; tell whether it was there."""
    return tx.execute(_queries.delete, {"webhook": webhook}).fetchone() is not None


def replay(tx: Transaction, webhook: int, position: int, now: datetime) -> Webhook | None:
    """Enable a webhook and set it back to a position; it is never set forward."""
    row = tx.execute(_queries.replay, {"webhook": webhook, "position": position, "now": now}).fetchone()
    return Webhook(*row) if row else None


def switch(tx: Transaction, webhook: int, *, on: bool, reason: str | None, now: datetime) -> Webhook | None:
    """Stop a webhook, or let it go on from where it stood."""
    state = "enabled" if on else "disabled"
    values = {"webhook": webhook, "state": state, "reason": reason, "now": now}
    row = tx.execute(_queries.switch, values).fetchone()
    return Webhook(*row) if row else None


def due(tx: Transaction, now: datetime) -> list[tuple[int, int]]:
    """List the webhooks that have something to send now, each with its project."""
    return tx.execute(_queries.due, {"now": now}).fetchall()


def claim(tx: Transaction, webhooks: Collection[int], *, now: datetime, until: datetime) -> list[Webhook]:
    """Lease those of the webhooks that are free."""
    values = {"webhooks": list(webhooks), "now": now, "until": until}
    return [Webhook(*row) for row in tx.execute(_queries.claim, values)]


def move(tx: Transaction, before: Webhook, after: Webhook) -> bool:
    """Write how far a leased webhook is now; false if the lease of ``before`` was lost meanwhile."""
    values = {
        "webhook": before.id,
        "lease": before.next_try_at,
        "old_position": before.position,
        "old_sending_to": before.sending_to,
        "old_tries": before.tries,
        "position": after.position,
        "sending_to": after.sending_to,
        "tries": after.tries,
        "state": after.state,
        "reason": after.reason,
        "next_try_at": after.next_try_at,
    }
    return tx.execute(_queries.move, values).fetchone() is not None


def log(
    tx: Transaction,
    webhook: int,
    *,
    message: str,
    from_position: int,
    to_position: int,
    tries: int,
    status: int | None,
    error: str | None,
    duration_ms: int,
    sent_at: datetime,
) -> int | None:
    """Log one try; return its id, or None if the webhook is gone."""
    values = {
        "webhook": webhook,
        "message": message,
        "from_position": from_position,
        "to_position": to_position,
        "try": tries,
        "status": status,
        "error": error,
        "duration_ms": duration_ms,
        "sent_at": sent_at,
    }
    row = tx.execute(_queries.log, values).fetchone()
    return int(row[0]) if row else None


def deliveries(tx: Transaction, webhook: int, *, limit: int, before: int = 2**63 - 1) -> list[Delivery]:
    """Read the latest tries, newest first."""
    values = {"webhook": webhook, "limit": limit, "before": before}
    return [Delivery(*row) for row in tx.execute(_queries.deliveries, values)]
