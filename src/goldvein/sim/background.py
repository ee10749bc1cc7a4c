"""What a run needs beside it: somebody who ends held answers and drained batches in time."""

from __future__ import annotations

import contextlib
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from goldvein.services.sweeps import Sweeper

if TYPE_CHECKING:
    from collections.abc import Iterator

    from goldvein.store.database import Database


@contextlib.contextmanager
def sweeping(db: Database, *, every: float = 0.25) -> Iterator[None]:
    """Sweep from a thread, as `goldvein work` does, until the block ends; its failure ends the run."""
    stop = threading.Event()
    failures: list[BaseException] = []

    def sweep() -> None:
        sweeper = Sweeper(db)
        try:
            while not stop.wait(every):
                sweeper.sweep(datetime.now(UTC))
        except BaseException as error:  # noqa: BLE001 - told to the run below, whatever it is
            failures.append(error)

    thread = threading.Thread(target=sweep, name="goldvein-sweep", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
    if failures:
        raise failures[0]
