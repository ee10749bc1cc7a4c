"""The panel: candidates for those who are trusted to say what the keys are."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from goldvein.decisions.trust import panel_basis, takes_turn
from goldvein.services.admission import with_own_marked
from goldvein.services.matching import Seeker
from goldvein.services.seeking import take_candidates
from goldvein.services.views import View
from goldvein.store import attempts, benchmarks

if TYPE_CHECKING:
    from goldvein.services.dispatch import Desk


def basis_of(desk: Desk, view: View, seeker: Seeker) -> str | None:
    """Why this labeler may answer candidates of this project, appointed or earned; null for who may not."""
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
    """Candidates under way first, wanted or not, then new ones while not too many are under way."""
    missing = view.project.supply_target - len(view.active)
    starters = [seeker for seeker in seekers if missing > 0 or _cannot_prove(desk, view, seeker)]
    left = desk.assign(view, seekers, "panel", partial(attempts.take_open, desk.tx, view.project.id, "panel"))
    left = [seeker for seeker in left if seeker in starters]
    if not left:
        return
    under_way = benchmarks.count_candidates(desk.tx, view.project.id)
    room = max(0, missing) + 2 * len(starters) - under_way
    if room > 0:
        before = set(desk.given)
        take = partial(take_candidates, desk.tx, desk.views, view, desk.rng)
        desk.assign(view, left[:room], "panel", take)
        fresh = [desk.given[s.labeler].lease for s in left if s.labeler in desk.given.keys() - before]
        benchmarks.insert_candidates(desk.tx, [(lease.project, lease.task) for lease in fresh], desk.now)


def _cannot_prove(desk: Desk, view: View, seeker: Seeker) -> bool:
    """Whether a panel member's ordinary answers could only be held: that member made the benchmarks."""
    standing = desk.find_standing(view, seeker)
    if standing is None or standing.p_benchmarks >= view.policy.deliver_at:
        return False
    if len(view.unseen(standing.seen)) > view.policy.min_benchmarks:
        standing = with_own_marked(desk.tx, standing)
        desk.writes.standings[standing.key] = standing
    return len(view.unseen(standing.seen)) <= view.policy.min_benchmarks
