"""The roster: one line for each labeler of a project, to be listed in the order of any column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString

from psycopg import sql

from goldvein.store.database import Transaction
from goldvein.store.queries import load

_queries = load("roster")
STATES: Final = ("admitted", "boundary", "dismissed", "panel")
"""What a labeler is in a project; ``panel`` has no standing, and answers candidates."""
SORTS: Final[dict[str, LiteralString]] = {
    "name": 'name COLLATE "C"',
    "p_benchmarks": "coalesce(p_benchmarks, -1)",
    "p_all": "coalesce(p_all, -1)",
    "benchmarks": "benchmarks",
    "right_share": "coalesce(right_share, -1)",
    "answers": "answers",
    "delivered": "delivered",
    "held": "held",
    "withdrawn": "withdrawn",
    "skips": "skips",
    "panel_answers": "panel_answers",
    "median_seconds": "coalesce(median_seconds, -1)",
    "seen_at": "seen_at",
}
"""Columns by which lines are listed, each as it stands in its index; what is not known comes below all."""
_BEYOND: Final = chr(0x10FFFF)
# Columns and directions cannot be parameters, so these two stand here and not in the file. Each state has its
# own stretch of every index: the first lines of all states are among the first of each.
_STRETCH: Final = """
    (SELECT labeler, name, state, p_benchmarks, p_all, benchmarks, right_share, answers, delivered, held,
            withdrawn, skips, panel_answers, median_seconds, seen_at, {sort} AS place
     FROM roster
     WHERE project = %(project)s AND state = {state} AND {after} AND {named}
     ORDER BY {sort} {way}, labeler {way} LIMIT %(limit)s)
"""
_PAGE: Final = """
    SELECT labeler, name, state, p_benchmarks, p_all, benchmarks, right_share, answers, delivered, held,
           withdrawn, skips, panel_answers, median_seconds, seen_at
    FROM ({stretches}) AS lines ORDER BY place {way}, labeler {way} LIMIT %(limit)s
"""
TASK_FIRST, TASK_LAST = -8, 48
"""Buckets of a labeler's seconds on task: from a quarter of a second to more than an hour."""


@dataclass(frozen=True, slots=True)
class Bar:
    """What the gate asks of standings in a state: benchmarks, and both probabilities of being good."""

    state: str
    benchmarks: int
    p_benchmarks: float
    p_all: float


@dataclass(frozen=True, slots=True)
class Line:
    """One labeler of a project; ``benchmarks`` are answers, ever, and ``right_share`` is of them."""

    labeler: int
    name: str
    state: str
    p_benchmarks: float | None
    p_all: float | None
    benchmarks: int
    right_share: float | None
    answers: int
    delivered: int
    held: int
    withdrawn: int
    skips: int
    panel_answers: int
    median_seconds: float | None
    seen_at: datetime


def roll(tx: Transaction, after: int, upto: int) -> None:
    """Bring the lines up to date of whom rows of the log with ids in (after, upto] tell."""
    tx.execute(_queries.roll, {"after": after, "upto": upto, "first": TASK_FIRST, "last": TASK_LAST})


def at_work(tx: Transaction, projects: Sequence[int], since: datetime) -> dict[int, int]:
    """Map projects to how many who may work there, in the crowd or on the panel, were seen since a moment."""
    return dict(tx.execute(_queries.at_work, {"projects": list(projects), "since": since}).fetchall())


def distribution(tx: Transaction, project: int, bars: Sequence[Bar]) -> list[tuple[str, int, int, int]]:
    """List (state, twentieth of P(good) from 1 on, count, how many of them pass) of a project's standings.

    Whoever was readmitted is taken to have passed as many benchmarks since then as ever.
    """
    values = {
        "project": project, "states": [bar.state for bar in bars],
        "shown": [bar.p_benchmarks for bar in bars], "unsuspected": [bar.p_all for bar in bars],
        "min_benchmarks": [bar.benchmarks for bar in bars],
    }  # fmt: skip
    return tx.execute(_queries.distribution, values).fetchall()


def find(tx: Transaction, project: int, labeler: int) -> Line | None:
    """Find one labeler's line."""
    row = tx.execute(_queries.find, {"project": project, "labeler": labeler}).fetchone()
    return Line(*row) if row else None


def page(
    tx: Transaction, project: int, *, states: Sequence[str], sort: str, descending: bool,
    after: tuple[Any, int] | None, prefix: str, limit: int,
) -> list[Line]:  # fmt: skip
    """List lines in the order of a column, from after a value of it and a labeler on.

    Parameters
    ----------
    states : sequence of str
        Of ``STATES``.
    sort : str
        Of ``SORTS``.
    descending : bool
    after : (value, labeler), optional
        The last line of the page before: its value as the index has it, -1 where nothing is known.
    prefix : str
        Names begin with it. It is found by the index only where ``sort`` is the name.
    limit : int
    """
    way = sql.SQL("DESC" if descending else "ASC")
    beyond = sql.SQL("<" if descending else ">")
    column = sql.SQL(SORTS[sort])
    place = sql.SQL("({}, labeler) {} (%(value)s, %(labeler)s)").format(column, beyond)
    named = sql.SQL('name COLLATE "C" >= %(prefix)s AND name COLLATE "C" < %(beyond)s')
    stretches = [
        sql.SQL(_STRETCH).format(
            sort=column, way=way, state=sql.Literal(state),
            after=place if after is not None else sql.SQL("true"), named=named if prefix else sql.SQL("true"),
        )
        for state in states
    ]  # fmt: skip
    query = sql.SQL(_PAGE).format(stretches=sql.SQL(" UNION ALL ").join(stretches), way=way)
    value, labeler = after if after is not None else (None, None)
    values = {"project": project, "limit": limit, "value": value, "labeler": labeler, "prefix": prefix}
    return [Line(*row) for row in tx.execute(query, {**values, "beyond": prefix + _BEYOND})]
