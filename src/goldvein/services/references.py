"""Reference sets: tasks with the customer's own answers, kept apart from its work, in versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from goldvein.domain.errors import Conflict, GoldveinError, InvalidInput
from goldvein.domain.records import ItemError, Project, PushedTask, PushResult, TaskDraft
from goldvein.services import intake
from goldvein.services.benchmarks import ManualBenchmark, read_key
from goldvein.services.projects import read
from goldvein.store import projects, references, tasks
from goldvein.store.database import Database, Transaction
from goldvein.store.references import ReferenceSet
from goldvein.store.tasks import NewTask
from goldvein.tasktypes import choice

MAX_TASKS: Final = 2_000
"""Tasks of a set at most: all are labelled anew on every day that a check is due."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a push of reference tasks came to, and the set that is in force since."""

    result: PushResult
    set: ReferenceSet


def push(
    db: Database, project: int, items: Sequence[ManualBenchmark], now: datetime, *, whole: bool = False
) -> Pushed:
    """Add tasks with the customer's answers to a project's reference set; a bad one is named, others kept.

    A content that is in the set already keeps its task; with another answer, that one holds from now on.
    Where anything changes, the set has a new version; sent again, nothing does.

    Parameters
    ----------
    whole : bool
        Whether this is the whole set: what is not in it leaves the set, unless some of it was refused.

    Raises
    ------
    Conflict
        If the project is closed.
    InvalidInput
        ``reference_too_large``: nothing is changed.
    """
    with db.transaction() as tx:
        target = read(tx, project, None)
        if target.state == "closed":
            raise Conflict(f"project {project} is closed and takes no reference tasks", code="project_closed")
        sound, keys, errors = _check_all(items, target, now)
        projects.find_locked(tx, project)  # one version after the other
        latest = references.latest_set(tx, project) or ReferenceSet(0, now, 0)
        known = {item.content: item for item in references.items(tx, project, latest.version)}
        first = {task.content: task.draft.index for task in reversed(sound)}
        fresh = [t for t in sound if t.content not in known and first[t.content] == t.draft.index]
        fresh = _stored(tx, target, fresh, now)
        ids = {t.content: t.id for t in fresh} | {content: one.task for content, one in known.items()}
        inputs = references.inputs(tx, project, [ids[t.content] for t in sound])
        given = {
            ids[t.content]: (
                _key_there(keys[t.draft.index], t.draft.input, inputs[ids[t.content]], target),
                t.draft.unique_id,
            )
            for t in sound
        }
        before = {one.task: (one.key, one.unique_id) for one in known.values()}
        current = _put(tx, project, latest, before, given, now, whole=whole and not errors)
    new = {task.draft.index for task in fresh}
    pushed = [
        PushedTask(t.draft.index, ids[t.content], t.draft.unique_id, t.draft.index in new) for t in sound
    ]
    return Pushed(PushResult(pushed, errors, None), current)


def _key_there(key: int, sent: Mapping[str, Any], stored: Mapping[str, Any], project: Project) -> int:
    """Find the key's place in the content as it is stored: the same options may stand in another order."""
    text = choice.choices_of(sent, project.classes)[key]
    return list(choice.choices_of(stored, project.classes)).index(text)


def _put(
    tx: Transaction, project: int, latest: ReferenceSet, before: Mapping[int, tuple[int, str | None]],
    given: Mapping[int, tuple[int, str | None]], now: datetime, *, whole: bool,
) -> ReferenceSet:  # fmt: skip
    """Put another version in force where it differs from the present one, and return what is in force."""
    changed = {task: one for task, one in given.items() if before.get(task) != one}
    gone = before.keys() - given.keys() if whole else set()
    if not changed and not gone:
        return latest
    count = len((before.keys() | given.keys()) - gone)
    if count > MAX_TASKS:
        raise InvalidInput(
            f"the set would have {count:,} tasks, and {MAX_TASKS:,} are the most: send fewer, or the whole "
            "set anew with `whole=true`",
            code="reference_too_large",
        )
    version = latest.version + 1
    references.end_items(tx, project, version, sorted((before.keys() & changed.keys()) | gone))
    references.insert_items(tx, project, version, [(task, *one) for task, one in sorted(changed.items())])
    references.insert_set(tx, project, version, count, now)
    return ReferenceSet(version, now, count)


def _stored(tx: Transaction, project: Project, fresh: list[NewTask], now: datetime) -> list[NewTask]:
    """Store new tasks; their names stand in the set, where a task of the customer's may have the same."""
    ids = tasks.reserve_ids(tx, len(fresh))
    nameless = [
        replace(task, id=given, deadline=None, draft=replace(task.draft, unique_id=None, metadata=None))
        for task, given in zip(fresh, ids, strict=True)
    ]
    if nameless:
        tasks.insert_many(tx, project.id, nameless, batch=None, state="reference", now=now)
    return nameless


def _check_all(
    items: Sequence[ManualBenchmark], project: Project, now: datetime
) -> tuple[list[NewTask], dict[int, int], list[ItemError]]:
    sound: list[NewTask] = []
    keys: dict[int, int] = {}
    errors: list[ItemError] = []
    for item in items:
        try:
            task = intake.check(TaskDraft(item.index, item.input, unique_id=item.unique_id), project, now)
            keys[item.index] = read_key(item, project)
        except GoldveinError as error:
            pointer = f"/tasks/{item.index}{error.facts.get('pointer', '')}"
            errors.append(ItemError(item.index, error.code, error.detail, pointer))
        else:
            sound.append(task)
    return sound, keys, errors
