"""What files of tasks and of benchmarks have in common: bounds, and keys that are given as texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from goldvein.domain.errors import InvalidInput
from goldvein.domain.records import ItemError

Item = dict[str, Any] | ItemError
"""The fields of one task or benchmark, as a push in JSON has them, or what is wrong with it."""

MAX_ROWS: Final = 100_000
"""Rows or tasks of one file; more go in several."""


def too_long(limit: int) -> InvalidInput:
    """Say that a file goes on: what was read before is stored."""
    return InvalidInput(
        f"a file has {limit:,} benchmarks at most: those are stored, send the rest in another one",
        code="file_too_long",
    )


def option_of(value: Any, content: Any, classes: Sequence[str] | None) -> int:
    """Find the option or class that has this text.

    Raises
    ------
    InvalidInput
        ``key_value_unknown``.
    """
    options = (
        classes if classes is not None else content.get("options") if isinstance(content, dict) else None
    )
    if not isinstance(options, Sequence) or isinstance(options, str):
        raise InvalidInput(
            "the item has no options, so that none can be the key: give it `options`",
            code="options_missing", pointer="/input/options",
        )  # fmt: skip
    if value not in options:
        shown = ", ".join(repr(str(option)[:40]) for option in options[:10])
        raise InvalidInput(
            f"{str(value)[:60]!r} is none of the options {shown}: give one of them, letter by letter",
            code="key_value_unknown", pointer="/key",
        )  # fmt: skip
    return list(options).index(value)
