"""Upkeep: what a long-lived installation needs once a day."""

from datetime import UTC, datetime, timedelta
from typing import Final

from psycopg.errors import LockNotAvailable

from goldvein.services import accounts, idempotency
from goldvein.store import upkeep
from goldvein.store.database import Database

DAYS_AHEAD: Final = 7
"""The log has partitions so many days ahead; rows without one of their own go to the default partition."""
_DEFAULT_AT_MOST: Final = 64 * 1024 * 1024
"""Bytes. While the default partition is larger, none is made: PostgreSQL would read all of it first, and
answers would wait. Its rows are as good there; this happens only where nobody ran upkeep for long."""


def make_log_partitions(db: Database, now: datetime, days: int = DAYS_AHEAD) -> list[str]:
    """Make the log's partitions of today and the next days; return the names of the new ones.

    No row is ever lost: each partition is made in one transaction, which also moves what the default
    partition has of that day. A day whose tables are in use for long is left for the next time.
    """
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    made = []
    for ahead in range(days + 1):
        first = midnight + timedelta(days=ahead)
        name = f"log_{first:%Y%m%d}"
        try:
            if _make_partition(db, name, first, first + timedelta(days=1)):
                made.append(name)
        except LockNotAvailable:
            continue
    return made


def _make_partition(db: Database, name: str, first: datetime, end: datetime) -> bool:
    with db.transaction() as tx:
        if upkeep.exists(tx, name) or upkeep.default_size(tx) > _DEFAULT_AT_MOST:
            return False
        upkeep.close_log(tx)
        if upkeep.exists(tx, name):
            return False
        upkeep.add_log_partition(tx, name, first, end)
        return True


def purge(db: Database, now: datetime) -> dict[str, int]:
    """Forget idempotency keys and sessions that have ended; return how many of each."""
    return {"idempotency_keys": idempotency.forget(db, now), "sessions": accounts.purge(db, now)}
