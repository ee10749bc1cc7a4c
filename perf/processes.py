"""What CPU processes use, and how those of these measurements are started."""

import contextlib
import os
from pathlib import Path
from typing import Final

from goldvein.sim import processes

_TICK: Final = os.sysconf("SC_CLK_TCK")
_ROOT: Final = Path(__file__).resolve().parent.parent


def environment() -> dict[str, str]:
    """Our environment, with Goldvein's modules and these."""
    return processes.environment(_ROOT)


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
