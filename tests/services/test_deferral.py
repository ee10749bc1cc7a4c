"""Deferral: an answer kept back for a few seconds, the next task meanwhile, and never more than that."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Literal

import numpy as np
import pytest

from goldvein.domain.records import ProjectDraft, TaskDraft, Work, WorkRequest, WorkResult
from goldvein.services import benchmarks, intake, projects
from goldvein.services.benchmarks import ManualBenchmark
from goldvein.services.sweeps import sweep
from goldvein.services.work import WorkGroup
from goldvein.store.database import Database
from tests.services.test_intake import ORDINARY
from tests.services.test_leases import LEASE, has, task_of
from tests.services.town import Town, guesses, knows, outcome, task_input

LEASED = "SELECT count(*) FROM attempts WHERE state = 'leased'"


@pytest.fixture
def town(db: Database) -> Iterator[Town]:
    """An open project with ordinary tasks; every test proves in the end that nothing is out of step."""
    town = Town(db, {**ORDINARY, "lease_seconds": LEASE})
    town.open_by_hand()
    town.push(6)
    town.hire("ann", lambda work, rng: {})
    town.hire("ben", lambda work, rng: {})
    yield town
    assert not town.proof()


def test_a_deferred_answer_leaves_the_next_task_in_hand(town: Town) -> None:
    """The next task comes at once, and is what a reload and the answer's response show."""
    ann = town.names["ann"]
    first = has(town.ask(ann))
    second = has(town.defer(ann, first))
    assert task_of(town, second) != task_of(town, first)
    assert town.rows(LEASED) == [(2,)]
    assert town.ask(ann) == second
    town.wait(4)
    assert town.answer(ann, first) == second
    assert town.rows(LEASED) == [(1,)]
    assert task_of(town, has(town.answer(ann, second))) not in {task_of(town, first), task_of(town, second)}


def test_everything_may_be_sent_again(town: Town) -> None:
    """A deferral before and after its answer, and the answer itself, give the lease in hand."""
    ann = town.names["ann"]
    first = has(town.ask(ann))
    second = has(town.defer(ann, first))
    assert town.defer(ann, first) == second
    assert town.answer(ann, first, 2) == second
    assert town.answer(ann, first, 1) == second
    assert town.defer(ann, first) == second
    assert town.rows("SELECT count(*) FROM answers") == [(1,)]
    assert town.rows("SELECT n, answers FROM standings") == [(1, 1)]
    assert town.rows("SELECT count(*) FROM log WHERE kind = 'answer'") == [(1,)]


def test_a_deferral_moves_no_standing_and_no_expiry(town: Town) -> None:
    """Nothing is known of the answer yet, and the lease runs out when it would have."""
    ann = town.names["ann"]
    first = has(town.ask(ann))
    standings, log = town.rows("SELECT * FROM standings"), town.rows("SELECT * FROM log")
    town.wait(10)
    town.defer(ann, first)
    assert town.rows("SELECT * FROM standings") == standings
    assert town.rows("SELECT * FROM log") == log
    ends = town.rows("SELECT expires_at FROM attempts WHERE deferred_at IS NOT NULL")
    assert ends == [(first.expires_at,)]


def test_time_on_task_ends_at_the_deferral(town: Town) -> None:
    """What passes while the answer is kept back is not time on its task; its receipt is noted as it was."""
    ann = town.names["ann"]
    first = has(town.ask(ann))
    town.wait(7)
    second = has(town.defer(ann, first))
    town.wait(4)
    town.answer(ann, first)
    assert town.rows("SELECT milliseconds FROM log WHERE kind = 'answer'") == [(7_000,)]
    assert town.rows("SELECT received_at FROM answers") == [(town.now,)]
    town.wait(1)
    town.answer(ann, second)
    assert town.rows("SELECT milliseconds FROM log WHERE kind = 'answer' ORDER BY n") == [(7_000,), (5_000,)]


def test_after_a_second_thought_the_last_deferral_counts(town: Town) -> None:
    """Whoever slipped and took the answer back is not taken for somebody who answers without reading."""
    ann = town.names["ann"]
    first = has(town.ask(ann))
    town.wait(0.5)
    second = has(town.defer(ann, first))
    town.wait(20)
    assert town.defer(ann, first) == second
    town.wait(4)
    town.answer(ann, first)
    assert town.rows("SELECT milliseconds FROM log WHERE kind = 'answer'") == [(20_500,)]


def test_time_on_a_task_that_was_fetched_ahead_begins_when_its_labeler_turns_to_it(town: Town) -> None:
    """What passes between the first deferral of a task and its last is time on that task alone."""
    ann = town.names["ann"]
    first = has(town.ask(ann))
    town.wait(10)
    second = has(town.defer(ann, first))
    town.wait(4)
    assert town.defer(ann, first) == second
    town.wait(9)
    _, third = town.pass_on(ann, first, second)
    town.wait(1)
    assert town.defer(ann, second) == third
    town.answer(ann, second)
    times = town.rows("SELECT milliseconds FROM log WHERE kind = 'answer' ORDER BY n")
    assert times == [(14_000,), (10_000,)]


