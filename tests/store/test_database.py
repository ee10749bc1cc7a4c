"""The pool: transactions, snapshots, and plans that are made anew as tables grow."""

from types import SimpleNamespace
from typing import Any

import psycopg
import pytest

from goldvein.store import database
from goldvein.store.database import Database


def test_a_transaction_is_all_or_nothing(db: Database) -> None:
    """What was written is there after the end, and nothing of it after an exception."""
    with db.transaction() as tx:
        tx.execute("INSERT INTO customers (name, created_at) VALUES ('kept', '2026-01-05')")
    with pytest.raises(psycopg.errors.DivisionByZero), db.transaction() as tx:
        tx.execute("INSERT INTO customers (name, created_at) VALUES ('lost', '2026-01-05'); SELECT 1 / 0")
    with db.connection() as tx:
        assert tx.execute("SELECT name FROM customers").fetchall() == [("kept",)]


def test_only_what_holds_no_answer_may_commit_before_it_is_on_disk(database_url: str) -> None:
    """A durable transaction waits for the disk, one that only hands out does not; the next one does again."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {connection.info.dbname} SET synchronous_commit = on".encode())
    with Database(database_url, pool_size=1) as db:
        for durable, setting in ((True, "on"), (False, "off"), (True, "on")):
            with db.transaction(durable=durable) as tx:
                assert tx.execute("SHOW synchronous_commit").fetchone() == (setting,)


def test_a_snapshot_sees_one_state_and_changes_nothing(db: Database) -> None:
    """What commits meanwhile is not seen, and writing is refused."""
    with db.snapshot() as tx:
        before = tx.execute("SELECT count(*) FROM customers").fetchone()
        with db.transaction() as other:
            other.execute("INSERT INTO customers (name, created_at) VALUES ('new', '2026-01-05')")
        assert tx.execute("SELECT count(*) FROM customers").fetchone() == before
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction), tx.transaction():
            tx.execute("DELETE FROM customers")


def test_a_connection_gives_up_its_plans_now_and_then(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plan made while a table was small does not outlive its growth for long, nor is it made each time."""
    said: list[str] = []
    execute = psycopg.Connection.execute

    def listening(self: Any, query: Any, *values: Any, **more: Any) -> Any:
        said.append(str(query))
        return execute(self, query, *values, **more)

    clock = iter([0.0, 1.0, 9.0, 11.0, 12.0, 22.0])
    monkeypatch.setattr(psycopg.Connection, "execute", listening)
    with Database(database_url, pool_size=1) as db:
        with db.connection():
            pass  # until the pool has made its connection
        monkeypatch.setattr(database, "time", SimpleNamespace(monotonic=lambda: next(clock)))
        said.clear()
        for number in range(6):
            with db._pool.connection() as connection:
                db._renewed(connection).execute(f"SELECT {number}".encode())
        monkeypatch.undo()
    assert said == [f"b'SELECT {n}'" for n in range(3)] + ["DISCARD PLANS", "b'SELECT 3'", "b'SELECT 4'"] + [
        "DISCARD PLANS",
        "b'SELECT 5'",
    ]
