"""Opening: a project that has enough benchmarks turns its bar into an ability, and lets the crowd in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np

from goldvein.decisions.admission import may_open
from goldvein.domain.policy import Policy
from goldvein.domain.records import Project
from goldvein.services.items import make_item
from goldvein.services.shortcuts import keeps_shut
from goldvein.stats.arrays import ShapeError
from goldvein.stats.items import bar_theta
from goldvein.stats.model import AnswerModel, Model, make_model
from goldvein.store import benchmarks, projects, tasks
from goldvein.store.benchmarks import Benchmark
from goldvein.store.database import Transaction
from goldvein.store.log import Entry, append
from goldvein.tasktypes import choice


def open_if_ready(
    tx: Transaction, project_id: int, policy: Policy, answers: AnswerModel, now: datetime
) -> bool:
    """Open a project that has enough benchmarks: turn its bar into an ability, once, and let the crowd in."""
    project = projects.find_locked(tx, project_id)
    if project is None or project.state != "mining":
        return False
    known = [found for found in benchmarks.changed_since(tx, project_id, 0) if found.state == "active"]
    if not may_open(len(known), policy) or keeps_shut(tx, project, policy, known, now) is not None:
        return False
    try:
        model = _opening_model(project, policy, answers, known)
    except ShapeError as error:
        _say_why_not(tx, project, str(error), now)
        return False
    projects.insert_model(tx, project_id, 1, model.to_dict(), now)
    projects.open_(tx, project_id, model_version=1, now=now)
    revision = projects.next_revision(tx, project_id)
    opened = projects.find(tx, project_id)
    assert opened is not None
    for benchmark in known:
        _lay_on_grid(tx, model, opened, benchmark, revision, now)
    mix = {"bar_theta": model.bar_theta, "benchmarks": [b.task for b in known], "model_version": 1}
    append(
        tx,
        [Entry(project_id, "open", policy_version=project.policy_version, model_version=1, detail=mix)],
        now,
    )
    return True


def _opening_model(
    project: Project, policy: Policy, answers: AnswerModel, known: Sequence[Benchmark]
) -> Model:
    counts = [len(found.item.key_probabilities) for found in known]
    weights = [np.array(found.item.difficulty) for found in known]
    bar = bar_theta(policy.quality_bar, answers, counts, weights)
    trust = bar_theta(policy.trust_accuracy, answers, counts, weights)
    model = make_model(bar, trust, content_rules=choice.content_rules(project.classes), answers=answers)
    return replace(model, hazard=max(model.hazard, policy.hazard_floor))


def _lay_on_grid(
    tx: Transaction, model: Model, project: Project, benchmark: Benchmark, revision: int, now: datetime
) -> None:
    """Store the likelihoods of a benchmark that was mined before the project had a grid."""
    content = tasks.contents(tx, [(project.id, benchmark.task)])[project.id, benchmark.task]
    item = make_item(
        model, project, benchmark.task, benchmark.item.version + 1,
        np.array(benchmark.item.key_probabilities), np.array(benchmark.item.difficulty), content,
    )  # fmt: skip
    benchmarks.insert_item_version(tx, project.id, item, now)
    benchmarks.set_item_version(tx, project.id, benchmark.task, version=item.version, revision=revision)


def _say_why_not(tx: Transaction, project: Project, why: str, now: datetime) -> None:
    append(
        tx,
        [
            Entry(
                project.id,
                "open",
                policy_version=project.policy_version,
                decision="refused",
                detail={"why": why},
            )
        ],
        now,
    )
