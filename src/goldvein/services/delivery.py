"""Delivery: every reader of a project's events gets them from here, in the order of their positions.

Events are written in the transaction that causes them and get a position only after it has committed, from
one numberer per project. So a reader that has passed a position never misses an event that commits later, and
no transaction is open while a reader waits. Nothing numbers in the background: whoever reads, numbers first.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from goldvein.domain.records import Alert, Event, Label
from goldvein.store import outbox
from goldvein.store.database import Database

_DATED_BEFORE: Final = timedelta(minutes=1)
_NUMBERED_AT_ONCE: Final = 1000
"""Events numbered in one transaction. With many more, the planner may read the whole outbox for them."""


def number(db: Database, project: int) -> int:
    """Give positions to all committed events of a project that have none; return how many.

    Cheap if nothing waits: one look at an index. If another process is numbering, nothing is to do here.
    The commit is durable, because a position that a reader has seen must survive a crash.
    """
    total = 0
    with db.connection() as connection:
        while outbox.waits(connection, project):
            with connection.transaction():
                if not outbox.try_to_number(connection, project):
                    return total
                total += outbox.number(connection, project, limit=_NUMBERED_AT_ONCE)
    return total


def events(db: Database, project: int, after: int, limit: int) -> tuple[list[Event], int]:
    """Read the events after a cursor, and the cursor to ask with next time.

    A label event carries the label as it is now, so a label withdrawn since has its ``withdrawn_at``.
    """
    number(db, project)
    with db.connection() as tx:
        found = outbox.after(tx, project, after, upto=after + limit, limit=limit)
    return found, found[-1].position if found else after


def last_position(db: Database, project: int) -> int:
    """Find the cursor that skips everything that has happened so far."""
    number(db, project)
    with db.connection() as tx:
        return outbox.last_position(tx, project)


def position_before(db: Database, project: int, moment: datetime) -> int:
    """Find a position before which nothing happened since a moment, by halving.

    Positions follow the order of commits, and an event is dated before its commit: the search is for an
    earlier moment, by more than a transaction takes.
    """
    low, high = 0, last_position(db, project)
    with db.connection() as tx:
        while low < high:
            middle = (low + high + 1) // 2
            at = outbox.created_at(tx, project, middle)
            low, high = (middle, high) if at < moment - _DATED_BEFORE else (low, middle - 1)
    return low


def event_json(event: Event) -> dict[str, Any]:
    """Shape an event as every reader receives it: cursor, long-poll, SSE and webhooks."""
    shape: dict[str, Any] = {
        "position": event.position,
        "event": event.event,
        "created_at": event.created_at,
    }
    if event.batch is not None:
        shape["batch"] = event.batch
    if event.label is not None:
        shape["label"] = label_json(event.label)
    elif event.task is not None:
        shape["task"] = event.task
        shape["unique_id"] = event.unique_id
    if event.alert is not None:
        shape["alert"] = alert_json(event.alert)
    return shape


def alert_json(alert: Alert) -> dict[str, Any]:
    """Shape an alert as customers receive it, resolved or not as it is now."""
    return {
        "id": alert.id,
        "kind": alert.kind,
        "subject": alert.subject,
        "detail": alert.detail,
        "opened_at": alert.opened_at,
        "resolved_at": alert.resolved_at,
    }


def label_json(label: Label) -> dict[str, Any]:
    """Shape a label as customers receive it."""
    return {
        "id": label.id,
        "task": label.task,
        "unique_id": label.unique_id,
        "answer": label.answer,
        "basis": label.basis,
        "labeler": label.labeler,
        "confidence": label.confidence,
        "evidence": {
            "p_benchmarks": label.p_benchmarks,
            "p_all": label.p_all,
            "benchmarks": label.benchmarks,
            "state": label.standing_state,
            "policy": label.policy_version,
        },
        "answered_at": label.answered_at,
        "delivered_at": label.delivered_at,
        "replaces": label.replaces,
        "withdrawn_at": label.withdrawn_at,
    }
