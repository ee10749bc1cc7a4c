"""The logbook: the decision log of a project, read backwards, and never more of it than a page takes.

A page looks at a bounded stretch of the log and says how far back it has looked: where what is asked for is
rare, the next page goes on from there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import MAXYEAR, UTC, datetime
from itertools import islice
from typing import Final

from goldvein.domain.errors import InvalidInput
from goldvein.services import following
from goldvein.services.projects import read
from goldvein.store import figures, history
from goldvein.store.database import Database, Transaction
from goldvein.store.history import LogRow

PAGE: Final = 100
_STRETCH: Final = 2_000
"""Ids of the first stretch looked at; each further one is twice as long."""
_STRETCHES: Final = 5
_ROWS: Final = 2_000
"""Rows of one labeler or one task looked at for a page."""
_FOREVER: Final = datetime(MAXYEAR, 1, 1, tzinfo=UTC)
KINDS: Final = (
    "admit", "alert", "answer", "audit", "audited", "bootstrap", "cancel", "candidate", "discard", "dismiss",
    "dispute", "drop", "expire", "flag", "freeze", "key", "model", "open", "policy", "practice", "promote",
    "release", "rescored", "retire", "ruling", "skip", "state", "thaw", "trust", "withdraw",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked for: rows of a labeler or a task, of a kind, until a moment; from a cursor back."""

    labeler: str = ""
    task: int | None = None
    kind: str = ""
    until: datetime | None = None
    before: str = ""


@dataclass(frozen=True, slots=True)
class LogPage:
    """Rows, the latest first; ``next`` goes on, None where nothing is left. ``names`` are of labelers."""

    asked: Asked
    rows: Sequence[LogRow]
    names: Mapping[int, str]
    next: str | None


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Rows of a stretch, the latest first, and where the log goes on before it."""

    rows: Sequence[LogRow]
    next: str | None


def ask(*, labeler: str, task: str, kind: str, until: str, before: str) -> Asked:
    """Read what is looked for, as a form sends it; moments without a zone are UTC.

    Raises
    ------
    InvalidInput
        If the task is no number, there is no such kind or ``until`` is no moment.
    """
    number = _number(task, "task") if task.strip() else None
    if kind not in ("", *KINDS):
        raise InvalidInput(
            f"the log has no kind {kind!r}: use {', '.join(KINDS)}",
            code="invalid_parameter",
            parameter="kind",
        )
    try:
        moment = datetime.fromisoformat(until) if until.strip() else None
    except ValueError as error:
        raise InvalidInput(
            f"until={until!r} is no moment such as 2026-01-31T12:00",
            code="invalid_parameter",
            parameter="until",
        ) from error
    if moment is not None and moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return Asked(labeler.strip(), number, kind, moment, before)


def page(db: Database, project: int, asked: Asked) -> LogPage:
    """Read a page of the log.

    Raises
    ------
    NotFound
        If there is no such project.
    InvalidInput
        If there is no such labeler, or the cursor is none.
    """
    with db.snapshot() as tx:
        read(tx, project, None)
        if asked.labeler:
            found = _of_labeler(tx, project, _labeler(tx, asked.labeler), asked)
        elif asked.task is not None:
            found = _of_task(tx, project, asked.task, asked)
        else:
            found = _of_project(tx, project, asked)
        names = history.labeler_names(tx, {row.labeler for row in found.rows if row.labeler is not None})
    return LogPage(asked, found.rows, names, found.next)


def _labeler(tx: Transaction, name: str) -> int:
    found = history.find_labeler(tx, name) if "\x00" not in name else None
    if found is None and name.isdecimal():
        found = _number(name, "labeler")
    if found is None:
        raise InvalidInput(
            f"there is no labeler called {name!r}", code="invalid_parameter", parameter="labeler"
        )
    return found


def _of_labeler(tx: Transaction, project: int, labeler: int, asked: Asked) -> _Stretch:
    """A labeler's rows come in two streams, each with an index: steps of the standing, and what is none."""
    place = following.place_of(asked.before)
    if asked.until is not None and asked.until < place[1]:
        place = place[0], asked.until, 2**62
    rows = following.backwards(tx, project, labeler, place, _ROWS)
    wanted, examined = _wanted(rows, asked)
    is_more = len(examined) < len(rows) or len(rows) == _ROWS
    return _Stretch(wanted, following.cursor_after(examined, place) if is_more else None)


def _of_task(tx: Transaction, project: int, task: int, asked: Asked) -> _Stretch:
    before = _number(asked.before, "before") if asked.before else 2**62
    rows = history.of_task_before(tx, project, task, before, _ROWS)
    wanted, examined = _wanted(rows, asked)
    is_more = len(examined) < len(rows) or len(rows) == _ROWS
    return _Stretch(wanted, str(examined[-1].id) if is_more else None)


def _wanted(rows: Sequence[LogRow], asked: Asked) -> tuple[list[LogRow], Sequence[LogRow]]:
    """Those of some rows that are asked for, a page of them at most, and how many rows that took."""
    wanted = list(islice(((n, row) for n, row in enumerate(rows) if _fits(row, asked)), PAGE))
    examined = rows[: wanted[-1][0] + 1] if len(wanted) == PAGE else rows
    return [row for _, row in wanted], examined


def _of_project(tx: Transaction, project: int, asked: Asked) -> _Stretch:
    """Look back in the order in which rows were written, each time twice as far."""
    before, until = _begin(tx, project, asked), asked.until or _FOREVER
    rows: list[LogRow] = []
    figures.by_index(tx)
    for doubling in range(_STRETCHES):
        first = max(0, before - _STRETCH * 2**doubling)
        rows += history.of_project_between(
            tx, project, (first, before), kind=asked.kind or None, until=until, limit=PAGE - len(rows)
        )
        if len(rows) == PAGE:
            return _Stretch(rows, str(rows[-1].id))
        before = first
        if before == 0:
            return _Stretch(rows, None)
    return _Stretch(rows, str(before))


def _begin(tx: Transaction, project: int, asked: Asked) -> int:
    """The id before which a page looks: the cursor's, that of the moment asked for, or the end of the log."""
    if asked.before:
        return _number(asked.before, "before")
    if asked.until is not None and (last := history.last_entry_until(tx, project, asked.until)) is not None:
        return last + 1
    return figures.written_upto(tx).last + 1


def _fits(row: LogRow, asked: Asked) -> bool:
    in_time = asked.until is None or row.at <= asked.until
    return in_time and asked.kind in ("", row.kind) and asked.task in (None, row.task)


def _number(text: str, name: str) -> int:
    if not text.strip().isdecimal() or int(text) >= 2**62:
        raise InvalidInput(f"{name}={text!r} is no number", code="invalid_parameter", parameter=name)
    return int(text)
