"""Leases: one task in one pair of hands, answered once, and back in the queue when nobody answers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest

from goldvein.domain.errors import GoldveinError, InvalidInput
from goldvein.domain.records import NoWork, ProjectDraft, TaskDraft, Work, WorkRequest, WorkResult
from goldvein.services import intake, projects
from goldvein.services.sweeps import sweep
from goldvein.services.work import WorkGroup
from goldvein.store.database import Database
from tests.services.test_intake import ORDINARY
from tests.services.town import Town, outcome, task_input

LEASE = 600


@pytest.fixture
def town(db: Database) -> Iterator[Town]:
    """An open project with a few tasks; every test proves in the end that nothing is out of step."""
    town = Town(db, {**ORDINARY, "lease_seconds": LEASE})
    town.open_by_hand()
    town.push(3)
    town.hire("ann", lambda work, rng: {})
    town.hire("ben", lambda work, rng: {})
    yield town
    assert not town.proof()


def has(given: Work | str) -> Work:
    assert isinstance(given, Work), given
    return given


def task_of(town: Town, work: Work) -> str:
    return str(work.input["prompt"])


def test_next_twice_gives_the_same_lease(town: Town) -> None:
    """A labeler who lost the page gets the same task in the same order, by the same token."""
    ann = town.names["ann"]
    assert has(town.ask(ann)) == has(town.ask(ann))
    assert town.rows("SELECT count(*) FROM attempts WHERE state = 'leased'") == [(1,)]


def test_a_repeated_answer_is_accepted_once(town: Town) -> None:
    """The second time changes nothing, and shows the lease that the first time gave."""
    ann = town.names["ann"]
    work = has(town.ask(ann))
    following = has(town.answer(ann, work, 2))
    assert town.answer(ann, work, 1) == following
    assert town.rows("SELECT count(*) FROM answers") == [(1,)]
    assert town.rows("SELECT n, answers FROM standings") == [(1, 1)]


def test_a_skipped_task_never_returns_to_the_same_labeler(town: Town) -> None:
    """It goes to somebody else, first in line."""
    ann, ben = town.names["ann"], town.names["ben"]
    first = has(town.ask(ann))
    seen = {task_of(town, first)}
    work = has(town.skip(ann, first))
    assert town.skip(ann, first) == work
    seen.add(task_of(town, work))
    third = has(town.skip(ann, work))
    assert task_of(town, third) not in seen
    assert town.skip(ann, third) == "queue_empty"
    town.wait(2)
    assert task_of(town, has(town.ask(ben))) == task_of(town, first)
    assert town.rows(f"SELECT skips, n FROM standings WHERE labeler = {ann}") == [(3, 0)]


def test_a_renewed_lease_lasts_longer(town: Town) -> None:
    """Renewing moves the end; the labeler can still answer, and nobody else gets the task."""
    ann, ben = town.names["ann"], town.names["ben"]
    work = has(town.ask(ann))
    town.wait(LEASE - 10)
    assert town.renew(ann, work) == town.now + timedelta(seconds=LEASE)
    town.wait(LEASE - 10)
    assert task_of(town, has(town.ask(ben))) != task_of(town, work)
    has(town.answer(ann, work))


def test_a_lease_that_ran_out_unseen_can_still_be_renewed(town: Town) -> None:
    """As long as nobody has taken it back, the labeler keeps it, and it is in one place only."""
    ann = town.names["ann"]
    work = has(town.ask(ann))
    town.wait(LEASE + 10)
    assert town.renew(ann, work) == town.now + timedelta(seconds=LEASE)
    assert town.rows("SELECT state FROM attempts WHERE task = 41") == [("leased",)]
    has(town.answer(ann, work))
    assert town.rows("SELECT count(*) FROM attempts WHERE state = 'open'") == [(1,)]


def test_a_lapsed_task_goes_to_somebody_else_first_in_line(town: Town) -> None:
    """Nobody has to run a job for it: the next who asks takes it back."""
    ann, ben = town.names["ann"], town.names["ben"]
    work = has(town.ask(ann))
    town.wait(LEASE + 10)
    assert task_of(town, has(town.ask(ben))) == task_of(town, work)
    assert town.answer(ann, work) == "lease_lost"
    assert task_of(town, has(town.ask(ann))) != task_of(town, work)


def test_a_late_answer_counts_while_nobody_else_has_the_task(town: Town) -> None:
    """The lease ran out and nobody looked: the answer is accepted, and the task is not wanted again."""
    ann = town.names["ann"]
    work = has(town.ask(ann))
    town.wait(LEASE + 10)
    has(town.answer(ann, work))
    assert town.rows("SELECT count(*) FROM answers") == [(1,)]
    assert town.rows("SELECT count(*) FROM attempts WHERE task = 41 AND state IN ('open', 'leased')") == [
        (0,)
    ]


def test_a_late_answer_counts_although_the_task_waits_again(town: Town) -> None:
    """The task lies in the queue once more: the answer is accepted and takes it from there."""
    ann, ben, cleo = town.names["ann"], town.names["ben"], town.hire("cleo", lambda work, rng: {})
    work = has(town.ask(ann))
    town.wait(2)
    has(town.ask(ben))
    has(town.ask(cleo))
    town.wait(LEASE - 1)
    assert town.ask(town.hire("dora", lambda work, rng: {})) != "queue_empty"
    town.skip(town.names["dora"], has(town.ask(town.names["dora"])))
    assert town.rows("SELECT count(*) FROM attempts WHERE task = 41 AND state = 'open'") == [(1,)]
    town.answer(ann, work)
    assert town.rows("SELECT count(*) FROM attempts WHERE task = 41 AND state IN ('open', 'leased')") == [
        (0,)
    ]
    assert town.rows("SELECT count(*) FROM answers WHERE task = 41") == [(1,)]


@pytest.mark.parametrize("kind", ["renew", "bad answer"])
def test_what_fails_on_a_lapsed_lease_leaves_the_queue_alone(town: Town, kind: str) -> None:
    """A task that waits again goes on waiting."""
    ann = town.names["ann"]
    work = has(town.ask(ann))
    town.wait(LEASE + 10)
    town.ask(town.names["ben"])
    town.skip(town.names["ben"], has(town.ask(town.names["ben"])))
    assert town.rows("SELECT count(*) FROM attempts WHERE task = 41 AND state = 'open'") == [(1,)]
    assert (town.renew(ann, work) if kind == "renew" else town.answer(ann, work, 17)) in {
        "lease_lost", "choice_out_of_range"
    }  # fmt: skip
    assert town.rows("SELECT count(*) FROM attempts WHERE task = 41 AND state = 'open'") == [(1,)]


def test_an_answer_that_cannot_count_does_not_tell_a_benchmark(town: Town) -> None:
    """Nobody else takes a lapsed benchmark, so whether a lease is lost must not be learned for nothing."""
    ann, ben = town.names["ann"], town.names["ben"]
    work = has(town.ask(ann))
    assert town.rows("SELECT stage FROM attempts WHERE labeler IS NOT NULL") == [("label",)]
    town.wait(LEASE + 10)
    assert task_of(town, has(town.ask(ben))) == task_of(town, work)
    assert town.answer(ann, work, 17) == "choice_out_of_range"
    assert town.answer(ann, work) == "lease_lost"


def test_a_labeler_who_asks_after_the_lease_ran_out_gets_another_task(town: Town) -> None:
    """The task is wanted once, by others."""
    ann = town.names["ann"]
    work = has(town.ask(ann))
    town.wait(LEASE + 10)
    assert task_of(town, has(town.ask(ann))) != task_of(town, work)
    assert town.rows("SELECT count(*) FROM attempts WHERE task = 41 AND state = 'open'") == [(1,)]


@pytest.mark.parametrize(
    "lease", ["", "x", "A" * 22, "AAAAAAAAAAAAAAAAAAAAAAAA", "é" * 22, "////////////////////==", "\0" * 22]
)
def test_a_forged_token_opens_nothing(town: Town, lease: str) -> None:
    """Whatever it is, it is no lease of the labeler's."""
    for kind in ("answer", "skip", "renew", "defer"):
        request = WorkRequest(town.names["ann"], kind, lease=lease, answer={"choice": 0})
        assert outcome(town.handle(request)[0]) == "lease_unknown"


