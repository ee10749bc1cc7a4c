"""Rescoring: standings computed anew from their whole logs, where answers of the past count otherwise by now.

A benchmark that was frozen, or got another key, asks for everybody who has met it. Standings are then
computed some at a time, in lockstep, without any lock; each is written in a short transaction of its own,
which takes in what came meanwhile. A group that answers waits for one standing's row at most, and briefly.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from goldvein.decisions.gate import State
from goldvein.decisions.trust import panel_after, trusted_mass
from goldvein.decisions.withdrawing import wants_review
from goldvein.domain.policy import Policy
from goldvein.services.holding import Bench, HeldAnswer, discard
from goldvein.services.judge import turn
from goldvein.services.observing import Models, Past
from goldvein.services.recounting import is_behind, wanted_items
from goldvein.services.replaying import Track, admitted, anew, run
from goldvein.services.standing import pack
from goldvein.services.views import View
from goldvein.services.writes import Writes
from goldvein.stats.model import Model
from goldvein.store import answers, attempts, projects, proofs, rescorings, standings
from goldvein.store.database import Database, Transaction
from goldvein.store.log import Entry
from goldvein.store.proofs import Step
from goldvein.store.rescorings import Asked
from goldvein.store.standings import Hold, Standing

_AT_ONCE: Final = 50
_STEPS_AT_ONCE: Final = 100_000
"""About so many steps are in memory at once; a longer log is computed alone."""
_ALL: Final = 2**31 - 1


@dataclass(slots=True)
class Rescored:
    """A standing computed anew up to a version, by these items; ``is_behind`` if that changes anything."""

    asked: Asked
    steps: list[Step]
    items: dict[int, int]
    track: Track
    is_behind: bool


class _Policies(dict[int, Policy]):
    """Policy versions, read when they are met."""

    def __init__(self, tx: Transaction, project: int) -> None:
        super().__init__()
        self._tx, self._project = tx, project

    def __missing__(self, version: int) -> Policy:
        self[version] = policy = Policy.from_dict(projects.get_policy(self._tx, self._project, version))
        return policy


def rescore(db: Database, view: View, now: datetime) -> int:
    """Compute standings of one project anew, so many at once; return how many were looked at.

    Whoever is killed at it leaves the others on the list, and what was written is whole.
    """
    project = view.project.id
    if view.project.model_version is None:
        return 0
    with db.transaction() as tx:
        rescorings.settle(tx, project, now)
    with db.connection() as tx:
        asked = rescorings.waiting(tx, project, _AT_ONCE)
    for some in _bounded(asked):
        with db.transaction() as tx:
            computed = _compute(tx, view, some)
        for one in computed:
            with db.transaction() as tx:
                _settle(tx, view, one, now)
        gone = {one.asked.labeler for one in computed}
        with db.transaction() as tx:  # people who never got a standing
            rescorings.done(tx, project, [one for one in some if one.labeler not in gone])
    return len(asked)


def _bounded(asked: Sequence[Asked]) -> list[list[Asked]]:
    """Standings in parts whose logs fit into memory together."""
    parts: list[list[Asked]] = []
    size = _STEPS_AT_ONCE
    for one in asked:
        if size + one.n > _STEPS_AT_ONCE:
            parts.append([])
            size = 0
        parts[-1].append(one)
        size += one.n
    return parts


# --- computing --------------------------------------------------------------------------


def _compute(tx: Transaction, view: View, asked: Sequence[Asked]) -> list[Rescored]:
    """Compute some standings from their logs, but for those of which no answer counts otherwise."""
    project = view.project.id
    items = proofs.counted_as(tx, project)
    logs = proofs.steps(tx, project, [one.labeler for one in asked])
    held = _held(tx, project, [one.labeler for one in asked])
    past, policies = _past(tx, view), _Policies(tx, project)
    computed: list[Rescored] = []
    histories: list[tuple[Track, Sequence[Step], Collection[int]]] = []
    for one in asked:
        steps = logs[one.labeler]
        if not steps:
            continue
        behind = is_behind(steps, items)
        own = wanted_items(steps, items)
        track = admitted(steps[0], past.models)
        computed.append(Rescored(one, steps, own, track, behind))
        if behind:
            histories.append((track, anew(steps[1:], own), held.get(one.labeler, frozenset())))
    run(past, policies, histories)
    return computed


def _held(tx: Transaction, project: int, labelers: Sequence[int]) -> dict[int, set[int]]:
    """The attempts of some labelers whose answers are held, not locked."""
    found: dict[int, set[int]] = {}
    for one in proofs.kept(tx, project, labelers):
        found.setdefault(one.labeler, set()).add(one.attempt)
    return found


def _past(tx: Transaction, view: View) -> Past:
    project = view.project
    return Past(tx, project.id, project.classes, Models(tx, project.id, view.models))


def _catch_up(tx: Transaction, view: View, one: Rescored) -> bool:
    """Take in the answers that came since a standing was computed; false if it has to be computed again.

    Its row is locked: no more come.
    """
    project = view.project.id
    more = proofs.steps_after(tx, project, one.asked.labeler, one.steps[-1].n)
    items = proofs.counted_as(tx, project)
    steps = [*one.steps, *more]
    if any(step.kind == "rescored" for step in more) or wanted_items(one.steps, items) != one.items:
        return False
    if not one.is_behind:
        return not is_behind(steps, items)
    one.items = wanted_items(steps, items)
    held = {step.attempt for step in more if step.decision == "hold" and step.attempt is not None}
    run(_past(tx, view), _Policies(tx, project), [(one.track, anew(more, one.items), held)])
    one.steps = steps
    return True


# --- writing ----------------------------------------------------------------------------


def _settle(tx: Transaction, view: View, one: Rescored, now: datetime) -> None:
    """Write one standing as it was computed, if that changes it, and strike it off the list.

    One that is to be computed again stays on the list.
    """
    project = view.project.id
    if not rescorings.take(tx, project, one.asked):
        return
    found = standings.lock(tx, [(project, one.asked.labeler)])
    if not found or not _catch_up(tx, view, one):
        return
    if one.is_behind:
        _write(tx, view, found[project, one.asked.labeler], one, now)
    rescorings.done(tx, project, [one.asked])


def _write(tx: Transaction, view: View, before: Standing, one: Rescored, now: datetime) -> None:
    holds = standings.lock_holds(tx, [before.key])
    writes = Writes(loaded={before.key: before})
    model = _past(tx, view).models[one.track.model_version]
    after = _standing(view, model, before, one.track)
    writes.log.append(_entry(view, after, one.items))
    if after.state != before.state:
        writes.log.append(turn(view, after))
        _count_admission(tx, before, after)
    if after.panel != before.panel:
        able = {"basis": "standing", "able": trusted_mass(model, one.track.posterior[0])}
        ended = replace(turn(view, after), kind="trust", detail=able, decision=after.panel or "ended")
        writes.log.append(ended)
    if after.state == State.DISMISSED:
        after = _drop_holds(tx, view, after, holds, one.track, writes, now)
    else:
        writes.still_held += [replace(h, joint=one.track.holds[h.attempt].tobytes()) for h in holds]
    writes.standings = {after.key: after}
    writes.flush(tx, now)


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


def _entry(view: View, standing: Standing, items: Mapping[int, int]) -> Entry:
    return Entry(
        standing.project, "rescored", labeler=standing.labeler, n=standing.n,
        model_version=standing.model_version, policy_version=view.project.policy_version,
        p_benchmarks=standing.p_benchmarks, p_all=standing.p_all, benchmarks=standing.benchmarks,
        decision=standing.state, detail={"items": {str(task): version for task, version in items.items()}},
    )  # fmt: skip
