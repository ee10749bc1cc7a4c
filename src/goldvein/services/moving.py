"""Moving standings beside the way: written as computed, with all that follows from it.

What a rescoring comes to, an audit or somebody's ruling, moves a standing without an answer. Its row is
locked: no answer of that labeler comes in between.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from goldvein.decisions.gate import State
from goldvein.decisions.trust import panel_after, trusted_mass
from goldvein.decisions.withdrawing import wants_review
from goldvein.services.holding import Bench, HeldAnswer, discard
from goldvein.services.judge import turn
from goldvein.services.observing import Models
from goldvein.services.replaying import Track
from goldvein.services.standing import pack
from goldvein.services.views import View
from goldvein.services.writes import Writes
from goldvein.stats.model import Model
from goldvein.store import answers, attempts, projects, standings
from goldvein.store.database import Transaction
from goldvein.store.log import Entry
from goldvein.store.standings import Hold, Standing

_ALL: Final = 2**31 - 1


def write(
    tx: Transaction, view: View, before: Standing, track: Track, entry: Callable[[Standing], Entry],
    now: datetime,
) -> Standing:  # fmt: skip
    """Write a locked standing as a track has it, one version later, and what follows; return it.

    Parameters
    ----------
    entry : function of Standing to Entry
        What the log says of the step.
    """
    holds = standings.lock_holds(tx, [before.key])
    writes = Writes(loaded={before.key: before})
    model = Models(tx, view.project.id, view.models)[track.model_version]
    after = _standing(view, model, before, track)
    writes.log.append(entry(after))
    if after.state != before.state:
        writes.log.append(turn(view, after))
        _count_admission(tx, before, after)
    if after.panel != before.panel:
        able = {"basis": "standing", "able": trusted_mass(model, track.posterior[0])}
        ended = replace(turn(view, after), kind="trust", detail=able, decision=after.panel or "ended")
        writes.log.append(ended)
    if after.state == State.DISMISSED:
        after = _drop_holds(tx, view, after, holds, track, writes, now)
    else:
        writes.still_held += [replace(h, joint=track.holds[h.attempt].tobytes()) for h in holds]
    writes.standings = {after.key: after}
    writes.flush(tx, now)
    return after


def _standing(view: View, model: Model, before: Standing, track: Track) -> Standing:
    """The standing one step later: everything that follows from its log, as it follows by now."""
    posterior, all_evidence = track.posterior
    after = replace(
        before, n=before.n + 1, model_version=track.model_version,
        posterior=pack(posterior[:, None], all_evidence[:, None])[0], p_benchmarks=track.p[0],
        p_all=track.p[1], benchmarks=track.benchmarks, undecided=track.undecided, state=str(track.state),
    )  # fmt: skip
    if after.state != before.state:  # who comes back owes nothing
        grace = view.policy.dismissal_grace if after.state == State.DISMISSED else 0
        after = replace(after, grace=grace)
    if bool(wants_review(track.p[0], track.benchmarks, view.policy, is_benchmark=True)):
        after = replace(after, review_wanted=after.n)
    panel = panel_after(
        model, posterior, after.benchmarks, after.state, view.policy, before=before.panel, is_benchmark=False
    )
    return replace(after, panel=panel)


def _count_admission(tx: Transaction, before: Standing, after: Standing) -> None:
    """Who comes back takes a place among those whom the supply can test, whether there is one or not."""
    if State.DISMISSED in (before.state, after.state):
        change = -1 if after.state == State.DISMISSED else 1
        projects.count_admission(tx, before.project, change=change, capacity=_ALL)


def _drop_holds(
    tx: Transaction, view: View, standing: Standing, holds: Sequence[Hold], track: Track, writes: Writes,
    now: datetime,
) -> Standing:  # fmt: skip
    """Discard what was held of somebody who is dismissed by this; the tasks are wanted again."""
    keys = [(hold.project, hold.attempt) for hold in holds]
    stored, locked = answers.by_attempts(tx, keys), attempts.lock(tx, keys)
    for hold, key in zip(holds, keys, strict=True):
        held = HeldAnswer(hold, stored[key], locked[key])
        discard(Bench(view, {}, now), held, standing, track.smoothed(hold.attempt), "dismissed", writes)
        writes.unheld.append(key)
    return replace(standing, held=standing.held - len(holds))
