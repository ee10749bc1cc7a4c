"""The outbox: events written in the transaction that caused them, numbered after its commit."""

from collections.abc import Collection, Sequence
from datetime import datetime

from goldvein.domain.records import Alert, Event
from goldvein.store.database import Transaction
from goldvein.store.labels import from_row as label_from_row
from goldvein.store.queries import load

_queries = load("outbox")


def insert_many(
    tx: Transaction,
    projects: Sequence[int],
    events: Sequence[str],
    tasks: Sequence[int | None],
    labels: Sequence[int | None],
    batches: Sequence[int | None],
    created_at: datetime,
    alerts: Sequence[int | None] | None = None,
) -> None:
    """Write one event a row; every list has the same length, and their order is the order of the events."""
    if projects:
        values = {
            "projects": list(projects), "events": list(events), "tasks": list(tasks), "labels": list(labels),
            "batches": list(batches), "created_at": created_at,
            "alerts": [None] * len(projects) if alerts is None else list(alerts),
        }  # fmt: skip
        tx.execute(_queries.insert_many, values)


def waits(tx: Transaction, project: int) -> bool:
    """Tell whether a committed event has no position yet."""
    row = tx.execute(_queries.waits, {"project": project}).fetchone()
    return row is not None and bool(row[0])


def try_to_number(tx: Transaction, project: int) -> bool:
    """Take the numberer's lock until the transaction ends; false if another process has it."""
    row = tx.execute(_queries.try_to_number, {"project": project}).fetchone()
    return row is not None and bool(row[0])


def number(tx: Transaction, project: int, *, limit: int) -> int:
    """Give positions to at most ``limit`` committed events; only after `try_to_number` said yes."""
    row = tx.execute(_queries.number, {"project": project, "limit": limit}).fetchone()
    assert row is not None
    return int(row[0])


def after(
    tx: Transaction,
    project: int,
    position: int,
    *,
    upto: int,
    limit: int,
    kinds: Collection[str] | None = None,
) -> list[Event]:
    """Read events with positions in (``position``, ``upto``], of the given kinds or of all."""
    values = {
        "project": project, "after": position, "upto": upto, "limit": limit,
        "events": None if kinds is None else sorted(kinds),
    }  # fmt: skip
    events = []
    for row in tx.execute(_queries.after, values):
        position, event, created_at, task, unique_id, batch = row[:6]
        alert, label = row[6:12], row[12:]
        current = None if label[0] is None else label_from_row(project, label)
        opened = None if alert[0] is None else Alert(*alert)
        events.append(Event(position, event, created_at, task, unique_id, batch, current, opened))
    return events


def created_at(tx: Transaction, project: int, position: int) -> datetime:
    """Read when the event of a position happened."""
    row = tx.execute(_queries.created_at, {"project": project, "position": position}).fetchone()
    assert row is not None, f"project {project} has no event {position}"
    moment: datetime = row[0]
    return moment


def last_position(tx: Transaction, project: int) -> int:
    """Read the last position given so far; 0 before the first event."""
    row = tx.execute(_queries.last_position, {"project": project}).fetchone()
    return int(row[0]) if row else 0