def test_another_labelers_token_opens_nothing(town: Town) -> None:
    """A lease belongs to the one who got it, and stays with that one."""
    ann, ben = town.names["ann"], town.names["ben"]
    work = has(town.ask(ann))
    assert town.answer(ben, work) == "lease_unknown"
    assert town.skip(ben, work) == "lease_unknown"
    assert town.renew(ben, work) == "lease_unknown"
    assert has(town.ask(ann)) == work


@pytest.mark.parametrize(
    "answer",
    [{}, {"choice": 4}, {"choice": -1}, {"choice": True}, {"choice": 1.0}, {"choice": "1"}, {"choice": None},
     {"choice": 1, "why": "?"}, {"unanswerable": False}, {"unanswerable": True, "choice": 1}],
)  # fmt: skip
def test_a_bad_answer_leaves_the_lease_as_it_is(town: Town, answer: dict[str, object]) -> None:
    """The labeler may try again."""
    ann = town.names["ann"]
    work = has(town.ask(ann))
    (result,) = town.handle(WorkRequest(ann, "answer", lease=work.lease, answer=answer))
    assert isinstance(result, InvalidInput)
    assert has(town.ask(ann)) == work
    has(town.answer(ann, work))


def test_one_bad_request_does_not_fail_its_neighbours(town: Town) -> None:
    """Each request of a group gets the result that it would have got alone."""
    ann, ben, cleo = town.names["ann"], town.names["ben"], town.hire("cleo", lambda work, rng: {})
    works = {labeler: has(town.ask(labeler)) for labeler in (ann, ben)}
    results = town.handle(
        WorkRequest(ann, "answer", lease=works[ann].lease, answer={"choice": 9}),
        WorkRequest(ben, "answer", lease=works[ben].lease, answer={"choice": 1}),
        WorkRequest(cleo, "renew", lease="nonsense"),
    )
    assert [outcome(one) if isinstance(one, GoldveinError) else "fine" for one in results] == [
        "choice_out_of_range", "fine", "lease_unknown"
    ]  # fmt: skip
    assert town.rows("SELECT labeler FROM answers") == [(ben,)]


