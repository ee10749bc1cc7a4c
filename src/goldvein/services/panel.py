"""The panel: candidates for those who are trusted to say what the keys are."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from goldvein.decisions.planning import most_under_way
from goldvein.decisions.trust import panel_basis, takes_turn
from goldvein.services import supply
from goldvein.services.admission import with_own_marked
from goldvein.services.matching import Seeker
from goldvein.services.seating import seat_panel, trust_of
from goldvein.services.seeking import Why, take_candidates
from goldvein.services.views import View
from goldvein.store import benchmarks
from goldvein.store import supply as stored
from goldvein.store.log import Entry

if TYPE_CHECKING:
    from goldvein.services.dispatch import Desk


def basis_of(desk: Desk, view: View, seeker: Seeker) -> str | None:
    """Why this labeler may answer candidates of this project, appointed or earned; null for who may not.

    A sandbox mines nothing: its benchmarks are those that came along.
    """
    if view.project.is_sandbox:
        return None
    standing = desk.find_standing(view, seeker)
    return panel_basis(
        seeker.hand.role, view.trust.get(seeker.labeler), standing.panel if standing else None,
        has_standing=standing is not None,
    )  # fmt: skip


def is_on_panel(desk: Desk, view: View, seeker: Seeker) -> bool:
    """Whether this labeler may answer candidates of this project."""
    return basis_of(desk, view, seeker) is not None


def looks_first(desk: Desk, view: View, seeker: Seeker) -> bool:
    """Whether somebody on the panel is served candidates now, and not only if there is nothing else to do."""
    return view.project.state != "open" or takes_turn(desk.rng, basis_of(desk, view, seeker), view.policy)


def serve_panel(desk: Desk, view: View, seekers: Sequence[Seeker]) -> None:
    """Candidates under way first, wanted or not, then new ones while not too many are under way.

    Those who have answered fewest of the latest candidates begin new ones first.
    """
    supply.refresh(desk.tx, view, desk.now)
    missing = view.project.supply_target - len(view.active)
    starters = {seeker.labeler for seeker in seekers if missing > 0 or _cannot_prove(desk, view, seeker)}
    trust = {seeker.labeler: _trust(desk, view, seeker) for seeker in seekers}
    left = [one for one in seat_panel(desk, view, seekers, trust) if one.labeler in starters]
    if not left:
        return
    here = stored.panel_here(desk.tx, view.project.id, supply.away_since(view, desk.now))
    room = most_under_way(missing, max(here, len(left))) - benchmarks.count_candidates(
        desk.tx, view.project.id
    )
    if room > 0:
        left.sort(key=lambda seeker: view.record.load[seeker.labeler])
        _begin(desk, view, left[:room])


def _begin(desk: Desk, view: View, seekers: Sequence[Seeker]) -> None:
    """Let new candidates begin, each with one of these, and write down why these tasks."""
    before, why = set(desk.given), dict[int, Why]()
    desk.assign(view, seekers, "panel", partial(take_candidates, desk.tx, desk.views, view, desk.rng, why))
    for labeler in sorted(desk.given.keys() - before):
        lease = desk.given[labeler].lease
        reason = why[lease.task]
        benchmarks.insert_candidates(desk.tx, [(lease.project, lease.task)], desk.now)
        desk.writes.log.append(
            Entry(
                lease.project, "candidate", labeler=labeler, task=lease.task,
                policy_version=view.project.policy_version, decision=reason.how,
                detail={"worth": reason.worth},
            )
        )  # fmt: skip


def _trust(desk: Desk, view: View, seeker: Seeker) -> float:
    appointed = basis_of(desk, view, seeker) == "appointed"
    return trust_of(view, desk.find_standing(view, seeker), appointed=appointed)


def _cannot_prove(desk: Desk, view: View, seeker: Seeker) -> bool:
    """Whether a panel member's ordinary answers could only be held: that member made the benchmarks."""
    standing = desk.find_standing(view, seeker)
    if standing is None or standing.p_benchmarks >= view.policy.deliver_at:
        return False
    if len(view.unseen(standing.seen)) > view.policy.min_benchmarks:
        standing = with_own_marked(desk.tx, standing)
        desk.writes.standings[standing.key] = standing
    return len(view.unseen(standing.seen)) <= view.policy.min_benchmarks
