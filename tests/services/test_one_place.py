"""A task that waits is in one place at a time, whatever happens at once, and never where nobody looks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

import pytest

from goldvein.domain.errors import Conflict
from goldvein.domain.records import ProjectDraft, TaskDraft, Work, WorkRequest, WorkResult
from goldvein.services import benchmarks, intake, projects
from goldvein.services.benchmarks import ManualBenchmark
from goldvein.services.sweeps import sweep
from goldvein.services.writes import Writes
from goldvein.store import attempts
from goldvein.store.database import Database, Transaction
from tests.services.test_intake import ORDINARY
from tests.services.test_leases import has, task_of
from tests.services.town import Town, knows, outcome, task_input

LEASE = 600


def nobody(work: Work, rng: object) -> Mapping[str, Any]:
    return {}


def waits_again(town: Town, *people: int) -> list[Work]:
    """The first task lapses in the hands of one after the other, and waits again."""
    works = []
    for person in people:
        works.append(has(town.ask(person)))
        town.wait(LEASE + 2)
    other = town.hire("other", nobody)
    town.skip(other, has(town.ask(other)))
    town.wait(2)
    assert len({task_of(town, work) for work in works}) == 1
    return works


@pytest.fixture
def town(db: Database) -> Town:
    town = Town(db, {**ORDINARY, "lease_seconds": LEASE})
    town.open_by_hand()
    town.push(3)
    return town


def test_a_late_answer_and_somebody_who_seeks_work_meet_in_one_group(town: Town) -> None:
    """The task that the late answer takes from the queue is not handed out in the same breath."""
    ann, ben = (town.hire(name, nobody) for name in ("ann", "ben"))
    (work,) = waits_again(town, ann)
    late = WorkRequest(ann, "answer", lease=work.lease, answer={"choice": 0})
    result, _ = town.handle(WorkRequest(ben, "next"), late)
    given = outcome(result)
    assert isinstance(given, str) or task_of(town, given) != task_of(town, work)
    assert town.rows("SELECT count(*) FROM attempts WHERE task = 41 AND state IN ('open', 'leased')") == [
        (0,)
    ]
    assert not town.proof()


def test_two_late_answers_to_one_task_meet_in_one_group(town: Town) -> None:
    """The first counts, the second comes too late."""
    ann, ben = (town.hire(name, nobody) for name in ("ann", "ben"))
    one, other = waits_again(town, ann, ben)
    first, second = town.handle(
        *(
            WorkRequest(who, "answer", lease=work.lease, answer={"choice": 0})
            for who, work in ((ann, one), (ben, other))
        )
    )
    assert isinstance(first, WorkResult)
    assert outcome(second) == "lease_lost"
    assert town.rows("SELECT count(*) FROM holds") == [(1,)]
    assert not town.proof()


def meet(
    monkeypatch: pytest.MonkeyPatch,
    town: Town,
    request: WorkRequest,
    act: Callable[[], Any],
    when: Callable[[Writes], bool] = lambda writes: True,
) -> Any:
    """Let ``act`` begin while the group of ``request`` is about to write; return what it came to."""
    flush = Writes.flush
    began: list[threading.Thread] = []
    came: list[Any] = []

    def run() -> None:
        try:
            came.append(act())
        except Exception as error:  # noqa: BLE001 - the test looks at it
            came.append(error)

    def slowly(self: Writes, tx: Transaction, now: datetime) -> None:
        if not began and when(self):
            began.append(threading.Thread(target=run))
            began[0].start()
            time.sleep(0.3)
        flush(self, tx, now)

    with monkeypatch.context() as patch:
        patch.setattr(Writes, "flush", slowly)
        town.handle(request)
    for thread in began:
        thread.join()
    return came[0] if came else None


@pytest.mark.parametrize("kind", ["answer", "skip", "next"])
@pytest.mark.parametrize("whole_batch", [False, True])
def test_a_task_is_cancelled_while_it_goes_back_to_the_queue(
    town: Town, kind: Any, whole_batch: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is seen in its new place, and ends there."""
    ann = town.hire("ann", nobody)
    work = has(town.ask(ann))
    if kind == "next":
        town.wait(LEASE + 2)
    request = WorkRequest(
        ann, kind, lease=work.lease if kind != "next" else None, answer={"unanswerable": True}
    )
    cancel: Callable[[], Any] = partial(intake.cancel_batch, town.db, 1, "round", town.now)
    if not whole_batch:
        cancel = partial(intake.cancel_task, town.db, 1, 41, town.now)
    came = meet(monkeypatch, town, request, cancel)
    assert not isinstance(came, Exception), came
    assert town.rows("SELECT state FROM tasks WHERE id = 41") == [("cancelled",)]
    assert town.rows("SELECT count(*) FROM attempts WHERE task = 41 AND state IN ('open', 'leased')") == [
        (0,)
    ]
    assert not town.proof()


