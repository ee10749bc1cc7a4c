"""Renewal: how recent the benchmarks are beside what is pushed, and old ones that make room for new ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np

from goldvein.decisions.renewal import makes_room
from goldvein.services import lifecycle
from goldvein.services.views import View, Views
from goldvein.stats.drift import drift
from goldvein.store import keeping, tasks
from goldvein.store.database import Database, Transaction
from goldvein.tasktypes import choice, reading

COMPARED: Final = 300
"""Benchmarks, and tasks pushed last, whose contents are compared."""
RENEWED: Final = "renewed"


def renew(db: Database, project: int, now: datetime) -> list[int]:
    """Retire today's share of the oldest benchmarks, where newer tasks are there to be mined; return them.

    Raises
    ------
    NotFound
        If the project is not under way.
    """
    with db.snapshot() as tx:
        view = Views().one(tx, project)
        aged = keeping.ages(tx, project)
        latest = keeping.latest_tasks(tx, project, COMPARED)
    since = now - timedelta(seconds=view.policy.fresh_seconds)
    if view.model is None or sum(pushed >= since for _, pushed in latest) < view.policy.fresh_share * len(
        aged
    ):
        return []
    places = makes_room(
        [(now - one.pushed_at).total_seconds() for one in aged], [one.basis == "panel" for one in aged],
        view.project.supply_target, view.policy,
    )  # fmt: skip
    if not places:
        return []
    with db.transaction() as tx:
        return lifecycle.retire(tx, project, [aged[place].task for place in places], RENEWED, now)


def report(tx: Transaction, view: View, now: datetime) -> dict[str, Any]:
    """How old the benchmarks are, how much of what is served is of recent tasks, and how both look; for JSON.

    ``drift`` names the feature in which benchmarks and the tasks pushed last differ most; null where there is
    nothing to compare.
    """
    aged = keeping.ages(tx, view.project.id)
    latest = [task for task, _ in keeping.latest_tasks(tx, view.project.id, COMPARED)]
    if not aged:
        return {"age_seconds_median": None, "recent": None, "recent_served": None, "drift": None}
    seconds = np.array([(now - one.pushed_at).total_seconds() for one in aged])
    recent, served = seconds <= view.policy.fresh_seconds, np.array([one.exposures for one in aged])
    some = [aged[place].task for place in np.linspace(0, len(aged) - 1, min(len(aged), COMPARED)).astype(int)]
    found = None
    if latest:
        found = asdict(drift(_features(tx, view, some), _features(tx, view, latest)))
    return {
        "age_seconds_median": float(np.median(seconds)),
        "recent": float(recent.mean()),
        "recent_served": float(served[recent].sum() / served.sum()) if served.sum() else None,
        "drift": found,
    }


def _features(tx: Transaction, view: View, wanted: Sequence[int]) -> dict[str, list[float]]:
    """What can be measured of any task, whatever its texts say."""
    project, classes = view.project.id, view.project.classes
    found = tasks.contents(tx, [(project, task) for task in wanted])
    rows = []
    for content in found.values():
        options = [len(text) for text in choice.choices_of(content.input, classes)]
        whole = reading.characters(content.input, classes)
        rows.append(
            (whole - sum(options), float(np.mean(options)), len(options), max(options) - min(options))
        )
    names = ("prompt_characters", "option_characters", "options", "option_spread")
    return {name: [float(row[place]) for row in rows] for place, name in enumerate(names)}
