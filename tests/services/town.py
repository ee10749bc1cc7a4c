"""A small operation for tests: a project, its people, and a loop that answers what is handed out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from goldvein.domain.errors import GoldveinError
from goldvein.domain.records import (
    NoWork,
    Project,
    ProjectDraft,
    Role,
    TaskDraft,
    Work,
    WorkRequest,
    WorkResult,
)
from goldvein.services import benchmarks, intake, keys, projects
from goldvein.services.benchmarks import ManualBenchmark
from goldvein.services.verification import Broken, verify
from goldvein.services.work import WorkGroup
from goldvein.store.database import Database
from tests.never_twice import nobody_saw_twice

START = datetime(2026, 1, 5, 8, tzinfo=UTC)
Behaviour = Callable[[Work, np.random.Generator], Mapping[str, Any]]


def task_input(number: int, key: int) -> dict[str, Any]:
    """A task whose right option says so, all options equally long."""
    return {
        "prompt": f"task {number}",
        "options": [f"{'right' if k == key else 'wrong'} {number}-{k}" for k in range(4)],
    }


def knows(accuracy: float) -> Behaviour:
    """Somebody who finds the right option with this probability, else takes another one."""

    def answer(work: Work, rng: np.random.Generator) -> Mapping[str, Any]:
        options = work.input["options"]
        right = next(i for i, option in enumerate(options) if option.startswith("right"))
        if rng.random() < accuracy:
            return {"choice": right}
        return {"choice": int(rng.choice([i for i in range(len(options)) if i != right]))}

    return answer


def guesses(work: Work, rng: np.random.Generator) -> Mapping[str, Any]:
    """Somebody who picks at random."""
    return {"choice": int(rng.integers(len(work.input["options"])))}


def outcome(result: WorkResult | Exception) -> Work | str:
    """The work, or the reason or the code why there is none."""
    if isinstance(result, GoldveinError):
        return result.code
    assert isinstance(result, WorkResult), result
    return result.next.reason if isinstance(result.next, NoWork) else result.next or "none"


@dataclass
class Town:
    """A project with people who work on it in virtual time, one answer a round each."""

    db: Database
    policy: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 1
    now: datetime = START
    people: dict[int, Behaviour] = field(default_factory=dict)
    names: dict[str, int] = field(default_factory=dict)
    leases: dict[int, Work] = field(default_factory=dict)
    reasons: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)
        self.customer = keys.create_customer(self.db, "lab", self.now)
        draft = ProjectDraft("texts", "Pick the right one.", policy=self.policy)
        self.project: Project = projects.create(self.db, self.customer, draft, self.now)
        self.work = WorkGroup(self.db)

    def push(self, count: int, start: int = 0, **more: Any) -> None:
        """Push tasks whose keys go round the positions."""
        drafts = [
            TaskDraft(n, task_input(start + n, n % 4), unique_id=f"u{start + n}", **more)
            for n in range(count)
        ]
        result = intake.push(self.db, self.project.id, drafts, "round", self.now)
        assert not result.errors

    def hire(self, name: str, behaviour: Behaviour, role: Role = "labeler") -> int:
        """Add a person."""
        labeler = keys.create_labeler(self.db, name, role, self.now)
        self.people[labeler] = behaviour
        self.names[name] = labeler
        return labeler

    def open_by_hand(self, count: int = 40) -> None:
        """Open the project with benchmarks made by hand."""
        items = [ManualBenchmark(n, task_input(10**7 + n, n % 4), n % 4) for n in range(count)]
        assert not benchmarks.add_manual(self.db, self.project.id, items, self.now).errors

    def ask(self, labeler: int, project: int | None = None) -> Work | str:
        """One labeler asks for work: the work, or the reason why there is none."""
        (result,) = self.handle(WorkRequest(labeler, "next", project=project))
        return outcome(result)

    def answer(self, labeler: int, work: Work, choice: int | None = 0) -> Work | str:
        """One labeler answers, None being "cannot be answered": next work, a reason, or an error's code."""
        said: dict[str, Any] = {"unanswerable": True} if choice is None else {"choice": choice}
        (result,) = self.handle(WorkRequest(labeler, "answer", lease=work.lease, answer=said))
        return outcome(result)

    def skip(self, labeler: int, work: Work) -> Work | str:
        """One labeler gives a task back."""
        (result,) = self.handle(WorkRequest(labeler, "skip", lease=work.lease))
        return outcome(result)

    def defer(self, labeler: int, work: Work) -> Work | str:
        """One labeler keeps an answer back: next work, a reason, or an error's code."""
        (result,) = self.handle(WorkRequest(labeler, "defer", lease=work.lease))
        return outcome(result)

    def pass_on(self, labeler: int, kept: Work, work: Work, choice: int = 0) -> tuple[Work | str, Work | str]:
        """One labeler sends what was kept back and keeps the next answer back, in one group."""
        answer = WorkRequest(labeler, "answer", lease=kept.lease, answer={"choice": choice})
        answered, deferred = self.handle(answer, WorkRequest(labeler, "defer", lease=work.lease))
        return outcome(answered), outcome(deferred)

    def renew(self, labeler: int, work: Work) -> datetime | str:
        """One labeler asks for more time: until when, or an error's code."""
        (result,) = self.handle(WorkRequest(labeler, "renew", lease=work.lease))
        if isinstance(result, WorkResult):
            assert result.expires_at is not None
            return result.expires_at
        return str(outcome(result))

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Look into the database."""
        with self.db.connection() as tx:
            return tx.execute(query.encode()).fetchall()

    def proof(self) -> list[Broken]:
        """What `verify` finds broken; nobody was handed anything twice in any case."""
        nobody_saw_twice(self.db)
        return list(verify(self.db).broken)

    def handle(self, *requests: WorkRequest) -> list[WorkResult | Exception]:
        """Pass requests through the real services."""
        return self.work.handle(requests, self.now, self.rng)

    def round(self, seconds: float = 5) -> None:
        """Everybody answers what is in hand, or asks for work, in one group."""
        self.now += timedelta(seconds=seconds)
        requests = [
            WorkRequest(
                labeler,
                "answer",
                lease=self.leases[labeler].lease,
                answer=behave(self.leases[labeler], self.rng),
            )
            if labeler in self.leases
            else WorkRequest(labeler, "next")
            for labeler, behave in self.people.items()
        ]
        for request, result in zip(requests, self.handle(*requests), strict=True):
            assert isinstance(result, WorkResult), result
            self.leases.pop(request.labeler, None)
            if isinstance(result.next, Work):
                self.leases[request.labeler] = result.next
            elif isinstance(result.next, NoWork):
                self.reasons[request.labeler] = result.next.reason

    def run(self, rounds: int) -> None:
        """Some rounds of work."""
        for _ in range(rounds):
            self.round()
