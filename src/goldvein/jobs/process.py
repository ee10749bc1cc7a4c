"""A ``work`` process: webhooks, sweeps, figures, notices, schedule, each in a thread, until it is to stop."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import numpy as np
import structlog

from goldvein.jobs import schedule
from goldvein.jobs.loops import repeat
from goldvein.jobs.webhooks import LINGER, WebhookLoop
from goldvein.services import telling
from goldvein.services.forgetting import Spans
from goldvein.services.metering import Meter
from goldvein.services.sweeps import Sweeper
from goldvein.services.telling import messenger_of
from goldvein.settings import Settings
from goldvein.store.database import Database

if TYPE_CHECKING:
    from goldvein.tracing import Tracing  # knows an optional library

_log = structlog.get_logger()
SWEEP_SECONDS: Final = 1.0
METER_SECONDS: Final = 1.0
TELL_SECONDS: Final = 5.0


def run(db: Database, settings: Settings, stop: threading.Event, tracing: "Tracing | None" = None) -> None:
    """Work until ``stop`` is set; what has begun is ended first, within ``settings.shutdown_seconds``.

    Nothing is kept in memory that the database does not have: a process that is killed loses nothing, and one
    whose database goes away waits for it.
    """
    loops = {
        "webhooks": _webhooks, "sweeps": _sweeps, "meter": _meter, "notices": _notices, "schedule": _schedule,
    }  # fmt: skip
    threads = [
        threading.Thread(target=loop, args=(db, settings, stop, tracing), name=name, daemon=True)
        for name, loop in loops.items()
    ]
    for thread in threads:
        thread.start()
    _log.info("work_started")
    stop.wait()
    deadline = time.monotonic() + settings.shutdown_seconds
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    _log.info("work_stopped", unfinished=[thread.name for thread in threads if thread.is_alive()])


def _webhooks(db: Database, settings: Settings, stop: threading.Event, tracing: "Tracing | None") -> None:
    loop = WebhookLoop(
        db,
        timeout=settings.webhook_timeout,
        allow_private=settings.allow_private_webhooks,
        rng=np.random.default_rng(),
        stop=stop,
    )
    step = _traced(tracing, "webhooks", loop.step)
    repeat("webhooks", step, every=LINGER, stop=stop, db=db)
    loop.close()


def _sweeps(db: Database, _settings: Settings, stop: threading.Event, tracing: "Tracing | None") -> None:
    sweeper = Sweeper(db)
    step = _traced(tracing, "sweeps", lambda: sweeper.sweep(datetime.now(UTC)))
    repeat("sweeps", step, every=SWEEP_SECONDS, stop=stop, db=db)


def _meter(db: Database, _settings: Settings, stop: threading.Event, tracing: "Tracing | None") -> None:
    meter = Meter(db)
    step = _traced(tracing, "meter", lambda: meter.step(datetime.now(UTC)))
    repeat("meter", step, every=METER_SECONDS, stop=stop, db=db)


def _notices(db: Database, settings: Settings, stop: threading.Event, tracing: "Tracing | None") -> None:
    messenger = messenger_of(settings)

    def tell() -> int:
        return telling.tell_due(db, messenger, datetime.now(UTC))

    repeat("notices", _traced(tracing, "notices", tell), every=TELL_SECONDS, stop=stop, db=db)


def _schedule(db: Database, settings: Settings, stop: threading.Event, tracing: "Tracing | None") -> None:
    spans = Spans.of(settings)

    def work() -> None:
        schedule.work(
            db,
            concurrency=settings.job_concurrency,
            stop=stop,
            grace_seconds=settings.shutdown_seconds,
            spans=spans,
            around=[tracing.job] if tracing is not None else [],
        )

    repeat("schedule", work, every=1.0, stop=stop, db=db)


def _traced(tracing: "Tracing | None", name: str, action: Callable[[], object]) -> Callable[[], object]:
    return tracing.loop(name, action) if tracing is not None else action