def test_one_answer_is_kept_back_at_a_time(town: Town) -> None:
    """With two leases there is no third; once the first is answered, the second can be deferred."""
    ann = town.names["ann"]
    first = has(town.ask(ann))
    second = has(town.defer(ann, first))
    assert town.defer(ann, second) == "answer_first"
    assert town.ask(ann) == second
    assert town.rows(LEASED) == [(2,)]
    town.answer(ann, first)
    third = has(town.defer(ann, second))
    assert town.skip(ann, second) == third
    assert has(town.defer(ann, third)) != third
    assert town.rows(LEASED) == [(2,)]


def test_what_was_kept_back_goes_out_with_the_next_deferral(town: Town) -> None:
    """One step: the answer counts, the lease in hand is deferred, both replies hold the next task."""
    ann = town.names["ann"]
    first = has(town.ask(ann))
    second = has(town.defer(ann, first))
    town.wait(3)
    answered, third = town.pass_on(ann, first, second)
    assert answered == third
    assert task_of(town, has(third)) not in {task_of(town, first), task_of(town, second)}
    assert town.rows("SELECT count(*) FROM answers") == [(1,)]
    assert town.rows(LEASED) == [(2,)]
    assert town.pass_on(ann, first, second) == (third, third), "sent again, it changes nothing"
    assert town.rows("SELECT count(*) FROM answers") == [(1,)]
    town.wait(2)
    has(town.answer(ann, second))
    assert town.rows("SELECT milliseconds FROM log WHERE kind = 'answer' ORDER BY n")[1] == (3_000,)


def test_an_answer_that_is_lost_does_not_hold_up_the_deferral(town: Town) -> None:
    """And the other way round: each of the two comes to what it would have come to alone."""
    ann = town.names["ann"]
    first = has(town.ask(ann))
    second = has(town.defer(ann, first))
    intake.cancel_task(town.db, town.project.id, 41, town.now)
    lost, third = town.pass_on(ann, first, second)
    assert lost == "lease_lost"
    ((task,),) = town.rows("SELECT task FROM attempts WHERE state = 'leased' AND deferred_at IS NULL")
    intake.cancel_task(town.db, town.project.id, task, town.now)
    answered, refused = town.pass_on(ann, second, has(third))
    assert refused == "lease_lost"
    assert has(town.ask(ann)) == answered
    assert town.rows("SELECT count(*) FROM answers") == [(1,)]


def test_answer_and_deferral_of_one_lease_in_one_group(town: Town) -> None:
    """The answer came first: there is nothing to keep back any more, and nothing is noted of it."""
    ann = town.names["ann"]
    first = has(town.ask(ann))
    town.wait(5)
    answered, deferred = town.pass_on(ann, first, first)
    assert answered == deferred
    assert town.rows("SELECT count(*) FROM attempts WHERE deferred_at IS NOT NULL") == [(0,)]
    assert town.rows(LEASED) == [(1,)]


def test_leases_cannot_be_gathered_by_letting_them_run_out(town: Town) -> None:
    """A deferred lease that ran out, seen by nobody, is taken back when the next is deferred."""
    ann = town.names["ann"]
    first = has(town.ask(ann))
    second = has(town.defer(ann, first))
    town.wait(LEASE - 1)
    town.renew(ann, second)
    town.wait(2)
    has(town.defer(ann, second))
    assert town.renew(ann, first) == "lease_lost"
    assert town.rows(LEASED) == [(2,)]
    assert town.rows("SELECT count(*) FROM attempts WHERE task = 41 AND state = 'open'") == [(1,)]


def test_a_deferred_lease_can_be_renewed_and_stays_out_of_hand(town: Town) -> None:
    """Whoever thinks it over for long keeps both tasks; `next` goes on showing the one in hand."""
    ann = town.names["ann"]
    first = has(town.ask(ann))
    second = has(town.defer(ann, first))
    town.wait(LEASE - 10)
    assert town.renew(ann, first) == town.renew(ann, second) == town.now + timedelta(seconds=LEASE)
    assert has(town.ask(ann)).lease == second.lease
    town.wait(LEASE - 10)
    assert has(town.answer(ann, first)).lease == second.lease


