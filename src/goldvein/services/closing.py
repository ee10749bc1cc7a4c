"""Ending tasks without a label: cancelled by the customer, or past their deadline."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from goldvein.store import attempts, benchmarks, outbox, projects, standings, tasks
from goldvein.store.database import Transaction
from goldvein.store.log import Entry, append


def close_tasks(tx: Transaction, project: int, wanted: Iterable[int], state: str, now: datetime) -> list[int]:
    """End those of the tasks that still wait, with their attempts, held answers and benchmarks.

    Parameters
    ----------
    state : str
        ``cancelled`` or ``expired``.

    Returns
    -------
    list of int
        The tasks that were ended.
    """
    keys = [(project, task) for task in wanted]
    unfinished = attempts.lock_of_tasks(tx, project, [task for _, task in keys])
    drop_holds(tx, standings.holds_of_tasks(tx, keys))
    lines = tasks.lock(tx, keys)
    closed = sorted(task for (_, task), line in lines.items() if line.state == "queued")
    if not closed:
        return []
    attempts.end(tx, {(project, attempt.id): "closed" for attempt in unfinished if attempt.task in closed})
    tasks.finish(tx, {(project, task): state for task in closed}, now)
    benchmarks.retire(tx, project, closed, reason=state, revision=projects.next_revision(tx, project))
    if state == "expired":
        batches = [lines[project, task].batch for task in closed]
        events = ["task.expired"] * len(closed)
        outbox.insert_many(tx, [project] * len(closed), events, closed, [None] * len(closed), batches, now)
    kind = "expire" if state == "expired" else "cancel"
    append(tx, [Entry(project, kind, task=task) for task in closed], now)
    return closed


def retire_benchmark(tx: Transaction, project: int, task: int, now: datetime) -> bool:
    """Take the benchmark made of a task out of use; false if there is none in use."""
    if benchmarks.lock_state(tx, project, task) not in ("active", "frozen"):
        return False
    revision = projects.next_revision(tx, project)
    benchmarks.retire(tx, project, [task], reason="cancelled", revision=revision)
    append(tx, [Entry(project, "cancel", task=task, decision="benchmark")], now)
    return True


def drop_holds(tx: Transaction, holds: Iterable[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """End held answers given as (project, labeler, attempt); return those that were still there.

    Standings are locked first, in key order, as every group does.
    """
    wanted = list(holds)
    if not wanted:
        return []
    standings.lock(tx, [(project, labeler) for project, labeler, _ in wanted])
    gone = standings.delete_holds(tx, [(project, attempt) for project, _, attempt in wanted])
    standings.unheld(tx, dict(Counter((project, labeler) for project, labeler, _ in gone)))
    return gone
