"""The record of a project as it is stored, read for a twin; the project is not touched."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from goldvein.domain.errors import Conflict
from goldvein.services.hindsight import evidence_of
from goldvein.services.observing import Models
from goldvein.services.observing import Past as Observed
from goldvein.services.replaying import as_counted
from goldvein.services.views import Views
from goldvein.sim.twin.past import Past
from goldvein.store import proofs, tasks
from goldvein.tasktypes import choice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from goldvein.services.views import View
    from goldvein.stats.arrays import Array, IntArray
    from goldvein.store.database import Database, Transaction

LABELERS: Final = 400
"""A sample of so many labelers is read: what a twin of more would gain, a run of as many would lose again."""
ANSWERS: Final = 1_000
"""The first answers of each that are read: lives are told from their beginnings."""
_PAGE: Final = 100
_LONGEST: Final = "longest"


def read_past(db: Database, project: int, rng: np.random.Generator) -> Past:
    """Read a project's record.

    Raises
    ------
    NotFound
        If there is no such living project.
    Conflict
        If nobody of the crowd has answered anything yet.
    """
    with db.snapshot() as tx:
        view = Views().one(tx, project)
        if view.model is None or not view.pool:
            raise Conflict(
                f"project {project} has no benchmarks in service: there is nothing to fit a twin to"
            )
        chosen = _sample(rng, _everybody(tx, project))
        histories = [
            own for start in range(0, len(chosen), _PAGE)
            for own in _histories(tx, view, chosen[start : start + _PAGE])
        ]  # fmt: skip
        if not histories:
            raise Conflict(f"nobody has answered in project {project} yet: there is nothing to fit a twin to")
        picks = _longest_of(tx, view, [item.task for item in view.pool])
    return _as_one(view, histories, picks)


def _everybody(tx: Transaction, project: int) -> list[int]:
    found: list[int] = []
    while page := proofs.labelers_of(tx, project, found[-1] if found else 0, 10_000):
        found += page
    return found


def _sample(rng: np.random.Generator, labelers: Sequence[int]) -> list[int]:
    if len(labelers) <= LABELERS:
        return list(labelers)
    return sorted(rng.choice(labelers, LABELERS, replace=False).tolist())


def _histories(tx: Transaction, view: View, labelers: Sequence[int]) -> list[tuple[Array, Array, Array]]:
    """For everybody who answered: evidence (states, T), whether a benchmark, whether the longest option."""
    project, classes, model = view.project.id, view.project.classes, view.model
    assert model is not None
    past = Observed(tx, project, classes, Models(tx, project, {view.model_version: model}))
    found = []
    for own in proofs.steps(tx, project, labelers).values():
        steps = [
            replace(step, model_version=view.model_version)
            for step in as_counted(own) if step.kind == "answer"
        ][:ANSWERS]  # fmt: skip
        if not steps:
            continue
        past.read(steps)
        longest = _longest_of(tx, view, [step.task or 0 for step in steps])
        choices = np.array([-1 if step.choice is None else step.choice for step in steps])
        tested = np.array([past.counts(step) for step in steps])
        found.append((evidence_of(model, steps, past), tested, (longest == choices) & (choices >= 0)))
    return found


def _longest_of(tx: Transaction, view: View, named: Sequence[int]) -> IntArray:
    """The longest option of each task; -1 where options are classes."""
    if view.project.classes is not None:
        return np.full(len(named), -1)
    contents = tasks.contents(tx, [(view.project.id, task) for task in sorted(set(named))])
    picked = {
        task: choice.rule_choices(content.input, None, [_LONGEST], content.rules)[_LONGEST]
        for (_, task), content in contents.items()
    }
    return np.array([picked[task][0] if picked[task] else -1 for task in named])


def _as_one(view: View, histories: Sequence[tuple[Array, Array, Array]], picks: IntArray) -> Past:
    """Histories side by side, filled up to the longest; of the benchmarks those that have a right option."""
    assert view.model is not None
    answers = np.array([len(tested) for _, tested, _ in histories])
    steps, size = int(answers.max()), len(histories)
    evidence = np.ones((steps, view.model.space.size, size))
    tested, longest = (np.zeros((steps, size), dtype=bool) for _ in range(2))
    for place, (own, is_benchmark, is_longest) in enumerate(histories):
        evidence[: len(is_benchmark), :, place] = own.T
        tested[: len(is_benchmark), place] = is_benchmark
        longest[: len(is_benchmark), place] = is_longest
    keys = np.array([item.key for item in view.pool])
    kept = np.flatnonzero((keys >= 0) & (keys < view.tables.shape[2] - 1))
    return Past(
        policy=view.policy, model=view.model, evidence=evidence, answers=answers, is_benchmark=tested,
        longest=longest, pool=view.tables[:, kept], keys=keys[kept],
        key_right=np.array([view.active[view.pool[at].task].item.key_right for at in kept.tolist()]),
        longest_picks=picks[kept],
    )  # fmt: skip
