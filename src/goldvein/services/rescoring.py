"""Rescoring: standings computed anew from their whole logs, where answers of the past count otherwise by now.

A benchmark that was frozen, or got another key, asks for everybody who has met it. Standings are then
computed some at a time, in lockstep, without any lock; each is written in a short transaction of its own,
which takes in what came meanwhile. A group that answers waits for one standing's row at most, and briefly.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from goldvein.domain.policy import Policy
from goldvein.services import moving
from goldvein.services.observing import Models, Past
from goldvein.services.recounting import is_behind, wanted_items
from goldvein.services.replaying import Track, admitted, anew, run
from goldvein.services.views import View
from goldvein.store import projects, proofs, rescorings, standings
from goldvein.store.database import Database, Transaction
from goldvein.store.log import Entry
from goldvein.store.proofs import Step
from goldvein.store.rescorings import Asked
from goldvein.store.standings import Standing

_AT_ONCE: Final = 50
_STEPS_AT_ONCE: Final = 100_000
"""About so many steps are in memory at once; a longer log is computed alone."""


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
        before = found[project, one.asked.labeler]
        moving.write(tx, view, before, one.track, lambda after: _entry(view, after, one.items), now)
    rescorings.done(tx, project, [one.asked])


def _entry(view: View, standing: Standing, items: Mapping[int, int]) -> Entry:
    return Entry(
        standing.project, "rescored", labeler=standing.labeler, n=standing.n,
        model_version=standing.model_version, policy_version=view.project.policy_version,
        p_benchmarks=standing.p_benchmarks, p_all=standing.p_all, benchmarks=standing.benchmarks,
        decision=standing.state, detail={"items": {str(task): version for task, version in items.items()}},
    )  # fmt: skip
