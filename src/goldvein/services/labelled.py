"""Labels with their tasks, page by page: to be taken away as a file, or looked at.

Each page is read in a short transaction of its own, by key: nothing is held while a reader thinks, and a page
costs the same at a thousand labels and at a million, however few of them are wanted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from goldvein.domain.errors import InvalidInput, NotFound
from goldvein.store import labelled, tasks
from goldvein.store.database import Database
from goldvein.store.labelled import FIRST, LAST, Labelled, Place, Wanted

AT_ONCE: Final = 500
"""Labels, or tasks of a batch, that are looked at in one transaction."""
LOOKS: Final = 20
"""Times that a page for people looks on for labels that are wanted."""


def of_batch(db: Database, project: int, wanted: Wanted, name: str | None) -> Wanted:
    """Want labels of one batch, by its name.

    Raises
    ------
    NotFound
        ``batch_unknown``.
    """
    if name is None:
        return wanted
    with db.connection() as tx:
        batch = tasks.find_batch(tx, project, name)
    if batch is None:
        raise NotFound(f"project {project} has no batch {name!r}", code="batch_unknown")
    return replace(wanted, batch=batch.id)


def export(
    db: Database, project: int, wanted: Wanted, *, after: int = 0, content: bool = True, page: int = AT_ONCE
) -> Iterator[list[Labelled]]:
    """Read all labels that are wanted, page by page, in the order of their ids (of a batch: of its tasks).

    Parameters
    ----------
    after : int
        A label's id: those behind it are read. It may have been withdrawn since.
    page : int
        Labels that are looked at in one transaction; as many are given at most, and perhaps none.

    Raises
    ------
    InvalidInput
        ``after_unknown`` where a batch is read and the label is none of the project's.
    """
    place: Place | None = _behind(db, project, wanted, after)
    while place is not None:
        found, place = _look(db, project, wanted, place, page, backwards=False, content=content)
        yield found


def choose(
    db: Database, project: int, wanted: Wanted, *, after: int, limit: int
) -> tuple[Sequence[int], bool]:
    """Find the ids of the next labels that are wanted, ``limit`` at most, and whether there are more."""
    ids: list[int] = []
    for page in export(db, project, wanted, after=after, content=False):
        ids += [one.label.id for one in page]
        if len(ids) > limit:
            return ids[:limit], True
    return ids, False


def chosen(
    db: Database, project: int, ids: Sequence[int], wanted: Wanted, *, content: bool = True
) -> Iterator[list[Labelled]]:
    """Read labels that were chosen, page by page; one that is not wanted any more is left out."""
    for start in range(0, len(ids), AT_ONCE):
        with db.connection() as tx:
            found = labelled.read(tx, project, ids[start : start + AT_ONCE], wanted, content=content)
        yield found


def _behind(db: Database, project: int, wanted: Wanted, after: int) -> Place:
    if wanted.batch is None or after == 0:
        return FIRST[0], after
    with db.connection() as tx:
        task = labelled.task_of(tx, project, after)
    if task is None:
        raise InvalidInput(
            f"{after} is no label of project {project}: give the id of the last label that you have, or 0",
            code="after_unknown",
            parameter="after",
        )
    return task, after


@dataclass(frozen=True, slots=True)
class Page:
    """Some labels for people to look at; ``looked`` counts those that were read for it.

    ``next`` is where the next page begins, None at the end. A page may be short, or empty, and yet not the
    last: then too few of those that were looked at were wanted.
    """

    labels: Sequence[Labelled]
    looked: int
    next: Place | None


def browse(
    db: Database, project: int, wanted: Wanted, place: Place | None = None, *, newest_first: bool, count: int
) -> Page:
    """Read a page of labels that are wanted, from a place on; from the first one where none is given."""
    at: Place | None = place or (LAST if newest_first else FIRST)
    found: list[Labelled] = []
    looked = 0
    while at is not None and len(found) <= count and looked < LOOKS * AT_ONCE:
        at_once = AT_ONCE if looked else count + 1  # most often nearly all are wanted
        some, at = _look(db, project, wanted, at, at_once, backwards=newest_first, content=False)
        found += some
        looked += at_once
    if len(found) > count:
        last = found[count - 1].label
        found, at = found[:count], (last.task, last.id)
    with db.connection() as tx:
        shown = labelled.read(tx, project, [one.label.id for one in found], Wanted(state="all"))
    return Page(shown, looked, at)


def _look(
    db: Database, project: int, wanted: Wanted, place: Place, count: int, *, backwards: bool, content: bool
) -> tuple[list[Labelled], Place | None]:
    with db.connection() as tx:
        seen = labelled.places(tx, project, wanted, place, count, backwards=backwards)
        ids = [label for _, label in seen if label is not None]
        found = labelled.read(tx, project, ids, wanted, content=content)
    if wanted.batch is None:
        return found, (seen[-1][0], seen[-1][1] or 0) if len(seen) == count else None
    # All labels of the last task were seen. Of the first one, none may have been left behind the place.
    if not seen or len({task for task, _ in seen}) < count - 1:
        return found, None
    task = seen[-1][0]
    return found, (task - 1, LAST[1]) if backwards else (task + 1, FIRST[1])


def history(db: Database, project: int, label: int) -> Sequence[Labelled]:
    """Read all labels that the task of a label ever had, oldest first.

    Raises
    ------
    NotFound
        ``label_unknown``.
    """
    with db.connection() as tx:
        task = labelled.task_of(tx, project, label)
        if task is not None:
            return labelled.of_task(tx, project, task)
    raise NotFound(f"project {project} has no label {label}", code="label_unknown")
