"""Curating: benchmarks looked at, and changed by hand: another key, confirmed, frozen, retired."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from goldvein.decisions.auditing import key_after
from goldvein.domain.errors import Conflict, InvalidInput, NotFound
from goldvein.domain.policy import Policy
from goldvein.services import lifecycle
from goldvein.services.benchmarks import KEY_RIGHT
from goldvein.services.blinding import blinded, check_judged, check_not_at_work, note_seen
from goldvein.services.projects import read
from goldvein.services.relabelling import say, take_waiting
from goldvein.services.testimony import Testimony, hear
from goldvein.services.views import View
from goldvein.stats.model import Model
from goldvein.store import attempts, curated, doubts, projects, tasks
from goldvein.store.attempts import Attempt
from goldvein.store.curated import Line, Step, Version, Whole
from goldvein.store.database import Database, Transaction
from goldvein.tasktypes import choice

Action = Literal["confirm", "freeze", "retire"]
BY_HAND: Final = "by hand"
AT_ONCE: Final = 10_000
"""Benchmarks that one request retires at most."""
_PERSONS: Final = frozenset({"labelers", "labeler", "by", "auditor"})


@dataclass(frozen=True, slots=True)
class Look:
    """A benchmark with what people said of it; ``catches`` are the shortcuts that answer it wrongly."""

    benchmark: Whole
    classes: Sequence[str] | None
    key: int | None
    key_right: float | None
    said: Testimony
    catches: Sequence[str]
    life: Sequence[Step]
    versions: Sequence[Version]

    @property
    def passed(self) -> int:
        """Answers that name the key."""
        return self.said.choices[self.key] if self.key is not None else 0

    @property
    def missed(self) -> int:
        """Answers that do not, those included that say that there is none."""
        return sum(self.said.choices) + self.said.unanswerable - self.passed


@dataclass(frozen=True, slots=True)
class Meant:
    """Which benchmarks are meant: those to which all of it applies."""

    state: str | None = None
    basis: str | None = None
    flagged: bool | None = None
    exposures_at_least: int = 0


def page(
    db: Database,
    project: int,
    *,
    state: str | None = None,
    basis: str | None = None,
    flagged: bool = False,
    after: int = 0,
    limit: int = 100,
    blind: bool = False,
) -> list[Line]:
    """List benchmarks and candidates in the order of their tasks, those after a task.

    ``blind``: as an auditor may read it, who judges those in doubt.
    """
    with db.connection() as tx:
        found = curated.page(tx, project, state=state, basis=basis, flagged=flagged, after=after, limit=limit)
    return [blinded(line) for line in found] if blind else found


def latest(
    db: Database, project: int, *, before: int | None = None, limit: int = 100, blind: bool = False
) -> list[Line]:
    """List benchmarks and candidates, those of the latest tasks first; all of them, as ``page`` does."""
    with db.connection() as tx:
        found = curated.latest(tx, project, 2**63 - 1 if before is None else before, limit)
    return [blinded(line) for line in found] if blind else found


def look(db: Database, project: int, task: int, *, names: bool = False) -> Look:
    """Read one benchmark with its life; ``names``: with the people in it.

    Raises
    ------
    NotFound
        If the task is neither candidate nor benchmark.
    """
    with db.connection() as tx:
        return _look(tx, project, task, names=names)


def look_as(db: Database, project: int, task: int, auditor: int, now: datetime) -> Look:
    """As ``look``, for an auditor: who is not tested on it from now on, and judges one in doubt first.

    Raises
    ------
    NotFound
        As ``look`` does.
    Conflict
        If it is in doubt, or in the auditor's hands as work.
    """
    with db.transaction() as tx:
        check_not_at_work(tx, project, task, auditor)  # first: whether it is one is not told
        check_judged(_find(tx, project, task))
        note_seen(tx, project, [task], auditor, now)
        return _look(tx, project, task, names=True)


def _look(tx: Transaction, project: int, task: int, *, names: bool) -> Look:
    found = _find(tx, project, task)
    belief = curated.beliefs(tx, project, [task]).get(task)
    classes = read(tx, project, None).classes
    options = len(choice.choices_of(found.input, classes))
    picks = choice.rule_choices(found.input, classes, stored=found.rules) if belief else {}
    return Look(
        found,
        classes,
        belief.key if belief else None,
        belief.key_right if belief else None,
        hear(tx, project, task, options, names=names),
        [rule for rule, picked in picks.items() if belief and picked and belief.key not in picked],
        [_told(step, names=names) for step in curated.life(tx, project, task)],
        curated.versions(tx, project, task),
    )


def _told(step: Step, *, names: bool) -> Step:
    """A step for customers, who know people by pseudonyms only: how many there were says enough."""
    detail: Mapping[str, Any] = step.detail or {}
    if not names:
        detail = {name: value for name, value in detail.items() if name not in _PERSONS}
    return Step(step.at, step.kind, step.choice, step.decision, detail)


def _find(tx: Transaction, project: int, task: int) -> Whole:
    found = curated.find(tx, project, task)
    if found is None:
        raise NotFound(f"project {project} has no benchmark {task}", code="benchmark_unknown")
    return found


def change_key(
    db: Database, project: int, task: int, key: int, now: datetime, *, key_right: float | None = None,
    reason: str | None = None, by: int | None = None, explanation: str | None = None,
) -> None:  # fmt: skip
    """Give a benchmark another key: every standing that it touched is rescored, its label delivered anew.

    Parameters
    ----------
    by : int, optional
        The auditor who does.
    explanation : str, optional
        Why the new key is right, for those who practise with it some day.

    Raises
    ------
    Conflict
        If it is a candidate still, its project is closed, or an auditor has to judge it blindly.
    InvalidInput
        If the key is no option, or ``key_right`` under chance.
    """
    with db.transaction() as tx:
        _check_open_to(tx, project, task, by)
        waiting = take_waiting(tx, project, task)
        view = view_locked(tx, project, task)
        right = KEY_RIGHT if key_right is None else key_right
        lifecycle.set_key(
            tx, view, task, key, now, key_right=right, reason=reason or BY_HAND, by=by, basis="manual"
        )
        if explanation:
            curated.explain(tx, project, task, explanation)
        settled(tx, view, task, key, waiting, now, by=by)


def _check_open_to(tx: Transaction, project: int, task: int, auditor: int | None) -> None:
    if auditor is not None:
        check_not_at_work(tx, project, task, auditor)
        check_judged(_find(tx, project, task))


def act(
    db: Database, project: int, task: int, action: Action, now: datetime, *, reason: str | None = None,
    by: int | None = None,
) -> None:  # fmt: skip
    """Confirm, freeze or retire a benchmark.

    Raises
    ------
    Conflict
        If its state does not allow it, its project is closed, or an auditor has to judge it blindly.
    """
    why = reason or BY_HAND
    with db.transaction() as tx:
        _check_open_to(tx, project, task, by)
        waiting = take_waiting(tx, project, task) if action == "confirm" else None
        view = view_locked(tx, project, task)
        state = _find(tx, project, task).state
        if action == "retire":
            lifecycle.retire(tx, project, [task], why, now)
            lifecycle.unflag(tx, project, task, now)
            return
        if state == "retired" or (action == "freeze" and state != "active"):
            raise Conflict(
                f"benchmark {task} is {state}: {action} is for one that is "
                f"{'in use' if action == 'freeze' else 'in use or frozen'}",
                code="benchmark_state",
                state=state,
            )
        if action == "freeze":
            lifecycle.freeze(tx, project, task, why, now)
        else:
            confirm(tx, view, task, waiting, now, reason=why, by=by)


def confirm(
    tx: Transaction, view: View, task: int, waiting: Sequence[Attempt] | None, now: datetime, *, reason: str,
    by: int | None = None,
) -> None:  # fmt: skip
    """A frozen one is used again, a flagged one is in doubt no more, and its key is believed more."""
    belief = curated.beliefs(tx, view.project.id, [task])[task]
    lifecycle.thaw(tx, view, task, now, reason=reason)
    probs = key_after(belief.key_probabilities, belief.key)
    right = float(probs[belief.key])
    lifecycle.set_key(
        tx,
        view,
        task,
        belief.key,
        now,
        key_right=right,
        reason=reason,
        by=by,
        basis="manual",
        key_probs=probs,
    )
    settled(tx, view, task, belief.key, waiting, now, by=by)


def settled(
    tx: Transaction, view: View, task: int, key: int, waiting: Sequence[Attempt] | None, now: datetime, *,
    by: int | None,
) -> None:  # fmt: skip
    """The doubt is over; the label, and an expected response, follow the key.

    ``waiting`` is where the task waited, from ``relabelling.take_waiting``.
    """
    project = view.project.id
    say(tx, view, task, key, waiting, "manual" if by is None else "auditor", now, lifecycle.KEY_CHANGED)
    lifecycle.unflag(tx, project, task, now)
    doubts.unclaim(tx, project, task)
    content = tasks.contents(tx, [(project, task)])[project, task]
    curated.follow_key(tx, project, task, choice.label_answer(key, content.input, view.project.classes))


def view_locked(tx: Transaction, project: int, task: int) -> View:
    """What changing one benchmark needs of its project, locked in the order in which all lock.

    Raises
    ------
    NotFound, Conflict
        If there is no such benchmark, it is a candidate still, or the project is closed.
    """
    found = _find(tx, project, task)
    attempts.lock_of_tasks(tx, project, [task])
    tasks.lock(tx, [(project, task)])
    target = projects.find_locked(tx, project)
    assert target is not None
    if target.state == "closed":
        raise Conflict(f"project {project} is closed: its benchmarks stay as they are", code="project_closed")
    if found.state == "candidate" or not curated.beliefs(tx, project, [task]):
        raise Conflict(
            f"task {task} is no benchmark yet: the panel has it. Cancel the task to take it out of mining",
            code="benchmark_candidate",
        )
    policy = Policy.from_dict(projects.get_policy(tx, project, target.policy_version))
    model = None
    if target.model_version is not None:
        model = Model.from_dict(projects.get_model(tx, project, target.model_version))
    return View(target, policy, model)


def retire_some(
    db: Database, project: int, meant: Sequence[int] | Meant, now: datetime, *, reason: str | None = None
) -> tuple[list[int], bool]:
    """Retire benchmarks by their tasks, or all that are meant, so many at once; candidates go on.

    Returns
    -------
    retired : list of int
    more : bool
        Whether others are meant as well: call again.

    Raises
    ------
    InvalidInput
        If too many tasks are named.
    """
    if not isinstance(meant, Meant) and len(meant) > AT_ONCE:
        raise InvalidInput(
            f"{len(meant)} tasks are named, {AT_ONCE:,} at most are taken: send the rest in another request",
            code="too_many",
            pointer="/tasks",
        )
    with db.transaction() as tx:
        read(tx, project, None)
        if isinstance(meant, Meant):
            wanted = _found(tx, project, meant)
        else:
            wanted = curated.retirable(tx, project, sorted(set(meant)))
        more = len(wanted) > AT_ONCE
        gone = lifecycle.retire(tx, project, wanted[:AT_ONCE], reason or BY_HAND, now) if wanted else []
        for task in gone:
            lifecycle.unflag(tx, project, task, now)
    return gone, more


def _found(tx: Transaction, project: int, meant: Meant) -> list[int]:
    states = [meant.state] if meant.state is not None else ["active", "frozen"]
    found: list[int] = []
    for state in states:
        found += curated.worn(
            tx, project, state=state, basis=meant.basis, flagged=meant.flagged,
            exposures=meant.exposures_at_least, after=0, limit=AT_ONCE + 1 - len(found),
        )  # fmt: skip
    return found
