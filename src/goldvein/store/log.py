"""The append-only decision log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Literal

from psycopg.types.json import Jsonb

from goldvein.store.database import Transaction
from goldvein.store.queries import load

_queries = load("log")


@dataclass(frozen=True, slots=True)
class Entry:
    """One decision. An entry with ``n`` moved that standing from n - 1 to n."""

    project: int
    kind: str
    labeler: int | None = None
    n: int | None = None
    attempt: int | None = None
    task: int | None = None
    stage: str | None = None
    choice: int | None = None
    shown: Sequence[int] | None = None
    item_version: int | None = None
    model_version: int | None = None
    policy_version: int | None = None
    rate: float | None = None
    draw: float | None = None
    exposures: int | None = None
    milliseconds: int | None = None
    p_benchmarks: float | None = None
    p_all: float | None = None
    benchmarks: int | None = None
    decision: str | None = None
    detail: Mapping[str, Any] | None = None


_COLUMNS = [field.name for field in fields(Entry)]


def append(tx: Transaction, entries: Sequence[Entry], now: datetime) -> None:
    """Write decisions down, in the order in which they were taken."""
    if not entries:
        return
    columns: dict[str, Any] = {name: [getattr(entry, name) for entry in entries] for name in _COLUMNS}
    columns["shown"] = [None if shown is None else ",".join(map(str, shown)) for shown in columns["shown"]]
    columns["detail"] = [None if detail is None else Jsonb(detail) for detail in columns["detail"]]
    tx.execute(_queries.insert_many, {**columns, "now": now})


def of_project(tx: Transaction, project: int, kind: Literal["open", "model"]) -> list[tuple[Any, ...]]:
    """List a project's openings, or what became of its model, oldest first; both refused ones as well."""
    return tx.execute(_queries.of_project, {"project": project, "kind": kind}).fetchall()


def count_decisions(tx: Transaction, project: int) -> dict[str, int]:
    """Count a project's answers by what the gate, or the end of a hold, made of them."""
    return dict(tx.execute(_queries.count_decisions, {"project": project}).fetchall())
