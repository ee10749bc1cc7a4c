"""Simulated labelers at work in a sandbox: people as the original's standings know them, on its own tasks.

Each is drawn from somebody's standing: an ability with the accuracy that it has on benchmarks, or a shortcut.
What is right is what the original found: the keys of benchmarks, and its labels. They go straight through the
services and take no time to think, beside whoever else works there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from goldvein.domain.errors import Conflict
from goldvein.domain.records import NoWork, Project, Work, WorkRequest, WorkResult
from goldvein.services.observing import Models
from goldvein.services.standing import converted
from goldvein.services.views import View, Views
from goldvein.services.work import WorkGroup
from goldvein.sim.labelers import FirstShown, Honest, Longest, Random, Shortest
from goldvein.sim.population import Knowledge, KnownTask, Person, answering
from goldvein.store import sandboxes, standings
from goldvein.tasktypes import choice

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from goldvein.sim.labelers import Behaviour
    from goldvein.stats.arrays import Array
    from goldvein.store.database import Database, Transaction

_SHORTCUTS: Final[Mapping[str, Callable[[], Behaviour]]] = {
    "longest": Longest, "shortest": Shortest, "first": FirstShown,
}  # fmt: skip
"""Shortcuts that somebody simulated can take; who follows another one answers at random."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What a run came to: answers by kind of labeler, and why there was no work at its end."""

    people: Mapping[str, int]
    answers: Mapping[str, int]
    no_work: Mapping[str, int]


def run(
    db: Database, sandbox: int, *, people: int, answers: int, seed: int,
    show: Callable[[int, int], None] = lambda _done, _all: None,
) -> Ran:  # fmt: skip
    """Let simulated labelers give so many answers, or as many as there is work for.

    Raises
    ------
    NotFound
        If the project is no living one.
    Conflict
        If it is no sandbox, or nobody has a standing in the original.
    """
    rng = np.random.default_rng(seed)
    with db.snapshot() as tx:
        view = Views().one(tx, sandbox)
        original = view.project.sandbox_of
        if original is None:
            raise Conflict(f"project {sandbox} is no sandbox: simulated labelers work in sandboxes only")
        behaviours = _people_like(tx, Views().one(tx, original), people, rng)
        knowledge = _knowledge(tx, view)
    crowd = [Person(f"twin {sandbox}-{n + 1}", "labeler", one) for n, one in enumerate(behaviours)]
    with db.transaction() as tx:
        ids = sandboxes.hire(tx, sandbox, [person.name for person in crowd], datetime.now(UTC))
    return _Shift(db, view.project, dict(zip(ids, crowd, strict=True)), knowledge, rng).run(answers, show)


def _people_like(tx: Transaction, view: View, size: int, rng: np.random.Generator) -> list[Behaviour]:
    """Draw people from standings: whose, and in which state."""
    model = view.model
    # All of them, on whatever model they stand: who works no more stays on an old one.
    found = list(standings.list_project(tx, view.project.id))
    if model is None or not found or not view.pool:
        raise Conflict(f"nobody has a standing in project {view.project.id}: there is nobody to be like")
    accuracy, models = _accuracies(view), Models(tx, view.project.id, {view.model_version: model})
    drawn: list[Behaviour] = []
    for whose in rng.integers(len(found), size=size).tolist():
        stored = np.frombuffer(found[whose].posterior).reshape(2, -1)[1][:, None]
        believed = converted(stored, models, found[whose].model_version, view.model_version)[:, 0]
        state = int(rng.choice(len(believed), p=believed / believed.sum()))
        if state < model.space.n_abilities:
            drawn.append(Honest(float(accuracy[state])))
        else:
            name = model.space.shortcuts[state - model.space.n_abilities]
            drawn.append(_SHORTCUTS.get(name, Random)())
    return drawn


def _accuracies(view: View) -> Array:
    """Mean P(key) on the benchmarks in use, by state: (n_states,)."""
    keys = np.array([item.key for item in view.pool])
    found: Array = view.tables[:, np.arange(len(keys)), keys].mean(axis=1)
    return found


def _knowledge(tx: Transaction, view: View) -> Knowledge:
    """What is right, as far as the original knows; of what it does not know, the first option."""
    knowledge = Knowledge()
    for content, right in sandboxes.truths(tx, view.project.id):
        options = tuple(choice.choices_of(content, view.project.classes))
        knowledge.add(_as_seen(content, options), KnownTask(options, right if right is not None else 0))
    return knowledge


def _as_seen(content: Mapping[str, Any], options: Sequence[str]) -> dict[str, Any]:
    """A task as its people see it: where options are classes, these are shown beside it."""
    return {**content, "options": list(options)}


class _Shift:
    """One run: everybody asks, answers and asks again, all in one group."""

    def __init__(
        self, db: Database, project: Project, crowd: Mapping[int, Person], knowledge: Knowledge,
        rng: np.random.Generator,
    ) -> None:  # fmt: skip
        self._group, self._sandbox, self._classes = WorkGroup(db), project.id, project.classes
        self._crowd, self._rng = crowd, rng
        minds = rng.spawn(len(crowd))
        self._answers = {
            labeler: answering(person, knowledge, mind)
            for (labeler, person), mind in zip(crowd.items(), minds, strict=True)
        }
        self._hands: dict[int, Work] = {}
        self._given: dict[str, int] = {}
        self._reasons: dict[str, int] = {}

    def run(self, answers: int, show: Callable[[int, int], None]) -> Ran:
        done, idle = 0, False
        while done < answers and not idle:
            before = done
            done += self._round()
            idle = done == before and not self._hands
            show(min(done, answers), answers)
        kinds = [person.kind for person in self._crowd.values()]
        return Ran({kind: kinds.count(kind) for kind in sorted(set(kinds))}, self._given, self._reasons)

    def _round(self) -> int:
        """Everybody does the next thing; return how many answered."""
        requests = [self._next(labeler) for labeler in self._crowd]
        self._reasons = {}
        answered = 0
        for request, result in zip(
            requests, self._group.handle(requests, datetime.now(UTC), self._rng), strict=True
        ):
            if isinstance(result, Exception):
                raise result
            answered += self._take(request, result)
        return answered

    def _next(self, labeler: int) -> WorkRequest:
        work = self._hands.pop(labeler, None)
        if work is None:
            return WorkRequest(labeler, "next", self._sandbox)
        said = self._answers[labeler](_as_seen(work.input, choice.choices_of(work.input, self._classes)))
        return WorkRequest(labeler, "answer", lease=work.lease, answer=said)

    def _take(self, request: WorkRequest, result: WorkResult) -> bool:
        if isinstance(result.next, Work):
            self._hands[request.labeler] = result.next
        elif isinstance(result.next, NoWork):
            self._reasons[result.next.reason] = self._reasons.get(result.next.reason, 0) + 1
        if request.kind == "answer":
            kind = self._crowd[request.labeler].kind
            self._given[kind] = self._given.get(kind, 0) + 1
        return request.kind == "answer"
