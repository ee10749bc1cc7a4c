"""Hindsight: what is known of a labeler's past answers once later benchmarks are in.

The same for withdrawing and for verifying what was withdrawn.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

import numpy as np

from goldvein.decisions.withdrawing import withdraws
from goldvein.domain.policy import Policy
from goldvein.domain.records import UNANSWERABLE
from goldvein.services.evidence import Observation, likelihoods
from goldvein.stats.arrays import Array
from goldvein.stats.model import Model
from goldvein.stats.posterior import newcomer
from goldvein.stats.smoothing import smooth_parts
from goldvein.stats.versions import carried_table
from goldvein.store import benchmarks, projects
from goldvein.store.database import Transaction
from goldvein.store.proofs import Step, Withdrawn

RUN_IN: Final = 2_000
"""Steps before the window with which a look back begins, from a newcomer's posterior: by then the answers
have spoken louder than where it began. A shorter past is looked at from the admission on."""

_NEAR: Final = 1e-9
"""How far a recomputed probability may lie from the logged one on another machine."""


@dataclass(frozen=True, slots=True)
class Hindsight:
    """What is known of one past answer: P(labeler good then), and how many benchmarks came after."""

    smoothed: float
    benchmarks_after: int


def look_back(
    tx: Transaction, project: int, steps: Sequence[Step], models: Mapping[int, Model]
) -> dict[int, Hindsight]:
    """Say of each attempt among a standing's steps, oldest first, what is known of it after the last one.

    Trust under benchmarks alone: signals may lower trust, they convict nobody.

    Parameters
    ----------
    models : mapping of int to Model
        Model versions known already; others are read.
    """
    answered = [step for step in steps if step.kind == "answer"]
    if not answered:
        return {}
    served = [step for step in answered if step.stage == "benchmark"]
    tables = benchmarks.likelihoods(tx, project, {(s.task or 0, s.item_version or 0) for s in served})
    versions = {step.model_version for step in steps} | {laid_on for laid_on, _ in tables.values()}
    known = {version: models.get(version) or _read_model(tx, project, version) for version in versions}
    parts = []
    for version, run in groupby(steps, key=lambda step: step.model_version):
        observed = [_observed(step, known, tables) for step in run if step.kind == "answer"]
        parts.append((known[version], likelihoods(known[version], observed)))
    good = smooth_parts(parts, newcomer(parts[0][0])[:, 0]).good
    counted = np.cumsum([step.stage == "benchmark" for step in answered])
    return {
        step.attempt: Hindsight(float(good[at]), int(counted[-1] - counted[at]))
        for at, step in enumerate(answered)
        if step.attempt is not None
    }


def _read_model(tx: Transaction, project: int, version: int) -> Model:
    return Model.from_dict(projects.get_model(tx, project, version))


def _observed(
    step: Step, models: Mapping[int, Model], tables: Mapping[tuple[int, int], tuple[int, bytes]]
) -> Observation:
    """One step as the filter took it for trust under benchmarks."""
    table: Array | None = None
    if step.stage == "benchmark":
        laid_on, stored = tables[step.task or 0, step.item_version or 0]
        table = np.frombuffer(stored).reshape(models[laid_on].space.size, -1)
        table = carried_table(table, models[laid_on], models[step.model_version])
    picked = UNANSWERABLE if step.choice is None else step.choice
    return Observation(table, step.shown or (), picked, step.exposures or 0)


def unfounded(
    tx: Transaction,
    project: int,
    steps: Sequence[Step],
    withdrawals: Sequence[Withdrawn],
    models: Mapping[int, Model],
    policies: Mapping[int, Policy],
) -> Iterator[tuple[int, str]]:
    """List one labeler's withdrawals that do not follow from the log, as label and why not.

    Parameters
    ----------
    steps : sequence of Step
        All of the standing's, oldest first.
    """
    place = {step.attempt: step.n for step in steps}
    for (first, last), group in groupby(withdrawals, key=lambda one: (one.first, one.last)):
        known = look_back(tx, project, [step for step in steps if first <= step.n <= last], models)
        for one in group:
            then = known.get(one.attempt, Hindsight(float("nan"), 0))
            whole = first == 0 or place.get(one.attempt, 0) - first >= RUN_IN
            same = (
                abs(then.smoothed - one.smoothed) <= _NEAR and then.benchmarks_after == one.benchmarks_after
            )
            rule = withdraws(
                then.smoothed, then.benchmarks_after, one.seconds_delivered, policies[one.policy_version]
            )
            if not (whole and same and bool(rule)):
                why = (
                    f"labeler {one.labeler}: logged {one.smoothed!r} with {one.benchmarks_after} benchmarks "
                    f"after it, recomputed {then.smoothed!r} with {then.benchmarks_after}"
                )
                yield one.label, why
