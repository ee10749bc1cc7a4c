"""Measurements: how accurate the labels of a project are, as last worked out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from goldvein.store.database import Transaction
from goldvein.store.queries import load

_queries = load("measurements")


@dataclass(frozen=True, slots=True)
class Measurement:
    """``accuracy`` as ``services.accuracy`` reports it."""

    measured_at: datetime
    accuracy: Mapping[str, Any]


def save(tx: Transaction, project: int, accuracy: Mapping[str, Any], now: datetime) -> None:
    """Keep what was measured in place of what was measured before."""
    tx.execute(_queries.save, {"project": project, "accuracy": Jsonb(dict(accuracy)), "now": now})


def find(tx: Transaction, project: int) -> Measurement | None:
    """Read what was last measured; None if nothing was yet."""
    row = tx.execute(_queries.find, {"project": project}).fetchone()
    return Measurement(*row) if row else None