def test_a_deferred_answer_that_never_comes_lapses_like_any_other(town: Town) -> None:
    """The task goes to somebody else, first in line, and the labeler may defer again."""
    ann, ben = town.names["ann"], town.names["ben"]
    first = has(town.ask(ann))
    second = has(town.defer(ann, first))
    town.wait(LEASE - 1)
    town.renew(ann, second)
    town.wait(2)
    assert task_of(town, has(town.ask(ben))) == task_of(town, first)
    assert town.defer(ann, first) == "lease_lost"
    third = has(town.defer(ann, second))
    assert task_of(town, third) not in {task_of(town, first), task_of(town, second)}
    assert town.answer(ann, first) == "lease_lost"


def test_a_late_answer_counts_whether_it_was_deferred_or_not(town: Town) -> None:
    """As long as nobody else has the task."""
    ann = town.names["ann"]
    first = has(town.ask(ann))
    town.wait(LEASE + 1)
    second = has(town.defer(ann, first))
    town.wait(LEASE + 1)
    assert isinstance(town.answer(ann, first), Work)
    assert task_of(town, has(town.ask(ann))) not in {task_of(town, first), task_of(town, second)}
    assert town.rows("SELECT count(*) FROM answers") == [(1,)]


def test_nothing_in_hand_but_a_deferred_answer(town: Town) -> None:
    """Where no task is left the reason comes; once there is one, `next` gives it and the answer shows it."""
    ann = town.names["ann"]
    town.handle(*(WorkRequest(town.hire(f"p{n}", guesses), "next") for n in range(5)))
    first = has(town.ask(ann))
    assert town.defer(ann, first) == "queue_empty"
    assert town.ask(ann) == "queue_empty"
    assert town.defer(ann, first) == "queue_empty"
    town.push(1, start=50)
    second = has(town.ask(ann))
    assert town.answer(ann, first) == second
    assert town.rows("SELECT count(*) FROM answers") == [(1,)]


def test_a_deferred_task_may_end_meanwhile(town: Town) -> None:
    """Its answer is refused, and what is in hand can be deferred."""
    ann = town.names["ann"]
    first = has(town.ask(ann))
    second = has(town.defer(ann, first))
    intake.cancel_task(town.db, town.project.id, 41, town.now)
    assert town.answer(ann, first) == "lease_lost"
    has(town.defer(ann, second))


def test_a_closed_project_takes_no_deferred_answer(town: Town) -> None:
    """The answer is refused as any other, and what was deferred there stands in nobody's way elsewhere."""
    ann = town.names["ann"]
    draft = ProjectDraft("other", "Pick the right one.", policy={**ORDINARY, "lease_seconds": LEASE})
    other = projects.create(town.db, town.customer, draft, town.now).id
    items = [ManualBenchmark(n, task_input(10**8 + n, n % 4), n % 4) for n in range(40)]
    benchmarks.add_manual(town.db, other, items, town.now)
    drafts = [TaskDraft(n, task_input(10**6 + n, 0)) for n in range(3)]
    intake.push(town.db, other, drafts, None, town.now)
    first = has(town.ask(ann, town.project.id))
    town.defer(ann, first)
    projects.update(town.db, town.project.id, None, state="closed", now=town.now)
    assert town.answer(ann, first) == "project_closed"
    work = has(town.ask(ann))
    assert work.project == other
    assert has(town.defer(ann, work)).project == other
    sweep(town.db, town.now)
    ended = f"SELECT count(*) FROM attempts WHERE state = 'leased' AND project = {town.project.id}"
    assert town.rows(ended) == [(0,)]


def test_a_paused_project_takes_a_deferred_answer(town: Town) -> None:
    """What is in hands is finished; nothing new is given."""
    ann = town.names["ann"]
    first = has(town.ask(ann))
    projects.update(town.db, town.project.id, None, state="paused", now=town.now)
    assert town.defer(ann, first) == "paused"
    assert town.answer(ann, first) == "paused"
    assert town.rows("SELECT count(*) FROM answers") == [(1,)]


def test_somebody_elses_lease_cannot_be_deferred(town: Town) -> None:
    """It is no lease of theirs."""
    work = has(town.ask(town.names["ann"]))
    assert town.defer(town.names["ben"], work) == "lease_unknown"


def test_requests_of_two_connections_are_one_after_the_other(database_url: str) -> None:
    """Deferral and answer of one lease at once, over and over: one answer each, and two leases at most."""
    with Database(database_url) as db, Database(database_url) as other, ThreadPoolExecutor(2) as threads:
        town = Town(db, {**ORDINARY, "lease_seconds": LEASE})
        town.open_by_hand()
        town.push(60)
        ann, right = town.hire("ann", knows(1)), knows(1)
        groups, rngs = [WorkGroup(db), WorkGroup(other)], [np.random.default_rng(n) for n in range(2)]

        def send(place: int, request: WorkRequest) -> Work | str:
            return outcome(groups[place].handle([request], town.now, rngs[place])[0])

        def both(work: Work, *kinds: Literal["defer", "answer"]) -> Work:
            said = right(work, town.rng)
            requests = [WorkRequest(ann, kind, lease=work.lease, answer=said) for kind in kinds]
            one, two = threads.map(send, (0, 1), requests, timeout=60)
            assert one == two, "whoever comes second gets what the first one got"
            return has(one)

        work = has(town.ask(ann))
        for number in range(20):
            town.wait(1)
            work = both(work, "defer", "answer")
            assert town.rows("SELECT count(*) FROM answers") == [(2 * number + 1,)]
            assert town.rows(LEASED) == [(1,)]
            following = both(work, "defer", "defer")
            assert town.rows(LEASED) == [(2,)]
            assert both(work, "answer", "answer") == following
            work = following
        assert not town.proof()


