"""Watch what statements cost: a database whose every statement is explained before it runs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import psycopg
from psycopg import ClientCursor
from psycopg.sql import Composable

from goldvein.store.database import Database, Transaction
from tests.services.town import Town
from tests.store.sql_text import numbered, parameters, statements

NAMES = {text: f"{aggregate}.{name}" for aggregate, name, text in statements()}
MODES = ("force_generic_plan", "force_custom_plan")


def filled(url: str, *statements: str) -> Database:
    """A town with what some statements add, for tests that only read it.

    VACUUM marks pages as visible to all only once what filled them has reached the disk.
    """
    with Database(url, pool_size=1) as db:
        Town(db)
        with db.connection() as tx:
            tx.execute("SET synchronous_commit TO on")
            for statement in statements:
                tx.execute(statement.encode())
    return Database(url, pool_size=1)


@dataclass(frozen=True, slots=True)
class Seen:
    """One statement as it was carried out: the blocks it touched, and tables it read from end to end."""

    name: str
    mode: str
    blocks: int
    scanned: Mapping[str, int]
    rows: int


@dataclass
class Watch:
    """Explains each statement in a savepoint that is rolled back, in both kinds of plan, then does it."""

    db: Database
    seen: list[Seen] = field(default_factory=list)
    prepared: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # psycopg gives up all prepared statements at a rollback if any is its own: let ours be the only ones
        self.tx: Transaction = psycopg.connect(self.db.url, autocommit=True, prepare_threshold=None)

    def close(self) -> None:
        self.tx.close()

    @contextmanager
    def transaction(self, **kind: bool) -> Iterator[Transaction]:
        with self.tx.transaction():
            yield cast("Transaction", self)

    @contextmanager
    def connection(self) -> Iterator[Transaction]:
        yield cast("Transaction", self)

    @contextmanager
    def snapshot(self) -> Iterator[Transaction]:
        with self.tx.transaction():
            self.tx.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield cast("Transaction", self)

    def execute(self, query: str | Composable, values: Mapping[str, Any] | None = None) -> Any:
        if isinstance(query, Composable):
            query = query.as_string(self.tx)
        name = NAMES.get(query, query)
        if values:
            self._explain(name, query, values)
        return self.tx.execute(query.encode(), values)

    def _explain(self, name: str, query: str, values: Mapping[str, Any]) -> None:
        if query not in self.prepared:
            self.prepared[query] = f"watched_{len(self.prepared)}"
            self.tx.execute(f"PREPARE {self.prepared[query]} AS {numbered(query)}".encode())
        cursor = ClientCursor(self.tx)
        given = [cursor.mogrify("%s", [values[key]]) for key in parameters(query)]
        for mode in MODES:
            with self.tx.transaction(force_rollback=True):
                self.tx.execute(f"SET LOCAL plan_cache_mode = {mode}".encode())
                run = f"EXECUTE {self.prepared[query]} ({', '.join(given)})"
                row = self.tx.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {run}".encode()).fetchone()
            assert row is not None
            plan = row[0][0]["Plan"] if not isinstance(row[0], str) else json.loads(row[0])[0]["Plan"]
            scanned: dict[str, int] = {}
            _walk(plan, scanned)
            blocks = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
            self.seen.append(Seen(name, mode, blocks, scanned, plan["Actual Rows"]))


def _walk(plan: Mapping[str, Any], scanned: dict[str, int]) -> None:
    """Tables read in full: sequentially, or by an index without a condition and without a stop."""
    whole = plan["Node Type"] in ("Seq Scan", "Parallel Seq Scan")
    unbounded = plan["Node Type"] in ("Index Scan", "Index Only Scan") and "Index Cond" not in plan
    if whole or unbounded:
        scanned[plan["Relation Name"]] = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
    for below in plan.get("Plans", ()):
        _walk(below, scanned)
