"""The schedule by procrastinate: installed once, jobs of killed workers given back."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from goldvein.jobs import schedule
from goldvein.store.database import Database
from tests.eventually import eventually


def fetch(db: Database, statement: Any) -> list[Any]:
    with db.connection() as tx:
        return tx.execute(statement).fetchall()


def test_many_processes_install_it_at_once(db: Database) -> None:
    """Its tables are in their own schema, beside ours, and its version stands there."""
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(schedule.install, [db.url] * 8))
    tables = fetch(db, "SELECT schemaname FROM pg_tables WHERE tablename LIKE 'procrastinate%'")
    assert tables
    assert {row[0] for row in tables} == {"procrastinate"}
    ((comment,),) = fetch(db, "SELECT obj_description(to_regnamespace('procrastinate'), 'pg_namespace')")
    assert comment.endswith(".sql")


def test_jobs_of_a_killed_worker_are_given_back(db: Database) -> None:
    """A job that is "doing" for a worker whose heart stopped is queued again; a living worker's is not."""
    schedule.install(db.url)
    app = schedule.make_app(db)

    async def story() -> int:
        async with app.open_async():
            for _ in range(2):
                await app.configure_task("retry_stalled").defer_async(timestamp=0)
            dead = await app.job_manager.register_worker()
            assert await app.job_manager.fetch_job(None, dead)
            with db.transaction() as tx:
                tx.execute(
                    "UPDATE procrastinate.procrastinate_workers"
                    " SET last_heartbeat = last_heartbeat - interval '1h'"
                )
            living = await app.job_manager.register_worker()
            assert await app.job_manager.fetch_job(None, living)
            return await schedule.retry_stalled_jobs(app)

    assert asyncio.run(story()) == 1
    states = fetch(db, "SELECT status::text FROM procrastinate.procrastinate_jobs ORDER BY id")
    assert states == [("todo",), ("doing",)]


def test_a_killed_job_whose_like_waits_already_lets_it_go_on(db: Database) -> None:
    """The next hour's job has come in the meantime: the killed one ends, and keeps nobody waiting."""
    schedule.install(db.url)
    app = schedule.make_app(db)

    async def story() -> str:
        async with app.open_async():
            job = app.tasks["estimate"].configure(queueing_lock="estimate 1", lock="estimate")
            await job.defer_async(project=1, least_new=0.01)
            await app.configure_task("retry_stalled").defer_async(timestamp=0)
            dead = await app.job_manager.register_worker()
            for _ in range(2):
                assert await app.job_manager.fetch_job(None, dead)
            await job.defer_async(project=1, least_new=0.01)
            with db.transaction() as tx:
                tx.execute(
                    "UPDATE procrastinate.procrastinate_workers"
                    " SET last_heartbeat = last_heartbeat - interval '1h'"
                )
            assert await schedule.retry_stalled_jobs(app) == 1
            living = await app.job_manager.register_worker()
            fetched = [await app.job_manager.fetch_job(None, living) for _ in range(2)]
            return " ".join(sorted(one.task_name for one in fetched if one))

    assert asyncio.run(story()) == "estimate retry_stalled"
    states = fetch(db, "SELECT status::text FROM procrastinate.procrastinate_jobs ORDER BY id")
    assert states == [("failed",), ("doing",), ("doing",)]


def test_a_job_that_kills_its_workers_is_given_up(db: Database) -> None:
    """One that takes more memory than there is would otherwise be begun for ever, ahead of all others."""
    schedule.install(db.url)
    app = schedule.make_app(db)

    async def story() -> list[int]:
        async with app.open_async():
            await app.configure_task("estimate", lock="estimate").defer_async(project=1, least_new=0.01)
            given_back = []
            for _ in range(schedule.KILLED_AT_MOST + 1):
                dead = await app.job_manager.register_worker()
                await app.job_manager.fetch_job(None, dead)
                with db.transaction() as tx:
                    tx.execute(
                        "UPDATE procrastinate.procrastinate_workers"
                        " SET last_heartbeat = last_heartbeat - interval '1h'"
                    )
                given_back.append(await schedule.retry_stalled_jobs(app))
            return given_back

    assert asyncio.run(story()) == [1] * schedule.KILLED_AT_MOST + [0]
    assert fetch(db, "SELECT status::text FROM procrastinate.procrastinate_jobs") == [("failed",)]


def test_deferred_jobs_are_carried_out_until_told_to_stop(db: Database) -> None:
    """Partitions are there before anything else; a job is done and deleted; the worker ends when asked."""
    stop = threading.Event()
    failures: list[BaseException] = []

    def work() -> None:
        try:
            schedule.work(db, concurrency=2, stop=stop, grace_seconds=5)
        except BaseException as error:
            failures.append(error)
            raise

    thread = threading.Thread(target=work)
    thread.start()
    tables = "SELECT to_regclass('procrastinate.procrastinate_jobs')"
    assert eventually(lambda: fetch(db, tables)[0][0] is not None, seconds=20)
    app = schedule.make_app(db)

    async def defer() -> None:
        async with app.open_async():
            await app.configure_task("upkeep").defer_async(timestamp=0)

    asyncio.run(defer())
    waiting = "SELECT count(*) FROM procrastinate.procrastinate_jobs WHERE task_name = 'upkeep'"
    assert eventually(lambda: fetch(db, waiting) == [(0,)], seconds=20)
    partitions = fetch(db, "SELECT count(*) FROM pg_inherits WHERE inhparent = 'log'::regclass")
    stop.set()
    thread.join(10)
    assert not thread.is_alive()
    assert failures == []
    assert partitions == [(3,)]
    assert fetch(db, "SELECT count(*) FROM procrastinate.procrastinate_jobs WHERE status = 'failed'") == [
        (0,)
    ]
    assert fetch(db, "SELECT count(*) FROM procrastinate.procrastinate_workers") == [(0,)]
