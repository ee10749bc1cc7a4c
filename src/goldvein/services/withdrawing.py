"""Withdrawal: takes delivered labels back, says so, and has their tasks answered anew.

A benchmark that makes a standing look bad only marks it (``decisions.withdrawing.wants_review``). The sweeper
then looks back over that labeler's steps in the log, outside the transactions of answers, and takes back what
the labeler gave after the change.

Locks: batches, then tasks, then labels, as everywhere; no standing is locked while a task is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from goldvein.decisions.withdrawing import withdraws
from goldvein.services.hindsight import RUN_IN, look_back
from goldvein.services.views import View
from goldvein.store import attempts, labels, outbox, proofs, standings, tallies, tasks
from goldvein.store.attempts import FIRST_IN_LINE, NO_DEADLINE, Wanted
from goldvein.store.database import Database, Transaction
from goldvein.store.labels import Delivered
from goldvein.store.log import Entry, append
from goldvein.store.proofs import Step
from goldvein.store.tasks import TaskLine

LABELER_CHANGED: Final = "labeler changed"
_AT_ONCE: Final = 20


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A label to take back, and what speaks against it."""

    label: int
    task: int
    attempt: int | None = None
    labeler: int | None = None
    smoothed: float | None = None
    benchmarks_after: int | None = None
    policy_version: int | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


# --- which labels ------------------------------------------------------------


def review(db: Database, view: View, now: datetime) -> int:
    """Look again at the labels of people whom benchmarks have made look bad; return how many were withdrawn.

    The mark goes only after the withdrawal has committed: whoever is killed between has it done again, to no
    further effect. One process at a time looks at a labeler.
    """
    project, total = view.project.id, 0
    with db.connection() as tx:
        wanted = standings.reviews_wanted(tx, project, _AT_ONCE)
    for labeler, version in wanted:
        with db.transaction() as tx:
            if not standings.try_to_review(tx, labeler):
                continue
            found = _bad_labels(tx, view, labeler, now)
            total += len(withdraw_labels(tx, project, found, LABELER_CHANGED, now))
        with db.transaction() as tx:
            standings.reviewed(tx, (project, labeler), version)
    return total


def _bad_labels(tx: Transaction, view: View, labeler: int, now: datetime) -> list[Withdrawal]:
    """Which current labels of a labeler the policy takes back, by what is known now."""
    project, policy = view.project.id, view.policy
    since = now - timedelta(seconds=policy.withdraw_window_seconds)
    answered_since = since - timedelta(seconds=policy.hold_seconds)
    steps = proofs.recent_steps(tx, project, labeler, answered_since, RUN_IN)
    delivered = _delivered(tx, project, steps, since)
    if not delivered:
        return []
    known = look_back(tx, project, view.project.classes, steps, view.models)
    rows = [(label, known[label.attempt]) for label in delivered]
    taken = withdraws(
        [then.smoothed for _, then in rows],
        [then.benchmarks_after for _, then in rows],
        [(now - label.delivered_at).total_seconds() for label, _ in rows],
        policy,
    )
    detail = {"from": steps[0].n, "version": steps[-1].n}
    return [
        Withdrawal(
            label.id, label.task, label.attempt, labeler, then.smoothed, then.benchmarks_after,
            view.project.policy_version, detail,
        )
        for (label, then), gone in zip(rows, taken, strict=True) if gone
    ]  # fmt: skip


def _delivered(tx: Transaction, project: int, steps: Iterable[Step], since: datetime) -> list[Delivered]:
    """The current labels that came of these steps, delivered since a time."""
    out = [(s.task, s.attempt) for s in steps if s.stage == "label" and s.decision in ("deliver", "hold")]
    keys = [(task, attempt) for task, attempt in out if task is not None and attempt is not None]
    current = labels.current_of_attempts(tx, project, [task for task, _ in keys], [a for _, a in keys])
    return [label for label in current if label.delivered_at >= since]


# --- taking back ------------------------------------------------------------


