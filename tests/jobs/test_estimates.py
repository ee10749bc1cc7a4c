"""The nightly estimates: a job for every project at work, each done once."""

import asyncio

import psycopg
import pytest

from goldvein.domain.records import ProjectDraft
from goldvein.jobs import schedule
from goldvein.services import projects, reestimation
from goldvein.store.database import Database
from tests.services.town import Town, knows


def test_every_open_project_is_estimated_in_a_job_of_its_own(db: Database) -> None:
    """A project that mines yet is passed over; one with little to learn from says so once a night."""
    town = Town(db)
    town.open_by_hand(40)
    town.push(20)
    town.hire("ann", knows(1.0))
    town.run(5)
    projects.create(db, town.customer, ProjectDraft("young", "Pick."), town.now)
    schedule.install(db.url)
    app = schedule.make_app(db)

    async def night() -> list[str]:
        async with app.open_async():
            for _ in range(2):  # the second finds the first night's job in the queue
                await app.configure_task("estimate_all").defer_async(timestamp=0)
            waiting = [job.task_name for job in await app.job_manager.list_jobs_async()]
            await app.configure_task("estimate_grown").defer_async(timestamp=0)
            await app.run_worker_async(wait=False, install_signal_handlers=False, delete_jobs="never")
            return waiting

    assert asyncio.run(night()) == ["estimate_all"] * 2
    with db.connection() as tx:
        done = tx.execute(
            "SELECT DISTINCT args ->> 'project', status::text FROM procrastinate.procrastinate_jobs "
            "WHERE task_name = 'estimate'"
        ).fetchall()
    assert done == [("1", "succeeded")]
    assert town.rows("SELECT DISTINCT project, decision FROM log WHERE kind = 'model'") == [(1, "refused")]
    assert not town.proof()


def test_an_hourly_look_that_waits_keeps_no_nightly_one_from_the_queue(db: Database) -> None:
    """Behind many projects the hour's jobs still wait at night; they ask for more news than it does."""
    town = Town(db)
    town.open_by_hand(40)
    schedule.install(db.url)
    app = schedule.make_app(db)

    async def night() -> set[str]:
        async with app.open_async():
            await app.tasks["estimate_grown"].func(timestamp=0)
            for _ in range(2):
                await app.tasks["estimate_all"].func(timestamp=0)
            return {str(job.task_kwargs["least_new"]) for job in await app.job_manager.list_jobs_async()}

    assert asyncio.run(night()) == {str(reestimation.LEAST_NEW), str(reestimation.DOUBLED)}


@pytest.mark.parametrize(
    ("error", "status"), [(psycopg.errors.DeadlockDetected("x"), "todo"), (ValueError("x"), "failed")]
)
def test_what_the_database_disturbed_is_tried_again_soon(
    db: Database, monkeypatch: pytest.MonkeyPatch, error: Exception, status: str
) -> None:
    """A night is not lost to a deadlock; what would go wrong again is left, lest all others wait for it."""

    def fails(*_: object) -> None:
        raise error

    monkeypatch.setattr(reestimation, "estimate", fails)
    schedule.install(db.url)
    app = schedule.make_app(db)

    async def night() -> list[str]:
        async with app.open_async():
            await app.configure_task("estimate").defer_async(project=1, least_new=0.01)
            await app.run_worker_async(wait=False, install_signal_handlers=False, delete_jobs="never")
            return [str(job.status) for job in await app.job_manager.list_jobs_async(task="estimate")]

    assert asyncio.run(night()) == [status]