def test_a_row_that_the_database_refuses_fails_alone(town: Town) -> None:
    """A trigger refuses one labeler's answers: that one hears of it, the others' answers are stored."""
    ann, ben = town.names["ann"], town.names["ben"]
    works = {labeler: has(town.ask(labeler)) for labeler in (ann, ben)}
    with town.db.connection() as tx:
        tx.execute(
            f"""CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN IF NEW.labeler = {ann} THEN RAISE 'no disk for {ann}'; END IF; RETURN NEW; END $$;
            CREATE TRIGGER refuse BEFORE INSERT ON answers FOR EACH ROW EXECUTE FUNCTION refuse()""".encode()
        )
    one, other = town.handle(
        *(WorkRequest(who, "answer", lease=works[who].lease, answer={"choice": 0}) for who in (ann, ben))
    )
    assert isinstance(one, psycopg.errors.RaiseException)
    assert isinstance(other, WorkResult)
    assert town.rows("SELECT labeler FROM answers") == [(ben,)]
    assert has(town.ask(ann)) == works[ann]


def test_the_same_content_pushed_twice_never_goes_to_the_same_labeler(town: Town) -> None:
    """Identity for "never twice" is the content: its copy waits for somebody else."""
    intake.cancel_batch(town.db, 1, "round", town.now)
    copies = [TaskDraft(n, task_input(99, 1), unique_id=f"copy {n}") for n in range(2)]
    intake.push(town.db, 1, copies, None, town.now)
    ann, ben = town.names["ann"], town.names["ben"]
    following = town.answer(ann, has(town.ask(ann)))
    assert isinstance(following, str) or task_of(town, following) != "task 99"
    assert task_of(town, has(town.ask(ben))) == "task 99"


