"""Benchmarks by hand: tasks whose key the customer or an auditor gives."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np

from goldvein.domain.errors import Conflict, GoldveinError, InvalidInput
from goldvein.domain.policy import Policy
from goldvein.domain.records import UNANSWERABLE, ItemError, Project, PushResult, TaskDraft
from goldvein.services import adoption, blinding, intake
from goldvein.services.items import make_item
from goldvein.services.opening import open_if_ready
from goldvein.services.projects import read
from goldvein.services.views import STARTING_ANSWERS
from goldvein.stats.mining import task_evidence
from goldvein.stats.model import Model
from goldvein.store import benchmarks, curated, doubts, log, projects
from goldvein.store.curated import Given
from goldvein.store.database import Database, Transaction
from goldvein.store.log import Entry
from goldvein.store.tasks import Content, NewTask
from goldvein.tasktypes import choice

KEY_RIGHT = 0.98
"""P(key right) of a key given by hand, unless the giver says otherwise: people slip, too."""


_WORTH = 4
"""Unanimous trusted answers that a key given by hand is worth, as evidence on how easy its task is."""


@dataclass(frozen=True, slots=True)
class ManualBenchmark:
    """A task with its key, the option in content order; ``index`` is its place in the request.

    The key may be given as ``expected_response``. That and ``initial_response`` are kept for pipelines in
    which people review answers. ``explanation`` says why the key is right, to those who practise with it some
    day.
    """

    index: int
    input: Mapping[str, Any]
    key: int | None
    key_right: float = KEY_RIGHT
    unique_id: str | None = None
    expected_response: Mapping[str, Any] | None = None
    initial_response: Mapping[str, Any] | None = None
    explanation: str | None = None


@dataclass(slots=True)
class _Checked:
    """Sound items with what was read from them, by index; and what is wrong with the others."""

    sound: list[NewTask]
    keys: dict[int, int]
    given: dict[int, Given]
    rights: dict[int, float]
    errors: list[ItemError]


def add_manual(
    db: Database, project: int, items: Sequence[ManualBenchmark], now: datetime, *, by: int | None = None
) -> PushResult:
    """Store benchmarks; a bad one is reported and the others are kept. The project opens if they are enough.

    Sent again, they are there already. What is a task of the customer's becomes a benchmark as that task: if
    it waits, its key is its label. ``by`` is the auditor who gives the keys, who is never tested with them,
    and who gives none to what is in the same hands as work.

    Raises
    ------
    Conflict
        If the project is closed.
    """
    with db.transaction() as tx:
        target = read(tx, project, None)
        _check_living(target)
        checked = _check_all(items, target, now)
        if by is not None:
            _leave_out(checked, doubts.contents_at_work(tx, by))
        taken = adoption.take(tx, project, checked.sound)
        locked = projects.find_locked(tx, project)  # it does not open meanwhile
        assert locked is not None
        _check_living(locked)
        result = _add(tx, locked, checked, taken, now)
        if by is not None:
            met = {error.facts["task"] for error in result.errors if "task" in error.facts}
            blinding.note_seen(tx, project, sorted(met | {task.id for task in result.tasks}), by, now)
        return result


def _add(
    tx: Transaction, project: Project, checked: _Checked, taken: adoption.Taken, now: datetime
) -> PushResult:
    keys = checked.keys
    into = adoption.sort(tx, project.id, checked.sound, keys, taken)
    stored, conflicts = intake.store(tx, project, into.fresh, batch=None, state="benchmark", now=now)
    new = [task for task in into.fresh if task.draft.index in stored] + into.adopted
    if new:
        _store(tx, project, new, checked, now)
        adoption.deliver(tx, project, into.adopted, keys, taken, now)
        policy = Policy.from_dict(projects.get_policy(tx, project.id, project.policy_version))
        open_if_ready(tx, project.id, policy, STARTING_ANSWERS, now)
    ids = {task.draft.index: task.id for task in [*into.fresh, *into.adopted, *into.existing]}
    ids |= {index: ids[first] for index, first in into.repeats.items()}
    conflicts |= into.conflicts
    conflicts |= {
        index: replace(conflicts[first], index=index)
        for index, first in into.repeats.items() if first in conflicts
    }  # fmt: skip
    placed = [replace(task, id=ids.get(task.draft.index, 0)) for task in checked.sound]
    return intake.result(placed, checked.errors, {task.draft.index for task in new}, conflicts, None)


def _check_living(project: Project) -> None:
    if project.state == "closed":
        raise Conflict(f"project {project.id} is closed and takes no benchmarks", code="project_closed")


def _store(
    tx: Transaction, project: Project, new: Sequence[NewTask], checked: _Checked, now: datetime
) -> None:
    model = None
    if project.model_version is not None:
        model = Model.from_dict(projects.get_model(tx, project.id, project.model_version))
    answers = model.answers if model else STARTING_ANSWERS
    revision = projects.next_revision(tx, project.id)
    given = [replace(checked.given[task.draft.index], task=task.id, promoted_at=now) for task in new]
    curated.insert(tx, project.id, given, basis="manual", revision=revision, now=now)
    versions = []
    for task in new:
        key, right = checked.keys[task.draft.index], checked.rights[task.draft.index]
        options = len(choice.choices_of(task.draft.input, project.classes))
        keys = np.full(options, (1 - right) / (options - 1))
        keys[key] = right
        agreed = task_evidence(answers, options, [key] * _WORTH)
        content = Content(task.draft.input, task.rules)
        versions.append(make_item(model, project, task.id, 1, keys, agreed.difficulty_weights(key), content))
    benchmarks.insert_item_versions(tx, project.id, versions, now)
    log.append(
        tx,
        [
            Entry(
                project.id, "promote", task=task.id, decision="manual", choice=checked.keys[task.draft.index]
            )
            for task in new
        ],
        now,
    )


def _check_all(items: Sequence[ManualBenchmark], project: Project, now: datetime) -> _Checked:
    checked = _Checked([], {}, {}, {}, [])
    for item in items:
        draft = TaskDraft(item.index, item.input, unique_id=item.unique_id)
        try:
            task = intake.check(draft, project, now)
            key = read_key(item, project)
            given = Given(
                0, 0, now, _response(item, project, key), _initial(item, project),
                explanation=item.explanation or None,
            )  # fmt: skip
        except GoldveinError as error:
            pointer = f"/benchmarks/{item.index}{error.facts.get('pointer', '')}"
            checked.errors.append(ItemError(item.index, error.code, error.detail, pointer))
            continue
        checked.sound.append(task)
        checked.keys[item.index], checked.rights[item.index] = key, item.key_right
        checked.given[item.index] = given
    return checked


def _leave_out(checked: _Checked, contents: Collection[int]) -> None:
    """Refuse what the auditor has in hand as work, whatever it is for: the reply would tell, and the key."""
    for task in [task for task in checked.sound if task.content in contents]:
        checked.sound.remove(task)
        index = task.draft.index
        checked.errors.append(
            ItemError(
                index, "content_in_hand",
                "this is in your hands as work: answer it there, or give it back, and come again",
                f"/benchmarks/{index}/input",
            )
        )  # fmt: skip


def read_key(item: ManualBenchmark, project: Project) -> int:
    """The key, given as such or as the expected response, and checked."""
    options = len(choice.choices_of(item.input, project.classes))
    expected = None
    if item.expected_response is not None:
        expected = choice.read_response(
            item.expected_response, item.input, project.classes, "expected_response"
        )
        if expected == UNANSWERABLE or item.key not in (None, expected):
            raise InvalidInput(
                f"expected_response names option {expected}, key {item.key}: give one of them, an option",
                code="key_contradicts", pointer="/expected_response",
            )  # fmt: skip
    key = item.key if item.key is not None else expected
    if key is None:
        raise InvalidInput(
            'a benchmark needs a key: give `key`, or `expected_response` as {"choice": KEY}',
            code="key_missing",
            pointer="/key",
        )
    if not 0 <= key < options:
        raise InvalidInput(
            f"key {key} is none of the {options} options: give 0 to {options - 1}",
            code="key_out_of_range",
            pointer="/key",
        )
    if not 1 / options < item.key_right <= 1:
        raise InvalidInput(
            f"key_right {item.key_right} must lie between chance ({1 / options:.3f}) and 1",
            code="key_right_range", pointer="/key_right",
        )  # fmt: skip
    return key


def _response(item: ManualBenchmark, project: Project, key: int) -> Mapping[str, Any] | None:
    if item.expected_response is None and item.initial_response is None:
        return None
    return choice.label_answer(key, item.input, project.classes)


def _initial(item: ManualBenchmark, project: Project) -> Mapping[str, Any] | None:
    if item.initial_response is None:
        return None
    picked = choice.read_response(item.initial_response, item.input, project.classes, "initial_response")
    if picked == UNANSWERABLE:
        return {"unanswerable": True}
    return choice.label_answer(picked, item.input, project.classes)
