"""Why no work is handed out right now, said in a way that names the way out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from goldvein.decisions.admission import capacity
from goldvein.domain.policy import Policy
from goldvein.domain.records import Project
from goldvein.services import collecting, supply
from goldvein.services.projects import read
from goldvein.services.views import Views
from goldvein.store import attempts, benchmarks, labelers, log, projects
from goldvein.store.database import Database, Transaction

_UNSUPPLIED: Final = {"benchmarks_to_verdict": None, "panel_here": 0, "opens_in_hours": None, "missing": 0}


def explain(db: Database, project: int, now: datetime) -> dict[str, Any]:
    """Say what a labeler who asked now would be told, and what would change that.

    Returns
    -------
    dict
        ``reasons``: list of ``{"code", "detail"}``, empty where work is handed out; ``facts``: the counts
        behind it.
    """
    with db.connection() as tx:
        found = read(tx, project, None)
        policy = Policy.from_dict(projects.get_policy(tx, project, found.policy_version))
        facts, reasons = tell(tx, found, policy, _supplied(tx, found, now))
    return {
        "project": project,
        "state": found.state,
        "at": now.isoformat(),
        "reasons": reasons,
        "facts": facts,
    }


def tell(
    tx: Transaction, project: Project, policy: Policy, supplied: Mapping[str, Any]
) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """``explain`` within a transaction, with what is known of the supply: the facts, and the reasons."""
    facts = _facts(tx, project, policy, supplied)
    reasons = _reasons(project, policy, facts, supplied)
    if project.state == "mining":
        if (told := collecting.reason(tx, project.id, policy)) is not None:
            reasons.append(told)
        if refusals := log.of_project(tx, project.id, "open"):
            last = refusals[-1][-1]
            reasons.append((last.get("code", "bar_unreachable"), last["why"]))
    return facts, [{"code": code, "detail": detail} for code, detail in reasons]


def _facts(tx: Transaction, project: Project, policy: Policy, supplied: Mapping[str, Any]) -> dict[str, Any]:
    by_state = benchmarks.count_by_state(tx, project.id)
    return {
        "queued": attempts.count_open(tx, project.id, "label"),
        "candidates_waiting": attempts.count_open(tx, project.id, "panel"),
        "leased": attempts.count_leased(tx, project.id),
        "benchmarks_active": by_state.get("active", 0),
        "benchmarks_needed": policy.open_at,
        "candidates": by_state.get("candidate", 0),
        "trusted_labelers": labelers.count_trusted(tx, project.id),
        "admitted": project.admitted,
        "capacity": capacity(by_state.get("active", 0), policy, supplied["benchmarks_to_verdict"]),
        "panel_here": supplied["panel_here"],
        "opens_in_hours": supplied["opens_in_hours"],
    }


def _supplied(tx: Transaction, project: Project, now: datetime) -> Mapping[str, Any]:
    """What is known of the supply of benchmarks; a draft, or a closed project, is supplied with nothing."""
    if project.state in ("draft", "closed"):
        return _UNSUPPLIED
    return supply.report(tx, Views().one(tx, project.id), now)


def _wait(supplied: Mapping[str, Any]) -> str:
    """When enough benchmarks may be there, or why nobody can say."""
    hours = supplied["opens_in_hours"]
    if hours is not None:
        return f"in {hours:.1f} hours, at the present pace"
    return f"nobody knows when: {supplied['unknown']['promotions_per_hour']}"


def _reasons(
    project: Project, policy: Policy, facts: Mapping[str, Any], supplied: Mapping[str, Any]
) -> list[tuple[str, str]]:
    if project.state in ("draft", "paused", "closed"):
        return [(project.state, f"the project is {project.state}: an operator or its customer changes that")]
    reasons = []
    ready = facts["benchmarks_active"]
    if project.state == "mining":
        detail = (
            f"{ready} of {policy.open_at} benchmarks are ready; till then only trusted labelers get work; "
            f"the others will be there {_wait(supplied)}"
        )
        reasons.append(("not_enough_benchmarks", detail))
        if not facts["trusted_labelers"]:
            detail = (
                "no labeler is trusted: appoint some, give benchmarks by hand, or let everybody answer the "
                "first tasks (bootstrap_tasks)"
            )
            reasons.append(("nobody_trusted", detail))
    elif facts["admitted"] >= facts["capacity"]:
        detail = (
            f"{facts['admitted']} labelers are in; {ready} benchmarks can test {facts['capacity']}: "
            "more are let in as mining goes on"
        )
        reasons.append(("admission_full", detail))
    if supplied["missing"] and facts["trusted_labelers"] and not facts["panel_here"]:
        detail = (
            f"{supplied['missing']} benchmarks are missing, and nobody of the panel was seen for "
            f"{policy.panel_away_seconds} seconds: ask them back, or appoint others"
        )
        reasons.append(("panel_away", detail))
    if not facts["queued"] and facts["leased"]:
        reasons.append(("all_leased", f"nothing waits; {facts['leased']} tasks are in labelers' hands"))
    elif not facts["queued"] and not facts["candidates_waiting"]:
        reasons.append(("queue_empty", "nothing waits: push tasks"))
    return reasons
