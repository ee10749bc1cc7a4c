"""Rulings: what audits find moves a standing, and people let somebody in again or dismiss somebody.

Each is a step of the standing in the log, with all that it rests on, so that replaying the log gives it
again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal

import numpy as np

from goldvein.decisions.auditing import readmits
from goldvein.decisions.gate import State
from goldvein.domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from goldvein.services import moving
from goldvein.services.observing import Models
from goldvein.services.replaying import Track
from goldvein.services.views import View, Views
from goldvein.stats.arrays import Array
from goldvein.store import standings
from goldvein.store.database import Database, Transaction
from goldvein.store.log import Entry
from goldvein.store.standings import Standing

Ruling = Literal["readmit", "dismiss"]
BY_AUDIT: Final = "an audit found good work"
WORDS: Final = 500
"""Characters of a reason."""


def rule(
    db: Database, project: int, labeler: int, ruling: Ruling, reason: str, now: datetime, *,
    by: int | None = None, own: int | None = None,
) -> None:  # fmt: skip
    """Let somebody in again who was dismissed, or dismiss somebody.

    Who comes back starts between what was known and a newcomer's standing, and delivers nothing before
    ``min_benchmarks`` were answered anew.

    Parameters
    ----------
    by : int, optional
        The account of whoever decides.
    own : int, optional
        Whoever decides as a labeler: an auditor works, too.

    Raises
    ------
    InvalidInput
        ``ruling_without_reason``.
    Forbidden
        If it is about oneself.
    NotFound
        If the project is not under way, or the labeler has no standing there.
    Conflict
        ``ruling_needless``: it is so already.
    """
    why = reason.strip()
    if not 1 <= len(why) <= WORDS:
        raise InvalidInput(
            f"say why, in 1 to {WORDS} characters: it stands in the log", code="ruling_without_reason",
            pointer="/reason",
        )  # fmt: skip
    with db.transaction() as tx:
        rule_in(tx, project, labeler, ruling, why, now, by=by, own=own)


def rule_in(
    tx: Transaction, project: int, labeler: int, ruling: Ruling, why: str, now: datetime, *, by: int | None,
    own: int | None = None,
) -> None:  # fmt: skip
    """As ``rule``, within a transaction."""
    if labeler == own:
        raise Forbidden("nobody rules on their own standing: ask another auditor")
    view = Views().one(tx, project)
    before = standings.lock(tx, [(project, labeler)]).get((project, labeler))
    if before is None or view.model is None:
        raise NotFound(f"labeler {labeler} has no standing in project {project}", code="not_found")
    if (before.state == State.DISMISSED) == (ruling == "dismiss"):
        is_ = "is dismissed already" if ruling == "dismiss" else "is not dismissed"
        raise Conflict(f"labeler {labeler} {is_} in project {project}", code="ruling_needless")
    to = State.DISMISSED if ruling == "dismiss" else State.ADMITTED
    _be_ruled(tx, view, before, to, {"reason": why, "account": by}, now)


def take_in(
    tx: Transaction, view: View, labeler: int, likelihood: Array, found: Mapping[str, Any], now: datetime
) -> Standing | None:
    """Move a standing by what an audit found, and let its labeler in again where that shows good work.

    Parameters
    ----------
    likelihood : (n_states,) float
        Of what was found, by states of the view's model.
    found : mapping
        What the log says of it.
    """
    before = standings.lock(tx, [(view.project.id, labeler)]).get((view.project.id, labeler))
    if before is None:
        return None
    models, track = _track(tx, view, before)
    track.take_in(models, likelihood, view.policy)
    detail = {**found, "likelihood": likelihood.tolist()}
    after = moving.write(tx, view, before, track, lambda one: _entry(view, one, "audited", detail), now)
    if readmits(after.state, after.p_benchmarks):
        return _be_ruled(tx, view, after, State.ADMITTED, {"reason": BY_AUDIT, "audit": found["audit"]}, now)
    return after


def _be_ruled(
    tx: Transaction, view: View, before: Standing, to: State, why: Mapping[str, Any], now: datetime
) -> Standing:
    models, track = _track(tx, view, before)
    track.be_ruled(models, to)
    after = moving.write(tx, view, before, track, lambda one: _entry(view, one, "ruling", why), now)
    if to == State.ADMITTED:
        standings.readmit(tx, before.key, now)
    return after


def _track(tx: Transaction, view: View, before: Standing) -> tuple[Models, Track]:
    """A locked standing as it is, on the present model version."""
    models = Models(tx, view.project.id, view.models)
    both = np.frombuffer(before.posterior).reshape(2, -1)
    holds = standings.lock_holds(tx, [before.key])
    track = Track(
        (both[0].copy(), both[1].copy()), before.model_version, (before.p_benchmarks, before.p_all),
        State(before.state), before.benchmarks, before.undecided,
        {hold.attempt: np.frombuffer(hold.joint) for hold in holds},
    )  # fmt: skip
    track.meet(models, view.model_version)
    return models, track


def _entry(view: View, standing: Standing, kind: str, detail: Mapping[str, Any]) -> Entry:
    return Entry(
        standing.project, kind, labeler=standing.labeler, n=standing.n, model_version=standing.model_version,
        policy_version=view.project.policy_version, p_benchmarks=standing.p_benchmarks,
        p_all=standing.p_all, benchmarks=standing.benchmarks, decision=standing.state, detail=detail,
    )  # fmt: skip
