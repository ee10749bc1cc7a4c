"""What time alone brings about: ends of held answers, overdue tasks and batches, and second thoughts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from goldvein.services import tallying
from goldvein.services.bootstrap import conclude
from goldvein.services.closing import close_tasks
from goldvein.services.keeping import keep
from goldvein.services.mining import settle_in_vain
from goldvein.services.opening import open_if_ready
from goldvein.services.rescoring import rescore
from goldvein.services.shortcuts import watch
from goldvein.services.supply import replan
from goldvein.services.trusting import refresh
from goldvein.services.views import View, Views
from goldvein.services.warming import keep_warm
from goldvein.services.withdrawing import review
from goldvein.store import attempts, outbox, standings, tasks
from goldvein.store.database import Database, Transaction
from goldvein.store.log import Entry, append

_AT_ONCE = 500
_TRUST_EVERY = timedelta(minutes=1)
_WARM_EVERY = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Swept:
    """What one sweep did."""

    holds: int
    tasks: int
    batches: int
    candidates: int
    rescored: int
    withdrawn: int
    kept: int = 0  # benchmarks frozen, given another key, or retired


class Sweeper:
    """Sweeps all living projects; any number of processes may sweep, each row is taken once."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._views = Views()
        self._waiting: dict[tuple[int, int], int] = {}
        self._watched: dict[int, int] = {}
        self._trusted_at: datetime | None = None
        self._warmed_at: datetime | None = None

    def sweep(self, now: datetime) -> Swept:
        """End what is due by ``now``, in one short transaction a project and kind."""
        self._trust(now)
        self._warm(now)
        with self._db.connection() as tx:
            living = dict(self._views.refresh(tx))
        holds = tasks_ended = candidates = 0
        for view in living.values():
            with self._db.transaction() as tx:
                holds += _expire_holds(tx, view, now)
            with self._db.transaction() as tx:
                tasks_ended += _expire_tasks(tx, view.project.id, now)
            with self._db.transaction() as tx:
                candidates += settle_in_vain(tx, view, now)
            with self._db.transaction() as tx:
                if replan(tx, self._views, view, now) and view.project.state == "mining":
                    open_if_ready(tx, view.project.id, view.policy, view.answers, now)
            conclude(self._db, view, now)
        with self._db.transaction() as tx:
            tasks_ended += _end_closed(tx, now)
        with self._db.transaction() as tx:
            batches = self._drain_batches(tx, now)
        kept = sum(keep(self._db, self._views, view, now).changed for view in living.values())
        rescored = sum(rescore(self._db, view, now) for view in living.values())
        withdrawn = sum(review(self._db, view, now) for view in living.values())
        self._watch(living, now)
        for project in living:
            tallying.count(self._db, project)
        return Swept(holds, tasks_ended, batches, candidates, rescored, withdrawn, kept)

    def _trust(self, now: datetime) -> None:
        """Once a minute: who has earned trust in other projects."""
        if self._trusted_at is None or now - self._trusted_at >= _TRUST_EVERY:
            refresh(self._db, now)
            self._trusted_at = now

    def _warm(self, now: datetime) -> None:
        """Every few seconds: whose work people without any may get."""
        if self._warmed_at is None or now - self._warmed_at >= _WARM_EVERY:
            keep_warm(self._db, now)
            self._warmed_at = now

    def _watch(self, living: Mapping[int, View], now: datetime) -> None:
        """Look anew at what shortcuts pass wherever benchmarks, model or policy have changed."""
        for project, view in living.items():
            if self._watched.get(project) != view.project.revision:
                watch(self._db, view, now)
                self._watched[project] = view.project.revision

    def _drain_batches(self, tx: Transaction, now: datetime) -> int:
        """Tell once of every batch of which nothing waits any more."""
        waiting = tasks.first_waiting(tx, self._waiting)
        self._waiting = {batch: task for batch, task in waiting.items() if task is not None}
        drained = tasks.drain_batches(tx, [batch for batch, task in waiting.items() if task is None], now)
        count = len(drained)
        outbox.insert_many(
            tx, [project for project, _ in drained], ["batch.drained"] * count, [None] * count,
            [None] * count, [batch for _, batch in drained], now,
        )  # fmt: skip
        return count


def sweep(db: Database, now: datetime) -> Swept:
    """Sweep once; a process that sweeps for long keeps a ``Sweeper``."""
    return Sweeper(db).sweep(now)


def _expire_holds(tx: Transaction, view: View, now: datetime) -> int:
    """Discard answers that were held long enough; their tasks are wanted again, first in line."""
    project = view.project.id
    due = standings.expired_holds(tx, project, now, _AT_ONCE)
    if not due:
        return 0
    owners = standings.lock(tx, [(project, labeler) for _, labeler, _ in due])
    gone = standings.delete_holds(tx, [(project, attempt) for _, _, attempt in due])
    locked = attempts.lock(tx, [(project, attempt) for _, _, attempt, _ in gone])
    attempts.insert_open(tx, [attempt.again("label") for attempt in locked.values()])
    entries = []
    for _, labeler, attempt, task in gone:
        standing = owners[project, labeler]
        owners[project, labeler] = replace(standing, held=standing.held - 1)
        entries.append(
            Entry(
                project, "discard", labeler=labeler, attempt=attempt, task=task,
                policy_version=view.project.policy_version, p_all=standing.p_all,
                benchmarks=standing.benchmarks, decision="time is up", detail={"version": standing.n},
            )
        )  # fmt: skip
    standings.save(tx, list(owners.values()), now)
    append(tx, entries, now)
    return len(gone)


def _expire_tasks(tx: Transaction, project: int, now: datetime) -> int:
    """End waiting tasks whose deadline has passed; one in somebody's hands is ended when it comes back."""
    overdue = attempts.take_overdue(tx, project, now, _AT_ONCE)
    return (
        len(close_tasks(tx, project, sorted({task for _, task in overdue}), "expired", now)) if overdue else 0
    )


def _end_closed(tx: Transaction, now: datetime) -> int:
    """Cancel what still waits in closed projects: nobody will be asked any more."""
    by_project: dict[int, list[int]] = defaultdict(list)
    for project, task in attempts.left_in_closed(tx, _AT_ONCE):
        by_project[project].append(task)
    return sum(len(close_tasks(tx, project, left, "cancelled", now)) for project, left in by_project.items())
