"""Intake: every task once, bad ones kept apart, and an end on request."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from goldvein.domain.errors import Conflict, NotFound
from goldvein.domain.records import ProjectDraft, TaskDraft, Work
from goldvein.services import benchmarks, intake, projects
from goldvein.services.benchmarks import ManualBenchmark
from goldvein.services.sweeps import sweep
from goldvein.store import tasks
from goldvein.store.database import Database
from tests.services.town import START, Town, task_input

ORDINARY = {"rate_ceiling": 0.01, "rate_floor": 0.0005, "rate_fresh_benchmarks": 0}
"""Next to no benchmarks."""


@pytest.fixture
def town(db: Database) -> Town:
    return Town(db, ORDINARY)


def draft(index: int, unique_id: str | None = None, **more: Any) -> TaskDraft:
    return TaskDraft(index, task_input(index, index % 4), unique_id, **more)


def open_attempts(town: Town) -> list[tuple[Any, ...]]:
    return town.rows("SELECT task, count(*) FROM attempts WHERE state = 'open' GROUP BY task ORDER BY task")


def test_the_same_push_again_changes_nothing(town: Town) -> None:
    """A customer who did not see the reply sends the same again, and gets the same tasks."""
    first = intake.push(town.db, 1, [draft(0, "a"), draft(1, "b")], "round", town.now)
    again = intake.push(town.db, 1, [draft(0, "a"), draft(1, "b")], "round", town.now)
    assert [task.created for task in first.tasks] == [True, True]
    assert [task.created for task in again.tasks] == [False, False]
    assert [task.id for task in first.tasks] == [task.id for task in again.tasks]
    assert [count for _, count in open_attempts(town)] == [1, 1]


def test_another_content_under_a_taken_name_is_refused_by_naming_its_task(town: Town) -> None:
    """The customer learns which task has the name, and the rest of the request is kept."""
    (first,) = intake.push(town.db, 1, [draft(0, "a")], None, town.now).tasks
    result = intake.push(
        town.db, 1, [replace(draft(5), index=0, unique_id="a"), draft(1, "b")], None, town.now
    )
    (error,) = result.errors
    assert (error.code, error.pointer, error.facts) == (
        "duplicate_unique_id", "/tasks/0/unique_id", {"task": first.id}
    )  # fmt: skip
    assert f"task {first.id}" in error.detail
    assert [(task.index, task.created) for task in result.tasks] == [(1, True)]


def test_a_name_twice_in_one_request_is_one_task(town: Town) -> None:
    """The second copy is told of the first one's task, another content is refused; nothing queues twice."""
    other = replace(draft(7), index=2, unique_id="a")
    result = intake.push(town.db, 1, [draft(0, "a"), replace(draft(0, "a"), index=1), other], None, town.now)
    assert [(task.index, task.id, task.created) for task in result.tasks] == [(0, 1, True), (1, 1, False)]
    assert [(error.index, error.code) for error in result.errors] == [(2, "duplicate_unique_id")]
    assert open_attempts(town) == [(1, 1)]
    assert not town.proof()


def test_bad_tasks_are_kept_apart_with_the_place_and_the_way_out(town: Town) -> None:
    """Each bad task names its rule by a code and its place by a pointer; good ones beside it are stored."""
    bad: dict[str, dict[str, Any]] = {
        "options_missing": {"input": {"prompt": "?"}},
        "options_count": {"input": {"options": ["one"]}},
        "option_twice": {"input": {"options": ["same", "same"]}},
        "option_empty": {"input": {"options": ["one", " "]}},
        "input_not_text": {"input": {"options": ["a\0", "b"]}},
        "input_too_large": {"input": {"options": ["a" * 100_001, "b"]}},
        "metadata_too_large": {"metadata": {"note": "a" * 100_001}},
        "unique_id_length": {"unique_id": ""},
        "unique_id_nul": {"unique_id": "a\0b"},
        "priority_range": {"priority": 10**7},
        "deadline_passed": {"deadline": START - timedelta(seconds=1)},
    }
    drafts = [replace(draft(n), **change) for n, change in enumerate(bad.values())]
    result = intake.push(town.db, 1, [*drafts, draft(len(bad))], None, town.now)
    assert [error.code for error in result.errors] == list(bad)
    assert [error.index for error in result.errors] == list(range(len(bad)))
    assert [error.pointer for error in result.errors] == [
        "/tasks/0/input/options", "/tasks/1/input/options", "/tasks/2/input/options/1",
        "/tasks/3/input/options/1", "/tasks/4/input", "/tasks/5/input", "/tasks/6/metadata",
        "/tasks/7/unique_id", "/tasks/8/unique_id", "/tasks/9/priority", "/tasks/10/deadline",
    ]  # fmt: skip
    assert [task.index for task in result.tasks] == [len(bad)]


