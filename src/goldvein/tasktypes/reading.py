"""How much there is to read in a task: what its time is measured against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def characters(content: Mapping[str, Any], classes: Sequence[str] | None, erased: int | None = None) -> int:
    """Count the characters of every text that a task shows, its options or classes included.

    ``erased``: how many there were in the content, where its texts are gone.
    """
    count = 0 if classes is None else sum(map(len, classes))
    if erased is not None:
        return count + erased
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
