"""The schedule: upkeep, estimates and discovery by procrastinate, in a schema of its own."""

import asyncio
import contextlib
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import procrastinate
import psycopg
from procrastinate.jobs import Status
from procrastinate.middleware import WorkerMiddleware
from procrastinate.schema import SchemaManager
from procrastinate.tasks import Task
from psycopg import sql
from psycopg.conninfo import make_conninfo

from goldvein.domain.errors import GoldveinError
from goldvein.services import (
    alerting,
    audits,
    cards,
    checking,
    contents,
    discovering,
    erasing,
    forgetting,
    measuring,
    metering,
    reestimation,
    renewal,
    upkeep,
)
from goldvein.services.forgetting import Spans
from goldvein.store.database import Database

SCHEMA: Final = "procrastinate"
_LOCK: Final = 0x70726F63
_RETRY: Final = procrastinate.RetryStrategy(max_attempts=5, exponential_wait=4)
_DISTURBED: Final = procrastinate.RetryStrategy(
    max_attempts=3, wait=5, retry_exceptions={psycopg.OperationalError}
)
"""For what went wrong in the database alone, a deadlock say: all others of its lock wait for a retry."""
_STALLED_AFTER_SECONDS: Final = 30
KILLED_AT_MOST: Final = 5
"""Times that a job is begun anew after its worker was killed."""


def install(url: str) -> None:
    """Make procrastinate's tables, or bring older ones up to date; safe at every start of every process.

    The last of procrastinate's migrations that was applied stands in the comment of the schema.
    """
    files = sorted(path for path in Path(SchemaManager.get_migrations_path()).glob("*.sql"))
    with psycopg.connect(_conninfo(url), autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        row = connection.execute(
            "SELECT obj_description(to_regnamespace(%s), 'pg_namespace')", (SCHEMA,)
        ).fetchone()
        applied: str | None = row[0] if row else None
        if applied == files[-1].name:
            return
        with connection.transaction():
            if applied is None:
                connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(SCHEMA)))
                connection.execute(SchemaManager.get_schema())
            for path in files:
                if applied is not None and path.name > applied:
                    connection.execute(path.read_text("utf-8").encode())
            connection.execute(
                sql.SQL("COMMENT ON SCHEMA {} IS {}").format(
                    sql.Identifier(SCHEMA), sql.Literal(files[-1].name)
                )
            )


def make_app(db: Database, spans: Spans = Spans()) -> procrastinate.App:  # noqa: B008  it cannot change
    """Make the app with all tasks; its connector is not open yet."""
    connector = procrastinate.PsycopgConnector(conninfo=_conninfo(db.url), min_size=1, max_size=3)
    app = procrastinate.App(connector=connector)
    _add_upkeep(app, db, spans)
    for add in (
        _add_estimates, _add_discovery, _add_measuring, _add_watch, _add_audits, _add_checks, _add_erasing,
    ):  # fmt: skip
        add(app, db)

    @app.periodic(cron="*/2 * * * *")
    @app.task(name="retry_stalled", pass_context=True)
    async def retry_stalled(context: procrastinate.JobContext, timestamp: int) -> None:  # noqa: ARG001
        """Give back the jobs of workers that were killed: procrastinate leaves them "doing" for ever."""
        await retry_stalled_jobs(context.app)

    return app


def _add_upkeep(app: procrastinate.App, db: Database, spans: Spans) -> None:
    @app.periodic(cron="17 0 * * *")
    @app.task(name="upkeep", retry=_RETRY)
    def run_upkeep(timestamp: int) -> None:  # noqa: ARG001  given to every periodic task
        """Once a day: partitions of the log for the next month, less of what is stale, cards, benchmarks."""
        now = datetime.now(UTC)
        upkeep.make_log_partitions(db, now)
        upkeep.purge(db, now)
        metering.forget(db, now)
        forgetting.forget(db, now, spans)
        cards.refresh(db, now)
        for project in reestimation.to_estimate(db, sandboxes=False):
            with contextlib.suppress(GoldveinError):
                renewal.renew(db, project, now)


def _add_estimates(app: procrastinate.App, db: Database) -> None:
    @app.task(name="estimate", retry=_DISTURBED)
    def run_estimate(project: int, least_new: float) -> None:
        """One project's answers become a new model; what cannot be done tonight is done tomorrow."""
        with contextlib.suppress(GoldveinError):
            reestimation.estimate(db, project, datetime.now(UTC), least_new)

    @app.periodic(cron="43 1 * * *")
    @app.task(name="estimate_all", retry=_RETRY)
    async def estimate_all(timestamp: int) -> None:  # noqa: ARG001
        """Once a night: every project learns from its answers, one job each."""
        await _defer_each(db, run_estimate, least_new=reestimation.LEAST_NEW)

    @app.periodic(cron="13 * * * *")
    @app.task(name="estimate_grown", retry=_RETRY)
    async def estimate_grown(timestamp: int) -> None:  # noqa: ARG001
        """Once an hour: projects whose log has doubled since do not wait for the night."""
        await _defer_each(db, run_estimate, least_new=reestimation.DOUBLED)


def _add_discovery(app: procrastinate.App, db: Database) -> None:
    @app.task(name="discover", retry=_DISTURBED)
    def run_discover(project: int) -> None:
        """One project's answers are searched for unlisted shortcuts; what is not found now is found later."""
        with contextlib.suppress(GoldveinError):
            discovering.discover(db, project, datetime.now(UTC))

    @app.periodic(cron="23 * * * *")
    @app.task(name="discover_all", retry=_RETRY)
    async def discover_all(timestamp: int) -> None:  # noqa: ARG001
        """Once an hour: every project is searched, one job each, and never while it is estimated."""
        await _defer_each(db, run_discover)


