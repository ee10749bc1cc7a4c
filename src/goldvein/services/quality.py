"""Quality: the standings, the benchmarks and the shortcuts of a project, in one report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

import numpy as np

from goldvein.decisions.admission import capacity
from goldvein.services import accuracy, collecting, discovering, renewal, shortcuts, supply, trusting
from goldvein.services.characteristic import characteristic_of
from goldvein.services.views import View, Views
from goldvein.stats.arrays import Array
from goldvein.store import benchmarks, log, projects, standings, tasks
from goldvein.store.database import Database
from goldvein.store.labels import pseudonym
from goldvein.store.standings import StandingLine


def report(
    db: Database, project: int, now: datetime, *, characteristic: bool = False, pseudonyms: bool = False
) -> dict[str, Any]:
    """Report on a project's quality, ready for JSON.

    Parameters
    ----------
    db : Database
    project : int
    now : datetime
    characteristic : bool
        Whether to work out the operating characteristic too, which takes seconds; null otherwise.
    pseudonyms : bool
        Whether labelers go by the names under which customers know them from their labels.

    Raises
    ------
    NotFound
        If the project is no living one.
    """
    with db.connection() as tx:
        view = Views().one(tx, project)
        lines = list(standings.list_project(tx, project))
        counts = benchmarks.count_by_state(tx, project)
        gates = log.count_decisions(tx, project)
        by_task_state = tasks.counts_by_state(tx, project)
        found = accuracy.candidates(tx, view)
        discovered = discovering.report(tx, project)
        by_shortcut = shortcuts.report(tx, view)
        panel, started = trusting.members(tx, project), collecting.report(tx, project, view.policy)
        key = projects.lease_key(tx)
        supplied = supply.report(tx, view, now)
        recency = renewal.report(tx, view, now)
    curve = accuracy.mean_curve(view)
    rng = np.random.default_rng([project, view.project.revision])  # the same report twice says the same
    return {
        "project": project,
        "state": view.project.state,
        "at": now.isoformat(),
        "policy": {"version": view.project.policy_version, **view.policy.to_dict()},
        "tasks": by_task_state,
        "answers": gates,
        "benchmarks": _benchmarks(view, counts),
        "panel": [
            {**_member(one), **(_member_disguise(key, project, one) if pseudonyms else {})} for one in panel
        ],
        "bootstrap": started,
        "supply": supplied,
        "recency": recency,
        "admission": {
            "admitted": view.project.admitted,
            "capacity": capacity(len(view.active), view.policy, supplied["benchmarks_to_verdict"]),
        },
        "shortcuts": by_shortcut,
        "discovered": discovered,
        "standings": _summary(view, lines, accuracy.report(rng, view, lines, found)),
        "operating_characteristic": characteristic_of(view) if characteristic else None,
        "labelers": [
            {**labeler_line(view, line, curve), **(_disguise(key, project, line) if pseudonyms else {})}
            for line in lines
        ],
    }


def _benchmarks(view: View, counts: Mapping[str, int]) -> dict[str, Any]:
    return {
        **{state: counts.get(state, 0) for state in ("candidate", "active", "frozen", "retired")},
        "needed_to_open": view.policy.open_at,
        "mined_towards": view.project.supply_target,
        "exposures_mean": float(view.exposures.mean()) if len(view.exposures) else None,
        "effective": shortcuts.effective_benchmarks(view),
        "key_right_mean": _mean([b.item.key_right for b in view.active.values()]),
    }


def _member(one: trusting.Member) -> dict[str, Any]:
    """Somebody on the panel, or barred from it, and why."""
    return {**asdict(one), "since": one.since.isoformat() if one.since else None}


def _disguise(key: bytes, project: int, line: StandingLine | trusting.Member) -> dict[str, Any]:
    """Who a labeler is to a customer: what a standing says, beside the label, would name its person."""
    return {"labeler": pseudonym(key, project, line.labeler), "name": None}


def _member_disguise(key: bytes, project: int, one: trusting.Member) -> dict[str, Any]:
    """As ``_disguise``; what an operator wrote of somebody may name whom it is about."""
    decided = one.basis in ("appointed", "barred")
    return {**_disguise(key, project, one), **({"why": "an operator decided so"} if decided else {})}


def _mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None


def labeler_line(view: View, line: StandingLine, curve: Array | None) -> dict[str, Any]:
    """One labeler's standing, with the accuracy on benchmarks that it amounts to."""
    estimate = None
    if view.model is not None and curve is not None:
        at_random = _mean([1 / len(b.item.key_probabilities) for b in view.active.values()]) or 0.0
        estimate = float(accuracy.by_ability(view, line) @ np.append(curve, at_random))
    return {
        "labeler": line.labeler, "name": line.name, "state": line.state, "panel": line.panel,
        "p_benchmarks": line.p_benchmarks, "p_all": line.p_all, "accuracy_estimate": estimate,
        "benchmarks": line.benchmarks, "answers": line.answers, "held": line.held, "skips": line.skips,
    }  # fmt: skip


def _summary(view: View, lines: list[StandingLine], accuracies: dict[str, Any]) -> dict[str, Any]:
    shares, _ = np.histogram([line.p_benchmarks for line in lines], bins=10, range=(0, 1))
    return {
        "by_state": dict(Counter(line.state for line in lines)),
        "delivering": len(accuracy.delivering(view, lines)),
        "p_benchmarks_histogram": shares.tolist(),
        **accuracies,
    }