def test_options_are_shuffled_and_answers_mapped_back(db: Database) -> None:
    """Each labeler sees an order of its own; what is stored is the option, wherever it stood."""
    town = Town(db, ORDINARY)
    town.open_by_hand()
    town.push(90)
    orders = set()
    for n in range(40):
        person = town.hire(f"p{n}", lambda work, rng: {})
        work = has(town.ask(person))
        options = work.input["options"]
        number = int(work.input["prompt"].removeprefix("task "))
        orders.add(tuple(int(option.rsplit("-", 1)[1]) for option in options))
        town.answer(person, work, options.index(f"right {number}-{number % 4}"))
    assert len(orders) > 12
    assert town.rows("SELECT count(*) FROM answers WHERE task > 40 AND choice <> (task - 41) % 4") == [(0,)]
    assert not town.proof()


def test_classes_keep_their_order(db: Database) -> None:
    """Categories are learned by their place, so everybody sees them in the same order."""
    town = Town(db, ORDINARY)
    classes = ("sad", "neutral", "glad")
    draft = ProjectDraft("moods", "Pick the mood.", classes=classes, policy=ORDINARY)
    project = projects.create(db, town.customer, draft, town.now)
    intake.push(db, project.id, [TaskDraft(n, {"text": f"text {n}"}) for n in range(5)], None, town.now)
    for n in range(5):
        work = has(town.ask(town.hire(f"trusted {n}", lambda work, rng: {}, "trusted"), project.id))
        assert work.input["options"] == list(classes)
        assert work.input["text"].startswith("text ")


def test_cannot_be_answered_is_an_answer_but_no_label(town: Town) -> None:
    """The task goes to somebody else; that labeler's standing moves on."""
    ann, ben = town.names["ann"], town.names["ben"]
    work = has(town.ask(ann))
    has(town.answer(ann, work, None))
    assert town.rows("SELECT choice, answer FROM answers") == [(-1, {"unanswerable": True})]
    assert town.rows("SELECT decision FROM log WHERE kind = 'answer'") == [("discard",)]
    town.wait(2)
    assert task_of(town, has(town.ask(ben))) == task_of(town, work)


def test_the_end_of_a_lease_and_of_its_task_meet(town: Town) -> None:
    """A task in somebody's hands past its deadline ends when it comes back."""
    intake.cancel_batch(town.db, 1, "round", town.now)
    deadline = town.now + timedelta(seconds=60)
    intake.push(town.db, 1, [TaskDraft(0, task_input(50, 0), deadline=deadline)], "late", town.now)
    has(town.ask(town.names["ann"]))
    town.wait(LEASE + 1)
    assert town.ask(town.names["ben"]) != "none"
    town.skip(town.names["ben"], has(town.ask(town.names["ben"])))
    swept = sweep(town.db, town.now)
    assert (swept.tasks, swept.batches) == (1, 2)
    assert intake.batch_progress(town.db, 1, "late", town.now).expired == 1
    assert town.rows("SELECT event FROM outbox ORDER BY id") == [
        ("task.expired",), ("batch.drained",), ("batch.drained",)
    ]  # fmt: skip


def test_a_token_of_another_installation_opens_nothing(town: Town) -> None:
    """Each installation seals its tokens with a key of its own."""
    ann = town.names["ann"]
    work = has(town.ask(ann))
    with town.db.connection() as tx:
        tx.execute("UPDATE instance SET lease_key = decode(repeat('ab', 16), 'hex')")
    town.work = WorkGroup(town.db)
    assert town.answer(ann, work) == "lease_unknown"


def test_no_project_no_work(town: Town) -> None:
    """Who asks for a project that is not there, or none that is open, hears so."""
    ann = town.names["ann"]
    assert town.ask(ann, 99) == "no_project"
    (result,) = town.handle(WorkRequest(ann, "next", project=99))
    assert isinstance(result, WorkResult)
    assert isinstance(result.next, NoWork)
    assert result.next.retry_after_seconds > 0
