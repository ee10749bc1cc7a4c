"""A loop that outlives every failure of what it repeats."""

import threading
import time
from collections.abc import Callable

import psycopg
import structlog

from goldvein.store.database import Database

_log = structlog.get_logger()
LONGEST_PAUSE = 10.0
"""Seconds between two attempts while the database is away."""


def repeat(
    name: str,
    action: Callable[[], object],
    *,
    every: float,
    stop: threading.Event,
    db: Database,
) -> None:
    """Call ``action`` every so many seconds, counted from start to start, until ``stop`` is set.

    A failure is logged and followed by a pause that doubles from 0.2 s; dead connections are thrown away, so
    that work goes on as soon as the database is back.
    """
    failures = 0
    while not stop.is_set():
        started = time.monotonic()
        try:
            action()
            pause = every - (time.monotonic() - started)
            if failures:
                _log.info("loop_recovered", loop=name, failures=failures)
            failures = 0
        except Exception as error:  # noqa: BLE001  a bug or a lost database must not end the loop
            failures += 1
            pause = min(LONGEST_PAUSE, 0.1 * 2.0**failures)
            _log.warning(
                "loop_failed", loop=name, failures=failures, pause_seconds=pause, error=_first_line(error),
                exc_info=failures == 1 and not _is_away(error),
            )  # fmt: skip
            _reset(db)
        stop.wait(max(0.0, pause))


def _is_away(error: Exception) -> bool:
    """Whether the connection broke or the server stopped: where we stood then tells nobody anything."""
    if not isinstance(error, psycopg.OperationalError):
        return False
    return error.sqlstate is None or error.sqlstate.startswith(("08", "57P"))


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


def _reset(db: Database) -> None:
    try:
        db.reset()
    except Exception as error:  # noqa: BLE001  it is away: the next round waits for it
        _log.warning("database_away", error=_first_line(error))
