"""Live replay: recorded people are concurrent HTTP clients, and the service decides who gets which task."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from goldvein.client import GoldveinClient
from goldvein.domain.records import UNANSWERABLE
from goldvein.services import keys
from goldvein.sim.background import running_worker
from goldvein.sim.plan import INSTRUCTION, make_labelers
from goldvein.sim.recorded import answers_of
from goldvein.sim.work import HttpLabeler, all_idle, reasons, watch, work

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from goldvein.sim.plan import Plan, Progress
    from goldvein.sim.recorded import Crowd
    from goldvein.store.database import Database

POLICY = {"hold_seconds": 3, "lease_seconds": 60}
"""Recorded people answer in milliseconds, so that a minute of theirs is a second of the replay."""

BATCH = "replay"
POLL_SECONDS = 0.15


def replay_live(db: Database, base_url: str, plan: Plan, progress: Progress) -> dict[str, Any]:
    """Push the crowd's tasks, and let its people answer until all are finished or nobody gets work.

    Parameters
    ----------
    db : Database
        Where people and keys are made, as an operator would.
    base_url : str
        Where the service listens.
    plan : Plan
    progress : callable

    Returns
    -------
    dict
        ``project``, ``places`` (labeler -> place in the crowd), ``trusted``, ``refused_tasks``, and, where
        tasks were left over, ``why_empty`` and the ``reasons`` that labelers were given.
    """
    crowd, now = plan.crowd, datetime.now(UTC)
    trusted = plan.trusted(plan.ordered())
    ids = make_labelers(db, crowd, trusted, now)
    tokens = _tokens(db, crowd, ids, trusted, now)
    customer = keys.issue(db, "customer", keys.create_customer(db, "replay", now), "replay", now)
    with GoldveinClient(base_url, customer) as client:
        policy = plan.policy_over(POLICY)
        project = client.create_project(
            crowd.name, INSTRUCTION, classes=list(crowd.classes) if crowd.classes else None, policy=policy
        ).id
        refused = _push(client, project, crowd)
        answer_as = _answers(crowd)
        people = [
            HttpLabeler(name, tokens[place], answer_as(place)) for place, name in enumerate(crowd.labelers)
        ]
        patience = float(policy["hold_seconds"]) + 1.5
        with running_worker(db.url):
            left = asyncio.run(_run(base_url, client, project, people, patience, progress))
        result: dict[str, Any] = {
            "project": project,
            "places": {labeler: place for place, labeler in enumerate(ids)},
            "trusted": trusted,
            "refused_tasks": refused,
            "left_over": left,
        }
        if left:
            result["why_empty"] = client.why_empty(project)
            result["reasons"] = reasons(people)
    return result


async def _run(
    base_url: str,
    client: GoldveinClient,
    project: int,
    people: Sequence[HttpLabeler],
    patience: float,
    progress: Progress,
) -> int:
    """Let everybody work; return how many tasks were left over."""
    stop = asyncio.Event()
    left = 0

    async def is_over() -> bool:
        nonlocal left
        batch = await asyncio.to_thread(client.batch, project, BATCH)
        left = batch.queued
        progress("tasks", batch.total - batch.queued, batch.total)
        return left == 0 or all_idle(people, patience)

    async with asyncio.TaskGroup() as group:
        group.create_task(watch(POLL_SECONDS, stop, is_over))
        group.create_task(work(base_url, people, stop, project=project))
    return left


def _tokens(
    db: Database, crowd: Crowd, ids: Sequence[int], trusted: Sequence[int], now: datetime
) -> list[str]:
    wanted: Any = [
        ("trusted" if place in set(trusted) else "labeler", labeler, crowd.labelers[place])
        for place, labeler in enumerate(ids)
    ]
    return [key.token for key in keys.issue_many(db, wanted, now)]


def _push(client: GoldveinClient, project: int, crowd: Crowd) -> int:
    """Push tasks, benchmarks by hand where the record marks them; return how many were refused."""
    ordinary = [{"input": task.input, "unique_id": task.name} for task in crowd.tasks if not task.benchmark]
    manual = [
        {"input": task.input, "unique_id": task.name, "key": task.truth}
        for task in crowd.tasks
        if task.benchmark and task.truth is not None
    ]
    refused = client.push(project, ordinary, batch=BATCH).refused
    if manual:
        refused += client.add_benchmarks(project, manual).refused
    return refused


def _answers(crowd: Crowd) -> Callable[[int], Callable[[Mapping[str, Any]], dict[str, Any]]]:
    """Make, for each person, the function that looks up what the record says about a task as shown."""
    recorded = answers_of(crowd)
    tasks = {_identity(task.input, task.options): place for place, task in enumerate(crowd.tasks)}

    def answer_as(labeler: int) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
        def answer(content: Mapping[str, Any]) -> dict[str, Any]:
            shown = content["options"]
            place = tasks[_identity(content, shown)]
            choice = recorded[labeler, place].choice
            if choice == UNANSWERABLE:
                return {"unanswerable": True}
            return {"choice": shown.index(crowd.tasks[place].options[choice])}

        return answer

    return answer_as


def _identity(content: Mapping[str, Any], options: Sequence[str]) -> str:
    """Name a task by what is shown of it, in whatever order."""
    rest = {key: value for key, value in content.items() if key != "options"}
    return json.dumps([rest, sorted(options)], sort_keys=True)
