"""Following one labeler of a project: what the standing says now, and a page of how it came to that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import MAXYEAR, UTC, datetime
from heapq import merge
from typing import Final

import numpy as np

from goldvein.domain.errors import InvalidInput, NotFound
from goldvein.domain.policy import Policy
from goldvein.domain.records import UNANSWERABLE, Project
from goldvein.services.projects import read
from goldvein.services.timeline import Moment, timeline
from goldvein.stats.model import Model
from goldvein.store import history, keys, projects, roster, standings, tasks, trust
from goldvein.store.database import Database, Transaction
from goldvein.store.history import LogRow
from goldvein.store.roster import Line
from goldvein.store.tasks import Content
from goldvein.tasktypes import choice

PAGE: Final = 500
"""Rows of the log on one page."""
_CONTENTS: Final = 60
"""Benchmark answers of a page that are shown with their task."""
_END: Final = (2**62, datetime(MAXYEAR, 1, 1, tzinfo=UTC), 0)
Place = tuple[int, datetime, int]
"""A step, and the time and id of a row that was none: a page has what lies before both."""


@dataclass(frozen=True, slots=True)
class Belief:
    """How probable it is that the labeler is something: on benchmarks alone, and on all evidence."""

    name: str
    is_good: bool
    p_benchmarks: float
    p_all: float


@dataclass(frozen=True, slots=True)
class BenchmarkAnswer:
    """An answer to a benchmark with its task; ``picked`` and ``key`` in words."""

    row: LogRow
    prompt: str
    picked: str
    key: str

    @property
    def is_right(self) -> bool:
        """Whether the answer was the key."""
        return self.row.choice == self.row.key


@dataclass(frozen=True, slots=True)
class Portrait:
    """One labeler in one project; rows and moments of one page, the oldest first."""

    labeler: int
    name: str
    role: str
    line: Line | None
    panel: str | None
    beliefs: Sequence[Belief]
    rows: Sequence[LogRow]
    moments: Sequence[Moment]
    benchmarks: Sequence[BenchmarkAnswer]
    is_latest: bool
    earlier: str | None


def portray(db: Database, project: int, labeler: int, cursor: str = "") -> Portrait:
    """Tell what is known of a labeler, and a page of its history from a cursor back.

    Raises
    ------
    NotFound
        If there is no such project, or no such labeler in it.
    InvalidInput
        If the cursor is none.
    """
    place = place_of(cursor)
    with db.snapshot() as tx:
        found = read(tx, project, None)
        names, roles = history.labeler_names(tx, [labeler]), keys.roles_of(tx, [labeler])
        if labeler not in names:
            raise NotFound(f"there is no labeler {labeler}")
        policy = Policy.from_dict(projects.get_policy(tx, project, found.policy_version))
        rows, before, earlier = _page(tx, project, labeler, place)
        return Portrait(
            labeler, names[labeler], roles.get(labeler, "erased"),
            line=roster.find(tx, project, labeler),
            panel=trust.basis(tx, project, labeler),
            beliefs=_beliefs(tx, project, labeler),
            rows=rows,
            moments=timeline(rows, policy, before),
            benchmarks=_benchmarks(tx, found, rows),
            is_latest=not cursor,
            earlier=earlier,
        )  # fmt: skip


def _page(
    tx: Transaction, project: int, labeler: int, place: Place
) -> tuple[list[LogRow], LogRow | None, str | None]:
    """A page of rows, the oldest first; the step before them; and the cursor of what is earlier."""
    read_rows = backwards(tx, project, labeler, place, PAGE + 1)
    rows = read_rows[:PAGE]
    earlier = cursor_after(rows, place) if len(read_rows) > PAGE else None
    n = min((row.n for row in rows if row.n is not None), default=place[0])
    before = history.steps_before(tx, project, labeler, n, 1)
    return rows[::-1], before[0] if before else None, earlier


def backwards(tx: Transaction, project: int, labeler: int, place: Place, limit: int) -> list[LogRow]:
    """List a labeler's rows from before a place on, the latest first: two streams, each in its own order."""
    n, at, id_ = place
    steps = history.steps_before(tx, project, labeler, n, limit)
    asides = history.asides_before(tx, project, labeler, (at, id_), limit)
    return list(merge(steps, asides, key=lambda row: (row.at, row.id), reverse=True))[:limit]


def cursor_after(rows: Sequence[LogRow], place: Place) -> str:
    """The cursor of what comes before some rows, which were read from a place on, the latest first."""
    n, at, id_ = place
    for row in rows:
        if row.n is not None:
            n = row.n
        else:
            at, id_ = row.at, row.id
    return f"{n}~{at.isoformat()}~{id_}"


def place_of(cursor: str) -> Place:
    """Read a cursor; the end of everything if it is empty.

    Raises
    ------
    InvalidInput
        If it is none.
    """
    if not cursor:
        return _END
    try:
        n, at, id_ = cursor.split("~")
        place = int(n), datetime.fromisoformat(at), int(id_)
    except ValueError:
        place = -1, _END[1], -1
    if place[1].tzinfo is None or not (0 <= place[0] < 2**63 and 0 <= place[2] < 2**63):
        raise InvalidInput(
            f"before={cursor!r} is no cursor: follow the link to what was earlier",
            code="invalid_parameter", parameter="before",
        )  # fmt: skip
    return place


def _beliefs(tx: Transaction, project: int, labeler: int) -> list[Belief]:
    """What the labeler may be, the abilities in two sums."""
    standing = standings.find(tx, (project, labeler))
    if standing is None:
        return []
    model = Model.from_dict(projects.get_model(tx, project, standing.model_version))
    posterior = np.frombuffer(standing.posterior).reshape(2, -1)
    good, space = model.space.good, model.space
    poor = ~good & (np.arange(space.size) < space.n_abilities)
    masses = [
        ("able, at or over the bar", posterior[:, good].sum(axis=1)),
        ("honest, below the bar", posterior[:, poor].sum(axis=1)),
        *((name, posterior[:, space.state_of(name)]) for name in space.shortcuts),
    ]
    return [Belief(name, n == 0, float(pair[0]), float(pair[1])) for n, (name, pair) in enumerate(masses)]


def _benchmarks(tx: Transaction, project: Project, rows: Sequence[LogRow]) -> list[BenchmarkAnswer]:
    """The latest benchmark answers of some rows, the latest first, with what was asked."""
    asked = [row for row in rows if row.kind == "answer" and row.stage == "benchmark"][-_CONTENTS:][::-1]
    contents = tasks.contents(tx, {(project.id, row.task) for row in asked if row.task is not None})
    return [_shown(project, row, contents) for row in asked]


def _shown(project: Project, row: LogRow, contents: Mapping[tuple[int, int], Content]) -> BenchmarkAnswer:
    content = contents[project.id, row.task or 0]
    options = choice.choices_of(content.input, project.classes)
    return BenchmarkAnswer(
        row, str(content.input.get("prompt", "")), _words(options, row.choice), _words(options, row.key)
    )


def _words(options: Sequence[str], picked: int | None) -> str:
    if picked is None or picked == UNANSWERABLE or picked >= len(options):
        return "cannot be answered"
    return options[picked]
