"""Named SQL: each statement stands in ``sql/<aggregate>.sql`` under ``-- name: ...`` and a description."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from typing import LiteralString, cast

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


class Queries:
    """The statements of one aggregate, by name, as attributes."""

    def __init__(self, aggregate: str, statements: dict[str, LiteralString]) -> None:
        self._aggregate = aggregate
        self._statements = statements

    def __getattr__(self, name: str) -> LiteralString:
        try:
            return self._statements[name]
        except KeyError:
            raise AttributeError(f"no query {name!r} in sql/{self._aggregate}.sql") from None

    def names(self) -> list[str]:
        """List the statements of this aggregate in the order of the file."""
        return list(self._statements)


@cache
def load(aggregate: str) -> Queries:
    """Read ``sql/<aggregate>.sql``.

    Raises
    ------
    ValueError
        If the file holds two statements of one name, or one without a description.
    """
    text = resources.files(__package__).joinpath("sql", f"{aggregate}.sql").read_text("utf-8")
    parts = _NAME.split(text)[1:]
    statements: dict[str, LiteralString] = {}
    for name, body in zip(parts[::2], parts[1::2], strict=True):
        if name in statements or not body.lstrip().startswith("-- "):
            raise ValueError(f"sql/{aggregate}.sql: {name} stands twice or has no description")
        statements[name] = cast("LiteralString", body.strip().rstrip(";"))
    return Queries(aggregate, statements)


def aggregates() -> list[str]:
    """List the aggregates that have a file of SQL."""
    folder = resources.files(__package__).joinpath("sql")
    return sorted(
        entry.name.removesuffix(".sql") for entry in folder.iterdir() if entry.name.endswith(".sql")
    )
