"""Writing a scenario as TOML, so that it can be kept, read, edited and simulated."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def scenario_toml(tables: Mapping[str, Any], heading: str) -> str:
    """Text of a scenario file.

    Parameters
    ----------
    tables : mapping
        As ``scenario_from_dict`` reads them: one level of tables with plain values, and ``labelers``.
    heading : str
        A comment at the top.
    """
    return "\n".join(_lines(tables, heading)) + "\n"


def _lines(tables: Mapping[str, Any], heading: str) -> Iterator[str]:
    yield from (f"# {line}" for line in heading.splitlines())
    for name, values in tables.items():
        for table in values if isinstance(values, list) else [values]:
            yield ""
            yield f"[[{name}]]" if isinstance(values, list) else f"[{name}]"
            # JSON writes texts, numbers and lists of them as TOML does.
            yield from (f"{key} = {json.dumps(value)}" for key, value in table.items())
