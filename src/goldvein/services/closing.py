"""Ending tasks without a label: cancelled by the customer, or past their deadline."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from goldvein.store import attempts, benchmarks, outbox, projects, standings, tallies, tasks
from goldvein.store.attempts import Attempt
from goldvein.store.database import Transaction
from goldvein.store.log import Entry, append

_LOOKS = 20


def close_tasks(tx: Transaction, project: int, wanted: Iterable[int], state: str, now: datetime) -> list[int]:
    """End those of the tasks that still wait, with their attempts, held answers and benchmarks.

    Of tasks that have their label already only the mining ends, if they are cancelled.

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
    unfinished, placed = take_places(tx, project, {task for _, task in keys})
    lines = tasks.lock(tx, keys)
    if state == "cancelled":
        _end_mining(
            tx,
            project,
            unfinished,
            {task for (_, task), one in lines.items() if one.state == "labelled"},
            now,
        )
    closed = sorted(task for (_, task), line in lines.items() if line.state == "queued" and task in placed)
    if not closed:
        return []
    attempts.end(tx, {(project, attempt.id): "closed" for attempt in unfinished if attempt.task in closed})
    attempts.end_decoys(tx, project, closed)
    tasks.finish(tx, {(project, task): state for task in closed}, now)
    benchmarks.retire(tx, project, closed, reason=state, revision=projects.next_revision(tx, project))
    if state == "expired":
        batches = [lines[project, task].batch for task in closed]
        events = ["task.expired"] * len(closed)
        outbox.insert_many(tx, [project] * len(closed), events, closed, [None] * len(closed), batches, now)
    else:
        tallies.note(tx, project, cancelled=Counter(lines[project, task].batch for task in closed))
    kind = "expire" if state == "expired" else "cancel"
    append(tx, [Entry(project, kind, task=task) for task in closed], now)
    return closed


def _end_mining(
    tx: Transaction, project: int, unfinished: Iterable[Attempt], labelled: set[int], now: datetime
) -> list[int]:
    """Retire candidates that have their label; a trusted answer on its way finds its lease lost."""
    places = [attempt for attempt in unfinished if attempt.task in labelled and attempt.stage == "panel"]
    if not places:
        return []
    attempts.end(tx, {(project, attempt.id): "closed" for attempt in places})
    ended = sorted({attempt.task for attempt in places})
    revision = projects.next_revision(tx, project)
    benchmarks.retire(tx, project, ended, reason="cancelled", revision=revision)
    append(tx, [Entry(project, "cancel", task=task, decision="candidate") for task in ended], now)
    return ended


def stop_mining(tx: Transaction, project: int, task: int, now: datetime) -> bool:
    """End the mining of a task that has its label; false if it is not mined.

    While we wait for its place, a group may let it wait in another one: then we look again.
    """
    for _ in range(_LOOKS):
        places = [one for one in attempts.lock_of_tasks(tx, project, [task]) if one.stage == "panel"]
        if places:
            line = tasks.lock(tx, [(project, task)])[project, task]
            return line.state == "labelled" and bool(_end_mining(tx, project, places, {task}, now))
        if benchmarks.state_of(tx, project, task) != "candidate":
            break
    return False


def take_places(tx: Transaction, project: int, wanted: set[int]) -> tuple[list[Attempt], set[int]]:
    """Lock the unfinished attempts of some tasks, and drop their held answers; also which tasks had a place.

    While we wait for a place, a group may end it and let the task wait in another one, which is then too
    young to be seen: such tasks are looked for again. A task that had its label, and waits again when we come
    to lock it because that was withdrawn just then, has no place known to us: it is left to wait.
    """
    found: list[Attempt] = []
    places: set[int] = set()
    left = wanted
    for _ in range(_LOOKS):
        if not left:
            break
        unfinished = attempts.lock_of_tasks(tx, project, sorted(left))
        dropped = drop_holds(tx, standings.holds_of_tasks(tx, [(project, task) for task in left]))
        found += unfinished
        placed = {one.task for one in unfinished if one.stage != "benchmark"} | {one[3] for one in dropped}
        places |= placed
        left = tasks.queued_among(tx, project, sorted(left - placed))
    return found, places


def retire_benchmark(tx: Transaction, project: int, task: int, now: datetime) -> bool:
    """Take the benchmark made of a task out of use; false if there is none in use."""
    revision = projects.next_revision(tx, project)
    if benchmarks.lock_state(tx, project, task) not in ("active", "frozen"):
        return False
    benchmarks.retire(tx, project, [task], reason="cancelled", revision=revision, now=now)
    append(tx, [Entry(project, "cancel", task=task, decision="benchmark")], now)
    return True


def drop_holds(tx: Transaction, holds: Iterable[tuple[int, int, int]]) -> list[tuple[int, int, int, int]]:
    """End held answers given as (project, labeler, attempt); return those still there, with their task.

    Standings are locked first, in key order, as every group does.
    """
    wanted = list(holds)
    if not wanted:
        return []
    standings.lock(tx, [(project, labeler) for project, labeler, _ in wanted])
    gone = standings.delete_holds(tx, [(project, attempt) for project, _, attempt in wanted])
    standings.unheld(tx, dict(Counter((project, labeler) for project, labeler, _, _ in gone)))
    return gone
