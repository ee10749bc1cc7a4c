"""Relabelling: a label that a key contradicts is withdrawn and delivered anew, or answered anew."""

from __future__ import annotations

from datetime import datetime

from goldvein.services.views import View
from goldvein.services.withdrawing import Withdrawal, withdraw_in_place, withdraw_labels
from goldvein.store import labels, outbox, tasks
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
