"""Named SQL as the server sees it."""

import re
from collections.abc import Iterator

from goldvein.store import queries

PARAMETER = re.compile(r"%\((\w+)\)s")


def statements() -> Iterator[tuple[str, str, str]]:
    """Every named statement: aggregate, name, text."""
    for aggregate in queries.aggregates():
        loaded = queries.load(aggregate)
        for name in loaded.names():
            yield aggregate, name, getattr(loaded, name)


def parameters(statement: str) -> list[str]:
    """The parameters in the order of their numbers."""
    return list(dict.fromkeys(PARAMETER.findall(statement)))


def numbered(statement: str) -> str:
    """The statement with numbered parameters, without its comments."""
    places = {name: place for place, name in enumerate(parameters(statement), start=1)}
    lines = [line for line in statement.splitlines() if not line.startswith("--")]
    return PARAMETER.sub(lambda match: f"${places[match[1]]}", "\n".join(lines)).replace("%%", "%")
