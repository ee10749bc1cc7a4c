"""The server as a process: it ends when asked, and outlives its database connections."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from goldvein.bootstrap import running_server
from goldvein.client import GoldveinClient
from goldvein.domain.records import ProjectDraft
from goldvein.services import keys, projects
from goldvein.settings import read_settings
from goldvein.store.database import Database
from tests.services.delivery_world import NOW, receiver

SOURCE = Path(__file__).parents[2] / "src"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def served(url: str, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """``goldvein serve`` without the command around it."""
    code = "from goldvein.bootstrap import serve; from goldvein.settings import read_settings\n"
    code += "serve(read_settings()); print('ended well', flush=True)"
    environ = {
        **os.environ,
        "PYTHONPATH": str(SOURCE),
        "GOLDVEIN_DATABASE_URL": url,
        "GOLDVEIN_PORT": str(port),
    }
    with subprocess.Popen([sys.executable, "-c", code], env=environ, stdout=subprocess.PIPE) as process:
        try:
            for _ in range(400):
                try:
                    httpx.get(f"http://127.0.0.1:{port}/healthz")
                    break
                except httpx.ConnectError:
                    time.sleep(0.05)
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_server_that_is_asked_to_stop_answers_first(database_url: str, name: str) -> None:
    """Who waits is answered at once, streams end, and what is around the server is closed in order."""
    with Database(database_url, pool_size=1) as db:
        customer = keys.create_customer(db, "c", datetime.now(UTC))
        token = keys.issue(db, "customer", customer, "k", datetime.now(UTC))
        project = projects.create(db, customer, ProjectDraft("p", "Pick."), datetime.now(UTC)).id
    found: dict[str, Any] = {}
    port = free_port()
    path = f"http://127.0.0.1:{port}/v1/projects/{project}/labels"
    headers = {"Authorization": f"Bearer {token}"}

    def poll() -> None:
        found["poll"] = httpx.get(path, params={"wait": 50}, headers=headers, timeout=60).json()

    def stream() -> None:
        with httpx.stream("GET", path + "/stream", headers=headers, timeout=60) as response:
            found["stream"] = response.read()

    with served(database_url, port) as process:
        waiting = [threading.Thread(target=poll), threading.Thread(target=stream)]
        for one in waiting:
            one.start()
        time.sleep(1)
        begun = time.monotonic()
        process.send_signal(getattr(signal, name))
        output, _ = process.communicate(timeout=20)
        for one in waiting:
            one.join()
        assert time.monotonic() - begun < 8
    assert found == {"poll": {"events": [], "next": 0}, "stream": b": goldvein\n\n"}
    assert (process.returncode, output) == (0, b"ended well\n")


def test_dead_connections_are_replaced(database_url: str) -> None:
    """A few requests get 503 with Retry-After, then all is well; the client notices nothing."""
    with Database(database_url, pool_size=1) as db:
        token = keys.issue(db, "operator", None, "k", datetime.now(UTC))
    with running_server(database_url) as base:
        with httpx.Client(base_url=base, headers={"Authorization": f"Bearer {token}"}) as client:
            assert client.get("/v1/projects").status_code == 200
            kill_connections(database_url)
            seen = []
            for _ in range(20):
                response = client.get("/v1/projects")
                seen.append(response.status_code)
                if response.status_code == 200:
                    break
                assert response.json()["code"] == "unavailable"
                assert int(response.headers["Retry-After"]) >= 1
                time.sleep(0.1)
        assert seen[-1] == 200
        assert set(seen) <= {200, 503}
        kill_connections(database_url)
        with GoldveinClient(base, token) as patient:
            assert patient.projects() == []


def test_a_server_that_ends_hangs_up_on_receivers(database_url: str) -> None:
    """What test messages went out on is closed with the server, not whenever memory is cleared up."""
    settings = read_settings({"GOLDVEIN_ALLOW_PRIVATE_WEBHOOKS": "yes"})
    with Database(database_url, pool_size=1) as db:
        token = keys.issue(db, "customer", keys.create_customer(db, "c", NOW), "k", NOW)
    with receiver() as there:
        with (
            running_server(database_url, settings) as base,
            httpx.Client(base_url=base, headers={"Authorization": f"Bearer {token}"}) as client,
        ):
            project = client.post("/v1/projects", json={"name": "p", "instruction": "Pick."}).json()["id"]
            asked = {"project": project, "url": there.url}
            hook = client.post("/v1/webhooks", json=asked).json()
            there.secret = hook["secret"]
            sent = [client.post(f"/v1/webhooks/{hook['id']}/test").json() for _ in range(2)]
            assert [one["status"] for one in sent] == [200, 200]
            assert there.connections == 1
        assert there.ended.acquire(timeout=10)


def kill_connections(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
