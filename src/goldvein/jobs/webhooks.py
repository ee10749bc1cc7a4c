"""The webhook loop: many receivers at once, each of them in order."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
import structlog

from goldvein.services import sending
from goldvein.services.outbound import Outbound
from goldvein.store.database import Database

_log = structlog.get_logger()
RECEIVERS_AT_ONCE: Final = 16
"""Receivers served at the same time by one process; slow ones hold up only their own events."""
LINGER: Final = 0.25
"""Seconds between two looks for new events: a pause in which a stream gathers to messages of many events."""
LEASE_MARGIN: Final = timedelta(seconds=15)
"""How much longer than one request the lease on a webhook lasts; after a kill -9 it goes on after that."""


class WebhookLoop:
    """Hands due webhooks to threads.

    Parameters
    ----------
    clock : callable
        Gives the present time.
    """

    def __init__(
        self,
        db: Database,
        *,
        timeout: float,
        allow_private: bool,
        rng: np.random.Generator,
        stop: threading.Event,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._db = db
        self._outbound = Outbound(timeout=timeout, allow_private=allow_private)
        self._lease = timedelta(seconds=timeout) + LEASE_MARGIN
        self._rng = rng
        self._stop = stop
        self._clock = clock
        self._threads = ThreadPoolExecutor(RECEIVERS_AT_ONCE, thread_name_prefix="webhook")
        self._under_way: set[Future[int]] = set()

    def step(self) -> int:
        """Start to serve what is due, as far as threads are free; return how many webhooks that is."""
        self._under_way = {future for future in self._under_way if not _ended(future)}
        free = RECEIVERS_AT_ONCE - len(self._under_way)
        if not free:
            return 0
        rounds = sending.claim_due(self._db, self._clock(), limit=free, lease=self._lease)
        for one, rng in zip(rounds, self._rng.spawn(len(rounds)), strict=True):
            future = self._threads.submit(
                sending.serve,
                self._db,
                self._outbound,
                one,
                clock=self._clock,
                rng=rng,
                lease=self._lease,
                stop=self._stop,
            )
            self._under_way.add(future)
        return len(rounds)

    def close(self) -> None:
        """Wait for the requests under way, whose outcome is written, and close the connections."""
        self._threads.shutdown(wait=True)
        self._outbound.close()


def _ended(future: Future[int]) -> bool:
    """Tell whether a receiver's round is over, and log what broke it off: its lease brings it back."""
    if not future.done():
        return False
    error = None if future.cancelled() else future.exception()
    if error is not None:
        _log.warning("webhook_round_failed", error=str(error), kind=type(error).__name__)
    return True
