"""Withdrawal beside whatever else goes on at once, and when it is killed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from goldvein.domain.errors import Conflict
from goldvein.services import intake, withdrawing
from goldvein.services.sweeps import Sweeper, sweep
from goldvein.services.verification import verify
from goldvein.services.views import Views
from goldvein.services.withdrawing import withdraw_labels
from goldvein.store import standings, tasks
from goldvein.store.database import Database, Transaction
from tests.services.sleepers import labels_of, places, quick, slept, some, take, task_of
from tests.services.test_leases import has
from tests.services.town import Town, knows


@pytest.fixture
def town(db: Database) -> Town:
    return quick(db)


def meet(first: Callable[[Transaction], Any], town: Town, act: Callable[[], Any], wait: float = 0.3) -> Any:
    """Let ``act`` begin while a transaction that did ``first`` is still open; return what it came to."""
    came: list[Any] = []

    def run() -> None:
        try:
            came.append(act())
        except Exception as error:  # noqa: BLE001 - the test looks at it
            came.append(error)

    with town.db.transaction() as tx:
        first(tx)
        other = threading.Thread(target=run)
        other.start()
        other.join(wait)
    other.join()
    return came[0]


def test_a_task_is_cancelled_while_its_label_is_withdrawn(town: Town) -> None:
    """Whichever comes first, the task is not left with a place in the queue and an end at once."""
    label = labels_of(town)[0]
    task = task_of(town, label)
    withdrawal = some(town, label)
    came = meet(
        lambda tx: withdraw_labels(tx, 1, withdrawal, "for a test", town.now),
        town,
        partial(intake.cancel_task, town.db, 1, task, town.now),
    )
    assert isinstance(came, Conflict), came
    assert len(places(town, task)) == 1
    assert not town.proof()
    assert intake.cancel_task(town.db, 1, task, town.now).state == "cancelled"
    assert not town.proof()


def test_a_batch_is_cancelled_while_one_of_its_labels_is_withdrawn(town: Town) -> None:
    """The cancellation waits, sees the task wait again, and ends it."""
    label = labels_of(town)[0]
    withdrawal = some(town, label)
    came = meet(
        lambda tx: withdraw_labels(tx, 1, withdrawal, "for a test", town.now),
        town,
        partial(intake.cancel_batch, town.db, 1, "round", town.now),
    )
    assert not isinstance(came, Exception), came
    assert town.rows(f"SELECT state FROM tasks WHERE id = {task_of(town, label)}") == [("cancelled",)]
    assert not town.proof()


def test_a_batch_is_not_drained_while_one_of_its_labels_is_withdrawn(town: Town) -> None:
    """The sweeper that found nothing waiting looks again once it has the batch."""
    while intake.batch_progress(town.db, 1, "round", town.now).queued:
        town.round()
    withdrawal = some(town, labels_of(town)[0])

    def drain() -> list[tuple[int, int]]:
        with town.db.transaction() as tx:
            (batch,) = tx.execute("SELECT id FROM batches WHERE name = 'round'").fetchall()
            return tasks.drain_batches(tx, [(1, batch[0])], town.now)

    came = meet(lambda tx: withdraw_labels(tx, 1, withdrawal, "for a test", town.now), town, drain)
    assert came == []


def test_two_processes_withdraw_the_same_label(town: Town) -> None:
    """The second finds it gone."""
    label = labels_of(town)[0]
    withdrawal = some(town, label)
    came = meet(
        lambda tx: withdraw_labels(tx, 1, withdrawal, "for a test", town.now),
        town,
        partial(take, town, label),
    )
    assert came == []
    assert not town.proof()


def test_a_late_answer_meets_a_withdrawn_label(db: Database) -> None:
    """The lease ran out and somebody else's label was taken back: the late answer takes its place."""
    town = quick(db, answered=0)
    late = town.hire("late", knows(1.0))
    work = has(town.ask(late))
    while town.rows("SELECT stage FROM attempts WHERE state = 'leased' AND labeler = 2") != [("label",)]:
        work = has(town.answer(late, work))
    (task,) = town.rows("SELECT task FROM attempts WHERE state = 'leased' AND labeler = 2")[0]
    del town.people[late]
    town.wait(700)
    while not labels_of(town, f"task = {task}"):
        town.round()
    (label,) = labels_of(town, f"task = {task}")
    assert take(town, label) == [label]
    town.answer(late, work)
    assert places(town, task) == []
    assert town.rows(f"SELECT count(*) FROM answers WHERE task = {task}") == [(2,)]
    assert not town.proof()


def test_sweepers_and_answers_go_on_side_by_side(database_url: str) -> None:
    """Two processes look at the past while everybody answers: each label goes once, and the sums hold."""
    with Database(database_url) as db, Database(database_url) as other:
        town, _ = slept(db)
        done, swept = threading.Event(), [0, 0]

        def upkeep(place: int) -> None:
            sweeper = Sweeper(other)
            while not done.is_set():
                swept[place] += sweeper.sweep(town.now).withdrawn

        threads = [threading.Thread(target=upkeep, args=(place,)) for place in range(2)]
        for thread in threads:
            thread.start()
        town.run(40)
        done.set()
        for thread in threads:
            thread.join()
        gone = labels_of(town, "withdrawn_at IS NOT NULL")
        assert gone
        assert sum(swept) == len(gone)
        assert town.rows("SELECT count(*) FROM log WHERE kind = 'withdraw'") == [(len(gone),)]
        proof = verify(db)
        assert proof.ok, proof.broken


def test_one_process_at_a_time_looks_at_a_labeler(db: Database) -> None:
    """Another one leaves the mark for later."""
    town, who = slept(db, others=1)
    view = Views()
    with db.connection() as tx:
        project = view.refresh(tx)[1]
    with db.transaction() as tx:
        assert standings.try_to_review(tx, who)
        with Database(db.url) as other:
            assert withdrawing.review(other, project, town.now) == 0
    assert town.rows("SELECT count(*) FROM standings WHERE review_wanted IS NOT NULL") == [(1,)]
    assert withdrawing.review(db, project, town.now) > 0


@pytest.mark.parametrize("where", ["before the commit", "after the commit"])
def test_a_killed_sweeper_leaves_all_or_nothing(
    db: Database, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed within, nothing has happened; killed after, the next one finds nothing more to do."""
    town, _ = slept(db, others=1)

    class Killed(BaseException):
        pass

    def die(*_: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        if where == "before the commit":
            patch.setattr(withdrawing, "_let_wait", die)
        else:
            patch.setattr(standings, "reviewed", die)
        with pytest.raises(Killed):
            sweep(db, town.now)
    gone = len(labels_of(town, "withdrawn_at IS NOT NULL"))
    assert (gone == 0) == (where == "before the commit")
    assert town.rows("SELECT count(*) FROM standings WHERE review_wanted IS NOT NULL") == [(1,)]
    assert not town.proof()
    assert sweep(db, town.now).withdrawn > 0 or gone
    assert town.rows("SELECT count(*) FROM standings WHERE review_wanted IS NOT NULL") == [(0,)]
    assert not town.proof()