def test_a_task_of_a_project_with_classes_brings_no_options(db: Database) -> None:
    """What can be picked stands in one place."""
    town = Town(db)
    draft = ProjectDraft("moods", "Pick the mood.", classes=("sad", "neutral", "glad"))
    project = projects.create(db, town.customer, draft, town.now)
    drafts = [TaskDraft(0, {"text": "!"}), TaskDraft(1, {"text": "?", "options": ["sad", "glad"]})]
    result = intake.push(db, project.id, drafts, None, town.now)
    assert [task.index for task in result.tasks] == [0]
    assert [error.code for error in result.errors] == ["options_not_taken"]


def test_two_pushes_into_one_new_batch_at_once_share_it(town: Town) -> None:
    """Whoever makes the batch first, the other one finds it."""
    found: list[int] = []

    def second() -> None:
        with town.db.transaction() as tx:
            found.append(tasks.ensure_batch(tx, 1, "both", town.now)[0])

    with town.db.transaction() as tx:
        found.append(tasks.ensure_batch(tx, 1, "both", town.now)[0])
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(0.3)
    thread.join(10)
    assert len(found) == 2
    assert len(set(found)) == 1


def test_work_comes_by_deadline_then_priority_then_age(town: Town) -> None:
    """The earliest deadline first; among equals the higher priority, then the older task."""
    town.open_by_hand()
    soon, late = town.now + timedelta(hours=1), town.now + timedelta(hours=2)
    pushed = [
        draft(0), draft(1, priority=5), draft(2, deadline=late), draft(3, deadline=soon),
        draft(4, deadline=soon, priority=1), draft(5),
    ]  # fmt: skip
    ids = [task.id for task in intake.push(town.db, 1, pushed, None, town.now).tasks]
    for n in range(6):
        assert isinstance(town.ask(town.hire(f"p{n}", lambda work, rng: {})), Work)
    order = town.rows(
        "SELECT task FROM attempts WHERE stage = 'label' AND labeler IS NOT NULL ORDER BY labeler"
    )
    assert [ids.index(task) for (task,) in order] == [4, 3, 2, 1, 0, 5]


def test_a_task_without_a_deadline_gets_the_projects(db: Database) -> None:
    """The project's `deadline_seconds` count from the push."""
    town = Town(db)
    project = projects.update(db, 1, None, deadline_seconds=600, now=town.now)
    (task,) = intake.push(db, project.id, [draft(0)], None, town.now).tasks
    assert intake.get_task(db, 1, task.id).deadline == town.now + timedelta(seconds=600)


def test_a_batch_shows_how_far_it_is(town: Town) -> None:
    """Counts by state add up, and the batch is done when nothing waits."""
    intake.push(town.db, 1, [draft(n) for n in range(3)], "round", town.now)
    progress = intake.batch_progress(town.db, 1, "round", town.now)
    assert (progress.total, progress.queued, progress.done) == (3, 3, False)
    intake.cancel_task(town.db, 1, 1, town.now)
    progress = intake.batch_progress(town.db, 1, "round", town.now)
    assert (progress.queued, progress.cancelled) == (2, 1)
    with pytest.raises(NotFound, match="made by its first task"):
        intake.batch_progress(town.db, 1, "nowhere", town.now)


def test_a_cancelled_batch_ends_its_tasks_and_takes_no_more(town: Town) -> None:
    """Cancelling twice is no error; another push into it is."""
    intake.push(town.db, 1, [draft(n) for n in range(3)], "round", town.now)
    for _ in range(2):
        progress = intake.cancel_batch(town.db, 1, "round", town.now)
        assert (progress.cancelled, progress.done) == (3, True)
    assert open_attempts(town) == []
    with pytest.raises(Conflict) as refused:
        intake.push(town.db, 1, [draft(9)], "round", town.now)
    assert refused.value.code == "batch_cancelled"
    assert sweep(town.db, town.now).batches == 1
    assert sweep(town.db, town.now).batches == 0
    assert not town.proof()


