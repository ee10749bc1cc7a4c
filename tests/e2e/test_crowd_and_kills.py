"""Hundreds at once, and kill -9 of every process: what was accepted is there once, every event is seen once.

Everything is real: `serve` and `work` in processes of their own, labelers and readers over HTTP, a durable
PostgreSQL that its keeper restarts.
"""

import asyncio
import itertools
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from goldvein.services.verification import verify
from goldvein.store import outbox
from goldvein.store.database import Database
from tests.e2e.installation import (
    Installation,
    Project,
    Readers,
    events_stored,
    following,
    installation,
    open_project,
    overlaps,
    stored_answers,
    together,
    until,
)
from tests.never_twice import nobody_saw_twice

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(reachable_folder: Path) -> Iterator[Installation]:
    with installation(reachable_folder / "e2e") as running:
        yield running


def assert_sound(site: Installation, project: Project) -> None:
    """What labelers were told is what is stored, answer by answer, and every promise holds."""
    with Database(site.server.url, pool_size=2) as db:
        assert stored_answers(db, project.id) == project.accepted
        assert overlaps(db, project.id) == 0
        nobody_saw_twice(db)
        verification = verify(db)
        assert verification.ok, verification.broken


def assert_seen_once(readers: Readers, events: int) -> None:
    """Every reader has every position once and in order, and all have the same events."""
    for seen in (readers.cursor, readers.stream, readers.webhook):
        assert [event["position"] for event in seen] == list(range(1, events + 1))
    assert [event.get("label", {}).get("id") for event in readers.cursor] == [
        event.get("label", {}).get("id") for event in readers.webhook
    ]


def test_hundreds_of_labelers_at_once(site: Installation) -> None:
    """300 clients: no ordinary task in two hands, no answer lost or doubled, though a fifth is sent twice."""

    async def story() -> Project:
        project = await open_project(site, labelers=300, tasks=4_000, benchmarks=200)
        crowd = [
            project.labeler(number, answers=14, think_seconds=0.05, repeats=0.2, defers=0.3)
            for number in range(300)
        ]
        async with asyncio.timeout(120):
            await together(*crowd)
        await project.pause()
        return project

    project = asyncio.run(story())
    assert len(project.accepted) == 300 * 14
    assert not project.outages
    assert_sound(site, project)


def test_kill_9_of_everything_in_the_middle_of_a_run(site: Installation) -> None:
    """`serve`, `work` and PostgreSQL are killed three times each, while 40 people answer and three read."""

    async def kill_all(project: Project) -> None:
        for victim in ("serve", "work", "postgres") * 3:
            goal = len(project.accepted) + 300
            await until(lambda goal=goal: len(project.accepted) >= goal, seconds=60)  # type: ignore[misc]
            await asyncio.to_thread(site.kill, victim)
        goal = len(project.accepted) + 300
        await until(lambda: len(project.accepted) >= goal, seconds=60)
        project.open = False

    async def story() -> tuple[Project, Readers, int]:
        project = await open_project(site, labelers=40, tasks=8_000, benchmarks=200)
        async with following(project) as readers:
            crowd = [
                project.labeler(number, answers=10_000, think_seconds=0.1, repeats=0.05, defers=0.3)
                for number in range(40)
            ]
            async with asyncio.timeout(180):
                await together(kill_all(project), *crowd)
            await asyncio.sleep(6.5)  # the last held answers' time runs out
            with Database(site.server.url, pool_size=2) as db:
                events, labels = events_stored(db, project.id)
            assert labels > 1_000
            await until(lambda: not readers.behind(events), seconds=40, what=lambda: readers.behind(events))
            await project.pause()
        return project, readers, events

    project, readers, events = asyncio.run(story())
    assert project.outages["hang-up"]
    assert_seen_once(readers, events)
    assert_sound(site, project)


def test_events_that_commit_in_another_order_or_never(site: Installation) -> None:
    """The later one commits first, the earlier one afterwards, a third one's connection dies: seen once."""

    async def story() -> tuple[list[int], Readers]:
        project = await open_project(site, labelers=1, tasks=5, benchmarks=20)
        now = datetime.now(UTC)
        with Database(site.server.url, pool_size=6) as db:
            with db.connection() as connection:
                rows = connection.execute(
                    "SELECT id FROM tasks WHERE project = %s AND state = 'queued' ORDER BY id", [project.id]
                )
                tasks = [row[0] for row in rows]

            def write(tx: psycopg.Connection[tuple[object, ...]], task: int) -> None:
                outbox.insert_many(tx, [project.id], ["task.expired"], [task], [None], [None], now)

            async with following(project) as readers:
                seen = itertools.count(1)

                async def all_see() -> None:
                    last = next(seen)
                    await until(
                        lambda: not readers.behind(last), seconds=30, what=lambda: readers.behind(last)
                    )

                with db.transaction() as early:
                    write(early, tasks[0])
                    with db.transaction() as late:
                        write(late, tasks[1])
                    await all_see()
                await all_see()
                with suppress(psycopg.OperationalError), db.transaction() as killed:
                    write(killed, tasks[2])
                    with db.transaction() as other:
                        write(other, tasks[3])
                        other.execute("SELECT pg_terminate_backend(%s)", [killed.info.backend_pid])
                    await all_see()
                with db.transaction() as last:
                    write(last, tasks[4])
                await all_see()
                await asyncio.sleep(0.5)
        return [tasks[place] for place in (1, 0, 3, 4)], readers

    expected, readers = asyncio.run(story())
    assert_seen_once(readers, len(expected))
    for seen in (readers.cursor, readers.stream, readers.webhook):
        assert [event["task"] for event in seen] == expected
