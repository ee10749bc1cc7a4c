"""A start without anybody trusted: the first tasks of a project go to everybody, several answers to each.

Whom to believe is decided at the end, from all answers together (``services.bootstrap``). Till then nothing
is delivered, and every task waits in the panel's queue, also once it has enough answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from math import ceil
from typing import TYPE_CHECKING, Any, Final

from goldvein.domain.errors import Conflict
from goldvein.domain.policy import Policy
from goldvein.services.matching import Seeker
from goldvein.services.submission import Accepted
from goldvein.services.views import View
from goldvein.services.writes import Writes
from goldvein.store import benchmarks, bootstraps, labelers, log, projects
from goldvein.store.attempts import OpenAttempt
from goldvein.store.database import Database, Transaction
from goldvein.store.log import Entry

if TYPE_CHECKING:
    from goldvein.services.dispatch import Desk

COLLECTING: Final = "collecting"
_MOST_OF_THE_TASKS: Final = 2 / 3
"""Share of the tasks that one labeler may answer: half as many people again as answers to each are needed."""


def most_each(policy: Policy) -> int:
    """How many of the tasks one labeler may answer, so that no few decide them all."""
    return ceil(_MOST_OF_THE_TASKS * policy.bootstrap_tasks)


def collects(tx: Transaction, view: View, now: datetime) -> bool:
    """Whether everybody answers this project's first tasks; begins with it where nobody is trusted."""
    if view.bootstrap is not None or not view.policy.bootstrap_tasks or view.project.state != "mining":
        return view.bootstrap == COLLECTING and view.project.state == "mining"
    project = view.project.id
    if labelers.count_trusted(tx, project):
        return False
    projects.find_locked(tx, project)
    known = bootstraps.state(tx, project)
    if known is None:
        begin(tx, project, view.project.policy_version, now)
        known = COLLECTING
    view.bootstrap = known
    return known == COLLECTING


def begin(tx: Transaction, project: int, policy_version: int, now: datetime) -> None:
    """Begin to collect; every process is told."""
    bootstraps.begin(tx, project, now)
    projects.next_revision(tx, project)
    log.append(tx, [Entry(project, "bootstrap", policy_version=policy_version, decision="begun")], now)


def serve_everybody(desk: Desk, view: View, seekers: Sequence[Seeker]) -> None:
    """Give each seeker one of the first tasks, drawn at random, while that labeler has not had too many."""
    project, policy = view.project.id, view.policy
    missing = policy.bootstrap_tasks - benchmarks.count_candidates(desk.tx, project, bound=10_000)
    if missing > 0:
        ended = [attempt for of, attempt in desk.writes.ended if of == project]
        bootstraps.take_in(desk.tx, project, missing, [*desk.taken, *ended], desk.now)
    given = bootstraps.given(desk.tx, project, [seeker.labeler for seeker in seekers])
    able = [seeker for seeker in seekers if given.get(seeker.labeler, 0) < most_each(policy)]
    salt = int(desk.rng.integers(2**31))

    def take(limit: int, passed: Sequence[int]) -> list[OpenAttempt]:
        return bootstraps.wanting(desk.tx, project, policy.bootstrap_answers, salt, limit, passed)

    desk.assign(view, able, "panel", take)


def collect(tx: Transaction, view: View, answers: Sequence[Accepted], writes: Writes) -> list[Accepted]:
    """Take answers to tasks that everybody answers: they wait for the others. Return those of a panel."""
    if view.bootstrap is None:
        return list(answers)
    own = bootstraps.own(tx, view.project.id, [answer.attempt.task for answer in answers])
    for answer in answers:
        if answer.attempt.task in own:
            writes.wanted.append(answer.attempt.again("panel"))
            writes.log.append(
                Entry(
                    view.project.id, "answer", labeler=answer.labeler, attempt=answer.attempt.id,
                    task=answer.attempt.task, stage="panel", choice=answer.choice,
                    shown=answer.attempt.shown, policy_version=view.project.policy_version,
                )
            )  # fmt: skip
    return [answer for answer in answers if answer.attempt.task not in own]


def again(db: Database, project: int, now: datetime) -> None:
    """Begin anew after a refusal, with other tasks: the policy may ask for more answers by now.

    Raises
    ------
    Conflict
        If the project is past its start, has nothing that was refused, or asks for no such start.
    """
    with db.transaction() as tx:
        found = projects.find_locked(tx, project)
        if found is None or found.state != "mining":
            raise Conflict(
                f"project {project} is not mining: only such a project starts without anybody trusted"
            )
        policy = Policy.from_dict(projects.get_policy(tx, project, found.policy_version))
        state = bootstraps.state(tx, project, lock=True)
        if not policy.bootstrap_tasks:
            raise Conflict(
                f"project {project} has bootstrap_tasks=0: set how many tasks everybody should answer, "
                f"such as `goldvein admin projects policy {project} bootstrap_tasks=100`"
            )
        if state != "refused":
            why = "has not been tried: it begins by itself" if state is None else f"is {state}"
            raise Conflict(f"the start of project {project} {why}; only one that was refused begins anew")
        begin(tx, project, found.policy_version, now)


def reason(tx: Transaction, project: int, policy: Policy) -> tuple[str, str] | None:
    """Say, with a code, why a start without anybody trusted has not opened the project yet."""
    told = report(tx, project, policy)
    if told is None or told["state"] not in (COLLECTING, "refused"):
        return None
    if told["state"] == "refused":
        anew = f"after that, or with other knobs, `goldvein admin panel bootstrap {project}` begins anew"
        return "bootstrap_refused", f"{told['why']}; {anew}"
    detail = (
        f"everybody answers the first tasks: {told['answers']} of {told['answers_wanted']} answers are "
        f"there, from {told['labelers']} labelers; {told['labelers_needed']} or more are needed"
    )
    if told["tasks"] < told["tasks_wanted"]:
        detail += f"; {told['tasks_wanted'] - told['tasks']} more tasks are to be pushed"
    return "bootstrap_collecting", detail


def report(tx: Transaction, project: int, policy: Policy) -> dict[str, Any] | None:
    """Say where a project's start stands, ready for JSON; null where it has none and asks for none."""
    found = bootstraps.find(tx, project)
    if found is None:
        return (
            {"state": "waiting", "tasks_wanted": policy.bootstrap_tasks} if policy.bootstrap_tasks else None
        )
    told: dict[str, Any] = {
        "state": found.state,
        "begun_at": found.begun_at.isoformat(),
        "ended_at": found.ended_at.isoformat() if found.ended_at else None,
        "why": found.why,
    }
    if found.state == COLLECTING:
        now = bootstraps.progress(tx, project, policy.bootstrap_answers)
        told |= {
            "tasks_wanted": policy.bootstrap_tasks,
            "tasks": now.tasks,
            "tasks_complete": now.complete,
            "answers_wanted": policy.bootstrap_tasks * policy.bootstrap_answers,
            "answers": now.answers,
            "labelers": now.labelers,
            "labelers_needed": ceil(policy.bootstrap_answers / _MOST_OF_THE_TASKS),
        }
    return told
