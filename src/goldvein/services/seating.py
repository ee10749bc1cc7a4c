"""Seating: which of those on the panel who seek work answers which candidate that is under way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import TYPE_CHECKING, Final

import numpy as np

from goldvein.decisions.planning import Waiting, as_sure, seat
from goldvein.decisions.trust import trusted_mass
from goldvein.services.matching import Seeker
from goldvein.store import attempts, supply
from goldvein.store.attempts import OpenAttempt

if TYPE_CHECKING:
    from goldvein.services.dispatch import Desk
    from goldvein.services.views import View
    from goldvein.store.standings import Standing

_LOOKED_AT: Final = 16
"""Candidates compared beyond one for each who seeks."""
_APPOINTED: Final = 1.0


def seat_panel(desk: Desk, view: View, seekers: Sequence[Seeker], trust: Mapping[int, float]) -> list[Seeker]:
    """Lease candidates under way to people of the panel; return those for whom there was none.

    Parameters
    ----------
    trust : mapping of labelers to float
        From ``trust_of``, one for each seeker.
    """
    project = view.project.id
    ended = [attempt for own, attempt in desk.writes.ended if own == project]
    found = attempts.take_open(desk.tx, project, "panel", len(seekers) + _LOOKED_AT, [*desk.taken, *ended])
    if not found:
        return list(seekers)
    by_labeler = {seeker.labeler: seeker for seeker in seekers}
    had = attempts.seen_contents(desk.tx, project, [one.content for one in found], list(by_labeler))
    panels = supply.panels(desk.tx, project, [one.task for one in found])
    waiting = [
        Waiting(
            as_sure(one.urgency),
            panels.get(one.task, ()),
            {labeler for labeler in by_labeler if (one.content, labeler) in had},
        )
        for one in found
    ]
    usual = median([*trust.values(), *view.usual_trust])
    pairs = seat(trust, waiting, view.record, usual)
    left = _lease(desk, view, [(by_labeler[who], found[place]) for who, place in pairs])
    seated = {labeler for labeler, _ in pairs}
    left += [seeker for seeker in seekers if seeker.labeler not in seated]
    view.usual_trust = [*view.usual_trust, *trust.values()][-_LOOKED_AT:]
    if left and len(found) == len(seekers) + _LOOKED_AT:  # what they have not had may lie behind
        return desk.assign(
            view, left, "panel",
            lambda limit, gone: attempts.take_open(desk.tx, project, "panel", limit, gone),
        )  # fmt: skip
    return left


def _lease(desk: Desk, view: View, pairs: Sequence[tuple[Seeker, OpenAttempt]]) -> list[Seeker]:
    """Lease each candidate to whom it was found for."""
    chosen = [attempt for _, attempt in pairs]

    def in_order(limit: int, gone: Sequence[int]) -> list[OpenAttempt]:
        return [attempt for attempt in chosen if attempt.id not in gone][:limit]

    return desk.assign(view, [seeker for seeker, _ in pairs], "panel", in_order)


def trust_of(view: View, standing: Standing | None, *, appointed: bool) -> float:
    """How certain it is that somebody on the panel may make keys, by benchmarks once there are some."""
    model = view.model
    if standing is None or model is None or standing.benchmarks < view.policy.min_benchmarks:
        return _APPOINTED if appointed else view.policy.trust_at
    if standing.model_version != view.project.model_version:
        return view.policy.trust_at
    return trusted_mass(model, np.frombuffer(standing.posterior)[: model.space.size])
