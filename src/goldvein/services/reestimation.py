"""Re-estimation: once a night, and on command, the log of a project's answers becomes a new model version.

The log is read and fitted outside of any lock; what was learned is then written in one short transaction, and
from the next group of requests on everybody is judged by it. Nobody's past is judged again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final

import numpy as np

from goldvein.domain.errors import Conflict
from goldvein.domain.records import Project
from goldvein.services.items import make_item
from goldvein.services.learning import LEAST_ANSWERS, learn, too_little
from goldvein.services.lessons import ItemEstimate
from goldvein.services.material import read_material
from goldvein.services.views import View, Views
from goldvein.stats.model import Model
from goldvein.store import answerlog, benchmarks, log, projects, tasks
from goldvein.store.benchmarks import Benchmark, ItemVersion
from goldvein.store.database import Database, Transaction
from goldvein.store.log import Entry

LEAST_NEW: Final = 0.01
"""Share of new answers, of all that were there, under which a model is left as it is."""
DOUBLED: Final = 1.0
"""The same for a look between the nights: a young project learns as it grows."""
STEADY: Final = 0.05
"""Change of a log likelihood, in any state, under which a benchmark keeps the item version that it has."""
_CONTENTS: Final = 500


@dataclass(frozen=True, slots=True)
class Estimated:
    """What came of an estimation.

    Attributes
    ----------
    model_version : int or None
        The version that it wrote; None if nothing was changed, and then ``why`` says why.
    benchmarks : int
        How many were laid on it.
    changed, unchanged : mapping of str
        What was learned, before and after, and why the rest was not.
    """

    project: int
    model_version: int | None
    why: str | None
    benchmarks: int = 0
    answers: int = 0
    changed: Mapping[str, Any] = field(default_factory=dict)
    unchanged: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def to_estimate(db: Database, *, sandboxes: bool = True) -> list[int]:
    """List the projects whose crowd is, or may soon be, at work."""
    with db.connection() as tx:
        found = [one for one in projects.list_all(tx, None) if sandboxes or not one.is_sandbox]
    return [one.id for one in found if one.model_version is not None and one.state in ("open", "paused")]


def estimate(db: Database, project: int, now: datetime, least_new: float = LEAST_NEW) -> Estimated:
    """Learn from a project's log, and write the new versions if there is enough to learn from.

    Parameters
    ----------
    db : Database
    project : int
    now : datetime
    least_new : float
        Share of new answers, of those that the last estimation read, under which nothing is done. The log
        keeps the reason, but for a look that asks for more than usual.

    Raises
    ------
    NotFound
        If the project is not under way.
    Conflict
        If another estimation of it is under way, or it has not opened yet.
    """
    with db.snapshot() as tx:
        view = Views().one(tx, project)
        if view.model is None:
            raise Conflict(f"project {project} has not opened: there is no model yet", code="not_opened")
        steps = sum(answerlog.labelers(tx, project).values())
        why = _nothing_new(steps, _steps_before(tx, project), least_new)
        if why is None:
            material = read_material(tx, view)
            why = too_little(material)
    if why is not None:
        return _refuse(db, view.project, why, now, in_log=least_new <= LEAST_NEW)
    learned = learn(material)
    report = {
        "steps": material.steps, "answers": len(material.benchmark), "changed": learned.changed,
        "unchanged": learned.unchanged,
    }  # fmt: skip
    version, laid = write_version(db, view, learned.model, learned.items, report, now)
    return Estimated(
        project, version, None, laid, len(material.benchmark), learned.changed, learned.unchanged
    )


def _steps_before(tx: Transaction, project: int) -> int:
    """Answers that there were when the model was last estimated."""
    rows = log.of_project(tx, project, "model")
    details = [row[-1] or {} for row in rows]
    return max((detail.get("steps", 0) for detail in details if "changed" in detail), default=0)


def _nothing_new(steps: int, before: int, least_new: float) -> str | None:
    if steps < LEAST_ANSWERS:
        return f"{steps} answers are too few: wait for {LEAST_ANSWERS} to benchmarks"
    if steps - before >= max(1.0, least_new * before):
        return None
    return f"{steps - before} answers since the last estimation, which read {before}, change nothing"


def _refuse(db: Database, project: Project, why: str, now: datetime, *, in_log: bool) -> Estimated:
    """Leave everything as it is, and say so."""
    entry = Entry(
        project.id, "model", model_version=project.model_version, policy_version=project.policy_version,
        decision="refused", detail={"why": why},
    )  # fmt: skip
    if in_log:
        with db.transaction() as tx:
            log.append(tx, [entry], now)
    return Estimated(project.id, None, why)


def write_version(
    db: Database,
    view: View,
    model: Model,
    items: Mapping[int, ItemEstimate],
    report: Mapping[str, Any],
    now: datetime,
) -> tuple[int, int]:
    """Write the next model version, lay the benchmarks in service on it, and put it in force.

    Standings follow with their next step. A benchmark that is promoted while this is written is carried over
    by the names of the states. One that was frozen, or given another key, since the log was read keeps what
    is known of it by now: what was learned of it is out of date.

    Parameters
    ----------
    view : View
        What the model was learned from: its version is the one that is followed.
    items : mapping of int to ItemEstimate
        What is new about benchmarks, by task; the others keep what is known of them.
    report : mapping of str
        What changed, for the log.

    Returns
    -------
    version, benchmarks : int
        The new version, and how many benchmarks were laid on it.

    Raises
    ------
    Conflict
        If the project went on to another version meanwhile.
    """
    project, version = view.project, view.model_version + 1
    with db.transaction() as tx:
        if not projects.take_estimation(tx, project.id):
            raise Conflict(
                f"another estimation of project {project.id} is under way: wait for it", code="under_way"
            )
        laid = _lay(tx, view, model, version, items)
        now_led = projects.find(tx, project.id)
        if now_led is None or now_led.model_version != view.model_version:
            raise Conflict(
                f"project {project.id} has another model by now: estimate again", code="model_changed"
            )
        projects.insert_model(tx, project.id, version, model.to_dict(), now)
        benchmarks.insert_item_versions(tx, project.id, laid, now)
        # From here on groups may wait for us: they touch the project's row, and its benchmarks'.
        revision = projects.next_revision(tx, project.id)
        benchmarks.set_item_versions(tx, project.id, laid, revision=revision)
        projects.lead_model(tx, project.id, model_version=version)
        entry = Entry(
            project.id, "model", model_version=version, policy_version=project.policy_version,
            decision="changed", detail={"benchmarks": len(laid), **report},
        )  # fmt: skip
        log.append(tx, [entry], now)
    return version, len(laid)


def _lay(
    tx: Transaction, view: View, model: Model, version: int, items: Mapping[int, ItemEstimate]
) -> list[ItemVersion]:
    """Item versions on a new model of those benchmarks in service of which it says something else."""
    known = [one for one in benchmarks.changed_since(tx, view.project.id, 0) if one.state == "active"]
    laid = []
    for first in range(0, len(known), _CONTENTS):
        some = known[first : first + _CONTENTS]
        contents = tasks.contents(tx, [(view.project.id, one.task) for one in some])
        on_new = [
            _laid(view, model, version, one, items.get(one.task), contents[view.project.id, one.task])
            for one in some
        ]
        laid += [item for item in on_new if _moves(view, model, item)]
    return laid


def _moves(view: View, model: Model, item: ItemVersion) -> bool:
    """Whether a benchmark's answers say something else by a new item version than by the one in force.

    Compared is with what is in force, not with what was learned last: small steps do not add up unseen.
    """
    before = view.items.get(item.task)
    if before is None or view.model is None or item.likelihoods is None or item.version != before.version + 1:
        return True
    if view.model.space.shortcuts != model.space.shortcuts:
        return True
    after = np.frombuffer(item.likelihoods).reshape(model.space.size, -1)
    return bool(np.abs(np.log(after / before.table)).max() > STEADY)


def _laid(
    view: View, model: Model, version: int, one: Benchmark, found: ItemEstimate | None, content: tasks.Content
) -> ItemVersion:
    item, learned_of = one.item, view.items.get(one.task)
    if found is None or learned_of is None or learned_of.version != item.version:
        wrong = None if item.wrong is None else np.array(item.wrong)
        found = ItemEstimate(np.array(item.key_probabilities), np.array(item.difficulty), wrong)
    return make_item(
        model, view.project, one.task, item.version + 1, found.key_probs, found.difficulty, content,
        wrong=found.wrong, model_version=version,
    )  # fmt: skip
