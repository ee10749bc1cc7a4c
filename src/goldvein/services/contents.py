"""Erasing contents: what the tasks of a closed project say goes, on request or by age; its proofs stay.

Options lose their texts and keep their places, so every label still says which one was picked, and the log
still proves why it was delivered (ADR 0043). Sandboxes hold copies: they are closed, and erased with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from goldvein.domain.errors import Conflict, InvalidInput
from goldvein.domain.records import Project
from goldvein.services import projects
from goldvein.services.projects import read
from goldvein.store import contents
from goldvein.store.database import Database, Transaction
from goldvein.store.log import Entry, append

LINGERS: Final = timedelta(minutes=1)
"""Whatever was under way when somebody asked, a sandbox being copied say, is there after this."""
_AT_ONCE: Final = 1_000


def ask(
    db: Database, project: int, customer: int | None, typed: str, now: datetime, account: int | None = None
) -> Project:
    """Have the contents of a closed project erased; asking again is asking once.

    Parameters
    ----------
    customer : int or None
        Who asks; None is an operator.
    typed : str
        The project's name, so that nobody erases another by a slip.
    account : int, optional
        Who asks on a page; the log says so.

    Raises
    ------
    NotFound
        If there is no such project, or it is another customer's.
    Conflict
        ``project_not_closed``.
    InvalidInput
        ``name_mistyped``.
    """
    with db.transaction() as tx:
        found = read(tx, project, customer)
        if found.state != "closed":
            raise Conflict(
                f"project {project} is {found.state}: contents are erased when it is closed",
                code="project_not_closed",
            )
        if typed.strip() != found.name.strip():
            raise InvalidInput(f"type {found.name!r}, the name of the project", code="name_mistyped")
        _ask(tx, project, now, {} if account is None else {"account": account})
        return read(tx, project, customer)


def ask_old(db: Database, before: datetime, now: datetime) -> int:
    """Do the same for all projects that were closed earlier; return how many."""
    count = 0
    while True:
        with db.transaction() as tx:
            due = contents.old(tx, before, limit=_AT_ONCE)
            for project in due:
                _ask(tx, project, now, {"closed_before": before.isoformat()})
        count += len(due)
        if not due:
            return count


def check_kept(project: Project) -> None:
    """Refuse to copy from a project whose contents are gone, or going.

    Raises
    ------
    Conflict
        ``contents_erased``.
    """
    if project.contents != "kept":
        raise Conflict(
            f"the contents of project {project.id} were erased: nothing of them can be copied",
            code="contents_erased",
        )


def check_heard(tx: Transaction, project: int) -> None:
    """Refuse words about tasks whose contents are gone, or going: they would bring some of them back.

    The project is not named: labelers know a sandbox by its original.

    Raises
    ------
    Conflict
        ``contents_erased``.
    """
    if read(tx, project, None).contents != "kept":
        raise Conflict(
            "the contents of this project were erased: nothing is noted of its tasks any more",
            code="contents_erased",
        )


def carry_on(db: Database, now: datetime) -> int:
    """Carry on with all that was asked for; return how many have come to their end."""
    return sum(finish(db, project, now) for project in under_way(db))


def under_way(db: Database) -> list[int]:
    """List the projects whose contents are being erased."""
    with db.connection() as tx:
        return contents.under_way(tx)


def finish(db: Database, project: int, now: datetime) -> bool:
    """Erase a project's contents, in batches; tell whether nothing can follow any more.

    Safe to kill, and to begin again. A look that began before all that was under way can be there notes no
    place: it is followed by another one, from the first task on.
    """
    _with_sandboxes(db, project, now)
    last: int | None = 0
    while last is not None:
        with db.transaction() as tx:
            found = contents.take(tx, project)
            if found is None:
                return False
            is_last = now - found.asked_at >= LINGERS
            last = contents.blank(
                tx, project, after=found.task if is_last else last, own=found.own, limit=_AT_ONCE
            )
            if is_last and last is not None:
                contents.reached(tx, project, last)
            elif is_last:
                contents.end(tx, project, now)
                append(tx, [Entry(project, "state", decision="contents erased")], now)
    return is_last


def _ask(tx: Transaction, project: int, now: datetime, why: Mapping[str, Any]) -> None:
    if contents.ask(tx, project, now):
        append(tx, [Entry(project, "state", decision="erase contents", detail=why or None)], now)


def _with_sandboxes(db: Database, project: int, now: datetime) -> None:
    with db.connection() as tx:
        copies = contents.sandboxes(tx, project)
    for sandbox in copies:
        projects.update(db, sandbox, None, state="closed", now=now)
        with db.transaction() as tx:
            _ask(tx, sandbox, now, {"project": project})
