"""Commands that run on: they start, do their work and end cleanly when asked to."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import psycopg
import pytest

from goldvein.store.embedded import EmbeddedServer
from tests.eventually import eventually

PROGRAM = [sys.executable, "-c", "from goldvein.cli import main; main()"]


def _start(*arguments: str, url: str) -> subprocess.Popen[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GOLDVEIN_")}
    return subprocess.Popen(
        [*PROGRAM, *arguments],
        env={**environment, "GOLDVEIN_DATABASE_URL": url},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_answers_and_stops_when_asked(database_url: str, number: signal.Signals) -> None:
    """The API is there within seconds, and a signal ends the process with code 0."""
    port = _free_port()
    process = _start("serve", "--port", str(port), url=database_url)
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                response = httpx.get(f"http://127.0.0.1:{port}/v1/openapi.json")
                break
            except httpx.TransportError:
                assert process.poll() is None, process.communicate()[1]
                assert time.monotonic() < deadline
                time.sleep(0.1)
        assert response.status_code == 200
    finally:
        process.send_signal(number)
        _, said = process.communicate(timeout=30)

    assert process.returncode == 0, said
    assert f"listening on http://127.0.0.1:{port}" in said


@pytest.mark.slow
def test_work_starts_and_stops_when_asked(database_url: str) -> None:
    """A signal ends the process with code 0 once what has begun is done."""
    process = _start("work", url=database_url)
    assert process.stderr is not None
    assert any("work_started" in line for line in process.stderr)  # or its end, should it fail
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=30)

    assert process.returncode == 0, said
    assert "work_stopped" in said


def _demo(server: EmbeddedServer, *options: str) -> subprocess.Popen[str]:
    """Start a demonstration and wait until it says where its pages are."""
    arguments = ("demo", "--minutes", "5", "--people", "20", "--think", "0.1", "--no-browser", *options)
    process = _start(*arguments, url=server.url)
    assert process.stderr is not None
    said = process.stderr.readline()
    assert "The pages are at http://127.0.0.1:" in said
    return process


def _family(process: int) -> list[int]:
    """Find a process's children, and theirs."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = {int(child): int(parent) for child, parent in map(str.split, listed.splitlines())}
    found = [process]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found[1:]


def _is_gone(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


def _wait_until_gone(family: list[int]) -> None:
    """Nobody is left within seconds; what only waits for the end of our pipe may take a moment."""
    assert eventually(lambda: all(_is_gone(one) for one in family), seconds=20)


def _databases(server: EmbeddedServer) -> set[str]:
    with psycopg.connect(server.url) as connection:
        rows = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE 'goldvein_run_%'")
        return {row[0] for row in rows}


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_demo_with_its_report(
    embedded_server: EmbeddedServer, tmp_path: Path, number: signal.Signals
) -> None:
    """Whoever has seen enough gets the report of what happened so far; no process and no database stays."""
    path = tmp_path / "report.json"
    process = _demo(embedded_server, "--json", str(path))
    time.sleep(4)
    family = _family(process.pid)
    assert len(family) >= 2
    process.send_signal(number)
    output, said = process.communicate(timeout=180)

    assert process.returncode == 0, said
    assert "Traceback" not in said
    assert "verify: ok" in output
    assert json.loads(path.read_text(encoding="utf-8"))["verify"] == "ok"
    _wait_until_gone(family)
    assert not _databases(embedded_server)


@pytest.mark.slow
def test_a_second_ctrl_c_ends_the_demo_at_once(embedded_server: EmbeddedServer) -> None:
    """No report, no traceback, and still no process and no database stays."""
    process = _demo(embedded_server)
    family = _family(process.pid)
    process.send_signal(signal.SIGINT)
    time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)

    assert process.returncode in {0, 1}, said  # 0 if the report was there before the second
    assert "Traceback" not in said
    _wait_until_gone(family)
    assert not _databases(embedded_server)


@pytest.mark.slow
def test_a_taken_port_is_said_in_one_line(embedded_server: EmbeddedServer) -> None:
    """Which port, and what to do."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        process = _start("demo", "--no-browser", "--port", port, url=embedded_server.url)
        _, said = process.communicate(timeout=60)

    assert process.returncode == 1
    assert f"port {port} cannot be used" in said
    assert "Traceback" not in said
