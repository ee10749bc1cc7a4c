"""Connections to PostgreSQL, and transactions over them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, Self

import msgspec
from psycopg import Connection
from psycopg.types.json import set_json_loads
from psycopg_pool import ConnectionPool

from goldvein.store.arrays import ListDumper

Transaction = Connection[tuple[Any, ...]]
_PLANS_KEPT_SECONDS: Final = 10
"""A prepared statement's plan fits the sizes that tables had when it was made, until statistics are gathered:
one made in an empty project would still be followed after its first hundred thousand tasks."""


def _configure(connection: Transaction) -> None:
    connection.prepare_threshold = 2
    connection.autocommit = True
    connection.adapters.register_dumper(list, ListDumper)
    set_json_loads(msgspec.json.decode, connection)
    connection.execute("SET timezone = 'UTC'")


class Database:
    """A pool of connections to one Goldvein database.

    Parameters
    ----------
    url : str
        A PostgreSQL connection string.
    pool_size : int
        The most connections held at once.
    """

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        self.url = url
        self._pool: ConnectionPool[Transaction] = ConnectionPool(
            url, min_size=1, max_size=pool_size, configure=_configure, open=True, timeout=10, check=None
        )
        self._planned_at: dict[int, float] = {}

    @contextmanager
    def transaction(self, *, durable: bool = True) -> Iterator[Transaction]:
        """One transaction: commit at the end, roll back on an exception.

        ``durable=False`` lets the commit return before its log is on disk: right for handing out, never for
        an answer.
        """
        with self._pool.connection() as connection, self._renewed(connection).transaction():
            if not durable:
                connection.execute("SET LOCAL synchronous_commit = off")
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Transaction]:
        """One read-only transaction in which every statement sees the same state."""
        with self._pool.connection() as connection, connection.transaction():
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield connection

    def _renewed(self, connection: Transaction) -> Transaction:
        """The connection, its plans given up now and then: to make them anew costs less than one bad plan."""
        now = time.monotonic()
        if now - self._planned_at.setdefault(connection.info.backend_pid, now) > _PLANS_KEPT_SECONDS:
            self._planned_at[connection.info.backend_pid] = now
            connection.execute("DISCARD PLANS", prepare=False)
        return connection

    @contextmanager
    def connection(self) -> Iterator[Transaction]:
        """A connection in autocommit: each statement is a transaction of its own."""
        with self._pool.connection() as connection:
            yield connection

    def reset(self) -> None:
        """Throw away connections that died, so that the next transaction gets a living one."""
        self._pool.check()

    def close(self) -> None:
        """Give all connections back to the server."""
        self._pool.close()

    def __enter__(self) -> Self:
        """Use the database as a context manager that closes it."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Close the pool."""
        self.close()
