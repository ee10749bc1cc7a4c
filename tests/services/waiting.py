"""Two at once on a real database: begin something, and know that it waits for somebody's lock."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from goldvein.store.database import Database


def begin(db: Database, action: Callable[[], object], waiting: int) -> threading.Thread:
    """Begin something in a thread; return once so many connections wait for a lock, or it has ended."""
    thread = threading.Thread(target=action)
    thread.start()
    until = time.monotonic() + 20
    while thread.is_alive() and _waiting(db) < waiting and time.monotonic() < until:
        time.sleep(0.02)
    return thread


def _waiting(db: Database) -> int:
    with db.connection() as tx:
        row = tx.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE wait_event_type = 'Lock' AND datname = current_database()"
        ).fetchone()
    assert row is not None
    return int(row[0])
