"""Practice: retired benchmarks teach what the instruction means; and what labelers object to is noted.

A benchmark that was shown for practice never comes back: its key is told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np

from goldvein.domain.errors import NotFound
from goldvein.domain.records import Project
from goldvein.services.contents import check_heard
from goldvein.services.leases import LeaseTokens
from goldvein.services.projects import read
from goldvein.store import practice, projects, tasks
from goldvein.store.database import Database, Transaction
from goldvein.store.log import Entry, append
from goldvein.tasktypes import choice

KEY_RIGHT: Final = 0.9
"""P(key right) asked of a key that is taught."""
APART: Final = ("cancelled", "expired", "ambiguous", "leaked")
"""Reasons of retirement that make a bad lesson: not ours to show, unclear, or part of a fraud under watch."""
OFFERED: Final = 100
"""Projects to choose from at most."""
_WORKING: Final = ("mining", "open")
REST: Final = timedelta(hours=1)
"""Time since its retirement before a benchmark is taught: nobody has it in hand any more."""


@dataclass(frozen=True, slots=True)
class Practice:
    """A task to learn by, as its labeler sees it."""

    token: str
    project: Project
    input: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Feedback:
    """What is right, as a position as shown, and why."""

    right: bool
    position: int
    reasons: list[str]


def offered(db: Database) -> list[Project]:
    """List the projects whose tasks can be practised, the latest first."""
    with db.connection() as tx:
        return projects.list_working(tx, limit=OFFERED)


def practise(
    db: Database, project: int, labeler: int, now: datetime, rng: np.random.Generator
) -> Practice | None:
    """Show a labeler a retired benchmark that it has never had in any form; None if none is left.

    Raises
    ------
    NotFound
        If no such project is offered: drafts, closed ones and sandboxes are nobody's to see.
    """
    with db.transaction() as tx:
        target = read(tx, project, None)
        if target.is_sandbox or target.state not in _WORKING:
            raise NotFound(f"project {project} is not under way: choose another one to practise")
        lesson = _draw(tx, target, labeler, now, rng)
        if lesson is None:
            return None
        content = tasks.contents(tx, [(project, lesson.task)])[project, lesson.task]
        options = len(choice.choices_of(content.input, target.classes))
        order = list(range(options)) if target.classes is not None else rng.permutation(options).tolist()
        attempt = practice.show(tx, project, lesson, labeler, order, now)
        if attempt is None:
            return None
        token = LeaseTokens(projects.lease_key(tx)).seal(project, attempt, 0)
        return Practice(token, target, choice.as_shown(content.input, target.classes, order))


def _draw(
    tx: Transaction, project: Project, labeler: int, now: datetime, rng: np.random.Generator
) -> practice.Lesson | None:
    """One from a random place on, then from the beginning."""
    anywhere = int(rng.integers(practice.last_ordinal(tx, project.id) + 1))
    family = [project.id, *projects.kin(tx, project)]
    for since in (anywhere, 0):
        found = practice.draw(tx, family, labeler, since, now - REST, key_right=KEY_RIGHT, apart=APART)
        if found is not None:
            return found
    return None


def answer(db: Database, labeler: int, token: str, said: Mapping[str, Any], now: datetime) -> Feedback:
    """Tell a labeler how its answer to a practice task compares; asked again, it is told again.

    Raises
    ------
    NotFound
        If it was never shown this task.
    InvalidInput
        If the answer is none.
    """
    with db.transaction() as tx:
        project, attempt, _ = LeaseTokens(projects.lease_key(tx)).open(token)
        found = practice.find(tx, project, attempt, labeler) if _storable(project, attempt) else None
        if found is None:
            raise NotFound("there is no such practice task of yours: ask for one", code="practice_unknown")
        picked = choice.read_answer(said, found.shown)
        if practice.answered(tx, project, attempt):
            decision = "right" if picked == found.key else "wrong"
            row = Entry(
                project, "practice", labeler=labeler, attempt=attempt, task=found.task, choice=picked,
                shown=found.shown, decision=decision,
            )  # fmt: skip
            append(tx, [row], now)
        return Feedback(picked == found.key, found.shown.index(found.key), found.reasons)


def dispute(db: Database, labeler: int, token: str, reason: str, now: datetime) -> None:
    """Note a labeler's word on a task that it has or had in hand; the first one on each stands.

    Raises
    ------
    NotFound
        If the labeler never had this lease.
    Conflict
        If the contents of its project were erased.
    """
    with db.transaction() as tx:
        project, attempt, _ = LeaseTokens(projects.lease_key(tx)).open(token)
        known = _storable(project, attempt) and practice.had(tx, project, attempt, labeler)
        if not known:
            raise NotFound("there is no such lease of yours: nothing to dispute", code="lease_unknown")
        check_heard(tx, project)
        task = practice.dispute(tx, project, attempt, labeler, reason, now)
        if task is not None:
            detail = {"reason": reason}
            row = Entry(project, "dispute", labeler=labeler, attempt=attempt, task=task, detail=detail)
            append(tx, [row], now)


def _storable(project: int, attempt: int) -> bool:
    """Whether what a token opens to can stand in the database: a forged one opens to anything."""
    return project < 2**31 and attempt < 2**63
