"""What `goldvein work` does, from a thread of a run."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

from goldvein import jobs
from goldvein.settings import read_settings
from goldvein.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def running_worker(url: str) -> Iterator[None]:
    """Work on a migrated database until the block ends: webhooks, sweeps and the schedule."""
    settings = read_settings({"GOLDVEIN_SHUTDOWN_SECONDS": "3"})
    stop = threading.Event()
    with Database(url, pool_size=4) as db:
        thread = threading.Thread(
            target=jobs.run, args=(db, settings, stop), name="goldvein-work", daemon=True
        )
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()
