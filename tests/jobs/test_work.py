"""The work process: kill it, or the database under it, and every event still arrives once."""

import itertools
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
import structlog

from goldvein.jobs.loops import repeat
from goldvein.services import webhooks
from goldvein.settings import read_settings
from goldvein.store import outbox
from goldvein.store.database import Database
from goldvein.store.embedded import EmbeddedServer
from goldvein.store.migrations import migrate
from tests.eventually import eventually
from tests.services.delivery_world import NOW, Receiver, emit, make_project, receiver

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = {"GOLDVEIN_WEBHOOK_TIMEOUT": "1", "GOLDVEIN_ALLOW_PRIVATE_WEBHOOKS": "true"}

PROCESS = """
    import signal, sys, threading
    from datetime import timedelta
    from goldvein import jobs
    from goldvein.jobs import webhooks
    from goldvein.settings import read_settings
    from goldvein.store.database import Database

    webhooks.LEASE_MARGIN = timedelta(seconds=0.5)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    with Database(sys.argv[1], pool_size=4) as db:
        with open(int(sys.argv[2]), "wb") as tell:
            tell.write(b"ready")
        jobs.run(db, read_settings(), stop)
"""


def start_work(url: str) -> subprocess.Popen[bytes]:
    """Start it with its log thrown away: into a pipe that nobody reads it could not write for long."""
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as told:
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(PROCESS), url, str(writing)],
            env=os.environ | SETTINGS | {"PYTHONPATH": str(ROOT / "src")},
            stdout=subprocess.DEVNULL,
            pass_fds=[writing],
        )
        os.close(writing)
        assert told.read() == b"ready"
    return process


@contextmanager
def registered(db: Database) -> Iterator[tuple[int, Receiver]]:
    project = make_project(db)
    with receiver() as hooked:
        hook = webhooks.create(db, project, hooked.url, None, allow_private=True, now=NOW)
        hooked.secret = hook.secret
        yield project, hooked


def emit_surely(db: Database, project: int, task: int) -> None:
    """Write one event however often the database dies, but never twice."""
    while True:
        try:
            with db.transaction() as tx:
                row = tx.execute("SELECT count(*) FROM outbox WHERE task = %s", (task,)).fetchone()
                if row == (0,):
                    outbox.insert_many(tx, [project], ["task.expired"], [task], [None], [None], NOW)
        except psycopg.OperationalError:
            time.sleep(0.05)
            db.reset()
        else:
            return


def test_it_delivers_and_stops_when_asked(database_url: str) -> None:
    """Events go out within a second; SIGTERM ends the process with 0 after the request under way."""
    with Database(database_url) as db, registered(db) as (project, hooked):
        process = start_work(database_url)
        try:
            assert eventually(lambda: bool(db.url), seconds=1)
            for i in range(20):
                emit(db, project, "task.expired", task=i)
            assert eventually(lambda: hooked.distinct() == list(range(1, 21)))
        finally:
            process.terminate()
            assert process.wait(15) == 0
        assert hooked.unverified == 0


def test_a_sweep_happens_every_second(database_url: str) -> None:
    """Tasks past their deadline expire by time alone, and the webhook says so."""
    with Database(database_url) as db, registered(db) as (project, hooked):
        with db.transaction() as tx:
            tx.execute(
                "INSERT INTO tasks (project, content, state, priority, deadline, created_at)"
                " VALUES (%s, 1, 'queued', 0, %s, %s)",
                (project, NOW, NOW),
            )
            tx.execute(
                "INSERT INTO attempts (project, task, content, stage, state, lane, due_at, urgency)"
                " SELECT project, id, content, 'label', 'open', 1, deadline, 0 FROM tasks"
            )
        process = start_work(database_url)
        try:
            assert eventually(lambda: len(hooked.received) > 0)
        finally:
            process.terminate()
            process.wait(15)
        assert hooked.received[0].payload["type"] == "task.expired"


