"""The life of a benchmark: candidate, active, frozen, retired; every step in the log, with its reason.

Freezing strikes out what was answered: a new item version says nothing, and past answers count by it.
Another key makes a version by which past answers count as well. Either way the standings concerned are
computed anew by ``services.rescoring``, which finds out who answered once the change is committed: no
standing is locked here.

Locks: attempts and tasks before the project's row, that before the benchmark's, as everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, Literal

import numpy as np

from goldvein.domain.errors import InvalidInput
from goldvein.domain.records import Project
from goldvein.services.items import make_item
from goldvein.services.relabelling import replace_label
from goldvein.services.views import STARTING_ANSWERS, View
from goldvein.stats.arrays import Array, ShapeError
from goldvein.stats.mining import task_evidence
from goldvein.stats.model import Model
from goldvein.store import attempts, benchmarks, curated, projects, tasks
from goldvein.store.benchmarks import ItemVersion, Life
from goldvein.store.database import Transaction
from goldvein.store.log import Entry, append
from goldvein.store.tasks import Content

__all__ = ["flag", "freeze", "replace_label", "retire", "set_key", "thaw", "unflag"]

KEY_CHANGED: Final = "key changed"
STEP: Final = 2
"""From one item version to the next that is made here. An estimation that is under way takes the number
between: neither waits for the other, and it leaves alone what was changed here meanwhile."""
WORTH: Final = 4
"""Unanimous trusted answers that a key set anew is worth, as evidence on how easy its task is."""


def freeze(
    tx: Transaction,
    project: int,
    task: int,
    reason: str,
    now: datetime,
    *,
    detail: Mapping[str, Any] | None = None,
) -> bool:
    """Take a benchmark out of use while its key is in doubt, and strike out what was answered to it.

    Returns
    -------
    bool
        False, and nothing is changed, if it was not active.
    """
    life, revision = _locked(tx, project, task)
    if life is None or life.state != "active":
        return False
    before = _item(tx, project, task, life)
    struck = replace(
        before, version=before.version + STEP, key_right=1 / len(before.key_probabilities), struck=True,
        key_probabilities=[1 / len(before.key_probabilities)] * len(before.key_probabilities),
        likelihoods=None if before.likelihoods is None else _nothing_said(before.likelihoods),
    )  # fmt: skip
    benchmarks.insert_item_version(tx, project, struck, now)
    frozen = Life("frozen", struck.version, struck.version, life.counts_as)
    benchmarks.change_life(
        tx, project, task, frozen, reason=reason, revision=revision, ended_at=now, recount=True
    )
    entry = Entry(
        project, "freeze", task=task, choice=before.key, item_version=struck.version,
        model_version=struck.model_version, decision=reason, detail=dict(detail or {}),
    )  # fmt: skip
    append(tx, [entry], now)
    return True


def thaw(tx: Transaction, view: View, task: int, now: datetime, *, reason: str) -> bool:
    """Put a frozen benchmark back to use as it was; its answers count again, as they were served.

    Those that came while it was frozen stay struck out. Nothing is thawed while the project is closed.

    Returns
    -------
    bool
        False, and nothing is changed, if it was not frozen.
    """
    project = view.project.id
    life, revision = _locked(tx, project, task)
    if life is None or life.state != "frozen":
        return False
    known = _known_before(tx, project, task, life)
    item = _laid(tx, view, task, known, _next(life))
    benchmarks.insert_item_version(tx, project, item, now)
    active = Life("active", item.version, life.counted_as, None)
    benchmarks.change_life(
        tx, project, task, active, reason=None, revision=revision, ended_at=None, recount=True
    )
    entry = Entry(
        project, "thaw", task=task, choice=item.key, item_version=item.version,
        model_version=item.model_version, decision=reason, detail={"counts_as": life.counted_as},
    )  # fmt: skip
    append(tx, [entry], now)
    return True


def retire(tx: Transaction, project: int, wanted: Sequence[int], reason: str, now: datetime) -> list[int]:
    """End the lives of candidates and benchmarks; what was answered stays as it counts.

    A candidate's task that waits for the panel becomes ordinary work; a trusted answer still on its way to it
    is refused as one to a lost lease.

    Returns
    -------
    list of int
        Those that were retired by this.
    """
    if not benchmarks.living(tx, project, wanted):
        return []
    waiting = [one for one in attempts.lock_of_tasks(tx, project, sorted(wanted)) if one.stage == "panel"]
    attempts.end(tx, {(project, one.id): "closed" for one in waiting})
    lines = tasks.lock(
        tx, [(project, one.task) for one in waiting]
    )  # one that has its label waits for nothing
    again = [one for one in waiting if lines[project, one.task].state == "queued"]
    attempts.insert_open(tx, [one.again("label") for one in again])
    revision = projects.next_revision(tx, project)
    gone = benchmarks.end(tx, project, wanted, reason=reason, revision=revision, now=now)
    append(tx, [Entry(project, "retire", task=task, decision=reason) for task in gone], now)
    return gone


def set_key(
    tx: Transaction, view: View, task: int, key: int, now: datetime, *, key_right: float, reason: str,
    by: int | None = None, basis: Literal["panel", "manual"] = "panel", key_probs: Array | None = None,
    difficulty: Array | None = None,
) -> bool:  # fmt: skip
    """Give a benchmark a key, mostly another one; a frozen one is active again, a retired one stays retired.

    Where the key changes, past answers count by the new item version, and the label that the customer had is
    withdrawn and delivered anew. Where it is only confirmed, past answers count as they were served.

    Parameters
    ----------
    view : View
    task, key : int
        The option in content order.
    key_right : float
        P(the key is right); the rest is spread evenly unless ``key_probs`` says how.
    by : int, optional
        The auditor who gave it; then the basis is ``auditor``.
    basis : {"panel", "manual"}
        Of the label that follows: whether people's answers say so, or somebody gave the key by hand.
    key_probs : (K,) float, optional
        In place of ``key_right``; largest at ``key``.
    difficulty : (n_difficulties,) float, optional
        What is known of how hard the task is; by default what was known, or with another key as if
        ``WORTH`` trusted people had agreed on it.

    Returns
    -------
    bool
        False, and nothing is changed, if the task is no benchmark, or a candidate still.

    Raises
    ------
    InvalidInput
        ``key_out_of_range``, ``key_right_range``.
    """
    project = view.project.id
    tasks.lock(tx, [(project, task)])
    life, revision = _locked(tx, project, task)
    if life is None or life.item_version is None:
        return False
    known = _known_before(tx, project, task, life)
    probs = _key_probs(key, key_right, key_probs, len(known.key_probabilities))
    item = _laid(tx, view, task, _told(view, known, key, probs, difficulty), _next(life))
    benchmarks.insert_item_version(tx, project, item, now)
    counts_as = _keyed(tx, project, life, known, item, revision)
    source = basis if by is None else "auditor"
    detail = {"before": known.key, "key_right": item.key_right, "counts_as": counts_as, "basis": source}
    entry = Entry(
        project, "key", task=task, choice=key, item_version=item.version, model_version=item.model_version,
        decision=reason, detail=detail if by is None else {**detail, "by": by},
    )  # fmt: skip
    append(tx, [entry], now)
    if key != known.key:
        curated.explain(tx, project, task, None)  # it explained another key
        replace_label(tx, view, task, key, source, now, KEY_CHANGED)
    return True


def _keyed(
    tx: Transaction, project: int, life: Life, known: ItemVersion, item: ItemVersion, revision: int
) -> int | None:
    """Let a benchmark go on with its key, unless it is retired; return the version that answers count by."""
    changed, is_retired = item.key != known.key, life.state == "retired"
    was_frozen = life.state == "frozen" or known.version != life.item_version
    served = life.counted_as if was_frozen else life.counts_as
    after = Life(
        "retired" if is_retired else "active", item.version, item.version if changed else served, None
    )
    reason, ended_at = benchmarks.ended(tx, project, item.task) if is_retired else (None, None)
    benchmarks.change_life(
        tx, project, item.task, after, reason=reason, revision=revision, ended_at=ended_at,
        recount=changed or was_frozen,
    )  # fmt: skip
    return after.counts_as


def flag(tx: Transaction, project: int, task: int, why: str, now: datetime) -> bool:
    """Put a benchmark into the auditor's queue; false if it is there already for that reason, or is none."""
    if not benchmarks.set_flag(tx, project, task, why, now):
        return False
    append(tx, [Entry(project, "flag", task=task, decision=why)], now)
    return True


