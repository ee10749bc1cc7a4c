"""Wait for what another thread, process or server does in its own time."""

from __future__ import annotations

import time
from collections.abc import Callable


def eventually(promise: Callable[[], bool], *, seconds: float = 10.0) -> bool:
    """Whether something comes true in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if promise():
            return True
        time.sleep(0.02)
    return False