@pytest.mark.slow
def test_every_event_arrives_once_whatever_is_killed(reachable_folder: Path) -> None:
    """With kill -9 of the worker three times and of PostgreSQL three times while events are written."""
    with EmbeddedServer(reachable_folder / "killed", server_settings={"shared_buffers": "16MB"}) as server:
        migrate(server.url)
        with Database(server.url, pool_size=3) as db, registered(db) as (project, hooked):
            stop = threading.Event()
            written: list[int] = []

            def write() -> None:
                while not stop.is_set():
                    emit_surely(db, project, len(written) + 1)
                    written.append(len(written) + 1)
                    time.sleep(0.002)

            writer = threading.Thread(target=write)
            writer.start()
            process = start_work(server.url)
            try:
                for _ in range(3):
                    before = len(hooked.received)
                    assert eventually(lambda: len(hooked.received) > before + 2, seconds=20)  # noqa: B023
                    process.kill()
                    process.wait()
                    process = start_work(server.url)
                    before = len(hooked.received)
                    assert eventually(lambda: len(hooked.received) > before + 2, seconds=20)  # noqa: B023
                    assert server.pid is not None
                    os.kill(server.pid, signal.SIGKILL)
                    time.sleep(0.5)
                stop.set()
                writer.join(60)
                assert not writer.is_alive()
                assert eventually(lambda: len(hooked.distinct()) >= len(written), seconds=60)
                time.sleep(1)
            finally:
                stop.set()
                process.terminate()
                process.wait(15)
                writer.join(60)
            assert hooked.unverified == 0
            assert hooked.distinct() == list(range(1, len(written) + 1))
            tasks = {
                event["position"]: event["task"]
                for message in hooked.received
                for event in message.payload["data"]["events"]
            }
            assert sorted(tasks.values()) == written
            assert len(written) > 100


class Patient(threading.Event):
    """An event that writes down how long it was waited for, and lets nobody wait."""

    def __init__(self) -> None:
        super().__init__()
        self.pauses: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.pauses.append(timeout or 0.0)
        return self.is_set()


def test_a_loop_goes_on_after_a_failure(database_url: str) -> None:
    """Three failures with growing pauses, then work as before; many of them end in pauses of ten seconds."""
    with Database(database_url) as db:
        stop = Patient()
        calls = itertools.count(1)

        def act() -> None:
            number = next(calls)
            if number <= 3 or 6 <= number < 20:
                raise RuntimeError("away")
            if number == 21:
                stop.set()

        repeat("test", act, every=0.01, stop=stop, db=db)
        assert stop.pauses[:3] == pytest.approx([0.2, 0.4, 0.8])
        assert max(stop.pauses[3:5]) <= 0.01
        assert stop.pauses[5] == pytest.approx(0.2)
        assert max(stop.pauses) == 10
        assert len(stop.pauses) == 21


def test_a_database_that_went_away_is_a_line_and_a_bug_a_traceback(database_url: str) -> None:
    """Whoever starts `serve` anew sees no traceback in the log of `work`; of a bug they do."""
    broken = [
        psycopg.OperationalError("server closed the connection\n\tThis probably means ..."),
        psycopg.errors.AdminShutdown("terminating connection"),
        psycopg.errors.DeadlockDetected("deadlock detected"),
        RuntimeError("a bug"),
    ]
    for error in broken:
        stop = Patient()

        def act(error: Exception = error, stop: Patient = stop) -> None:
            stop.set()
            raise error

        with Database(database_url) as db, structlog.testing.capture_logs() as said:
            repeat("test", act, every=0.01, stop=stop, db=db)
        (line,) = [one for one in said if one["event"] == "loop_failed"]
        assert line["error"] == str(error).partition("\n")[0]
        assert line["exc_info"] == (error in broken[2:])


def test_settings_reach_the_loop() -> None:
    """The two settings of webhooks are read from the environment."""
    settings = read_settings(SETTINGS)
    assert settings.webhook_timeout == 1
    assert settings.allow_private_webhooks
    assert datetime.now(UTC) > NOW.replace(year=2020)
