"""Admission: lets labelers in, as many as the present supply of benchmarks can test."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from goldvein.decisions.admission import capacity
from goldvein.services.standing import admitted
from goldvein.services.views import View, mark_seen
from goldvein.services.writes import Writes
from goldvein.store import benchmarks, projects, standings
from goldvein.store.database import Transaction
from goldvein.store.labelers import Hand
from goldvein.store.log import Entry
from goldvein.store.standings import Standing


def admit(tx: Transaction, view: View, hand: Hand, writes: Writes, now: datetime) -> bool:
    """Let a labeler into an open project and note the new standing; false where there is no room."""
    project, model = view.project, view.model
    assert model is not None
    assert project.model_version is not None
    room = capacity(len(view.pool), view.policy)
    if not projects.count_admission(tx, project.id, change=1, capacity=room):
        return False
    panel = "appointed" if hand.role == "trusted" else None
    fresh = admitted(project.id, hand.labeler, model, project.model_version, panel=panel, now=now)
    standing = with_own_marked(tx, fresh)
    standings.insert(tx, standing)
    writes.standings[standing.key] = standing
    writes.log.append(
        Entry(
            project.id, "admit", labeler=hand.labeler, n=0, model_version=project.model_version,
            policy_version=project.policy_version, p_benchmarks=standing.p_benchmarks, p_all=standing.p_all,
            benchmarks=0, decision=panel,
        )
    )  # fmt: skip
    return True


def with_own_marked(tx: Transaction, standing: Standing) -> Standing:
    """The standing with every benchmark marked whose content the labeler has had in other work."""
    seen = standing.seen
    for ordinal in benchmarks.ordinals_seen(tx, standing.project, standing.labeler):
        seen = mark_seen(seen, ordinal)
    return replace(standing, seen=seen)
