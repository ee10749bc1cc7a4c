"""Who is on a project's panel and why: earned elsewhere, appointed, barred; every change in the log.

Trust from other projects is kept in a table by the sweeper, for projects that are mining: the request of a
labeler then finds it in its process's view of the project, without any look-up of its own. Once a project is
open, the standing that a labeler gets there decides.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from math import inf
from typing import Any

import numpy as np

from goldvein.decisions.trust import (
    DISMISSED_SINCE,
    Shown,
    lower_elsewhere,
    margin_below,
    panel_basis,
    trusted_elsewhere,
    trusted_mass,
)
from goldvein.domain.errors import Conflict, InvalidInput, NotFound
from goldvein.domain.policy import Policy
from goldvein.services.projects import read
from goldvein.stats.model import Model
from goldvein.store import keys, log, projects, standings, trust
from goldvein.store.database import Database, Transaction
from goldvein.store.log import Entry
from goldvein.store.trust import PanelLine

_MOST_REASON = 1_000


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who may answer a project's candidates, or is barred from it, and why."""

    labeler: int
    name: str
    basis: str
    why: str
    since: datetime | None
    lower: float | None
    able: float | None
    benchmarks: int | None


def refresh(db: Database, now: datetime) -> int:
    """Bring trust from other projects up to date in all projects that are mining; return the changes."""
    with db.connection() as tx:
        mining = [project for project in projects.list_all(tx, None) if project.state == "mining"]
        if not mining:
            return 0
        lower = _lower_bounds(tx, now)
        before = {project.id: trust.by_basis(tx, project.id, "elsewhere") for project in mining}
    changes = 0
    for project in mining:
        known = before[project.id]
        wanted = {one for one, bound in lower.items() if trusted_elsewhere(bound, before=one in known)}
        if wanted != set(known):
            with db.transaction() as tx:
                changes += _change(tx, project.id, wanted, lower, now)
    return changes


def _lower_bounds(tx: Transaction, now: datetime) -> dict[int, float]:
    """What is certain of everybody who has shown enough in some project; logits over the trust bar."""
    models: dict[tuple[int, int], Model] = {}
    policies: dict[int, Policy] = {}
    shown: dict[int, list[Shown]] = defaultdict(list)
    for one in trust.shown(tx, *_least_asked(tx, policies)):
        policy = policies[one.project]
        if one.benchmarks < policy.trust_benchmarks:
            continue
        version = (one.project, one.model_version)
        if version not in models:
            models[version] = Model.from_dict(projects.get_model(tx, *version))
        model = models[version]
        posterior = np.frombuffer(one.posterior)[: model.space.size]
        margin = margin_below(model, posterior, policy.trust_at)
        shown[one.labeler].append(Shown(one.project, margin, one.benchmarks, one.at))
    dismissed = trust.dismissed_since(tx, now - DISMISSED_SINCE)
    return {
        labeler: -inf if labeler in dismissed else lower_elsewhere(own, now) for labeler, own in shown.items()
    }


def _least_asked(tx: Transaction, policies: dict[int, Policy]) -> tuple[float, int]:
    """Read all policies in force; the least that any of them asks before anybody is looked at."""
    for project in projects.list_all(tx, None):
        policies[project.id] = Policy.from_dict(projects.get_policy(tx, project.id, project.policy_version))
    return (
        min(policy.deliver_at for policy in policies.values()),
        max(1, min(policy.trust_benchmarks for policy in policies.values())),
    )


def _change(tx: Transaction, project: int, wanted: set[int], lower: dict[int, float], now: datetime) -> int:
    """Note who is trusted by what other projects show, and who no more."""
    current = projects.find_locked(tx, project)
    if current is None or current.state != "mining":
        return 0
    noted = trust.bases(tx, project)
    entries = []
    for labeler in sorted(wanted - noted.keys()):
        bound = lower[labeler]
        reason = f"shown in other projects: ability at least {bound:+.2f} logits over what is asked"
        trust.note(tx, project, labeler, "elsewhere", reason, now, bound)
        entries.append(_entry(project, labeler, "earned", {"basis": "elsewhere", "lower": bound}))
    for labeler in sorted(one for one, basis in noted.items() if basis == "elsewhere" and one not in wanted):
        trust.forget(tx, project, labeler)
        left = lower.get(labeler, -inf)
        known = {"lower": left} if left > -inf else {}
        entries.append(_entry(project, labeler, "ended", {"basis": "elsewhere", **known}))
    if entries:
        projects.next_revision(tx, project)
        log.append(tx, entries, now)
    return len(entries)


def _entry(project: int, labeler: int, decision: str, detail: dict[str, Any]) -> Entry:
    return Entry(project, "trust", labeler=labeler, decision=decision, detail=detail)


def appoint(db: Database, project: int, labeler: int, reason: str, now: datetime) -> None:
    """Put somebody on a project's panel by word alone: a recorded exception.

    Raises
    ------
    NotFound
        If there is no such project or labeler.
    """
    _decide(db, project, labeler, "appointed", reason, now)


