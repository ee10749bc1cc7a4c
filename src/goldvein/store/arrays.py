"""Lists as PostgreSQL's array literals, for statements that take a column of a whole group as a parameter.

psycopg's own dumper looks at every element alone, and names a type that follows from the largest number in
the list, so that one statement is prepared several times over. Ours takes lists whose elements are of one
kind, and leaves the type to the cast or comparison in the statement. It was a quarter of an answer's Python.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from psycopg import DataError
from psycopg.adapt import Dumper
from psycopg.types.json import Jsonb

Writer = Callable[[Iterable[Any]], Iterable[str]]


class ListDumper(Dumper):
    """Writes a list, whose elements are of one kind or null, as the text of an array of unknown type."""

    def dump(self, obj: Sequence[Any]) -> bytes:
        """Write one list.

        Raises
        ------
        DataError
            If its elements are of several kinds, or of one that is no column's, or a text holds a NUL.
        """
        kinds = set(map(type, obj))
        some_null = _NOTHING in kinds
        kinds.discard(_NOTHING)
        if not kinds:
            texts: Iterable[str] = ["NULL"] * len(obj)
        elif some_null:
            written = iter(_writer(kinds)([item for item in obj if item is not None]))
            texts = ["NULL" if item is None else next(written) for item in obj]
        else:
            texts = _writer(kinds)(obj)
        array = f"{{{','.join(texts)}}}".encode()
        if b"\0" in array:
            raise DataError("PostgreSQL stores no text with a NUL character")
        return array


def _writer(kinds: set[type]) -> Writer:
    """Find what writes elements of these kinds; whole numbers may stand among others."""
    if len(kinds) == 1:
        (kind,) = kinds
        if kind in _WRITERS:
            return _WRITERS[kind]
    for known, writer in _WRITERS.items():
        if all(issubclass(kind, known) for kind in kinds):
            return writer
    if kinds == {int, float}:
        return _WRITERS[float]
    raise DataError(f"a list of {', '.join(sorted(kind.__name__ for kind in kinds))} is no column")


def _quoted(items: Iterable[str]) -> Iterable[str]:
    return ['"' + item.replace("\\", "\\\\").replace('"', '\\"') + '"' for item in items]


def _moments(items: Iterable[datetime]) -> Iterable[str]:
    """Most moments of a group are the same one."""
    known: dict[datetime, str] = {}
    return [known.get(item) or known.setdefault(item, f'"{item}"') for item in items]


def _documents(items: Iterable[Jsonb]) -> Iterable[str]:
    texts = [(item.dumps or json.dumps)(item.obj) for item in items]
    return _quoted([text if isinstance(text, str) else text.decode() for text in texts])


_NOTHING = type(None)
_WRITERS: dict[type, Writer] = {
    bool: lambda items: ["t" if item else "f" for item in items],
    int: lambda items: map(int.__repr__, items),
    float: lambda items: [repr(float(item)) for item in items],
    str: _quoted,
    bytes: lambda items: [f'"\\\\x{item.hex()}"' for item in items],
    datetime: _moments,
    Jsonb: _documents,
}
"""By kind; a truth value is a whole number to Python, so it comes first."""
