"""The shortcut report: what each rule passes of the benchmarks, as they are and as they are served."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from goldvein.decisions.opening import counterexamples, is_hopeless, short_of, why_not
from goldvein.domain.policy import Policy
from goldvein.domain.records import Project
from goldvein.services.alarms import open_alarm, resolve_alarm
from goldvein.services.screening import active_keys, content_passes, mined
from goldvein.services.views import View
from goldvein.stats.states import LEAKER
from goldvein.store import alerts, log, projects
from goldvein.store.benchmarks import Benchmark
from goldvein.store.database import Database, Transaction
from goldvein.store.log import Entry

COUNTEREXAMPLES: Final = "counterexamples"
"""Subject of the alert that a project does not open for want of them."""
_HYSTERESIS: Final = 0.05


def report(tx: Transaction, view: View) -> dict[str, Any]:
    """By shortcut: what it passes, what it would pass as served, and what speaks against it; for JSON.

    ``passes`` and ``served`` are shares of the active benchmarks, lapses not counted; ``counterexamples`` are
    those that the rule gets wrong; ``missing`` is how many more it takes until serving can bring it down to
    chance, or, before the project opens, until it may. ``alert`` says that the rule would pass at the bar.
    Rules that do not follow from content have ``passes`` alone. A leaker's is no alert: it is what would pass
    had all keys leaked.
    """
    bar, lines = view.policy.quality_bar, dict[str, Any]()
    for rule, share in view.pass_shares.items():
        lines[rule] = {"passes": share, "alert": share >= bar and rule != LEAKER}
    if view.mix is not None:
        mix, active = view.mix, len(view.pool)
        even = view.weights is None
        for rule, share in mix.uniform.items():
            served = share if even else mix.served[rule]
            lines[rule] = {
                "passes": share, "served": served, "counterexamples": active * (1 - share),
                "missing": mix.missing[rule], "alert": served >= bar,
            }  # fmt: skip
        return lines
    return {**lines, **_before_opening(tx, view)}


def _before_opening(tx: Transaction, view: View) -> dict[str, Any]:
    """While there is no model: what opening still asks for."""
    active, asked = len(view.active), view.policy.open_counterexamples
    passes = content_passes(tx, view.project, active_keys(view.active.values())) if active else {}
    lines = {}
    for rule, row in passes.items():
        against = active - float(row.sum())
        share = float(row.mean())
        lines[rule] = {
            "passes": share, "served": share, "counterexamples": against,
            "missing": max(0.0, asked - against), "alert": share >= view.policy.quality_bar,
        }  # fmt: skip
    return lines


def effective_benchmarks(view: View) -> float | None:
    """How many benchmarks, served alike, would be as many as those that there are by their weights."""
    if view.mix is None:
        return None
    return float(len(view.pool)) if view.weights is None else view.mix.effective


def too_lenient(view: View) -> dict[str, Mapping[str, Any]]:
    """Content rules that would pass at the bar as benchmarks are served, with what an alert says of each."""
    if view.mix is None:
        return {}
    served = view.mix.uniform if view.weights is None else view.mix.served
    return {
        rule: {
            "rule": rule, "passes": view.mix.uniform[rule], "served": share, "bar": view.policy.quality_bar,
            "counterexamples": len(view.pool) * (1 - view.mix.uniform[rule]), "benchmarks": len(view.pool),
            "missing": view.mix.missing[rule],
        }
        for rule, share in served.items()
        if share >= view.policy.quality_bar - _HYSTERESIS
    }  # fmt: skip


def watch(db: Database, view: View, now: datetime) -> tuple[list[int], list[int]]:
    """Open an alert for each shortcut that would pass at the bar, and resolve those that no longer would.

    Returns
    -------
    opened, resolved : lists of int
        Alerts.
    """
    if view.mix is None:
        return [], []
    lenient, project, bar = too_lenient(view), view.project.id, view.policy.quality_bar
    with db.transaction() as tx:
        open_now = {
            one.subject
            for one in alerts.of_project(tx, project)
            if one.kind == "benchmarks" and one.resolved_at is None and one.subject != COUNTEREXAMPLES
        }
        opened = [
            open_alarm(tx, project, "benchmarks", rule, detail, now)
            for rule, detail in lenient.items()
            if detail["served"] >= bar and rule not in open_now
        ]
        resolved = [
            resolve_alarm(tx, project, "benchmarks", rule, now)
            for rule in sorted(open_now & view.mix.uniform.keys() - lenient.keys())
        ]
    return [one for one in opened if one is not None], [one for one in resolved if one is not None]


def keeps_shut(
    tx: Transaction, project: Project, policy: Policy, found: list[Benchmark], now: datetime
) -> str | None:
    """Why a project with enough benchmarks must not open for want of counter-examples; None if it may.

    What is said changes with what is mined; each time it does, the log has it. One alert is open meanwhile.
    Mining goes on, at one answer a task where it is directed; at random only as long as there is hope.
    """
    passes = content_passes(tx, project, active_keys(found))
    pass_counts, active = {rule: float(row.sum()) for rule, row in passes.items()}, len(found)
    looked_at = mined(tx, project.id, active)
    why = why_not(pass_counts, active, policy, looked_at)
    if why is None:
        resolve_alarm(tx, project.id, "benchmarks", COUNTEREXAMPLES, now)
        return None
    against = counterexamples(pass_counts, active)
    detail = {"asked": policy.open_counterexamples, "counterexamples": against, "benchmarks": active}
    open_alarm(tx, project.id, "benchmarks", COUNTEREXAMPLES, detail, now)
    refusals = log.of_project(tx, project.id, "open")
    if not refusals or refusals[-1][-1].get("why") != why:
        refused = Entry(
            project.id, "open", policy_version=project.policy_version, decision="refused",
            detail={"why": why, "code": COUNTEREXAMPLES},
        )  # fmt: skip
        log.append(tx, [refused], now)
    if policy.directed_share or not is_hopeless(min(against.values()), looked_at):
        projects.raise_supply_target(tx, project.id, active + short_of(pass_counts, active, policy) + 1)
    return why
