"""What a long-lived database needs now and then: partitions of the log ahead of time, fewer stale rows."""

from datetime import datetime
from typing import Final

from psycopg import sql

from goldvein.store.database import Transaction
from goldvein.store.queries import load

_queries = load("upkeep")
# Tables named by a time cannot be parameters, so these three stand here and not in the file.
_CREATE: Final = "CREATE TABLE {table} (LIKE log INCLUDING DEFAULTS INCLUDING CONSTRAINTS)"
_MOVE: Final = """
    WITH moved AS (DELETE FROM log_other WHERE at >= {first} AND at < {end} RETURNING *)
    INSERT INTO {table} SELECT * FROM moved
"""
_ATTACH: Final = "ALTER TABLE log ATTACH PARTITION {table} FOR VALUES FROM ({first}) TO ({end})"


def close_log(tx: Transaction) -> None:
    """Let nobody add to the log until the transaction ends.

    Raises
    ------
    psycopg.errors.LockNotAvailable
        Here or later in the transaction, if somebody else needs a table for longer than a moment.
    """
    tx.execute(_queries.patience)
    tx.execute(_queries.close_log)


def covered(tx: Transaction) -> list[tuple[datetime, datetime]]:
    """List from when until when the log has partitions of its own."""
    return [(since, until) for since, until in tx.execute(_queries.covered)]


def default_size(tx: Transaction) -> int:
    """Measure the log's default partition, in bytes."""
    row = tx.execute(_queries.default_size).fetchone()
    assert row is not None
    return int(row[0])


def add_log_partition(tx: Transaction, table: str, first: datetime, end: datetime) -> None:
    """Make the partition of a time and move into it what lies in the default one; the log must be closed."""
    names = {"table": sql.Identifier(table), "first": sql.Literal(first), "end": sql.Literal(end)}
    for statement in (_CREATE, _MOVE, _ATTACH):
        tx.execute(sql.SQL(statement).format(**names))


def purge_deliveries(tx: Transaction, before: datetime, *, limit: int) -> int:
    """Forget tries to deliver that are older; return how many, at most ``limit``."""
    return tx.execute(_queries.purge_deliveries, {"before": before, "limit": limit}).rowcount
