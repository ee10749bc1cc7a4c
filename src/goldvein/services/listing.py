"""Listing a project's labelers, page by page, in the order of any column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from goldvein.domain.errors import InvalidInput
from goldvein.services.projects import read
from goldvein.store import gauges, roster
from goldvein.store.database import Database
from goldvein.store.roster import SORTS, STATES, Line

PAGE: Final = 50
_MOST_PREFIX: Final = 200
_ASCENDING: Final = ("name",)
"""Columns that begin with the least; of all others the most is asked for first."""


@dataclass(frozen=True, slots=True)
class Asked:
    """How labelers are to be listed; ``prefix`` is of names, and ``after`` the cursor of a page."""

    state: str = ""
    sort: str = "seen_at"
    descending: bool = True
    prefix: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of labelers; ``next`` is the cursor of the page after it, None at the end."""

    asked: Asked
    lines: Sequence[Line]
    next: str | None
    counts: dict[str, int]
    """Standings by state, as last sampled."""


def ask(*, state: str, sort: str, way: str, prefix: str, after: str) -> Asked:
    """Read how labelers are to be listed; a prefix lists by name, by which alone it is found.

    Raises
    ------
    InvalidInput
        If there is no such state, column or way.
    """
    if state not in ("", *STATES):
        raise InvalidInput(
            f"there is no state {state!r}: use {', '.join(STATES)}",
            code="invalid_parameter",
            parameter="state",
        )
    column = "name" if prefix else sort or "seen_at"
    if column not in SORTS:
        raise InvalidInput(
            f"no column is called {sort!r}: use {', '.join(SORTS)}",
            code="invalid_parameter",
            parameter="sort",
        )
    if way not in ("", "up", "down"):
        raise InvalidInput(
            f"there is no way {way!r}: use up or down", code="invalid_parameter", parameter="way"
        )
    if len(prefix) > _MOST_PREFIX or "\x00" in prefix:
        raise InvalidInput(
            f"no name begins with {len(prefix)} characters like these",
            code="invalid_parameter",
            parameter="name",
        )
    descending = way == "down" if way else column not in _ASCENDING
    return Asked(state, column, descending, prefix, after)


def labelers(db: Database, project: int, asked: Asked) -> Listing:
    """List a page of a project's labelers.

    Raises
    ------
    NotFound
        If there is no such project.
    InvalidInput
        ``invalid_parameter``: if the cursor is none of a page in this order.
    """
    after = _place(asked) if asked.after else None
    states = [asked.state] if asked.state else list(STATES)
    with db.connection() as tx:
        read(tx, project, None)
        found = roster.page(
            tx, project, states=states, sort=asked.sort, descending=asked.descending, after=after,
            prefix=asked.prefix, limit=PAGE + 1,
        )  # fmt: skip
        sample = gauges.latest(tx, [project]).get(project)
    lines = found[:PAGE]
    more = _cursor(asked, lines[-1]) if len(found) > PAGE else None
    return Listing(asked, lines, more, dict(sample.standings["states"]) if sample else {})


def _cursor(asked: Asked, line: Line) -> str:
    value = getattr(line, asked.sort)
    written = value.isoformat() if isinstance(value, datetime) else "-1" if value is None else str(value)
    return f"{written}~{line.labeler}"


def _place(asked: Asked) -> tuple[Any, int]:
    kinds: dict[str, Any] = {"name": str, "seen_at": datetime.fromisoformat}
    try:
        value, labeler = asked.after.rsplit("~", 1)
        place = kinds.get(asked.sort, float)(value), int(labeler)
    except ValueError:
        place = None, -1
    if place[0] is None or not 0 <= place[1] < 2**31 or "\x00" in asked.after:
        raise InvalidInput(
            f"after={asked.after!r} is no cursor here: follow the link to the next page",
            code="invalid_parameter",
            parameter="after",
        )
    return place