def unflag(tx: Transaction, project: int, task: int, now: datetime) -> bool:
    """Take a benchmark out of the auditor's queue; false if it is not there."""
    if not benchmarks.set_flag(tx, project, task, None, now):
        return False
    append(tx, [Entry(project, "flag", task=task, detail={"ended": True})], now)
    return True


# --- item versions ------------------------------------------------------------


def _locked(tx: Transaction, project: int, task: int) -> tuple[Life | None, int]:
    """Lock the project's row and the benchmark's, and read where it stands; with the next revision."""
    revision = projects.next_revision(tx, project)
    return benchmarks.lock_life(tx, project, task), revision


def _item(tx: Transaction, project: int, task: int, life: Life) -> ItemVersion:
    assert life.item_version is not None
    return benchmarks.item_version(tx, project, task, life.item_version)


def _next(life: Life) -> int:
    assert life.item_version is not None
    return life.item_version + STEP


def _known_before(tx: Transaction, project: int, task: int, life: Life) -> ItemVersion:
    """What was known of a benchmark, also if it has been struck out since."""
    item = _item(tx, project, task, life)
    while item.struck:
        item = benchmarks.item_version(tx, project, task, item.version - STEP)
    return item


def _nothing_said(likelihoods: bytes) -> bytes:
    return np.ones(len(likelihoods) // np.dtype(float).itemsize).tobytes()


def _told(view: View, known: ItemVersion, key: int, probs: Array, difficulty: Array | None) -> ItemVersion:
    """What is known with this key; with another one, neither how hard the task is nor what misleads."""
    changed = key != known.key
    if difficulty is None:
        difficulty = _as_agreed(view, key, len(probs)) if changed else np.array(known.difficulty)
    return replace(
        known, key_probabilities=probs.tolist(), difficulty=difficulty.tolist(),
        wrong=None if changed else known.wrong,
    )  # fmt: skip


def _laid(tx: Transaction, view: View, task: int, known: ItemVersion, version: int) -> ItemVersion:
    """What is known of a benchmark as a new item version, on the model that is in force."""
    current, model = _in_force(tx, view)
    return make_item(
        model, current, task, version, np.array(known.key_probabilities), np.array(known.difficulty),
        _content(tx, current, task), wrong=None if known.wrong is None else np.array(known.wrong),
    )  # fmt: skip


def _in_force(tx: Transaction, view: View) -> tuple[Project, Model | None]:
    """The project, locked before, and its model, which may be newer than the view."""
    current = projects.find(tx, view.project.id)
    assert current is not None
    if current.model_version is None or current.model_version == view.project.model_version:
        return current, view.model
    return current, Model.from_dict(projects.get_model(tx, current.id, current.model_version))


def _content(tx: Transaction, project: Project, task: int) -> Content:
    return tasks.contents(tx, [(project.id, task)])[project.id, task]


def _as_agreed(view: View, key: int, options: int) -> Array:
    answers = view.answers if view.model else STARTING_ANSWERS
    return task_evidence(answers, options, [key] * WORTH).difficulty_weights(key)


def _key_probs(key: int, key_right: float, key_probs: Array | None, options: int) -> Array:
    """P(this option is the key), checked: (K,)."""
    if not 0 <= key < options:
        raise InvalidInput(
            f"key {key} is none of the {options} options: give 0 to {options - 1}", code="key_out_of_range",
            pointer="/key",
        )  # fmt: skip
    if key_probs is not None:
        if len(key_probs) != options or int(np.argmax(key_probs)) != key:
            raise ShapeError(
                f"key_probs {np.round(key_probs, 3).tolist()} must have {options} entries, "
                f"the largest at key {key}"
            )
        return np.asarray(key_probs, dtype=float)
    if not 1 / options < key_right <= 1:
        raise InvalidInput(
            f"key_right {key_right} must lie between chance ({1 / options:.3f}) and 1",
            code="key_right_range", pointer="/key_right",
        )  # fmt: skip
    probs = np.full(options, (1 - key_right) / (options - 1))
    probs[key] = key_right
    return probs
