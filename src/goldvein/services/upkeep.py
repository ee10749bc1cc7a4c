"""Upkeep: what a long-lived installation needs once a day."""

import contextlib
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from psycopg.errors import LockNotAvailable

from goldvein.services import accounts, idempotency
from goldvein.store import upkeep
from goldvein.store.database import Database

Range = tuple[datetime, datetime]
MONTHS_AHEAD: Final = 1
"""The log has partitions so many months ahead; rows without one of their own go to the default partition.

Months, not days: whoever asks for one task or labeler looks into every partition, and locks all of its
indexes. A thousand of them are half a second of planning, and more locks than a server has.
"""
_DEFAULT_AT_MOST: Final = 64 * 1024 * 1024
"""Bytes. While the default partition is larger, none is made: PostgreSQL would read all of it first, and
answers would wait. Its rows are as good there; this happens only where nobody ran upkeep for long."""


def make_log_partitions(db: Database, now: datetime, months: int = MONTHS_AHEAD) -> list[str]:
    """Make the log's partitions of this month and the next; return the names of the new ones.

    No row is ever lost: the partitions of a month are made in one transaction, which also moves what the
    default partition has of it. A month whose tables are in use for long is left for the next time.
    """
    first = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    made = []
    for _ in range(months + 1):
        end = first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
        with contextlib.suppress(LockNotAvailable):
            made += _make_partitions(db, first, end)
        first = end
    return made


def _make_partitions(db: Database, first: datetime, end: datetime) -> list[str]:
    """Make what a stretch of time lacks: one partition, or what is left where others lie in it already."""
    with db.transaction() as tx:
        if not gaps(first, end, upkeep.covered(tx)) or upkeep.default_size(tx) > _DEFAULT_AT_MOST:
            return []
        upkeep.close_log(tx)
        lacking = gaps(first, end, upkeep.covered(tx))  # somebody else may have made it while we waited
        for since, until in lacking:
            upkeep.add_log_partition(tx, f"log_{since:%Y%m%d}", since, until)
        return [f"log_{since:%Y%m%d}" for since, _ in lacking]


def gaps(first: datetime, end: datetime, covered: Iterable[Range]) -> list[Range]:
    """What of the time from ``first`` to before ``end`` no range covers; ranges do not overlap."""
    found = []
    for since, until in sorted(covered):
        if first < min(since, end):
            found.append((first, min(since, end)))
        first = max(first, until)
    return [*found, (first, end)] if first < end else found


def purge(db: Database, now: datetime) -> dict[str, int]:
    """Forget idempotency keys and sessions that have ended; return how many of each."""
    return {"idempotency_keys": idempotency.forget(db, now), "sessions": accounts.purge(db, now)}
