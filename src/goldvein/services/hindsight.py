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
from goldvein.services.evidence import likelihoods, signals
from goldvein.services.observing import Models, Past
from goldvein.services.replaying import as_counted
from goldvein.services.standing import newcomer_posteriors
from goldvein.stats.arrays import Array
from goldvein.stats.model import Model
from goldvein.stats.smoothing import smooth_parts
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
    tx: Transaction,
    project: int,
    classes: Sequence[str] | None,
    steps: Sequence[Step],
    models: Mapping[int, Model],
) -> dict[int, Hindsight]:
    """Say of each attempt among a standing's steps, oldest first, what is known of it after the last one.

    All evidence dates a change, though benchmarks alone convict: these came because ordinary answers had
    looked bad, and would, taken alone, date the change long before. Answers
    count as they did for the standing after the last step.

    Parameters
    ----------
    classes : sequence of str or None
        Of the project.
    models : mapping of int to Model
        Model versions known already; others are read.
    """
    steps = as_counted(steps)
    answered = [step for step in steps if step.kind == "answer"]
    if not answered:
        return {}
    past = Past(tx, project, classes, Models(tx, project, models))
    past.read(answered)
    parts = []
    for version, run in groupby(steps, key=lambda step: step.model_version):
        model = past.models[version]
        parts.append((model, evidence_of(model, [s for s in run if s.kind == "answer"], past)))
    good = smooth_parts(parts, _start(steps[0], parts[0][0])).good
    counted = np.cumsum([past.counts(step) for step in answered])
    return {
        step.attempt: Hindsight(float(good[at]), int(counted[-1] - counted[at]))
        for at, step in enumerate(answered)
        if step.attempt is not None
    }


def _start(first: Step, model: Model) -> Array:
    """Where the look back begins: at the admission as it was, else at a newcomer's."""
    beliefs = [one["masses"] for one in (first.detail or {}).get("elsewhere", ())]
    return newcomer_posteriors(model, beliefs if first.kind == "admit" else ())[1][:, 0]


def evidence_of(model: Model, steps: Sequence[Step], past: Past) -> Array:
    """What the answers of some steps say, signals taken in: (states, T)."""
    observed = [past.observation(step) for step in steps]
    likelihood = likelihoods(model, observed)
    signal = signals(model, observed, likelihood, shuffled=past.classes is None)
    return likelihood if signal is None else likelihood * signal


def unfounded(
    tx: Transaction,
    project: int,
    classes: Sequence[str] | None,
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
        known = look_back(tx, project, classes, [s for s in steps if first <= s.n <= last], models)
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
