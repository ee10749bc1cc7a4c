"""How much there is to read in a task: what its time is measured against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def characters(content: Mapping[str, Any], classes: Sequence[str] | None) -> int:
    """Count the characters of every text that a task shows, its options or classes included."""
    count = 0 if classes is None else sum(map(len, classes))
    level: list[Any] = list(content.values())
    while level:
        below: list[Any] = []
        for part in level:
            if isinstance(part, str):
                count += len(part)
            elif isinstance(part, Mapping):
                below += part.values()
            elif isinstance(part, list):
                below += part
        level = below
    return count