def withdraw_labels(
    tx: Transaction, project: int, wanted: Sequence[Withdrawal], reason: str, now: datetime
) -> list[int]:
    """Take labels of any basis back, say so, and let their tasks wait again, first in line.

    Those that are not current any more stay as they are. A task past its deadline expires instead of
    waiting, and one of a cancelled batch is cancelled: nobody would want the new label. A batch that had
    drained drains anew. Whoever withdraws a panel's label first takes the benchmark made of its task out of
    use.

    Returns
    -------
    list of int
        The labels that were taken back.
    """
    if not wanted:
        return []
    cancelled = tasks.lock_batches_of(tx, project, [one.task for one in wanted])
    lines = tasks.lock(tx, [(project, one.task) for one in wanted])
    gone = {label for _, _, label in labels.withdraw(tx, [(project, one.label) for one in wanted], now)}
    taken = [one for one in wanted if one.label in gone]
    append(tx, [_entry(project, one, reason) for one in taken], now)
    _tell(tx, project, "label.withdrawn", [one.task for one in taken], [one.label for one in taken], now)
    _let_wait(tx, project, {one.task: lines[project, one.task] for one in taken}, cancelled, now)
    return [one.label for one in taken]


def withdraw_in_place(tx: Transaction, project: int, one: Withdrawal, reason: str, now: datetime) -> None:
    """Take one label back for another that is delivered at once; the task is locked, the label current."""
    labels.withdraw(tx, [(project, one.label)], now)
    append(tx, [_entry(project, one, reason)], now)
    _tell(tx, project, "label.withdrawn", [one.task], [one.label], now)


def _entry(project: int, one: Withdrawal, reason: str) -> Entry:
    return Entry(
        project, "withdraw", labeler=one.labeler, attempt=one.attempt, task=one.task,
        policy_version=one.policy_version, p_benchmarks=one.smoothed, benchmarks=one.benchmarks_after,
        decision=reason, detail={"label": one.label, **one.detail},
    )  # fmt: skip


def _let_wait(
    tx: Transaction, project: int, lines: Mapping[int, TaskLine], cancelled: Mapping[int, bool], now: datetime
) -> None:
    """Queue tasks whose label went, and end those that nobody would wait for.

    One that is still a candidate ends, if so, by the sweeper or by what the panel says.
    """
    mined = attempts.mined_places(tx, project, sorted(lines))  # these wait where they are: with the panel
    ends = {task: line for task, line in lines.items() if task not in mined}
    expired = [task for task, line in ends.items() if line.deadline is not None and line.deadline <= now]
    dropped = [
        task
        for task, line in ends.items()
        if line.batch is not None and cancelled.get(line.batch) and task not in expired
    ]
    again = {task: line for task, line in lines.items() if task not in {*expired, *dropped}}
    waiting = [line.batch for line in again.values() if line.batch is not None]
    tasks.requeue(tx, project, sorted(again), waiting)
    attempts.insert_open(
        tx, [_wanted(project, task, line) for task, line in again.items() if task not in mined]
    )
    ended = {(project, task): "expired" for task in expired} | {(project, t): "cancelled" for t in dropped}
    tasks.finish(tx, ended, now)
    tallies.note(tx, project, cancelled=Counter(lines[task].batch for task in dropped))
    _tell(tx, project, "task.expired", expired, [None] * len(expired), now)
    kinds = [(task, "expire") for task in expired] + [(task, "cancel") for task in dropped]
    append(tx, [Entry(project, kind, task=task) for task, kind in kinds], now)


def _wanted(project: int, task: int, line: TaskLine) -> Wanted:
    return Wanted(
        project, task, line.content, "label", line.deadline or NO_DEADLINE, -line.priority, FIRST_IN_LINE
    )


def _tell(
    tx: Transaction, project: int, event: str, of: Sequence[int], about: Sequence[int | None], now: datetime
) -> None:
    n = len(of)
    outbox.insert_many(tx, [project] * n, [event] * n, of, about, [None] * n, now)
