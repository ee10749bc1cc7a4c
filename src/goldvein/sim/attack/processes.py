"""Processes that serve and work, so that times at a client are the service's alone."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import goldvein

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def processes(url: str) -> Iterator[str]:
    """Serve and work in processes of their own, so that times at the client are the service's alone."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    started = [_command(command, url, port) for command in ("serve", "work")]
    try:
        _wait_until_served(port, started[0])
        yield f"http://127.0.0.1:{port}"
    finally:
        for process in started:
            process.terminate()
        for process in started:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _command(command: str, url: str, port: int) -> subprocess.Popen[bytes]:
    """Start a command of this installation."""
    home = str(Path(goldvein.__file__).resolve().parent.parent)
    settings = {
        "GOLDVEIN_DATABASE_URL": url,
        "GOLDVEIN_PORT": str(port),
        "GOLDVEIN_LOG_LEVEL": "error",
        "GOLDVEIN_SHUTDOWN_SECONDS": "3",
        "PYTHONPATH": os.pathsep.join(part for part in (home, os.environ.get("PYTHONPATH", "")) if part),
    }
    return subprocess.Popen(
        [sys.executable, "-m", "goldvein", command], env={**os.environ, **settings}, stdout=subprocess.DEVNULL
    )


def _wait_until_served(port: int, process: subprocess.Popen[bytes], seconds: float = 180) -> None:
    """Wait until ``serve`` answers."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2):
                return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"serve did not answer on port {port}")
