"""Tallies: how many tasks of a batch and of a project ended how, and what their labels cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from goldvein.domain.records import Money, Price, Tally
from goldvein.store.database import Transaction
from goldvein.store.queries import load

_queries = load("tallies")


def note(
    tx: Transaction, project: int, *, pushed: Mapping[int | None, int] | None = None,
    cancelled: Mapping[int | None, int] | None = None,
) -> None:  # fmt: skip
    """Note tasks pushed or cancelled, by their batch; None: in no batch."""
    given, ended = pushed or {}, cancelled or {}
    batches = sorted({*given, *ended}, key=lambda batch: batch or 0)
    if batches:
        values = {
            "project": project,
            "batches": [batch or 0 for batch in batches],
            "pushed": [given.get(batch, 0) for batch in batches],
            "cancelled": [ended.get(batch, 0) for batch in batches],
        }
        tx.execute(_queries.note, values)


def take(tx: Transaction, project: int) -> int | None:
    """Keep others from counting a project; return up to which event it is counted, None while others do."""
    tx.execute(_queries.begin, {"project": project})
    row = tx.execute(_queries.take, {"project": project}).fetchone()
    return int(row[0]) if row else None


def fold(tx: Transaction, project: int, after: int, upto: int, *, limit: int) -> None:
    """Count the events with positions in (``after``, ``upto``] and at most ``limit`` notes."""
    tx.execute(_queries.fold, {"project": project, "after": after, "upto": upto, "limit": limit})
    tx.execute(_queries.move, {"project": project, "position": upto})


def is_behind(tx: Transaction, project: int) -> bool:
    """Tell whether an event or a note waits to be counted."""
    row = tx.execute(_queries.is_behind, {"project": project}).fetchone()
    return row is not None and bool(row[0])


def of_projects(tx: Transaction, projects: Sequence[int]) -> dict[int, Tally]:
    """Map projects to their sums as they were last counted; those never counted are left out."""
    rows = tx.execute(_queries.of_projects, {"projects": list(projects)})
    return {row[0]: _tally(row[1:]) for row in rows}


def of_batches(tx: Transaction, project: int, batches: Sequence[int]) -> dict[int, Tally]:
    """Map batches to their sums as they were last counted; those never counted are left out."""
    rows = tx.execute(_queries.of_batches, {"project": project, "batches": list(batches)})
    return {row[0]: _tally(row[1:]) for row in rows}


def _tally(row: Sequence[Any]) -> Tally:
    pushed, labels, cancelled, expired, withdrawn, cost, currency = row
    money = None if currency is None else Money(cost, currency)
    return Tally(pushed, labels, cancelled, expired, withdrawn, money)


def insert_price(
    tx: Transaction, project: int, price: Price, now: datetime, account: int | None = None
) -> None:
    """Set another price for labels delivered from now on."""
    values = {
        "project": project, "per_label": price.per_label, "currency": price.currency, "now": now,
        "account": account,
    }  # fmt: skip
    tx.execute(_queries.insert_price, values)


def price(tx: Transaction, project: int) -> Price | None:
    """Read the price in force; None where there is none."""
    row = tx.execute(_queries.price, {"project": project}).fetchone()
    return Price(Decimal(row[0]), row[1], row[2]) if row else None


def prices(tx: Transaction, project: int) -> list[tuple[Price, str | None]]:
    """List all prices that a project had, the latest first, each with the login of who set it."""
    rows = tx.execute(_queries.prices, {"project": project})
    return [(Price(per_label, currency, since), login) for per_label, currency, since, login in rows]
