"""What a long-lived database needs now and then: partitions of the log ahead of time, fewer stale rows."""

from datetime import datetime
from typing import Final

from psycopg import sql

from goldvein.store.database import Transaction
from goldvein.store.queries import load

_queries = load("upkeep")
# Tables named by a day cannot be parameters, so these four stand here and not in the file.
_CREATE: Final = "CREATE TABLE {table} (LIKE log INCLUDING DEFAULTS INCLUDING CONSTRAINTS)"
_CLOSE: Final = "LOCK TABLE log_other IN ACCESS EXCLUSIVE MODE"
_MOVE: Final = """
    WITH moved AS (DELETE FROM log_other WHERE at >= {first} AND at < {end} RETURNING *)
    INSERT INTO {table} SELECT * FROM moved
"""
_ATTACH: Final = "ALTER TABLE log ATTACH PARTITION {table} FOR VALUES FROM ({first}) TO ({end})"


def lock(tx: Transaction) -> None:
    """Be the only process that makes partitions until the transaction ends; never wait long for a table."""
    tx.execute(_queries.lock)
    tx.execute(_queries.patience)


def exists(tx: Transaction, table: str) -> bool:
    """Tell whether a table exists."""
    row = tx.execute(_queries.exists, {"table": table}).fetchone()
    return row is not None and bool(row[0])


def strays(tx: Transaction, first: datetime, end: datetime, *, limit: int) -> int:
    """Count log rows of a time that lie in the default partition, up to ``limit``."""
    row = tx.execute(_queries.strays, {"first": first, "end": end, "limit": limit}).fetchone()
    assert row is not None
    return int(row[0])


def add_log_partition(tx: Transaction, table: str, first: datetime, end: datetime) -> None:
    """Make the partition of a time and move into it what lies in the default one.

    Nobody can write to the default partition between move and attachment: its lock is held to the end.
    """
    names = {"table": sql.Identifier(table), "first": sql.Literal(first), "end": sql.Literal(end)}
    for statement in (_CREATE, _CLOSE, _MOVE, _ATTACH):
        tx.execute(sql.SQL(statement).format(**names))


def purge_deliveries(tx: Transaction, before: datetime, *, limit: int) -> int:
    """Forget tries to deliver that are older; return how many, at most ``limit``."""
    return tx.execute(_queries.purge_deliveries, {"before": before, "limit": limit}).rowcount