def test_a_waiting_task_is_cancelled_once(town: Town) -> None:
    """A task in the queue leaves it; cancelling again changes nothing."""
    intake.push(town.db, 1, [draft(0)], None, town.now)
    for _ in range(2):
        assert intake.cancel_task(town.db, 1, 1, town.now).state == "cancelled"
    assert open_attempts(town) == []
    assert town.rows("SELECT count(*) FROM log WHERE kind = 'cancel'") == [(1,)]
    assert not town.proof()


def test_a_task_in_a_labelers_hands_can_be_cancelled(town: Town) -> None:
    """The labeler's answer comes too late, and the labeler gets the next task."""
    town.open_by_hand()
    labeler = town.hire("one", lambda work, rng: {})
    intake.push(town.db, 1, [draft(0)], None, town.now)
    work = town.ask(labeler)
    assert isinstance(work, Work)
    assert intake.cancel_task(town.db, 1, 41, town.now).state == "cancelled"
    assert town.answer(labeler, work) == "lease_lost"
    assert town.ask(labeler) == "queue_empty"
    assert not town.proof()


def test_a_held_task_can_be_cancelled(town: Town) -> None:
    """The held answer goes, and the labeler's count of held answers with it."""
    town.open_by_hand()
    labeler = town.hire("one", lambda work, rng: {})
    intake.push(town.db, 1, [draft(0)], None, town.now)
    work = town.ask(labeler)
    assert isinstance(work, Work)
    town.answer(labeler, work)
    assert town.rows("SELECT held FROM standings") == [(1,)]
    intake.cancel_task(town.db, 1, 41, town.now)
    assert town.rows("SELECT held FROM standings") == [(0,)]
    assert town.rows("SELECT count(*) FROM holds") == [(0,)]
    assert not town.proof()


def test_a_candidate_can_be_cancelled(town: Town) -> None:
    """Its candidacy retires, and a panel member's answer on the way is refused."""
    trusted = [town.hire(f"trusted {n}", lambda work, rng: {}, "trusted") for n in range(3)]
    intake.push(town.db, 1, [draft(0)], None, town.now)
    work = town.ask(trusted[0])
    assert isinstance(work, Work)
    intake.cancel_task(town.db, 1, 1, town.now)
    assert town.rows("SELECT state, reason FROM benchmarks") == [("retired", "cancelled")]
    assert town.answer(trusted[0], work) == "lease_lost"
    assert town.ask(trusted[1]) == "queue_empty"
    assert not town.proof()


def test_cancelling_a_task_retires_the_benchmark_made_of_it(db: Database) -> None:
    """Its label stays, but nobody is tested on it any more."""
    town = Town(db)
    for n in range(4):
        town.hire(f"trusted {n}", lambda work, rng: {"choice": _right(work)}, "trusted")
    town.push(30)
    town.run(30)
    (task,) = town.rows("SELECT min(task) FROM benchmarks WHERE state = 'active'")[0]
    found = intake.cancel_task(db, 1, task, town.now)
    assert found.state == "labelled"
    assert town.rows(f"SELECT state, reason FROM benchmarks WHERE task = {task}") == [
        ("retired", "cancelled")
    ]
    assert not town.proof()


def _right(work: Work) -> int:
    return next(i for i, option in enumerate(work.input["options"]) if option.startswith("right"))


def test_a_finished_task_cannot_be_cancelled(town: Town) -> None:
    """What expired stays expired."""
    intake.push(town.db, 1, [draft(0, deadline=town.now + timedelta(seconds=10))], "round", town.now)
    town.wait(11)
    assert sweep(town.db, town.now).tasks == 1
    with pytest.raises(Conflict) as refused:
        intake.cancel_task(town.db, 1, 1, town.now)
    assert refused.value.code == "task_finished"


def test_a_benchmark_made_by_hand_is_no_task(town: Town) -> None:
    """The customer's tasks are those that the customer pushed."""
    town.open_by_hand()
    with pytest.raises(NotFound):
        intake.get_task(town.db, 1, 1)
    with pytest.raises(NotFound):
        intake.cancel_task(town.db, 1, 1, town.now)


def test_a_closed_project_takes_nothing(town: Town) -> None:
    """Neither tasks nor benchmarks."""
    projects.update(town.db, 1, None, state="closed", now=town.now)
    with pytest.raises(Conflict) as refused:
        intake.push(town.db, 1, [draft(0)], None, town.now)
    assert refused.value.code == "project_closed"
    with pytest.raises(Conflict) as refused:
        benchmarks.add_manual(town.db, 1, [ManualBenchmark(0, task_input(0, 0), 0)], town.now)
    assert refused.value.code == "project_closed"
