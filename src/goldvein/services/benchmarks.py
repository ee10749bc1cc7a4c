"""Benchmarks by hand: tasks whose key the customer or an auditor gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from goldvein.domain.errors import Conflict, GoldveinError, InvalidInput
from goldvein.domain.policy import Policy
from goldvein.domain.records import ItemError, Project, PushResult, TaskDraft
from goldvein.services import intake
from goldvein.services.items import make_item
from goldvein.services.mining import open_if_ready
from goldvein.services.projects import read
from goldvein.services.views import STARTING_ANSWERS
from goldvein.stats.mining import task_evidence
from goldvein.stats.model import Model
from goldvein.store import benchmarks, log, projects
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
    """A task with its key, the option in content order; ``index`` is its place in the request."""

    index: int
    input: Mapping[str, Any]
    key: int
    key_right: float = KEY_RIGHT
    unique_id: str | None = None


def add_manual(db: Database, project: int, items: Sequence[ManualBenchmark], now: datetime) -> PushResult:
    """Store benchmarks; a bad one is reported and the others are kept. The project opens if they are enough.

    Raises
    ------
    Conflict
        If the project is closed.
    """
    with db.transaction() as tx:
        projects.find_locked(tx, project)  # it does not open meanwhile
        target = read(tx, project, None)
        if target.state == "closed":
            raise Conflict(f"project {project} is closed and takes no benchmarks", code="project_closed")
        policy = Policy.from_dict(projects.get_policy(tx, project, target.policy_version))
        sound, errors = _check_all(items, target, now)
        stored, conflicts = intake.store(tx, target, sound, batch=None, state="benchmark", now=now)
        new = [task for task in sound if task.draft.index in stored]
        if new:
            _store(tx, target, new, {item.index: item for item in items}, now)
            open_if_ready(tx, project, policy, STARTING_ANSWERS, now)
    return intake.result(sound, errors, stored, conflicts, None)


def _store(
    tx: Transaction,
    project: Project,
    new: Sequence[NewTask],
    items: Mapping[int, ManualBenchmark],
    now: datetime,
) -> None:
    model = None
    if project.model_version is not None:
        model = Model.from_dict(projects.get_model(tx, project.id, project.model_version))
    ordinals = [projects.next_ordinal(tx, project.id) for _ in new]
    revision = projects.next_revision(tx, project.id)
    benchmarks.insert_manual(tx, project.id, [task.id for task in new], ordinals, revision=revision, now=now)
    answers = model.answers if model else STARTING_ANSWERS
    for task in new:
        given = items[task.draft.index]
        options = len(choice.choices_of(given.input, project.classes))
        keys = np.full(options, (1 - given.key_right) / (options - 1))
        keys[given.key] = given.key_right
        content = Content(given.input, task.rules)
        agreed = task_evidence(answers, options, [given.key] * _WORTH)
        difficulty = agreed.difficulty_weights(given.key)
        item = make_item(model, project, task.id, 1, keys, difficulty, content)
        benchmarks.insert_item_version(tx, project.id, item, now)
    log.append(
        tx,
        [
            Entry(project.id, "promote", task=task.id, decision="manual", choice=items[task.draft.index].key)
            for task in new
        ],
        now,
    )


def _check_all(
    items: Sequence[ManualBenchmark], project: Project, now: datetime
) -> tuple[list[NewTask], list[ItemError]]:
    sound, errors = [], []
    for item in items:
        draft = TaskDraft(item.index, item.input, unique_id=item.unique_id)
        try:
            task = intake.check(draft, project, now)
            _check_key(item, len(choice.choices_of(item.input, project.classes)))
            sound.append(task)
        except GoldveinError as error:
            pointer = f"/benchmarks/{item.index}{error.facts.get('pointer', '')}"
            errors.append(ItemError(item.index, error.code, error.detail, pointer))
    return sound, errors


def _check_key(item: ManualBenchmark, options: int) -> None:
    if not 0 <= item.key < options:
        raise InvalidInput(
            f"key {item.key} is none of the {options} options: give 0 to {options - 1}",
            code="key_out_of_range",
            pointer="/key",
        )
    if not 1 / options < item.key_right <= 1:
        raise InvalidInput(
            f"key_right {item.key_right} must lie between chance ({1 / options:.3f}) and 1",
            code="key_right_range", pointer="/key_right",
        )  # fmt: skip
