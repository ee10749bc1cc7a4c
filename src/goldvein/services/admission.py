"""Admission: lets labelers in, as many as the present supply of benchmarks can test.

What a labeler's benchmarks in other projects say moves where trust under all evidence starts. The gate asks
for trust under benchmarks too, so that this can only cost trust, and no project saves another its benchmarks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np

from goldvein.decisions.admission import capacity
from goldvein.decisions.trust import panel_basis
from goldvein.services import supply
from goldvein.services.standing import admitted
from goldvein.services.views import View, Views, mark_seen
from goldvein.services.writes import Writes
from goldvein.stats.versions import LATEST, belief
from goldvein.store import benchmarks, curated, projects, standings
from goldvein.store.database import Transaction
from goldvein.store.labelers import Hand
from goldvein.store.log import Entry
from goldvein.store.standings import Standing


def admit(tx: Transaction, views: Views, view: View, hand: Hand, writes: Writes, now: datetime) -> bool:
    """Let a labeler into an open project and note the new standing; false where there is no room."""
    project, model = view.project, view.model
    assert model is not None
    assert project.model_version is not None
    supply.refresh(tx, view, now)
    room = capacity(len(view.pool), view.policy, view.plan.each)
    if not projects.count_admission(tx, project.id, change=1, capacity=room):
        return False
    panel = panel_basis(hand.role, view.trust.get(hand.labeler), None, has_standing=False)
    heard = _elsewhere(tx, views, project.id, hand.labeler)
    beliefs = [one["masses"] for one in heard]
    fresh = admitted(project.id, hand.labeler, model, project.model_version, beliefs, panel=panel, now=now)
    standing = with_own_marked(tx, fresh, view.kin)
    standings.insert(tx, standing)
    writes.standings[standing.key] = standing
    writes.log.append(
        Entry(
            project.id, "admit", labeler=hand.labeler, n=0, model_version=project.model_version,
            policy_version=project.policy_version, p_benchmarks=standing.p_benchmarks, p_all=standing.p_all,
            benchmarks=0, decision=panel, detail={"elsewhere": heard} if heard else None,
        )
    )  # fmt: skip
    return True


def _elsewhere(tx: Transaction, views: Views, project: int, labeler: int) -> list[dict[str, Any]]:
    """What the labeler's latest standings in other projects say, each with the version that says it.

    First-hand evidence only: their posteriors under benchmarks, not what they in turn have heard.
    """
    heard = []
    for other in standings.latest_elsewhere(tx, project, labeler, LATEST):
        model = views.model(tx, other.project, other.model_version)
        posterior = np.frombuffer(other.posterior)[: model.space.size]
        masses = belief(model, posterior)
        heard.append({"project": other.project, "version": other.n, "masses": dict(masses)})
    return heard


def with_own_marked(tx: Transaction, standing: Standing, kin: Sequence[int] = ()) -> Standing:
    """The standing with every benchmark marked whose content the labeler has had in other work.

    ``kin`` are projects that share benchmarks with this one: what was had there counts as well.
    """
    seen = standing.seen
    known = benchmarks.ordinals_seen(tx, standing.project, standing.labeler)
    if kin:
        known += curated.ordinals_seen_in(tx, standing.project, kin, standing.labeler)
    for ordinal in known:
        seen = mark_seen(seen, ordinal)
    return replace(standing, seen=seen)
