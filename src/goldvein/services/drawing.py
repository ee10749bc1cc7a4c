"""Drawing: which benchmark each labeler who is due for one gets, never one whose content was had before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from goldvein.decisions.admission import supply_target
from goldvein.decisions.serving import draw_benchmarks
from goldvein.services.matching import Seeker
from goldvein.services.standing import unpack
from goldvein.services.views import Item, View, mark_seen
from goldvein.services.writes import Writes
from goldvein.stats.arrays import IntArray
from goldvein.store import attempts, projects
from goldvein.store.database import Transaction

_DRAWS = 8


@dataclass(frozen=True, slots=True)
class Drawn:
    """A benchmark for one seeker, and the probability of this draw."""

    seeker: Seeker
    item: Item
    probability: float


def draw_unseen(
    tx: Transaction, view: View, writes: Writes, rng: np.random.Generator, seekers: Sequence[Seeker]
) -> list[Drawn]:
    """Draw a benchmark for each of some seekers who are in, and note it as seen.

    One that is known by its content is noted and drawn anew. A seeker for whom none is left is exhausted.
    """
    drawing, found = list(seekers), list[Drawn]()
    for _ in range(_DRAWS):
        if not drawing:
            break
        fresh, drawing = _draw_once(tx, view, writes, rng, drawing)
        found += fresh
    return found


def _draw_once(
    tx: Transaction, view: View, writes: Writes, rng: np.random.Generator, seekers: Sequence[Seeker]
) -> tuple[list[Drawn], list[Seeker]]:
    """What was drawn, and who is to draw again."""
    assert view.model is not None
    own = [writes.standings[view.project.id, seeker.labeler] for seeker in seekers]
    unseen = [view.unseen(standing.seen) for standing in own]
    _, posteriors = unpack(own, view.models, view.model_version)
    draws = draw_benchmarks(
        rng, posteriors, unseen, view.tables, view.exposures, view.model, view.policy, view.weights
    )
    _ask_for_supply(tx, view, unseen)
    drawn = [(s, view.pool[d.index], d) for s, d in zip(seekers, draws, strict=True) if d is not None]
    for seeker, draw in zip(seekers, draws, strict=True):
        seeker.is_exhausted = draw is None
    pairs = [(item.content, s.labeler) for s, item, _ in drawn]
    known = attempts.seen_pairs_in(tx, [view.project.id, *view.kin], pairs)
    fresh, again = [], []
    for seeker, item, draw in drawn:
        standing = writes.standings[view.project.id, seeker.labeler]
        writes.standings[standing.key] = replace(standing, seen=mark_seen(standing.seen, item.ordinal))
        if (item.content, seeker.labeler) in known:
            again.append(seeker)
        else:
            view.exposures[draw.index] += 1
            fresh.append(Drawn(seeker, item, draw.probability))
    return fresh, again


def _ask_for_supply(tx: Transaction, view: View, unseen: Sequence[IntArray]) -> None:
    """Ask mining for more before the labeler who has seen most runs out."""
    most_seen = len(view.pool) - min(len(items) for items in unseen)
    target = supply_target(view.project.admitted, most_seen, view.policy)
    if target > view.project.supply_target:
        projects.raise_supply_target(tx, view.project.id, target)
