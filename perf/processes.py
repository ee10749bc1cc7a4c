"""The processes of an installation, and what CPU they use."""

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_TICK: Final = os.sysconf("SC_CLK_TCK")
_ROOT: Final = Path(__file__).resolve().parent.parent


def environment(**settings: str) -> dict[str, str]:
    """Our environment with these settings, and with this checkout's modules."""
    paths = [str(_ROOT / "src"), str(_ROOT), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in paths if path), **settings}


def goldvein(command: str, **settings: str) -> subprocess.Popen[bytes]:
    """Start a command of Goldvein, such as ``serve``, with settings by their variables' names."""
    program = [sys.executable, "-c", "from goldvein.cli import main; main()", command]
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


def cpu_seconds(root: int) -> float:
    """User and system time of a process and all its descendants, also of those that it has reaped."""
    return sum(_own_ticks(process, reaped=True) for process in _family(root)) / _TICK


def _family(root: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                children.setdefault(int(_stat(int(entry.name))[1]), []).append(int(entry.name))
    found = [root]
    for process in found:
        found += children.get(process, [])
    return found


def _stat(process: int) -> list[bytes]:
    """Fields of /proc/PID/stat from the third on: state, ppid, ..."""
    return Path(f"/proc/{process}/stat").read_bytes().rpartition(b")")[2].split()


def _own_ticks(process: int, *, reaped: bool) -> int:
    try:
        fields = _stat(process)
    except OSError:
        return 0
    return sum(map(int, fields[11:15] if reaped else fields[11:13]))
