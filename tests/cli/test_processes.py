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
import pytest

from goldvein.store.embedded import EmbeddedServer

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


@pytest.mark.slow
def test_ctrl_c_ends_the_demo_with_its_report(embedded_server: EmbeddedServer, tmp_path: Path) -> None:
    """Whoever has seen enough gets the table for what happened so far, and no traceback."""
    path = tmp_path / "report.json"
    process = _start("demo", "--minutes", "5", "--people", "20", "--json", str(path), url=embedded_server.url)
    time.sleep(8)
    assert process.poll() is None, process.communicate()[1]
    process.send_signal(signal.SIGINT)
    output, said = process.communicate(timeout=40)

    assert process.returncode == 0, said
    assert "Traceback" not in said
    assert "verify: ok" in output
    assert json.loads(path.read_text(encoding="utf-8"))["verify"] == "ok"
