"""A town whose benchmarks have some wrong keys, and a slow recomputation of its standings from the log."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import numpy as np

from goldvein.domain.policy import Policy
from goldvein.services import benchmarks, lifecycle
from goldvein.services.benchmarks import ManualBenchmark
from goldvein.services.evidence import NOTHING_SAID, likelihoods, signals
from goldvein.services.observing import Models, Past
from goldvein.services.rescoring import rescore
from goldvein.services.views import View, Views
from goldvein.stats.arrays import Array
from goldvein.stats.model import Model, convert
from goldvein.store import projects, proofs
from goldvein.store.database import Database
from goldvein.store.proofs import Step
from tests.services.town import Town, task_input


def open_with_wrong_keys(town: Town, count: int = 60, every: int = 4) -> list[int]:
    """Open a project of whose benchmarks every so many have a wrong key; return the tasks of those."""
    items = [
        ManualBenchmark(n, task_input(10**7 + n, n % 4), (n + (n % every == 0)) % 4) for n in range(count)
    ]
    stored = benchmarks.add_manual(town.db, town.project.id, items, town.now)
    assert not stored.errors
    return [task.id for task in stored.tasks if task.index % every == 0]


def view_of(db: Database, project: int = 1) -> View:
    """The project as it is now."""
    with db.connection() as tx:
        return Views().one(tx, project)


def freeze(town: Town, tasks: Sequence[int], reason: str = "good labelers miss it together") -> int:
    """Freeze some benchmarks; return how many were."""
    with town.db.transaction() as tx:
        return sum(lifecycle.freeze(tx, 1, task, reason, town.now) for task in tasks)


def rescore_all(db: Database, now: datetime) -> int:
    """Compute anew whatever is on the list; return how many were looked at."""
    total = 0
    while done := rescore(db, view_of(db), now):
        total += done
    return total


def from_scratch(db: Database, labeler: int, struck: Collection[int]) -> tuple[Array, Array, int]:
    """A standing's two posteriors and its benchmarks, from the log alone, answers to some tasks struck out.

    Plain matrices, one answer after the other, no rule, no group; the items are those that were served.
    """
    with db.snapshot() as tx:
        steps = [one for one in proofs.steps(tx, 1, [labeler])[labeler] if one.kind != "rescored"]
        past = Past(tx, 1, None, Models(tx, 1, {}))
        past.read(steps)
        model, version = past.models[steps[0].model_version], steps[0].model_version
        pair, benchmarks_answered = [model.prior.copy(), model.prior.copy()], 0
        for step in steps[1:]:
            if step.model_version != version:
                new = past.models[step.model_version]
                pair = [convert(p[:, None], model, new)[:, 0] for p in pair]
                model, version = new, step.model_version
            is_struck = step.stage == "benchmark" and step.task in struck
            like, signal = _said(model, past, step, is_struck=is_struck)
            pair = [
                _after(_matrix(model) @ p, said) for p, said in zip(pair, (like, like * signal), strict=True)
            ]
            benchmarks_answered += step.stage == "benchmark" and not is_struck
    return pair[0], pair[1], benchmarks_answered


def _said(model: Model, past: Past, step: Step, *, is_struck: bool) -> tuple[Array, Array]:
    observed = [NOTHING_SAID if is_struck else past.observation(step)]
    like = likelihoods(model, observed)
    signal = signals(model, observed, like, shuffled=True)
    return like[:, 0], np.ones(len(like)) if signal is None else signal[:, 0]


def _matrix(model: Model) -> Array:
    """The step in time as a matrix: to by from."""
    size, grid = model.space.size, model.space.n_abilities
    walk = np.eye(size)
    for one in range(grid - 1):
        for here, there in ((one, one + 1), (one + 1, one)):
            walk[here, here] -= model.walk
            walk[there, here] += model.walk
    return (1 - model.hazard) * walk + model.hazard * np.outer(model.turns, np.ones(size))


def _after(p: Array, said: Array) -> Array:
    joint: Array = p * said / (p * said).sum()
    return joint


def policy_of(db: Database) -> Policy:
    """The policy in force."""
    with db.connection() as tx:
        found = projects.find(tx, 1)
        assert found is not None
        return Policy.from_dict(projects.get_policy(tx, 1, found.policy_version))


def stored(db: Database, labeler: int) -> tuple[Array, Array, int, str, int]:
    """A standing as it is stored: posteriors, benchmarks, state, version."""
    with db.connection() as tx:
        (one,) = proofs.stored(tx, 1, [labeler])
    both = np.frombuffer(one.posterior).reshape(2, -1)
    return both[0], both[1], one.benchmarks, one.state, one.n
