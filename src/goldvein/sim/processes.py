"""The processes of an installation: started as their users start them, waited for, and surely stopped."""

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


def environment(*folders: Path, **settings: str) -> dict[str, str]:
    """Our environment with these settings, with this installation's modules and those of other folders."""
    home = Path(goldvein.__file__).resolve().parent.parent
    paths = [str(home), *map(str, folders), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in paths if path), **settings}


def start_command(command: str, **settings: str) -> subprocess.Popen[bytes]:
    """Start a command of Goldvein, such as ``serve``, with settings by their variables' names."""
    program = [sys.executable, "-m", "goldvein", command]
    return subprocess.Popen(program, env=environment(**settings), stdout=subprocess.DEVNULL)


def free_port() -> int:
    """Find a TCP port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_served(port: int, process: subprocess.Popen[bytes], seconds: float = 180) -> None:
    """Wait until ``serve`` answers.

    Raises
    ------
    RuntimeError
        If it ended, or takes longer.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2):
                return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"serve did not answer on port {port}")


@contextlib.contextmanager
def stopped_in_the_end(*processes: subprocess.Popen[bytes]) -> Iterator[None]:
    """Stop processes gently, and surely."""
    try:
        yield
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