def _add_measuring(app: procrastinate.App, db: Database) -> None:
    @app.periodic(cron="*/10 * * * *")
    @app.task(name="measure", retry=_DISTURBED, queueing_lock="measure")
    def run_measure(timestamp: int) -> None:  # noqa: ARG001
        """Every ten minutes: how accurate each project's labels are, since no page reads all standings."""
        for project in reestimation.to_estimate(db):
            with contextlib.suppress(GoldveinError):
                measuring.measure(db, project, datetime.now(UTC))


def _add_audits(app: procrastinate.App, db: Database) -> None:
    @app.periodic(cron="5/10 * * * *")
    @app.task(name="audit", retry=_DISTURBED, queueing_lock="audit")
    def run_audit(timestamp: int) -> None:  # noqa: ARG001
        """Every ten minutes: audits end and move standings, the filter is checked, others are drawn."""
        for project in reestimation.to_estimate(db, sandboxes=False):
            with contextlib.suppress(GoldveinError):
                audits.round_(db, project, datetime.now(UTC))


def _add_erasing(app: procrastinate.App, db: Database) -> None:
    @app.periodic(cron="*/5 * * * *")
    @app.task(name="erase", retry=_RETRY, queueing_lock="erase")
    def run_erase(timestamp: int) -> None:  # noqa: ARG001
        """Every five minutes: words of people who were erased and contents of projects go, to their end."""
        erasing.carry_on(db, datetime.now(UTC))
        contents.carry_on(db, datetime.now(UTC))


async def _defer_each(db: Database, task: Task[..., Any, ...], **arguments: float) -> None:
    """Defer one job of a task for every project, but where its like waits already; these run one by one."""
    for project in await asyncio.to_thread(reestimation.to_estimate, db):
        # With the arguments in its name: an hourly look that still waits is not to stand in for the night's.
        named = " ".join(map(str, (task.name, project, *arguments.values())))
        job = task.configure(queueing_lock=named, lock="estimate")
        with contextlib.suppress(procrastinate.exceptions.AlreadyEnqueued):
            await job.defer_async(project=project, **arguments)


def _add_watch(app: procrastinate.App, db: Database) -> None:
    @app.periodic(cron="* * * * *")
    @app.task(name="watch", retry=_DISTURBED, queueing_lock="watch", lock="watch")
    def run_watch(timestamp: int) -> None:  # noqa: ARG001
        """Every minute: what was metered since the last look becomes alerts, or their end."""
        alerting.look(db, datetime.now(UTC))


def _add_checks(app: procrastinate.App, db: Database) -> None:
    @app.periodic(cron="*/5 * * * *")
    @app.task(name="check", retry=_DISTURBED, queueing_lock="check")
    def run_check(timestamp: int) -> None:  # noqa: ARG001
        """Every five minutes: reference checks that are due begin, and those that are over are reckoned.

        A run belongs to its day in the database: however often this runs, or fails to, none is doubled.
        """
        for project in checking.with_sets(db):
            with contextlib.suppress(GoldveinError):
                checking.step(db, project, datetime.now(UTC))


async def retry_stalled_jobs(
    app: procrastinate.App, seconds_since_heartbeat: float = _STALLED_AFTER_SECONDS
) -> int:
    """Queue the jobs of dead workers again; return how many.

    One whose like waits already ends instead, since two of them may not wait; so does one whose workers were
    killed time and again. Else it would stay "doing", and all of its lock would wait for it for ever.
    """
    stalled = await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=seconds_since_heartbeat)
    count = 0
    for job in stalled:
        assert job.id is not None
        with contextlib.suppress(procrastinate.exceptions.UniqueViolation):
            if job.attempts < KILLED_AT_MOST:
                await app.job_manager.retry_job(job)
                count += 1
                continue
        await app.job_manager.finish_job_by_id_async(job.id, Status.FAILED, delete_job=False)
    return count


def work(
    db: Database,
    *,
    concurrency: int,
    stop: threading.Event,
    grace_seconds: float,
    around: Sequence[WorkerMiddleware] = (),
    spans: Spans = Spans(),  # noqa: B008
) -> None:
    """Carry out scheduled jobs until ``stop`` is set; raises if the database goes away."""
    install(db.url)
    upkeep.make_log_partitions(db, datetime.now(UTC))
    asyncio.run(_work(make_app(db, spans), concurrency, stop, grace_seconds, around))


async def _work(
    app: procrastinate.App,
    concurrency: int,
    stop: threading.Event,
    grace_seconds: float,
    around: Sequence[WorkerMiddleware],
) -> None:
    options: dict[str, Any] = {
        "concurrency": concurrency,
        "listen_notify": False,
        "install_signal_handlers": False,
        "delete_jobs": "successful",
        "shutdown_graceful_timeout": grace_seconds,
        "worker_middleware": list(around),
    }
    async with app.open_async():
        worker = asyncio.create_task(app.run_worker_async(**options))
        while not stop.is_set() and not worker.done():  # noqa: ASYNC110  the event is a thread's
            await asyncio.sleep(0.25)
        if stop.is_set():
            worker.cancel()
        await asyncio.wait([worker])
        if not worker.cancelled() and (error := worker.exception()):
            raise error


def _conninfo(url: str) -> str:
    return make_conninfo(url, options=f"-c search_path={SCHEMA}")
