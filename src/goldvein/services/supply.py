"""Supply: what mining is to do, reckoned by the sweeper once a minute and read by whoever hands out work."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import exp
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from goldvein.decisions.admission import (
    AHEAD_HOURS,
    benchmarks_to_verdict,
    left_after,
    need,
    opens_in,
    runs_out_in,
)
from goldvein.decisions.planning import Plan, Record, learn_clarity
from goldvein.stats.servings import make_servings
from goldvein.store import benchmarks, projects, supply
from goldvein.tasktypes.clarity import TRAITS, traits

if TYPE_CHECKING:
    from collections.abc import Mapping

    from goldvein.services.views import View, Views
    from goldvein.stats.ridge import Ridge
    from goldvein.store.database import Transaction

RECKON_EVERY: Final = timedelta(minutes=1)
READ_EVERY: Final = timedelta(seconds=30)
LATELY: Final = timedelta(hours=6)
HERE: Final = timedelta(hours=1)
SETTLED_OTHERWISE: Final = (
    "answered by the panel, not unambiguous",
    "ambiguous, or not to be answered",
)
"""Why the panel drops a candidate that it has looked at: these teach what ambiguous tasks look like."""
_LEAST_HOURS: Final = 0.05


def away_since(view: View, now: datetime) -> datetime:
    """Whoever of the panel was not seen after this is not waited for."""
    return now - timedelta(seconds=view.policy.panel_away_seconds)


def refresh(tx: Transaction, view: View, now: datetime) -> None:
    """Read the plan and the latest panels of a project, if this process has not done so lately."""
    if view.plan_read_at is not None and timedelta(0) <= now - view.plan_read_at < READ_EVERY:
        return
    found = supply.get_plan(tx, view.project.id)
    view.plan = Plan.from_dict(found[1]) if found else Plan()
    view.record = Record.of(supply.latest_panels(tx, view.project.id))
    view.plan_read_at = now


def replan(tx: Transaction, views: Views, view: View, now: datetime) -> bool:
    """Reckon anew what mining is to do, and ask for as many benchmarks; false if that was done lately."""
    project = view.project.id
    before = supply.get_plan(tx, project)
    if before is not None and timedelta(0) <= now - before[0] < RECKON_EVERY:
        return False
    each = _each(view)
    facts = _facts(tx, view, before, now)
    wanted = need(
        max(view.project.admitted, facts["people_here"]), 0, view.policy, each=each,
        per_hour=facts["servings_per_hour"], wearing_out=facts["wearing_out"],
    )  # fmt: skip
    target = wanted.target(view.policy)
    facts["wanted"] = {
        "to_open": wanted.to_open, "to_test": wanted.to_test, "in_use": wanted.in_use,
        "wearing_out": wanted.wearing_out, "target": target,
    }  # fmt: skip
    clarity, facts["learned_from"] = _clarity(tx, views, view)
    supply.save_plan(tx, project, Plan(each, clarity, facts).to_dict(), now)
    if target > view.project.supply_target:
        projects.raise_supply_target(tx, project, target)
    return True


def _each(view: View) -> int | None:
    if view.model is None or not view.pool:
        return None
    tables, keys = [item.table for item in view.pool], [item.key for item in view.pool]
    servings = make_servings(tables, view.exposures.tolist(), keys, shuffled=view.project.classes is None)
    return benchmarks_to_verdict(view.model, servings, view.policy)


def _facts(
    tx: Transaction, view: View, before: tuple[datetime, dict[str, Any]] | None, now: datetime
) -> dict[str, Any]:
    project, policy = view.project.id, view.policy
    pace = supply.pace(tx, project, now - LATELY)
    hours = _hours(pace.begun_at, now, LATELY)
    per_hour = _per_hour(view, before, pace.servings, now)
    exposures, ages = supply.wear(tx, project, now)
    left = left_after(exposures, ages, per_hour or 0.0, AHEAD_HOURS, policy)
    return {
        "servings": pace.servings,
        "servings_per_hour": per_hour,
        "promoted_lately": pace.promoted,
        "promotions_per_hour": pace.promoted / hours if hours >= _LEAST_HOURS and pace.promoted else None,
        "panel_here": supply.panel_here(tx, project, away_since(view, now)),
        "people_here": supply.people_here(tx, project, now - HERE),
        "wearing_out": len(exposures) - left,
    }


def _hours(since: datetime | None, now: datetime, most: timedelta) -> float:
    return min(now - since, most).total_seconds() / 3600 if since is not None else 0.0


def _per_hour(
    view: View, before: tuple[datetime, dict[str, Any]] | None, servings: int, now: datetime
) -> float | None:
    """Servings of benchmarks in an hour, the last counting most; in a project's first hour, all so far."""
    facts = before[1].get("facts", {}) if before is not None else {}
    known = facts.get("servings_per_hour")
    if before is None or known is None:
        hours = _hours(view.project.opened_at, now, now - view.project.created_at)
        return servings / max(1.0, hours) if hours >= _LEAST_HOURS else None
    hours = (now - before[0]).total_seconds() / 3600
    if hours <= 0:
        return float(known)
    recent = max(0, servings - facts["servings"]) / hours
    return float(known + (1 - exp(-hours)) * (recent - known))