def test_a_town_that_defers_keeps_every_promise(db: Database) -> None:
    """Mining, benchmarks, decoys, holds and dismissals, with answers kept back, taken back and never sent."""
    town = Town(db, {"open_at": 12, "hold_seconds": 60, "lease_seconds": 60, "decoy_share": 0.2}, seed=7)
    town.push(500)
    for n in range(4):
        town.hire(f"trusted {n}", knows(0.97), "trusted")
    for n in range(8):
        town.hire(f"good {n}", knows(0.95))
    for n in range(3):
        town.hire(f"bad {n}", guesses)
    kept: dict[int, Work] = {}
    most = 0
    for number in range(90):
        town.wait(float(town.rng.integers(2, 12)))
        for _ in range(2):
            requests = [one for labeler in town.people for one in _something(town, labeler, kept)]
            taken = list(zip(requests, town.handle(*requests), strict=True))
            for request, result in reversed(taken):  # of a pair, first what it deferred
                _take(town, request, result, kept)
        if number % 10 == 0:
            sweep(db, town.now)
        most = max(most, *(held for (held,) in town.rows(f"{LEASED} GROUP BY labeler")))
    assert most == 2
    stages = {
        stage for (stage,) in town.rows("SELECT DISTINCT stage FROM attempts WHERE deferred_at IS NOT NULL")
    }
    assert stages == {"label", "panel", "benchmark", "decoy"}
    assert town.rows("SELECT count(*) FROM answers")[0][0] > 500
    assert not town.proof()


def _something(town: Town, labeler: int, kept: dict[int, Work]) -> list[WorkRequest]:
    """Send what was kept back and defer what is in hand, in one step or in two."""
    if labeler in kept and labeler in town.leases and town.rng.random() < 0.4:
        work = kept[labeler]
        answer = town.people[labeler](work, town.rng)
        return [
            WorkRequest(labeler, "answer", lease=work.lease, answer=answer),
            WorkRequest(labeler, "defer", lease=town.leases[labeler].lease),
        ]
    return [_one_thing(town, labeler, kept)]


def _one_thing(town: Town, labeler: int, kept: dict[int, Work]) -> WorkRequest:
    """Send what was kept back, or defer, answer, skip or renew what is in hand; some never send."""
    roll = town.rng.random()
    if labeler in kept and roll < 0.8:
        work = kept[labeler] if roll < 0.7 else kept.pop(labeler)
        if roll < 0.03:
            return WorkRequest(labeler, "skip", lease=work.lease)
        if roll < 0.06:
            return WorkRequest(labeler, "renew", lease=work.lease)
        if roll < 0.09:
            return WorkRequest(labeler, "defer", lease=work.lease)
        if roll < 0.7:
            return WorkRequest(
                labeler, "answer", lease=work.lease, answer=town.people[labeler](work, town.rng)
            )
        return WorkRequest(labeler, "next")  # gone with the page
    if labeler not in town.leases:
        return WorkRequest(labeler, "next")
    work = town.leases[labeler]
    if roll < 0.9:
        return WorkRequest(labeler, "defer", lease=work.lease)
    return WorkRequest(labeler, "answer", lease=work.lease, answer=town.people[labeler](work, town.rng))


def _take(town: Town, request: WorkRequest, result: WorkResult | Exception, kept: dict[int, Work]) -> None:
    """Remember what is in hand and what is kept back."""
    if not isinstance(result, WorkResult):
        assert outcome(result) in {"lease_lost", "answer_first"}
        if outcome(result) == "lease_lost":
            kept.pop(request.labeler, None)
            town.leases.pop(request.labeler, None)
        return
    mine = town.leases.get(request.labeler)
    if request.kind == "renew":
        return
    if request.kind == "defer" and mine is not None and request.lease == mine.lease:
        kept[request.labeler] = mine
    elif request.kind != "defer" and request.labeler in kept and kept[request.labeler].lease == request.lease:
        kept.pop(request.labeler)
    town.leases.pop(request.labeler, None)
    if isinstance(result.next, Work):
        town.leases[request.labeler] = result.next
