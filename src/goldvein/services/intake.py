"""Intake: checks what customers push, stores it once, and ends it on request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from goldvein.domain.errors import Conflict, GoldveinError, InvalidInput, NotFound
from goldvein.domain.records import BatchProgress, ItemError, Project, PushedTask, PushResult, Task, TaskDraft
from goldvein.services import tallying
from goldvein.services.closing import close_tasks, retire_benchmark, stop_mining
from goldvein.services.projects import read as read_project
from goldvein.store import attempts, labels, tallies, tasks
from goldvein.store.attempts import NO_DEADLINE, Wanted
from goldvein.store.database import Database, Transaction
from goldvein.store.tasks import NewTask
from goldvein.tasktypes import choice

MAX_UNIQUE_ID = 200
MAX_PRIORITY = 1_000_000


def push(
    db: Database,
    project: int,
    drafts: Sequence[TaskDraft],
    batch: str | None,
    now: datetime,
    *,
    named_by_content: bool = False,
) -> PushResult:
    """Store tasks, each once: a bad one is reported and the others are kept.

    Pushing the same ``unique_id`` with the same content again changes nothing; with another content it is
    refused with the number of the task that has it. A task without one is another task each time, unless it
    is ``named_by_content``.

    Raises
    ------
    Conflict
        If the project is closed, or the batch was cancelled.
    """
    with db.transaction() as tx:
        target = read_project(tx, project, None)
        if target.state == "closed":
            raise Conflict(f"project {project} is closed and takes no tasks", code="project_closed")
        sound, errors = _check_all(drafts, target, now)
        if named_by_content:
            sound = [_named_by_content(task) for task in sound]
        batch_id = _open_batch(tx, project, batch, now) if batch is not None else None
        stored, conflicts = store(tx, target, sound, batch=batch_id, state="queued", now=now)
        attempts.insert_open(tx, [_wanted(project, task) for task in sound if task.draft.index in stored])
        if stored:
            tallies.note(tx, project, pushed={batch_id: len(stored)})
    return result(sound, errors, stored, conflicts, batch)


def result(
    sound: Sequence[NewTask],
    errors: Sequence[ItemError],
    stored: set[int],
    conflicts: Mapping[int, ItemError],
    batch: str | None,
) -> PushResult:
    """What a push came to, in the order of the request."""
    pushed = [
        PushedTask(task.draft.index, task.id, task.draft.unique_id, task.draft.index in stored)
        for task in sound
        if task.draft.index not in conflicts
    ]
    return PushResult(pushed, sorted([*errors, *conflicts.values()], key=lambda error: error.index), batch)


def store(
    tx: Transaction, project: Project, sound: list[NewTask], *, batch: int | None, state: str, now: datetime
) -> tuple[set[int], dict[int, ItemError]]:
    """Give tasks their ids and store those that are new.

    Tasks in ``sound`` are replaced by copies that carry their ids; one that was there already gets that one's
    id.

    Returns
    -------
    stored : set of int
        Indexes of tasks that are new.
    conflicts : dict of int to ItemError
        By index: unique_ids that name another content.
    """
    ids = tasks.reserve_ids(tx, len(sound))
    sound[:] = [replace(task, id=given) for task, given in zip(sound, ids, strict=True)]
    created = tasks.insert_many(tx, project.id, sound, batch=batch, state=state, now=now) if sound else set()
    left = [
        task.draft.unique_id for task in sound if task.id not in created and task.draft.unique_id is not None
    ]
    known = tasks.by_unique_ids(tx, project.id, left) if left else {}
    stored = {task.draft.index for task in sound if task.id in created}
    conflicts = {}
    for place, task in enumerate(sound):
        if task.draft.index in stored or task.draft.unique_id is None:
            continue
        existing, content, there = known[task.draft.unique_id]
        if content == task.content and (there == "benchmark") == (state == "benchmark"):
            sound[place] = replace(task, id=existing)
        elif content == task.content:
            conflicts[task.draft.index] = _taken(task.draft, existing, there)
        else:
            conflicts[task.draft.index] = _duplicate(task.draft, existing)
    return stored, conflicts


def _duplicate(draft: TaskDraft, existing: int) -> ItemError:
    return ItemError(
        draft.index,
        "duplicate_unique_id",
        f"unique_id {draft.unique_id!r} already names task {existing} with another content: "
        "use a new unique_id, or cancel that task",
        f"/tasks/{draft.index}/unique_id",
        {"task": existing},
    )


def _taken(draft: TaskDraft, existing: int, state: str) -> ItemError:
    """The name is that of a benchmark, where a task is pushed, or of a task that can be none any more."""
    return ItemError(
        draft.index,
        "duplicate_unique_id",
        f"unique_id {draft.unique_id!r} already names {existing}, which is {state}: use a new unique_id",
        f"/tasks/{draft.index}/unique_id",
        {"task": existing},
    )


def _named_by_content(task: NewTask) -> NewTask:
    if task.draft.unique_id is not None:
        return task
    name = f"content-{task.content % 2**64:016x}"
    return replace(task, draft=replace(task.draft, unique_id=name))


def _wanted(project: int, task: NewTask) -> Wanted:
    return Wanted(project, task.id, task.content, "label", task.deadline or NO_DEADLINE, -task.draft.priority)


def _open_batch(tx: Transaction, project: int, name: str, now: datetime) -> int:
    batch, cancelled = tasks.ensure_batch(tx, project, name, now)
    if cancelled:
        raise Conflict(f"batch {name!r} was cancelled: push into a new batch", code="batch_cancelled")
    return batch


def _check_all(
    drafts: Sequence[TaskDraft], project: Project, now: datetime
) -> tuple[list[NewTask], list[ItemError]]:
    sound, errors = [], []
    for draft in drafts:
        try:
            sound.append(check(draft, project, now))
        except GoldveinError as error:
            pointer = f"/tasks/{draft.index}{error.facts.get('pointer', '')}"
            errors.append(ItemError(draft.index, error.code, error.detail, pointer))
    return sound, errors


def check(draft: TaskDraft, project: Project, now: datetime) -> NewTask:
    """Check a draft and compute what follows from its content; the id is still to come.

    Raises
    ------
    InvalidInput
        With a pointer to the place below the task.
    """
    if draft.unique_id is not None and not 1 <= len(draft.unique_id) <= MAX_UNIQUE_ID:
        raise InvalidInput(
            f"unique_id has {len(draft.unique_id)} characters; from 1 to {MAX_UNIQUE_ID} are taken",
            code="unique_id_length", pointer="/unique_id",
        )  # fmt: skip
    if draft.unique_id is not None and "\0" in draft.unique_id:
        raise InvalidInput(
            "unique_id holds a NUL character: remove it", code="unique_id_nul", pointer="/unique_id"
        )
    if abs(draft.priority) > MAX_PRIORITY:
        raise InvalidInput(
            f"priority {draft.priority} is out of range: use -{MAX_PRIORITY} to {MAX_PRIORITY}",
            code="priority_range", pointer="/priority",
        )  # fmt: skip
    deadline = draft.deadline
    if deadline is None and project.deadline_seconds is not None:
        deadline = now + timedelta(seconds=project.deadline_seconds)
    if deadline is not None and deadline <= now:
        raise InvalidInput(
            f"the deadline {deadline.isoformat()} has passed: set one in the future, or none",
            code="deadline_passed", pointer="/deadline",
        )  # fmt: skip
    if deadline is not None and deadline >= NO_DEADLINE:
        raise InvalidInput(
            f"the deadline {deadline.isoformat()} lies beyond all calendars: set an earlier one, or none",
            code="deadline_too_late", pointer="/deadline",
        )  # fmt: skip
    try:
        choice.check_input(draft.input, project.classes)
        if draft.metadata is not None:
            choice.check_size(draft.metadata, "metadata")
        rules = choice.all_rules(draft.input, project.classes, draft.metadata)
    except InvalidInput as error:
        part = "metadata" if error.code.startswith("metadata") else "input"
        place = f"/{part}{error.facts.get('pointer', '')}"
        raise InvalidInput(error.detail, code=error.code, pointer=place) from error
    return NewTask(0, draft, choice.content_identity(draft.input), rules, deadline)


def get_task(db: Database, project: int, task: int) -> Task:
    """Read one task with its current label.

    Raises
    ------
    NotFound
        If the project has no such task; benchmarks made by hand and reference tasks are no tasks to be
        labelled.
    """
    with db.connection() as tx:
        return _read_task(tx, project, task)


def _read_task(tx: Transaction, project: int, task: int) -> Task:
    found = tasks.find(tx, project, task)
    if found is None or found.state in ("benchmark", "reference"):
        raise NotFound(f"project {project} has no task {task}", code="task_unknown")
    return replace(found, label=labels.current_for_tasks(tx, project, [task]).get(task))


def cancel_task(db: Database, project: int, task: int, now: datetime) -> Task:
    """End a task that waits; an answer still on its way is dropped.

    A task that the panel has made a benchmark keeps its label, but nobody is tested on it any more.
    Cancelling what is cancelled changes nothing.

    Raises
    ------
    Conflict
        If the task has its label already, or expired.
    """
    with db.transaction() as tx:
        found = _read_task(tx, project, task)
        if found.state == "cancelled":
            return found
        if found.state == "labelled" and (
            stop_mining(tx, project, task, now) or retire_benchmark(tx, project, task, now)
        ):
            return found
        if close_tasks(tx, project, [task], "cancelled", now) != [task]:
            raise Conflict(f"task {task} is {found.state} and cannot be cancelled", code="task_finished")
        return _read_task(tx, project, task)


def batch_progress(db: Database, project: int, name: str, now: datetime) -> BatchProgress:
    """Count how far a batch is.

    Raises
    ------
    NotFound
        If the project has no batch of that name.
    """
    with db.connection() as tx:
        batch = _find_batch(tx, project, name)
        progress = tasks.progress(tx, project, batch, now)
        if tallies.price(tx, project) is None:
            return progress
    return replace(progress, cost=tallying.of_batches(db, project, [batch.id])[batch.id].cost)


def cancel_batch(db: Database, project: int, name: str, now: datetime) -> BatchProgress:
    """End all tasks of a batch that still wait, and take no more."""
    with db.transaction() as tx:
        batch = _find_batch(tx, project, name)
        tasks.cancel_batch(tx, project, batch.id, now)
        close_tasks(tx, project, tasks.queued_of_batch(tx, project, batch.id), "cancelled", now)
    return batch_progress(db, project, name, now)


def _find_batch(tx: Transaction, project: int, name: str) -> tasks.Batch:
    found = tasks.find_batch(tx, project, name)
    if found is None:
        raise NotFound(
            f"project {project} has no batch {name!r}: it is made by its first task", code="batch_unknown"
        )
    return found
