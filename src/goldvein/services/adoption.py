"""Adoption: benchmarks by hand whose content the project has already.

A content that is a benchmark stays one benchmark, however often it is sent. A customer's own task, named by
its `unique_id` or, without one, by its content, becomes a benchmark itself: nobody who had it gets it again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from goldvein.domain.errors import Conflict
from goldvein.domain.records import ItemError, Project
from goldvein.services.closing import take_places
from goldvein.services.relabelling import replace_label
from goldvein.services.views import View
from goldvein.services.writes import Writes
from goldvein.store import curated, tasks
from goldvein.store.attempts import Attempt
from goldvein.store.curated import Known
from goldvein.store.database import Transaction
from goldvein.store.labels import NewLabel
from goldvein.store.tasks import NewTask
from goldvein.tasktypes import choice

BY_HAND = "key by hand"
"""Why a label that says otherwise was withdrawn."""


@dataclass(slots=True)
class Taken:
    """Customers' own tasks that are about to become benchmarks, locked: by index of the item, their task.

    ``states`` are those of the tasks, ``unfinished`` their attempts that are to be closed.
    """

    tasks: dict[int, int] = field(default_factory=dict)
    states: dict[int, str] = field(default_factory=dict)
    unfinished: list[Attempt] = field(default_factory=list)


@dataclass(slots=True)
class Sorted:
    """What becomes of each item: stored anew, adopted as the task it is, there already, or refused."""

    fresh: list[NewTask] = field(default_factory=list)
    adopted: list[NewTask] = field(default_factory=list)
    existing: list[NewTask] = field(default_factory=list)
    repeats: dict[int, int] = field(default_factory=dict)
    conflicts: dict[int, ItemError] = field(default_factory=dict)


def take(tx: Transaction, project: int, sound: Sequence[NewTask]) -> Taken:
    """Lock the tasks that items name, and whatever is under way for them; before the project's row."""
    known = _by_content(tx, project, sound)
    picks: dict[int, int] = {}
    for task in sound:
        found = known.get(task.content, [])
        own = None if any(one.made for one in found) else _own(found, task.draft.unique_id)
        if own is not None and own.task not in picks.values():
            picks[task.draft.index] = own.task
    if not picks:
        return Taken()
    unfinished, placed = take_places(tx, project, set(picks.values()))
    lines = tasks.lock(tx, [(project, task) for task in picks.values()])
    states = {task: line.state for (_, task), line in lines.items()}
    usable = {t for t, state in states.items() if state == "labelled" or (state == "queued" and t in placed)}
    ends = [
        attempt
        for attempt in unfinished
        if attempt.task in usable and (states[attempt.task] == "queued" or attempt.stage == "panel")
    ]
    return Taken({index: task for index, task in picks.items() if task in usable}, states, ends)


def sort(
    tx: Transaction, project: int, sound: Sequence[NewTask], keys: Mapping[int, int], taken: Taken
) -> Sorted:
    """Decide about every item, once the project's row is locked and nobody else adds benchmarks.

    Raises
    ------
    Conflict
        If somebody else made a benchmark of a task that was taken for one here.
    """
    known = _by_content(tx, project, sound)
    into, first = Sorted(), dict[int, int]()
    for task in sound:
        index = task.draft.index
        made = next((one for one in known.get(task.content, []) if one.made), None)
        if made is not None and index in taken.tasks:
            raise Conflict("somebody else added the same benchmarks at the same moment: send it again")
        if made is not None or task.content in first:
            _repeat(into, task, keys, made, first.get(task.content))
            continue
        first[task.content] = index
        if index in taken.tasks:
            into.adopted.append(replace(task, id=taken.tasks[index]))
        else:
            into.fresh.append(task)
    return into


def deliver(
    tx: Transaction, project: Project, adopted: Sequence[NewTask], keys: Mapping[int, int], taken: Taken,
    now: datetime,
) -> None:  # fmt: skip
    """Let adopted tasks say what their keys say: who waited has a label, and one that differs is replaced."""
    writes = Writes(ended={(project.id, attempt.id): "closed" for attempt in taken.unfinished})
    for task in adopted:
        if taken.states[task.id] == "queued":
            answer = choice.label_answer(keys[task.draft.index], task.draft.input, project.classes)
            writes.labels.append(
                NewLabel(project.id, task.id, answer, "manual", project.policy_version, now, now)
            )
    writes.flush(tx, now)
    for task in adopted:
        if taken.states[task.id] == "labelled":
            view = View(project, policy=None, model=None)  # type: ignore[arg-type]  # asked for neither
            replace_label(tx, view, task.id, keys[task.draft.index], "manual", now, BY_HAND)


def _by_content(tx: Transaction, project: int, sound: Sequence[NewTask]) -> dict[int, list[Known]]:
    found: dict[int, list[Known]] = {}
    for one in curated.by_contents(tx, project, [task.content for task in sound]) if sound else ():
        found.setdefault(one.content, []).append(one)
    return found


def _own(found: Sequence[Known], unique_id: str | None) -> Known | None:
    """The task that an item names: by its name; without one, one that waits before one that has its label."""
    living = [one for one in found if one.state in ("queued", "labelled")]
    if unique_id is not None:
        return next((one for one in living if one.unique_id == unique_id), None)
    return min(living, key=lambda one: (one.state != "queued", one.task), default=None)


def _repeat(
    into: Sorted, task: NewTask, keys: Mapping[int, int], made: Known | None, first: int | None
) -> None:
    """An item whose content is a benchmark, or stands in the same push before."""
    index = task.draft.index
    key = made.key if made is not None else keys[first or 0]
    if key == keys[index]:
        if made is not None:
            into.existing.append(replace(task, id=made.task))
        else:
            into.repeats[index] = first or 0
        return
    where = f"benchmark {made.task}" if made is not None else f"item {first} of this push"
    into.conflicts[index] = ItemError(
        index,
        "benchmark_exists",
        f"{where} has the same content with key {key}, not {keys[index]}: change the key of that one "
        "(PATCH), or leave this one out",
        f"/benchmarks/{index}/key",
        {} if made is None else {"task": made.task},
    )
