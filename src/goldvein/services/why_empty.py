"""Why no work is handed out right now, said in a way that names the way out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from goldvein.decisions.admission import capacity
from goldvein.domain.policy import Policy
from goldvein.domain.records import Project
from goldvein.services import collecting
from goldvein.services.projects import read
from goldvein.store import attempts, benchmarks, labelers, log, projects
from goldvein.store.database import Database, Transaction


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
        facts = _facts(tx, found, policy)
        reasons = [{"code": code, "detail": detail} for code, detail in _reasons(found, policy, facts)]
        if found.state == "mining" and (told := collecting.reason(tx, project, policy)) is not None:
            reasons.append({"code": told[0], "detail": told[1]})
        refusals = log.of_project(tx, project, "open") if found.state == "mining" else []
    if refusals:
        last = refusals[-1][-1]
        reasons.append({"code": last.get("code", "bar_unreachable"), "detail": last["why"]})
    return {
        "project": project,
        "state": found.state,
        "at": now.isoformat(),
        "reasons": reasons,
        "facts": facts,
    }


def _facts(tx: Transaction, project: Project, policy: Policy) -> dict[str, int]:
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
        "capacity": capacity(by_state.get("active", 0), policy),
    }


def _reasons(project: Project, policy: Policy, facts: dict[str, int]) -> list[tuple[str, str]]:
    if project.state in ("draft", "paused", "closed"):
        return [(project.state, f"the project is {project.state}: an operator or its customer changes that")]
    reasons = []
    ready = facts["benchmarks_active"]
    if project.state == "mining":
        detail = f"{ready} of {policy.open_at} benchmarks are ready; till then only trusted labelers get work"
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
    if not facts["queued"] and facts["leased"]:
        reasons.append(("all_leased", f"nothing waits; {facts['leased']} tasks are in labelers' hands"))
    elif not facts["queued"] and not facts["candidates_waiting"]:
        reasons.append(("queue_empty", "nothing waits: push tasks"))
    return reasons
