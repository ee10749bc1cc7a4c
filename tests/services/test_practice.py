"""Practice tasks teach by benchmarks that are out of use; disputes are noted for any task alike."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from goldvein.domain.errors import InvalidInput, NotFound
from goldvein.domain.records import Work, WorkRequest, WorkResult
from goldvein.services import practice, reuse
from goldvein.services.keeping import keep
from goldvein.services.practice import Practice
from goldvein.services.reuse import CopyDraft
from goldvein.services.views import Views
from goldvein.store.database import Database
from tests.services.town import Town, knows


def retire(town: Town, reason: str = "exposures", *, count: int = 5) -> None:
    """Take the first benchmarks out of use, as upkeep does."""
    with town.db.transaction() as tx:
        tx.execute(
            "UPDATE benchmarks SET state = 'retired', reason = %s, ended_at = %s, revision = revision + 1 "
            "WHERE project = 1 AND ordinal <= %s",
            (reason, town.now, count),
        )
    town.wait(7200)


@pytest.fixture
def town(db: Database) -> Town:
    town = Town(db)
    town.open_by_hand(30)
    town.push(40)
    town.hire("ann", knows(0.9))
    return town


def practise(town: Town, name: str = "ann") -> Practice | None:
    return practice.practise(town.db, town.project.id, town.names[name], town.now, town.rng)


def right_at(shown: Practice) -> int:
    return next(i for i, option in enumerate(shown.input["options"]) if option.startswith("right"))


def test_a_practice_task_tells_what_is_right_as_often_as_it_is_asked(town: Town) -> None:
    """The position of the key as shown; the first answer alone stands in the log; nothing else moves."""
    retire(town)
    shown = practise(town)
    assert shown is not None
    right = right_at(shown)
    wrong = (right + 1) % 4
    ann = town.names["ann"]

    told = practice.answer(town.db, ann, shown.token, {"choice": wrong}, town.now)
    again = practice.answer(town.db, ann, shown.token, {"choice": right}, town.now)

    assert (told.right, told.position) == (False, right)
    assert (again.right, again.position) == (True, right)
    assert town.rows("SELECT decision, stage FROM log WHERE kind = 'practice'") == [("wrong", None)]
    assert not town.rows("SELECT 1 FROM answers")
    assert not town.rows("SELECT 1 FROM standings")
    assert not town.proof()


@pytest.mark.parametrize(
    "is_", ["state = 'draft'", "state = 'paused'", "state = 'closed', closed_at = now()", "sandbox_of = 1"]
)
def test_only_what_is_offered_is_practised(town: Town, is_: str) -> None:
    """Whoever guesses a number reads no instruction, and no task, of a project that is not for labelers."""
    retire(town)
    with town.db.connection() as tx:
        tx.execute(f"UPDATE projects SET {is_}".encode())
    with pytest.raises(NotFound):
        practise(town)


def test_who_practises_is_told_why_as_the_key_was_explained(town: Town) -> None:
    """In the words of whoever gave the key, before those of the panel."""
    with town.db.connection() as tx:
        tx.execute(b"UPDATE benchmarks SET explanation = 'it says so' WHERE ordinal <= 5")
    retire(town)
    shown = practise(town)
    assert shown is not None
    told = practice.answer(town.db, town.names["ann"], shown.token, {"choice": 0}, town.now)
    assert told.reasons == ["it says so"]


def test_nobody_practises_the_same_twice_nor_what_came_up_in_work(town: Town) -> None:
    """Five lessons for each who had none of them, and then none."""
    retire(town)
    lessons = [practise(town) for _ in range(5)]
    assert len({lesson.input["prompt"] for lesson in lessons if lesson}) == 5
    assert practise(town) is None
    town.hire("ben", knows(0.9))
    for _ in range(10):
        town.round()
    assert not town.rows(
        "SELECT 1 FROM attempts WHERE labeler IS NOT NULL GROUP BY content, labeler HAVING count(*) > 1"
    )


def test_what_a_labeler_had_as_a_benchmark_is_no_lesson(town: Town) -> None:
    """The content was seen: learning by it would tell how the answer was judged."""
    town.run(40)
    retire(town, count=30)
    ann = town.names["ann"]
    had = town.rows(f"SELECT count(*) FROM attempts WHERE stage = 'benchmark' AND labeler = {ann}")[0][0]
    assert had > 3
    lessons = 0
    while practise(town) is not None:
        lessons += 1
    assert lessons == 30 - had


@pytest.mark.parametrize("reason", practice.APART)
def test_bad_lessons_are_left_out(town: Town, reason: str) -> None:
    """What was ambiguous, leaked or taken back teaches nothing."""
    retire(town, reason)
    assert practise(town) is None


def test_a_benchmark_just_retired_may_still_be_in_hands(town: Town) -> None:
    """Its key is told only once nobody can be tested with it any more."""
    retire(town)
    town.now -= timedelta(seconds=5000)
    assert practise(town) is None


def test_the_panels_reasons_are_told(db: Database) -> None:
    """A comment of those of the panel who chose the key; not of those who did not."""
    town = Town(db)
    town.push(60)
    for n in range(4):
        town.hire(f"trusted {n}", knows(1.0), "trusted")
    for _ in range(60):
        town.now += timedelta(seconds=5)
        for labeler in town.people:
            given = town.ask(labeler)
            if isinstance(given, Work):
                said = {"choice": right_at(Practice("", town.project, given.input))}
                request = WorkRequest(labeler, "answer", lease=given.lease, answer=said, comment="it says so")
                (result,) = town.handle(request)
                assert isinstance(result, WorkResult)
    retire(town)
    town.hire("ann", knows(0.9))
    shown = practise(town)
    assert shown is not None
    told = practice.answer(db, town.names["ann"], shown.token, {"choice": 0}, town.now)
    assert told.reasons
    assert set(told.reasons) == {"it says so"}


def test_a_bad_answer_to_a_practice_task_is_refused_and_a_foreign_one_not_found(town: Town) -> None:
    """The position must be one of those shown, and the task one's own."""
    retire(town)
    shown = practise(town)
    assert shown is not None
    with pytest.raises(InvalidInput, match="choice 7 is none of the 4"):
        practice.answer(town.db, town.names["ann"], shown.token, {"choice": 7}, town.now)
    ben = town.hire("ben", knows(0.9))
    with pytest.raises(NotFound, match="practice task"):
        practice.answer(town.db, ben, shown.token, {"choice": 0}, town.now)
    with pytest.raises(NotFound):
        practice.answer(town.db, ben, "A" * 22, {"choice": 0}, town.now)