def _clarity(tx: Transaction, views: Views, view: View) -> tuple[Ridge | None, int]:
    outcomes = supply.settled(tx, view.project.id, SETTLED_OTHERWISE)
    contents = views.contents(tx, [(view.project.id, task) for task in outcomes])
    rows = [
        traits(content.input, view.project.classes, content.rules)
        for task in outcomes
        if (content := contents.get((view.project.id, task))) is not None
    ]
    promoted = [kept for task, kept in outcomes.items() if (view.project.id, task) in contents]
    return learn_clarity(np.array(rows).reshape(len(rows), len(TRAITS)), promoted), len(rows)


def report(tx: Transaction, view: View, now: datetime) -> dict[str, Any]:
    """What is missing, when it may be there, and when what is there runs out; null is said with a reason."""
    found = supply.get_plan(tx, view.project.id)
    plan = Plan.from_dict(found[1]) if found else Plan()
    facts = plan.facts or _facts(tx, view, None, now)
    exposures, ages = supply.wear(tx, view.project.id, now)
    per_hour, speed = facts["servings_per_hour"], facts["promotions_per_hour"]
    target = max(view.project.supply_target, facts.get("wanted", {}).get("target", 0))
    to_open = max(0, view.policy.open_at - len(exposures)) if view.project.opened_at is None else 0
    return {
        "reckoned_at": found[0].isoformat() if found else None,
        "active": len(exposures),
        "target": target,
        "missing": max(0, target - len(exposures)),
        "wanted": facts.get("wanted"),
        "candidates": benchmarks.count_candidates(tx, view.project.id),
        "panel_here": facts["panel_here"],
        "people_here": facts["people_here"],
        "benchmarks_to_verdict": plan.each,
        "promotions_per_hour": speed,
        "servings_per_hour": per_hour,
        "missing_to_open": to_open,
        "opens_in_hours": opens_in(to_open, speed),
        "full_in_hours": opens_in(max(0, target - len(exposures)), speed),
        "runs_out_in_hours": (
            runs_out_in(exposures, ages, per_hour, view.policy) if per_hour is not None else None
        ),
        "learned_from": facts.get("learned_from", 0),
        "unknown": _unknown(view, facts, speed),
    }


def _unknown(view: View, facts: Mapping[str, Any], speed: float | None) -> dict[str, str]:
    """Why a figure is null."""
    reasons = {}
    if speed is None:
        if not facts["panel_here"]:
            reasons["promotions_per_hour"] = (
                f"nobody of the panel was seen for {view.policy.panel_away_seconds} seconds: "
                "appoint trusted labelers, or ask them back"
            )
        else:
            hours = LATELY.total_seconds() / 3600
            reasons["promotions_per_hour"] = f"the panel has made no benchmark in the last {hours:g} hours"
    if facts["servings_per_hour"] is None:
        reasons["servings_per_hour"] = "the crowd has not been served long enough to tell"
    return reasons
