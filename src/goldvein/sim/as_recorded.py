"""Replay of a record as it was: the record's order decides who answers what, the rest is the service's."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from goldvein.domain.records import ProjectDraft, TaskDraft
from goldvein.services import benchmarks, intake, keys, projects
from goldvein.services.benchmarks import ManualBenchmark
from goldvein.services.recorded import IGNORED, RecordedRow, RecordedWork
from goldvein.sim.plan import INSTRUCTION, make_labelers
from goldvein.sim.trust import early

if TYPE_CHECKING:
    from collections.abc import Sequence

    from goldvein.domain.records import PushedTask
    from goldvein.sim.plan import Plan, Progress
    from goldvein.sim.recorded import Crowd, RecordedAnswer
    from goldvein.store.database import Database

GROUP = 64
LOOK_AHEAD = 400
SWEEP_EVERY = timedelta(seconds=60)
START = datetime(2026, 1, 1, tzinfo=UTC)
PUSH = 5_000


def default_policy(crowd: Crowd) -> dict[str, float]:
    """Policy of a replay in which the record, not the service, decides who meets which benchmark.

    Benchmarks are met by chance, so one task in seven shall be one, and none is worn out. A record without a
    clock says nothing about waiting: held answers wait for their verdict.
    """
    waiting = {} if crowd.has_clock else {"hold_seconds": 10 * len(crowd.answers) + 3600}
    return {"reserve": max(12, len(crowd.tasks) // 9), "exposure_cap": 10**6, **waiting}


def replay_as_recorded(db: Database, plan: Plan, progress: Progress) -> dict[str, Any]:
    """Send every recorded answer through the loop, in the record's order.

    Returns
    -------
    dict
        ``project``, ``places`` (labeler -> place in the crowd), ``trusted`` and ``rows`` by what they served.
    """
    crowd = plan.crowd
    ordered = plan.ordered()
    trusted = plan.trusted(ordered)
    clock = _clock(crowd, ordered)
    start = clock[0] - timedelta(seconds=1)
    ids = make_labelers(db, crowd, trusted, start)
    customer = keys.create_customer(db, "replay", start)
    policy = plan.policy_over(default_policy(crowd))
    draft = ProjectDraft(crowd.name, INSTRUCTION, classes=crowd.classes, policy=policy)
    project = projects.create(db, customer, draft, start).id
    tasks = _push(db, project, crowd, start)
    only_mines = len(early(ordered)) if plan.trusted_top and not plan.trusted_names else 0
    rows = [
        RecordedRow(
            ids[answer.labeler],
            tasks[answer.task],
            answer.choice,
            None if answer.seconds is None else round(1000 * min(answer.seconds, 86_400)),
            only_mines=place < only_mines,
        )
        for place, answer in enumerate(ordered)
        if answer.task in tasks
    ]
    work = RecordedWork(
        db,
        project,
        panel=[ids[place] for place in trusted],
        to_come=[(row.labeler, row.task) for row in rows],
    )
    served = _submit_all(work, rows, clock, plan, progress, keeps_order=crowd.has_clock)
    return {
        "project": project,
        "places": {labeler: place for place, labeler in enumerate(ids)},
        "trusted": trusted,
        "rows": dict(served),
        "refused_tasks": len(crowd.tasks) - len(tasks),
        "end": clock[-1],
    }


def _clock(crowd: Crowd, ordered: Sequence[RecordedAnswer]) -> list[datetime]:
    """When each answer came: by the record's times, or one second after the other."""
    if not crowd.has_clock:
        return [START + timedelta(seconds=place) for place in range(1, len(ordered) + 1)]
    return [
        answer.started_at + timedelta(seconds=answer.seconds or 0.0)
        for answer in ordered
        if answer.started_at is not None
    ]


def _push(db: Database, project: int, crowd: Crowd, now: datetime) -> dict[int, int]:
    """Push the tasks, as benchmarks by hand where the record marks them; map places to ids.

    A task that the service refuses, such as one with the same option twice, is missing.
    """
    places = {task.name: place for place, task in enumerate(crowd.tasks)}
    drafts = [
        TaskDraft(place, task.input, task.name)
        for place, task in enumerate(crowd.tasks)
        if not task.benchmark
    ]
    manual = [
        ManualBenchmark(index=place, input=task.input, key=task.truth, unique_id=task.name)
        for place, task in enumerate(crowd.tasks)
        if task.benchmark and task.truth is not None
    ]
    pushed: list[PushedTask] = []
    for first in range(0, len(drafts), PUSH):
        pushed += intake.push(db, project, drafts[first : first + PUSH], "replay", now).tasks
    if manual:
        pushed += benchmarks.add_manual(db, project, manual, now).tasks
    return {places[task.unique_id]: task.id for task in pushed if task.unique_id is not None}


def _submit_all(
    work: RecordedWork,
    rows: Sequence[RecordedRow],
    clock: Sequence[datetime],
    plan: Plan,
    progress: Progress,
    *,
    keeps_order: bool,
) -> Counter[str]:
    """Send rows in groups that the service can take in one transaction."""
    rng = np.random.default_rng(plan.seed)
    served: Counter[str] = Counter()
    waiting = list(range(len(rows)))
    swept = clock[0]
    done = 0
    while waiting:
        done += _pass_over(work, rows, waiting, served)
        group = _group(work, rows, waiting, keeps_order=keeps_order)
        if not group:
            continue
        now = clock[done + len(group) - 1]
        served.update(work.submit([rows[place] for place in group], now, rng))
        taken = set(group)
        waiting[:LOOK_AHEAD] = [place for place in waiting[:LOOK_AHEAD] if place not in taken]
        done += len(group)
        progress("answers", done, len(rows))
        if now - swept >= SWEEP_EVERY:
            work.sweep(now)
            swept = now
    return served


def _pass_over(
    work: RecordedWork, rows: Sequence[RecordedRow], waiting: list[int], served: Counter[str]
) -> int:
    """Take out the next rows that serve nothing any more; return how many."""
    useless = [place for place in waiting[:LOOK_AHEAD] if work.ignores(rows[place])]
    for place in useless:
        work.pass_over(rows[place])
    gone = set(useless)
    waiting[:LOOK_AHEAD] = [place for place in waiting[:LOOK_AHEAD] if place not in gone]
    served[IGNORED] += len(useless)
    return len(useless)


def _group(
    work: RecordedWork, rows: Sequence[RecordedRow], waiting: Sequence[int], *, keeps_order: bool
) -> list[int]:
    """Pick the next rows that may share a transaction.

    Where the record has no clock, its shuffled order is only a way to mix, and a row may go before one that
    has to wait for the next group.
    """
    group: list[int] = []
    labelers: set[int] = set()
    touched: set[int] = set()
    for place in waiting[:LOOK_AHEAD]:
        row = rows[place]
        touches = work.touches(row)
        if row.labeler in labelers or touches & touched:
            if keeps_order:
                break
            # A later row of the same labeler must not overtake this one.
            labelers.add(row.labeler)
            continue
        group.append(place)
        labelers.add(row.labeler)
        touched |= touches
        if len(group) == GROUP:
            break
    return group