def bar(db: Database, project: int, labeler: int, reason: str, now: datetime) -> None:
    """Keep somebody from a project's panel, whatever the benchmarks or an appointment elsewhere say.

    Candidates that the labeler has in hand may still be answered; those answered before stay as they are.
    """
    _decide(db, project, labeler, "barred", reason, now)


def leave(db: Database, project: int, labeler: int, reason: str, now: datetime) -> None:
    """Take back an appointment or a bar: the labeler's benchmarks decide again.

    Raises
    ------
    Conflict
        If there is neither.
    """
    with db.transaction() as tx:
        _check(tx, project, labeler, reason)
        noted = trust.bases(tx, project).get(labeler)
        if noted not in ("appointed", "barred"):
            raise Conflict(
                f"labeler {labeler} is neither appointed to project {project} nor barred from it: `goldvein "
                "admin panel list` shows who is, `goldvein admin labelers role` changes a role"
            )
        _hold(tx, project, labeler)
        trust.forget(tx, project, labeler)
        if noted == "appointed":
            trust.end_panel(tx, project, labeler)
        _told(tx, project, labeler, "ended", {"basis": noted, "reason": reason}, now)


def end_all(tx: Transaction, labeler: int, now: datetime) -> None:
    """Let somebody who has gone be on no panel any more, and forget why they were or were not."""
    for project in trust.projects_of(tx, labeler):
        _hold(tx, project, labeler)
        earned = trust.end_panel(tx, project, labeler)
        _told(tx, project, labeler, "ended", {"basis": trust.forget(tx, project, labeler) or earned}, now)


def _decide(db: Database, project: int, labeler: int, basis: str, reason: str, now: datetime) -> None:
    with db.transaction() as tx:
        _check(tx, project, labeler, reason)
        _hold(tx, project, labeler)
        trust.end_panel(tx, project, labeler)
        trust.note(tx, project, labeler, basis, reason, now, None)
        _told(tx, project, labeler, basis, {"basis": basis, "reason": reason}, now)


def _check(tx: Transaction, project: int, labeler: int, reason: str) -> None:
    read(tx, project, None)
    if labeler not in keys.roles_of(tx, [labeler]):
        raise NotFound(f"there is no labeler {labeler}")
    if not reason.strip() or len(reason) > _MOST_REASON:
        raise InvalidInput(
            f"a reason of {len(reason)} characters was given; 1 to {_MOST_REASON:,} are kept in the log: "
            "say why"
        )


def _hold(tx: Transaction, project: int, labeler: int) -> None:
    """Lock a standing, then the project's row, before trust is touched: in the order of the sweeper."""
    standings.lock(tx, [(project, labeler)])
    projects.next_revision(tx, project)


def _told(
    tx: Transaction, project: int, labeler: int, decision: str, detail: dict[str, Any], now: datetime
) -> None:
    log.append(tx, [_entry(project, labeler, decision, detail)], now)


def follow_role(tx: Transaction, labeler: int, *, before: str, after: str, now: datetime) -> None:
    """Note in every project under way that somebody is appointed by role, or is so no more."""
    if (before == "trusted") == (after == "trusted"):
        return
    trust.follow_role(tx, labeler, trusted=after == "trusted")
    decision = "appointed" if after == "trusted" else "ended"
    entries = [
        _entry(project, labeler, decision, {"basis": "role", "before": before, "after": after})
        for project in projects.revisions(tx)
    ]
    log.append(tx, entries, now)


def panel(db: Database, project: int) -> list[Member]:
    """List who may answer a project's candidates or is barred from it, and why.

    Raises
    ------
    NotFound
        If there is no such project.
    """
    with db.connection() as tx:
        return members(tx, project)


def members(tx: Transaction, project: int) -> list[Member]:
    """``panel`` within a transaction."""
    read(tx, project, None)
    models: dict[int, Model] = {}
    found = []
    for line in trust.panel(tx, project):
        able = None
        if line.posterior is not None and line.model_version is not None:
            if line.model_version not in models:
                models[line.model_version] = Model.from_dict(
                    projects.get_model(tx, project, line.model_version)
                )
            model = models[line.model_version]
            able = trusted_mass(model, np.frombuffer(line.posterior)[: model.space.size])
        basis = panel_basis(line.role, line.basis, line.panel, has_standing=line.has_standing)
        found.append(
            Member(
                line.labeler, line.name, basis or "barred", _why(line, able), line.since, line.lower, able,
                line.benchmarks,
            )
        )  # fmt: skip
    return found


def _why(line: PanelLine, able: float | None) -> str:
    """Say in words why somebody is on the panel, or is not."""
    if line.basis == "barred":
        return str(line.reason)
    if line.role == "trusted":
        return "by role, in all projects"
    if line.basis == "appointed":
        return str(line.reason)
    if line.has_standing and able is not None:
        brought = f"; {line.reason}" if line.reason else ""
        return f"P(able) {able:.3f} after {line.benchmarks} benchmarks of this project{brought}"
    return str(line.reason)