def test_a_task_is_cancelled_while_its_held_answer_is_discarded(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dismissal sends it back to the queue just then: it ends there."""
    town = Town(db, {"rate_ceiling": 0.6, "dismissal_grace": 3})
    town.open_by_hand(60)
    town.push(50)
    bad = town.hire("bad", knows(0.0))
    came, held = None, 0
    while came is None:
        town.wait(5)
        held = town.rows("SELECT min(task) FROM holds")[0][0]
        work = has(town.ask(bad))
        request = WorkRequest(bad, "answer", lease=work.lease, answer=knows(0.0)(work, town.rng))
        came = meet(
            monkeypatch, town, request, partial(intake.cancel_task, db, 1, held, town.now),
            when=lambda writes: bool(writes.unheld),
        )  # fmt: skip
    assert not isinstance(came, Exception), came
    assert town.rows(f"SELECT state FROM tasks WHERE id = {held}") == [("cancelled",)]
    assert not town.proof()


def test_a_batch_is_cancelled_while_one_of_its_tasks_gets_its_label(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither waits for the other for ever; the label stays and the rest ends."""
    town = Town(db, {"rate_ceiling": 0.6})
    town.open_by_hand(60)
    town.push(60)
    ann = town.hire("ann", knows(1.0))
    while not town.rows("SELECT 1 FROM log WHERE decision = 'deliver'"):
        town.round()
    while town.rows("SELECT stage FROM attempts WHERE state = 'leased'") != [("label",)]:
        town.round()
    work = town.leases[ann]
    request = WorkRequest(ann, "answer", lease=work.lease, answer=knows(1.0)(work, town.rng))
    came = meet(monkeypatch, town, request, lambda: intake.cancel_batch(db, 1, "round", town.now))
    assert not isinstance(came, Exception), came
    assert came.queued == 0
    assert came.labelled == town.rows("SELECT count(*) FROM labels")[0][0]
    assert not town.proof()


def test_candidates_are_finished_although_enough_benchmarks_are_there(db: Database) -> None:
    """Mining ends with some tasks half done: the panel finishes them, else they would wait for ever."""
    town = Town(db, {"open_at": 3, "reserve": 1, "supply_headroom": 1.0})
    town.push(60)
    for n in range(6):
        town.hire(f"trusted {n}", knows(1.0), "trusted")
    for n in range(4):
        town.hire(f"good {n}", knows(1.0))
    town.run(20)
    assert projects.get(db, 1, None).state == "open"
    town.run(120)
    sweep(db, town.now)
    town.run(40)
    assert town.rows("SELECT state, count(*) FROM tasks GROUP BY 1") == [("labelled", 60)]
    assert not town.proof()


def test_a_short_queue_is_matched_with_all_who_seek(town: Town) -> None:
    """Whoever stands first and has had the one task that waits leaves it to the next of the group."""
    intake.cancel_batch(town.db, 1, "round", town.now)
    intake.push(town.db, 1, [TaskDraft(0, task_input(50, 0))], None, town.now)
    ann, ben, cleo = (town.hire(name, nobody) for name in ("ann", "ben", "cleo"))
    work = has(town.ask(ann))
    town.skip(ann, work)
    town.wait(2)
    results = town.handle(*(WorkRequest(who, "next") for who in (ann, ben, cleo)))
    assert sum(isinstance(outcome(result), Work) for result in results) == 1


def test_tasks_that_everybody_has_had_keep_nobody_from_the_rest(db: Database) -> None:
    """However many wait for somebody new in front of the queue, what lies behind them is found."""
    town = Town(db, {**ORDINARY, "max_held": 1000})
    town.open_by_hand()
    town.push(700)
    ann = town.hire("ann", nobody)
    given = town.ask(ann)
    for n in range(700):
        town.wait(0.5)
        assert isinstance(given, Work), n
        given = town.skip(ann, given)
    assert town.rows("SELECT count(*) FROM attempts WHERE state = 'skipped' AND stage = 'label'")[0][0] > 600


def test_a_draft_with_benchmarks_opens_once_it_may(db: Database) -> None:
    """Benchmarks given to a draft, or to a project that rests, count from the moment it goes on."""
    town = Town(db)
    items = [ManualBenchmark(n, task_input(n, n % 4), n % 4) for n in range(30)]
    for state in ("draft", "mining"):
        other = projects.create(db, town.customer, ProjectDraft("d", "Pick."), town.now, state=state)
        if state == "mining":
            projects.update(db, other.id, None, state="paused", now=town.now)
        assert not benchmarks.add_manual(db, other.id, items, town.now).errors
        assert projects.update(db, other.id, None, state="mining", now=town.now).state == "open"


def test_asking_for_more_benchmarks_before_opening_asks_mining_for_them(db: Database) -> None:
    """Else mining would stop before the project may open."""
    town = Town(db)
    projects.update(db, 1, None, policy={"open_at": 40}, now=town.now)
    assert projects.get(db, 1, None).supply_target >= 40


def test_nothing_opens_by_a_word(db: Database) -> None:
    """A project that was paused while it mined goes back to mining."""
    town = Town(db)
    projects.update(db, 1, None, state="paused", now=town.now)
    with pytest.raises(Conflict):
        projects.update(db, 1, None, state="open", now=town.now)
    assert projects.update(db, 1, None, state="mining", now=town.now).state == "mining"


def test_servings_count_although_the_benchmarks_are_loaded_anew(db: Database) -> None:
    """Past the cap none is served much oftener than the rest, however often the project changes."""
    town = Town(db, {"exposure_cap": 2, "benchmarks_per_labeler": 1, "rate_ceiling": 1.0, "open_at": 5})
    town.open_by_hand(5)
    town.push(50)
    for n in range(9):
        projects.update(db, 1, None, name=f"name {n}", now=town.now)
        has(town.ask(town.hire(f"p{n}", nobody)))
    assert town.rows("SELECT sum(exposures) FROM benchmarks")[0][0] == 9
    assert town.rows("SELECT max(exposures) FROM benchmarks")[0][0] <= 3


def test_who_is_dismissed_makes_no_more_keys(db: Database) -> None:
    """Trust that was earned ends with the dismissal, and nobody waits for that one's answers."""
    town = Town(db, {"rate_ceiling": 1.0})
    town.open_by_hand(60)
    town.push(50)
    bad = town.hire("bad", knows(0.0))
    town.round()
    with db.connection() as tx:
        tx.execute("UPDATE standings SET panel = 'earned'")
    while not town.rows("SELECT 1 FROM standings WHERE state = 'dismissed'"):
        town.round()
    assert town.rows("SELECT panel FROM standings") == [(None,)]
    assert town.rows(f"SELECT decision FROM log WHERE kind = 'trust' AND labeler = {bad}") == [("ended",)]
    assert not town.proof()


def test_a_single_request_survives_a_deadlock(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL may end any transaction to free another one; the labeler does not hear of it."""
    ann = town.hire("ann", nobody)
    original = attempts.lease
    failed: list[bool] = []

    def unlucky(tx: Transaction, *rest: Any) -> None:
        if len(failed) < 2:
            failed.append(True)
            tx.execute("DO $$ BEGIN RAISE deadlock_detected; END $$")
        original(tx, *rest)

    monkeypatch.setattr(attempts, "lease", unlucky)
    has(town.ask(ann))
    assert len(failed) == 2
