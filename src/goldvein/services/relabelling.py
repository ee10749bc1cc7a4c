"""Relabelling: a label that a key contradicts is withdrawn and delivered anew, or answered anew."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from goldvein.services.closing import take_places
from goldvein.services.views import View
from goldvein.services.withdrawing import Withdrawal, withdraw_in_place, withdraw_labels
from goldvein.services.writes import Writes
from goldvein.store import labels, outbox, tasks
from goldvein.store.attempts import Attempt
from goldvein.store.database import Transaction
from goldvein.store.labels import NewLabel
from goldvein.tasktypes import choice


def replace_label(
    tx: Transaction, view: View, task: int, picked: int | None, basis: str, now: datetime, reason: str
) -> bool:
    """Withdraw the label that the customer has for a task, and deliver another one in the same transaction.

    The events come in that order, and the new label names the one that it ``replaces``. The task stays
    labelled, so a batch that drained stays drained.

    Parameters
    ----------
    picked : int or None
        The option that is delivered, in content order; None lets the task be answered anew as ordinary work.
        Whoever asks for that has taken the benchmark made of it out of use.
    basis : str
        ``panel`` or ``auditor``.
    reason : str
        Of the withdrawal, for the log.

    Returns
    -------
    bool
        False, and nothing is changed, if the task has no label now, or says so already.
    """
    project = view.project.id
    if picked is None:
        tasks.lock_batches_of(tx, project, [task])
    tasks.lock(tx, [(project, task)])
    current = labels.current_of_task(tx, project, task)
    if current is None or current.choice == picked:
        return False
    old = Withdrawal(
        current.id, task, current.attempt, current.labeler, policy_version=view.project.policy_version
    )
    if picked is None:
        return bool(withdraw_labels(tx, project, [old], reason, now))
    withdraw_in_place(tx, project, old, reason, now)
    content = tasks.contents(tx, [(project, task)])[project, task]
    answer = choice.label_answer(picked, content.input, view.project.classes)
    new = NewLabel(project, task, answer, basis, view.project.policy_version, now, now)
    ids = labels.insert_many(tx, [new])
    outbox.insert_many(tx, [project], ["label.created"], [task], ids, [None], now)
    return True


def take_waiting(tx: Transaction, project: int, task: int) -> list[Attempt] | None:
    """Lock where a task waits, and drop what is held of it, for ``say``; null if it waits nowhere.

    Before the project's row is locked, as everywhere.
    """
    unfinished, placed = take_places(tx, project, {task})
    return [one for one in unfinished if one.stage != "benchmark"] if task in placed else None


def say(
    tx: Transaction, view: View, task: int, picked: int, waiting: Sequence[Attempt] | None, basis: str,
    now: datetime, reason: str,
) -> bool:  # fmt: skip
    """Let a task whose key somebody has just settled say so: it waits no longer, or its label is replaced.

    Parameters
    ----------
    waiting : sequence of Attempt or None
        From ``take_waiting``, in this transaction. One that waits only since then is left to wait.

    Returns
    -------
    bool
        False if its label says so already, or it has none and wants none.
    """
    project = view.project.id
    if tasks.lock(tx, [(project, task)])[project, task].state != "queued":
        return replace_label(tx, view, task, picked, basis, now, reason)
    if waiting is None:
        return False
    content = tasks.contents(tx, [(project, task)])[project, task]
    answer = choice.label_answer(picked, content.input, view.project.classes)
    label = NewLabel(project, task, answer, basis, view.project.policy_version, now, now)
    ended = {(project, one.id): "closed" for one in waiting}
    Writes(labels=[label], ended=ended).flush(tx, now)
    return True