def test_a_dispute_is_noted_once_whatever_the_task_is_for(town: Town) -> None:
    """Benchmark and ordinary work alike, in hand or answered; a lease of somebody else is not found."""
    ann = town.names["ann"]
    ben = town.hire("ben", knows(0.9))
    given = town.ask(ann)
    for _ in range(30):
        assert isinstance(given, Work)
        work = given
        practice.dispute(town.db, ann, work.lease, "unclear", town.now)
        practice.dispute(town.db, ann, work.lease, "really", town.now)
        with pytest.raises(NotFound, match="no such lease"):
            practice.dispute(town.db, ben, work.lease, "unclear", town.now)
        given = town.answer(ann, work, right_at(Practice("", town.project, work.input)))
    rows = town.rows(
        "SELECT d.reason, a.stage FROM disputes d "
        "JOIN attempts a ON a.project = d.project AND a.id = d.attempt"
    )
    stages = {stage for _, stage in rows}
    assert len(rows) == 30
    assert {reason for reason, _ in rows} == {"unclear"}
    assert stages == {"label", "benchmark"}
    assert town.rows("SELECT count(*) FROM log WHERE kind = 'dispute'") == [(30,)]
    assert not town.proof()


def test_a_forged_token_disputes_nothing(town: Town) -> None:
    """Random tokens open to numbers that no table can hold."""
    rng = np.random.default_rng(1)
    for _ in range(50):
        token = "".join(rng.choice(list("ABCDEFabcdef0123456789-_"), 21)) + "A"
        with pytest.raises(NotFound):
            practice.dispute(town.db, town.names["ann"], token, "unclear", town.now)


def test_what_good_people_call_unclear_goes_to_an_auditor(db: Database) -> None:
    """All who meet one benchmark dispute it, one in fifty the others: the one is frozen, the others stay."""
    town = Town(
        db, {"rate_ceiling": 0.9, "rate_floor": 0.5, "dismiss_at": 0.0, "max_held": 100, "open_at": 10}
    )
    town.open_by_hand(30)
    town.push(1_000)
    for n in range(16):
        town.hire(f"good {n}", knows(0.97))
    unclear = town.rows("SELECT task FROM benchmarks WHERE ordinal = 7")[0][0]
    views = Views()
    for _ in range(45):
        for labeler, work in town.leases.items():
            rows = town.rows(f"SELECT task FROM attempts WHERE state = 'leased' AND labeler = {labeler}")
            if rows[0][0] == unclear or town.rng.random() < 0.02:
                practice.dispute(db, labeler, work.lease, "unclear", town.now)
        town.round()
        with db.connection() as tx:
            view = views.refresh(tx)[town.project.id]
        keep(db, views, view, town.now)
    frozen = town.rows("SELECT task FROM benchmarks WHERE state = 'frozen' AND flag IS NOT NULL")
    assert frozen == [(unclear,)]
    assert not town.proof()


def test_what_a_copy_of_the_project_tests_with_is_no_lesson(town: Town) -> None:
    """A carried benchmark is in use elsewhere: its key would be told."""
    draft = CopyDraft("copy", carries=True)
    reuse.copy(town.db, town.project.id, town.customer, draft, town.now)
    retire(town)
    assert practise(town) is None
