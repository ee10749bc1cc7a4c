"""Taking labels back: what becomes of the label, its task, its batch and whoever reads of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from goldvein.services import intake, keys, sending, webhooks
from goldvein.services.outbound import Outbound
from goldvein.services.recorded import RecordedRow, RecordedWork
from goldvein.services.sweeps import Sweeper, sweep
from goldvein.store.database import Database
from tests.services.delivery_world import receiver
from tests.services.sleepers import labels_of, places, quick, take, task_of
from tests.services.town import START, Town, knows


@pytest.fixture
def town(db: Database) -> Town:
    return quick(db)


def test_a_withdrawn_labels_task_waits_first_in_line_for_somebody_else(town: Town) -> None:
    """It comes before older tasks, never to the same labeler, and its new label names the old one."""
    label = labels_of(town)[0]
    task = task_of(town, label)
    assert take(town, label) == [label]
    assert places(town, task) == [("label", "open", 0)]
    assert town.rows(f"SELECT state, finished_at FROM tasks WHERE id = {task}") == [("queued", None)]
    town.run(3)
    assert town.rows(f"SELECT count(*) FROM attempts WHERE task = {task} AND labeler = 1") == [(1,)]
    town.hire("ben", knows(1.0))
    while not labels_of(town, f"task = {task} AND withdrawn_at IS NULL"):
        town.round()
    assert town.rows(f"SELECT replaces FROM labels WHERE task = {task} ORDER BY id") == [(None,), (label,)]
    assert not town.proof()


def test_a_label_is_withdrawn_once(town: Town) -> None:
    """Asked again, nothing happens: no second event, no second place."""
    label = labels_of(town)[0]
    assert take(town, label, label) == [label]
    assert take(town, label) == []
    assert town.rows("SELECT count(*) FROM outbox WHERE event = 'label.withdrawn'") == [(1,)]
    assert len(places(town, task_of(town, label))) == 1
    assert not town.proof()


def test_a_replacement_can_be_withdrawn_too(town: Town) -> None:
    """Each label names the one before it."""
    first = labels_of(town)[0]
    task = task_of(town, first)
    for n, name in enumerate(("ben", "cleo")):
        take(town, *labels_of(town, f"task = {task} AND withdrawn_at IS NULL"))
        town.hire(name, knows(1.0))
        while not labels_of(town, f"task = {task} AND withdrawn_at IS NULL"):
            town.round()
        assert len(labels_of(town, f"task = {task}")) == n + 2
    ids = labels_of(town, f"task = {task}")
    assert town.rows(f"SELECT replaces FROM labels WHERE task = {task} ORDER BY id") == [
        (None,), (ids[0],), (ids[1],),
    ]  # fmt: skip
    assert not town.proof()


def test_a_drained_batch_waits_again_and_drains_again(town: Town) -> None:
    """Its counts come right at once, and ``batch.drained`` comes a second time when they are even again."""
    while intake.batch_progress(town.db, 1, "round", town.now).queued:
        town.round()
    sweeper = Sweeper(town.db)
    assert sweeper.sweep(town.now).batches == 1
    label = labels_of(town)[2]
    take(town, label)
    progress = intake.batch_progress(town.db, 1, "round", town.now)
    assert (progress.queued, progress.labelled, progress.done) == (1, 11, False)
    assert sweeper.sweep(town.now).batches == 0
    town.hire("ben", knows(1.0))
    while intake.batch_progress(town.db, 1, "round", town.now).queued:
        town.round()
    assert sweeper.sweep(town.now).batches == 1
    assert sweeper.sweep(town.now).batches == 0
    assert town.rows("SELECT count(*) FROM outbox WHERE event = 'batch.drained'") == [(2,)]
    assert not town.proof()


def test_a_task_past_its_deadline_expires_with_its_label(db: Database) -> None:
    """The bad label is told of, and so is the end of the task: nobody would want another one."""
    town = quick(db, deadline=START + timedelta(hours=2))
    label = labels_of(town)[0]
    task = task_of(town, label)
    town.wait(3 * 3600)
    take(town, label)
    assert town.rows(f"SELECT state FROM tasks WHERE id = {task}") == [("expired",)]
    assert places(town, task) == []
    told = town.rows(f"SELECT event FROM outbox WHERE task = {task} ORDER BY id")
    assert told == [("label.created",), ("label.withdrawn",), ("task.expired",)]
    sweep(db, town.now)
    assert not town.proof()


def test_a_task_of_a_cancelled_batch_ends_with_its_label(town: Town) -> None:
    """It is cancelled like the rest of its batch."""
    intake.cancel_batch(town.db, 1, "round", town.now)
    label = labels_of(town)[0]
    take(town, label)
    assert town.rows(f"SELECT state FROM tasks WHERE id = {task_of(town, label)}") == [("cancelled",)]
    assert intake.batch_progress(town.db, 1, "round", town.now).done
    assert not town.proof()


def test_a_task_that_waits_again_can_be_cancelled(town: Town) -> None:
    """Like any that waits; its label stays withdrawn."""
    label = labels_of(town)[0]
    task = task_of(town, label)
    take(town, label)
    assert intake.cancel_task(town.db, 1, task, town.now).state == "cancelled"
    assert places(town, task) == []
    assert not town.proof()


def test_a_panels_label_can_be_taken_back_as_well(db: Database) -> None:
    """Once its benchmark is out of use, the crowd answers the task anew."""
    town = Town(db, {"open_at": 12, "rate_ceiling": 0.5})
    town.push(300)
    for n in range(8):
        town.hire(f"p{n}", knows(0.97), "trusted" if n < 5 else "labeler")
    town.run(60)
    label, task = town.rows("SELECT id, task FROM labels WHERE basis = 'panel' ORDER BY id LIMIT 1")[0]
    intake.cancel_task(db, 1, task, town.now)
    assert take(town, label) == [label]
    for _ in range(200):
        if labels_of(town, f"task = {task} AND withdrawn_at IS NULL"):
            break
        town.round()
    assert town.rows(f"SELECT basis, replaces FROM labels WHERE task = {task} ORDER BY id") == [
        ("panel", None), ("labeler", label),
    ]  # fmt: skip
    assert not town.proof()


def test_webhooks_carry_withdrawals(town: Town) -> None:
    """A receiver of that kind alone gets them, each label with the time of its withdrawal."""
    with receiver(verify_times=False) as hooked, Outbound(timeout=5, allow_private=True) as outbound:
        hook = webhooks.create(town.db, 1, hooked.url, ["label.withdrawn"], allow_private=True, now=town.now)
        hooked.secret = hook.secret
        ids = labels_of(town)[:2]
        take(town, *ids)
        assert sending.deliver_due(town.db, outbound, town.now, town.rng) == 1
    (message,) = hooked.received
    assert message.payload["type"] == "label.withdrawn"
    told = [event["label"] for event in message.payload["data"]["events"]]
    assert [label["id"] for label in told] == ids
    assert all(label["withdrawn_at"] for label in told)


def test_a_recorded_task_takes_the_answers_that_are_still_to_come(db: Database) -> None:
    """Whoever answers it next in the record, after its label went, gives the new one."""
    town = Town(db, {"benchmarks_per_labeler": 1})
    town.open_by_hand(200)
    town.push(200)
    tested = [row[0] for row in town.rows("SELECT task FROM benchmarks ORDER BY task")]
    wanted = [row[0] for row in town.rows("SELECT id FROM tasks WHERE state = 'queued' ORDER BY id")]
    sleeper, other = (keys.create_labeler(db, name, "labeler", town.now) for name in ("sleeper", "other"))
    work = RecordedWork(db, 1, panel=[], to_come=[])
    work.submit([RecordedRow(sleeper, tested[0], 0)], town.now, town.rng)

    def answer(who: int, task: int, place: int, wrong: int = 0) -> None:
        town.wait(5)
        row = RecordedRow(who, task, (place + wrong) % 4)
        if not work.ignores(row):
            work.submit([row], town.now, town.rng)
        work.sweep(town.now)

    for place in range(60):
        answer(sleeper, tested[place + 1], place + 1)
        answer(sleeper, wanted[place], place)
    for place in range(60, 80):
        answer(sleeper, wanted[place], place, wrong=1 + place % 3)
    for place in range(61, 90):
        answer(sleeper, tested[place], place, wrong=1 + place % 3)
    gone = [task for (task,) in town.rows("SELECT task FROM labels WHERE withdrawn_at IS NOT NULL")]
    assert gone
    for place in range(60):
        answer(other, tested[place], place)
    for place in range(80):
        answer(other, wanted[place], place)
    assert {task for (task,) in town.rows("SELECT task FROM labels WHERE replaces IS NOT NULL")} == set(gone)
    assert not town.proof()
