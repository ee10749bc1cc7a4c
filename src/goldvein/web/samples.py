"""Rows pasted to see how they look: one a line, as JSON or, for classes, as plain text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from goldvein.domain.errors import InvalidInput
from goldvein.tasktypes import choice

_MOST: Final = 20
"""Rows that are shown."""


@dataclass(frozen=True, slots=True)
class Samples:
    """Inputs of tasks as labelers see them; ``error`` says what is wrong with the first bad row."""

    inputs: Sequence[Mapping[str, Any]]
    error: str = ""


def read_samples(text: str, classes: Sequence[str]) -> Samples:
    """Read the first rows, and check them as a push would."""
    inputs, error = [], ""
    rows = [row for row in text.splitlines() if row.strip()]
    for place, row in enumerate(rows[:_MOST], start=1):
        try:
            found = _input(row, classes)
            choice.check_input(found, classes or None)
            inputs.append(shown(found, classes))
        except InvalidInput as refused:
            error = error or f"row {place}: {refused.detail}"
    return Samples(inputs, error)


def shown(content: Mapping[str, Any], classes: Sequence[str]) -> dict[str, Any]:
    """A task's input with what can be picked."""
    return {**content, "options": list(classes)} if classes else dict(content)


def _input(row: str, classes: Sequence[str]) -> Mapping[str, Any]:
    """A row as pushed, ``{"input": {...}}``, the input alone, or text that is asked about."""
    if classes and not row.lstrip().startswith("{"):
        return {"prompt": row.strip()}
    try:
        found = msgspec.json.decode(row)
    except msgspec.DecodeError as error:
        raise InvalidInput(f"it is no JSON: {error}") from error
    content = found.get("input", found) if isinstance(found, dict) else None
    if not isinstance(content, dict):
        raise InvalidInput('a row is an object, such as {"prompt": "...", "options": ["...", "..."]}')
    return content
