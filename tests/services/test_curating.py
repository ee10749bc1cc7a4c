"""Benchmarks by hand: sent twice, made of the customer's own tasks, looked at, changed, retired, audited."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from goldvein.decisions.auditing import AUDITOR_RIGHT, key_after
from goldvein.domain.errors import Conflict, InvalidInput, NotFound
from goldvein.domain.records import Event, PushResult, TaskDraft
from goldvein.services import auditing, benchmarks, curating, delivery, intake, lifecycle, projects
from goldvein.services.benchmarks import ManualBenchmark
from goldvein.services.curating import Meant
from goldvein.store import doubts
from goldvein.store.database import Database
from tests.services.test_leases import has
from tests.services.town import Town, knows, task_input

NEVER = {"open_at": 1000}


@pytest.fixture
def town(db: Database) -> Town:
    return Town(db, NEVER)


def add(town: Town, *items: ManualBenchmark) -> PushResult:
    return benchmarks.add_manual(town.db, 1, items, town.now)


def gold(index: int, number: int, key: int | None = 0, **more: Any) -> ManualBenchmark:
    return ManualBenchmark(index, task_input(number, 0), key, **more)


def in_hand(town: Town) -> int:
    ((task,),) = town.rows("SELECT task FROM attempts WHERE state = 'leased'")
    return int(task)


def events(town: Town) -> list[Event]:
    found, _ = delivery.events(town.db, 1, 0, 100)
    return found


def labels_told(town: Town) -> list[tuple[str, str | None, Any]]:
    return [
        (event.event, event.label.basis, event.label.answer["choice"])
        for event in events(town)
        if event.label is not None
    ]


# --- sent twice, and tasks of one's own ------------------------------------------------------------


def test_a_benchmark_is_one_however_often_it_is_sent(town: Town) -> None:
    """By its content: with or without names, in one push or in two; another key is another matter."""
    first = add(town, gold(0, 1), gold(1, 2, unique_id="b"), gold(2, 1), gold(3, 2, 1))
    assert [(one.index, one.created) for one in first.tasks] == [(0, True), (1, True), (2, False)]
    assert first.tasks[0].id == first.tasks[2].id
    assert [(one.index, one.code) for one in first.errors] == [(3, "benchmark_exists")]
    again = add(town, gold(0, 1), gold(1, 2, unique_id="b"), gold(2, 2, unique_id="c"), gold(3, 1, 2))
    ids = [one.id for one in first.tasks]
    assert [(one.id, one.created) for one in again.tasks] == [
        (ids[0], False),
        (ids[1], False),
        (ids[1], False),
    ]
    assert [(one.code, dict(one.facts)) for one in again.errors] == [("benchmark_exists", {"task": ids[0]})]
    assert town.rows("SELECT count(*) FROM benchmarks") == [(2,)]


def test_a_repeat_of_a_refused_item_is_refused_with_it(town: Town) -> None:
    """Both name what they fight."""
    town.push(1)
    result = add(town, gold(0, 5, unique_id="u0"), gold(1, 5))
    assert [(one.index, one.code) for one in result.errors] == [
        (0, "duplicate_unique_id"), (1, "duplicate_unique_id"),
    ]  # fmt: skip
    assert not result.tasks


def test_customers_key_their_own_waiting_task(town: Town) -> None:
    """It is a benchmark, its label is the key, it waits no more, and who has it in hand gets it no more."""
    town.push(3)
    trusted = town.hire("trusted", knows(1.0), "trusted")
    work = has(town.ask(trusted))
    task = in_hand(town)
    name, number = town.rows(f"SELECT unique_id, substr(unique_id, 2)::int FROM tasks WHERE id = {task}")[0]
    content = task_input(number, number % 4)
    result = add(town, ManualBenchmark(0, content, 3, unique_id=name))
    assert [(one.id, one.created) for one in result.tasks] == [(task, True)]
    assert labels_told(town) == [("label.created", "manual", 3)]
    assert town.rows(f"SELECT state, basis FROM benchmarks WHERE task = {task}") == [("active", "manual")]
    assert town.answer(trusted, work) == "lease_lost"
    assert town.rows(f"SELECT count(*) FROM attempts WHERE task = {task} AND state = 'open'") == [(0,)]
    assert intake.get_task(town.db, 1, task).state == "labelled"
    assert [one.created for one in add(town, ManualBenchmark(0, content, 3, unique_id=name)).tasks] == [False]
    assert not town.proof()


def test_without_a_name_the_content_names_the_task(town: Town) -> None:
    """One of the tasks that have it: one that waits; under another name it is another task."""
    copies = [TaskDraft(n, task_input(9, 0), unique_id=f"copy {n}") for n in range(2)]
    pushed = intake.push(town.db, 1, copies, None, town.now).tasks
    assert [one.id for one in add(town, gold(0, 9)).tasks] == [pushed[0].id]
    other = intake.push(town.db, 1, [TaskDraft(0, task_input(10, 0), "mine")], None, town.now).tasks[0]
    (made,) = add(town, gold(0, 10, unique_id="gold")).tasks
    assert made.created
    assert made.id != other.id
    assert intake.get_task(town.db, 1, other.id).state == "queued"


def test_a_key_that_contradicts_a_delivered_label_replaces_it(db: Database) -> None:
    """The customer's own word stands: the label is withdrawn and delivered anew, at once."""
    town = Town(db, {"open_at": 20})
    town.open_by_hand()
    town.hire("good", knows(1.0))
    town.push(40)
    while not (told := labels_told(town)):
        town.round()
    label = next(event.label for event in events(town) if event.label is not None)
    number = int((label.unique_id or "u0")[1:])
    other = (label.answer["choice"] + 1) % 4
    add(town, ManualBenchmark(0, task_input(number, number % 4), other, unique_id=label.unique_id))
    assert labels_told(town)[len(told) :] == [
        ("label.withdrawn", "labeler", label.answer["choice"]), ("label.created", "manual", other),
    ]  # fmt: skip
    assert not town.proof()


def test_a_name_says_one_thing(town: Town) -> None:
    """A cancelled task becomes no benchmark, and a benchmark's name is no task's."""
    town.push(1)
    (task,) = town.rows("SELECT id FROM tasks")[0]
    intake.cancel_task(town.db, 1, task, town.now)
    assert [one.code for one in add(town, gold(0, 0, unique_id="u0")).errors] == ["duplicate_unique_id"]
    add(town, gold(0, 7, unique_id="gold"))
    result = intake.push(town.db, 1, [TaskDraft(0, task_input(7, 0), "gold")], None, town.now)
    assert [one.code for one in result.errors] == ["duplicate_unique_id"]


# --- responses -------------------------------------------------------------------------------------


def test_the_key_may_be_the_expected_response(town: Town) -> None:
    """Both are kept for those who review answers, as labels are written."""
    content = task_input(1, 0)
    value = content["options"][2]
    add(
        town,
        ManualBenchmark(
            0, content, None, expected_response={"choice": 2, "value": value},
            initial_response={"unanswerable": True},
        ),
    )  # fmt: skip
    found = curating.look(town.db, 1, 1)
    assert (found.key, found.key_right) == (2, 0.98)
    assert found.benchmark.expected_response == {"choice": 2, "value": value}
    assert found.benchmark.initial_response == {"unanswerable": True}
    curating.change_key(town.db, 1, 1, 1, town.now)
    expected = curating.look(town.db, 1, 1).benchmark.expected_response
    assert expected == {"choice": 1, "value": content["options"][1]}


@pytest.mark.parametrize(
    ("key", "more", "code", "pointer"),
    [
        (None, {}, "key_missing", "/key"),
        (1, {"expected_response": {"choice": 2}}, "key_contradicts", "/expected_response"),
        (None, {"expected_response": {"unanswerable": True}}, "key_contradicts", "/expected_response"),
        (None, {"expected_response": {"choice": 4}}, "choice_out_of_range", "/expected_response/choice"),
        (
            None, {"expected_response": {"choice": 1, "value": "x"}}, "value_contradicts",
            "/expected_response/value",
        ),
        (1, {"initial_response": {"chosen": 2}}, "answer_invalid", "/initial_response"),
        (1, {"initial_response": {"choice": True}}, "answer_invalid", "/initial_response"),
    ],
)  # fmt: skip
def test_responses_are_checked(
    town: Town, key: int | None, more: Mapping[str, Any], code: str, pointer: str
) -> None:
    """Against the type of the task, with the place of what is wrong."""
    (error,) = add(town, gold(0, 1, key, **more)).errors
    assert (error.code, error.pointer) == (code, f"/benchmarks/0{pointer}")


# --- looked at and changed -------------------------------------------------------------------------


@pytest.fixture
def open_town(db: Database) -> Town:
    town = Town(db, {"open_at": 20})
    town.open_by_hand()
    town.push(60)
    for n in range(4):
        town.hire(f"person {n}", knows(0.8))
    town.run(25)
    return town


def served_most(town: Town) -> tuple[int, int]:
    return town.rows(
        "SELECT task, count(*) FROM attempts WHERE stage = 'benchmark' AND state = 'answered' "
        "GROUP BY task ORDER BY 2 DESC, 1 LIMIT 1"
    )[0]


def test_a_look_counts_what_the_crowd_said(open_town: Town) -> None:
    """Passes and misses add up to the answers, and the life begins with the promotion."""
    task, answers = served_most(open_town)
    found = curating.look(open_town.db, 1, task)
    rows = open_town.rows(
        f"SELECT choice = {found.key}, count(*) FROM answers WHERE task = {task} GROUP BY 1"
    )
    assert (found.passed, found.missed) == (dict(rows).get(True, 0), dict(rows).get(False, 0))
    assert found.passed + found.missed == answers
    assert [step.kind for step in found.life] == ["promote"]
    assert [one.version for one in found.versions] == [1, 2]
    with pytest.raises(NotFound):
        curating.look(open_town.db, 1, 10**6)


def test_pages_are_complete_and_filtered(town: Town) -> None:
    """Each benchmark once, by cursor; the filters can be combined."""
    add(town, *[gold(n, n) for n in range(30)])
    curating.retire_some(town.db, 1, [3, 4], town.now)
    with town.db.transaction() as tx:
        for task in (4, 5, 6):
            lifecycle.flag(tx, 1, task, "doubt", town.now)
    seen: list[int] = []
    while page := curating.page(town.db, 1, after=seen[-1] if seen else 0, limit=7):
        seen += [line.task for line in page]
    assert seen == list(range(1, 31))
    wanted: list[tuple[dict[str, Any], list[int]]] = [
        ({"state": "retired"}, [3, 4]),
        ({"state": "retired", "flagged": True}, [4]),
        ({"flagged": True}, [4, 5, 6]),
        ({"basis": "manual", "after": 27}, [28, 29, 30]),
        ({"basis": "manual", "state": "retired"}, [3, 4]),
        ({"basis": "panel"}, []),
        ({"state": "active", "limit": 3}, [1, 2, 5]),
    ]
    for asked, tasks in wanted:
        assert [line.task for line in curating.page(town.db, 1, **asked)] == tasks


def test_a_new_key_is_asked_to_be_counted_and_told(open_town: Town) -> None:
    """It counts for past answers, and who answered is to be rescored."""
    task, _ = served_most(open_town)
    before = curating.look(open_town.db, 1, task)
    other = ((before.key or 0) + 1) % 4
    curating.change_key(open_town.db, 1, task, other, open_town.now, key_right=0.95, reason="slip")
    after = curating.look(open_town.db, 1, task)
    assert (after.key, after.key_right) == (other, 0.95)
    assert after.life[-1].decision == "slip"
    assert open_town.rows(
        f"SELECT counts_as = item_version, recount FROM benchmarks WHERE task = {task}"
    ) == [(True, True)]
    with pytest.raises(InvalidInput):
        curating.change_key(open_town.db, 1, task, 4, open_town.now)


def test_freeze_confirm_and_retire(town: Town) -> None:
    """A frozen one that is confirmed is as it was, and believed more; a retired one stays retired."""
    add(town, gold(0, 1), gold(1, 2))
    curating.act(town.db, 1, 1, "freeze", town.now, reason="looks odd")
    found = curating.look(town.db, 1, 1)
    assert (found.benchmark.state, found.benchmark.reason, found.key) == ("frozen", "looks odd", 0)
    with pytest.raises(Conflict) as refused:
        curating.act(town.db, 1, 1, "freeze", town.now)
    assert refused.value.code == "benchmark_state"
    curating.act(town.db, 1, 1, "confirm", town.now)
    found = curating.look(town.db, 1, 1)
    assert (found.benchmark.state, found.key) == ("active", 0)
    assert found.key_right is not None
    assert 0.99 < found.key_right <= 0.999
    curating.act(town.db, 1, 1, "retire", town.now)
    curating.act(town.db, 1, 1, "retire", town.now)
    with pytest.raises(Conflict):
        curating.act(town.db, 1, 1, "confirm", town.now)
    assert [step.kind for step in curating.look(town.db, 1, 1).life] == [
        "promote", "freeze", "thaw", "key", "retire",
    ]  # fmt: skip
    projects.update(town.db, 1, None, state="closed", now=town.now)
    with pytest.raises(Conflict) as refused:
        curating.change_key(town.db, 1, 2, 1, town.now)
    assert refused.value.code == "project_closed"


def test_candidates_are_the_panels(town: Town) -> None:
    """They have no key to be changed, and a bulk retirement passes them over."""
    town.push(1)
    has(town.ask(town.hire("trusted", knows(1.0), "trusted")))
    task = in_hand(town)
    with pytest.raises(Conflict) as refused:
        curating.change_key(town.db, 1, task, 1, town.now)
    assert refused.value.code == "benchmark_candidate"
    assert curating.retire_some(town.db, 1, [task], town.now) == ([], False)
    assert curating.retire_some(town.db, 1, Meant(), town.now) == ([], False)
    assert town.rows("SELECT state FROM benchmarks") == [("candidate",)]


def test_many_retire_by_what_they_are(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """So many at once, and the answer says whether more are left; flags go with them."""
    add(town, *[gold(n, n) for n in range(10)])
    with town.db.transaction() as tx:
        tx.execute("UPDATE benchmarks SET exposures = 50 WHERE task <= 6")
        lifecycle.freeze(tx, 1, 2, "doubt", town.now)
        lifecycle.flag(tx, 1, 3, "doubt", town.now)
    assert curating.retire_some(town.db, 1, Meant(flagged=True), town.now) == ([3], False)
    monkeypatch.setattr(curating, "AT_ONCE", 3)
    worn = Meant(exposures_at_least=50)
    gone, more = curating.retire_some(town.db, 1, worn, town.now)
    assert (len(gone), more) == (3, True)
    rest, more = curating.retire_some(town.db, 1, worn, town.now)
    assert (sorted(gone + rest), more) == ([1, 2, 4, 5, 6], False)
    with pytest.raises(InvalidInput) as refused:
        curating.retire_some(town.db, 1, [7, 8, 9, 10], town.now)
    assert refused.value.code == "too_many"
    assert town.rows("SELECT count(*) FROM benchmarks WHERE flag IS NOT NULL") == [(0,)]


# --- auditors --------------------------------------------------------------------------------------


@pytest.fixture
def doubtful(open_town: Town) -> Town:
    """Three benchmarks in doubt, one of them frozen, and two auditors."""
    with open_town.db.transaction() as tx:
        for n, task in enumerate((3, 1, 2)):
            lifecycle.flag(tx, 1, task, "good labelers miss it", open_town.now + timedelta(seconds=n))
        lifecycle.freeze(tx, 1, 1, "key in doubt", open_town.now)
    for name in ("ann", "ben"):
        open_town.hire(name, knows(1.0), "auditor")
    return open_town


def pick(town: Town, task: int, auditor: int, key: int) -> dict[str, int]:
    """Where this auditor sees the option that is ``key`` in content order."""
    content = curating.look(town.db, 1, task).benchmark.input["options"]
    (shown,) = [one for one in auditing.queue(town.db, auditor, town.now) if one.task == task]
    return {"choice": shown.input["options"].index(content[key])}


def test_the_queue_is_blind_and_oldest_first(doubtful: Town) -> None:
    """Nothing in it says what the key is, why it is in doubt, or what others chose."""
    ann, ben = doubtful.names["ann"], doubtful.names["ben"]
    found = auditing.queue(doubtful.db, ann, doubtful.now)
    assert [one.task for one in found] == [3, 1, 2]
    names = {"project", "task", "instruction", "type", "input", "classes", "flagged_at", "claimed_until"}
    assert set(type(found[0]).__dataclass_fields__) == names
    queues = [auditing.queue(doubtful.db, who, doubtful.now) for who in (ann, ben, 10**6)]
    orders = {tuple(one.input["options"]) for queue in queues for one in queue if one.task == 3}
    assert len(orders) > 1
    last = found[1]
    rest = auditing.queue(doubtful.db, ann, doubtful.now, after=(last.flagged_at, last.project, last.task))
    assert [one.task for one in rest] == [2]
    assert auditing.queue(doubtful.db, ann, doubtful.now, project=7) == []


def test_one_auditor_at_a_time(doubtful: Town) -> None:
    """A claim hides it from the others until it ends."""
    ann, ben = doubtful.names["ann"], doubtful.names["ben"]
    assert auditing.claim(doubtful.db, 1, 3, ann, doubtful.now).claimed_until == doubtful.now + auditing.CLAIM
    assert [one.task for one in auditing.queue(doubtful.db, ben, doubtful.now)] == [1, 2]
    for act in (
        lambda: auditing.claim(doubtful.db, 1, 3, ben, doubtful.now),
        lambda: auditing.answer(doubtful.db, 1, 3, ben, None, doubtful.now),
    ):
        with pytest.raises(Conflict) as refused:
            act()
        assert refused.value.code == "benchmark_claimed"
    doubtful.wait(auditing.CLAIM.total_seconds())
    assert auditing.claim(doubtful.db, 1, 3, ben, doubtful.now).task == 3
    with pytest.raises(NotFound):
        auditing.claim(doubtful.db, 1, 9, ann, doubtful.now)


def test_agreement_confirms_and_thaws(doubtful: Town) -> None:
    """The key is believed more, the flag is gone, and a frozen one is used again."""
    ann = doubtful.names["ann"]
    key = curating.look(doubtful.db, 1, 1).key or 0
    outcome = auditing.answer(
        doubtful.db, 1, 1, ann, pick(doubtful, 1, ann, key), doubtful.now, comment="clear"
    )
    assert (outcome.verdict, outcome.key_before, outcome.choice, outcome.state) == (
        "confirmed",
        key,
        key,
        "active",
    )
    assert outcome.key_right is not None
    assert outcome.key_right > 0.98
    found = curating.look(doubtful.db, 1, 1)
    assert (found.benchmark.state, found.benchmark.flag, found.key) == ("active", None, key)
    assert {step.kind for step in found.life} >= {"audit", "thaw", "freeze", "flag"}
    with pytest.raises(NotFound):
        auditing.answer(doubtful.db, 1, 1, ann, {"choice": 0}, doubtful.now)


def test_another_option_becomes_the_key(doubtful: Town) -> None:
    """By the auditor's word, in content order, and past answers count by it."""
    ann = doubtful.names["ann"]
    other = ((curating.look(doubtful.db, 1, 3).key or 0) + 2) % 4
    outcome = auditing.answer(doubtful.db, 1, 3, ann, pick(doubtful, 3, ann, other), doubtful.now)
    assert (outcome.verdict, outcome.choice) == ("rekeyed", other)
    assert outcome.key_right == pytest.approx(AUDITOR_RIGHT)
    found = curating.look(doubtful.db, 1, 3, names=True)
    assert (found.key, found.benchmark.state) == (other, "active")
    assert [step.detail["by"] for step in found.life if step.kind == "key" and step.detail] == [ann]
    assert "by" not in str([step.detail for step in curating.look(doubtful.db, 1, 3).life])


@pytest.mark.parametrize("said", [None, {"unanswerable": True}])
def test_an_unclear_one_retires(doubtful: Town, said: Mapping[str, Any] | None) -> None:
    """As ambiguous; it leaves the queue."""
    ann = doubtful.names["ann"]
    outcome = auditing.answer(doubtful.db, 1, 2, ann, said, doubtful.now)
    assert (outcome.verdict, outcome.state, outcome.key_right) == ("ambiguous", "retired", None)
    assert curating.look(doubtful.db, 1, 2).benchmark.reason == "ambiguous"
    assert [one.task for one in auditing.queue(doubtful.db, ann, doubtful.now)] == [3, 1]


def test_an_answer_that_is_none_changes_nothing(doubtful: Town) -> None:
    """It is refused, and the benchmark stays in doubt."""
    with pytest.raises(InvalidInput):
        auditing.answer(doubtful.db, 1, 3, doubtful.names["ann"], {"choice": 4}, doubtful.now)
    assert len(auditing.queue(doubtful.db, None, doubtful.now)) == 3


def test_nobody_is_tested_on_what_they_audited(doubtful: Town) -> None:
    """An auditor who works as well never gets it: the content was had."""
    ann = doubtful.names["ann"]
    for task in (1, 2, 3):
        key = curating.look(doubtful.db, 1, task).key or 0
        auditing.answer(doubtful.db, 1, task, ann, pick(doubtful, task, ann, key), doubtful.now)
    doubtful.run(60)
    had = doubtful.rows(f"SELECT task, stage FROM attempts WHERE labeler = {ann} AND task <= 40")
    assert {task for task, stage in had if stage == "audit"} == {1, 2, 3}
    assert {task for task, stage in had if stage == "benchmark"}.isdisjoint({1, 2, 3})
    assert len(had) > 10


def test_nobody_is_tested_on_what_they_took_in_hand_to_audit(doubtful: Town) -> None:
    """Though they leave it unanswered, and it stays in use: they know that it is a benchmark."""
    often = {"rate_floor": 0.9, "rate_ceiling": 0.95}
    projects.update(doubtful.db, 1, None, policy=often, now=doubtful.now)
    ann = doubtful.names["ann"]
    for task in (2, 3):
        auditing.claim(doubtful.db, 1, task, ann, doubtful.now)
    doubtful.run(60)
    had = doubtful.rows(f"SELECT task FROM attempts WHERE labeler = {ann} AND stage = 'benchmark'")
    assert {task for (task,) in had}.isdisjoint({2, 3})
    assert len(had) > 30


@pytest.mark.parametrize("picked", [0, 1])
def test_what_an_auditor_says_is_believed_but_not_for_certain(picked: int) -> None:
    """Agreement adds to what was believed; disagreement stands on the auditor alone."""
    after = key_after([0.7, 0.1, 0.1, 0.1], picked)
    assert after.sum() == pytest.approx(1)
    assert after.argmax() == picked
    assert after[picked] == pytest.approx(0.999 if picked == 0 else AUDITOR_RIGHT, abs=0.01)
    assert key_after([0.9999, 0.0001], 0)[0] == pytest.approx(0.9999)


# --- blindness -------------------------------------------------------------------------------------


def seen_by(town: Town, auditor: int) -> set[int]:
    return {task for (task,) in town.rows(f"SELECT task FROM attempts WHERE labeler = {auditor}")}


def test_the_next_in_doubt_comes_one_by_one(doubtful: Town) -> None:
    """The oldest that nobody has in hand; what was given back comes after the place where one stands."""
    ann, ben = doubtful.names["ann"], doubtful.names["ben"]
    first = auditing.next_(doubtful.db, ann, doubtful.now)
    other = auditing.next_(doubtful.db, ben, doubtful.now)
    assert (first and first.task, other and other.task) == (3, 1)
    assert first is not None
    assert first.claimed_until == doubtful.now + auditing.CLAIM
    assert not auditing.release(doubtful.db, 1, 3, ben)
    assert auditing.release(doubtful.db, 1, 3, ann)
    again = auditing.next_(doubtful.db, ann, doubtful.now, after=auditing.place_of(first))
    assert again is not None
    assert again.task == 2
    assert auditing.next_(doubtful.db, ann, doubtful.now, after=auditing.place_of(again)) is None
    freed = auditing.next_(doubtful.db, ben, doubtful.now, project=1)
    assert freed is not None
    assert freed.task == 3


def test_what_an_auditor_has_answered_waits_for_another_one(doubtful: Town) -> None:
    """Their answer may be in the key already; after a day it is better than none."""
    ann, ben = doubtful.names["ann"], doubtful.names["ben"]
    with doubtful.db.connection() as tx:
        tx.execute(
            b"INSERT INTO attempts (project, task, content, stage, state, lane, due_at, urgency, labeler)"
            b" SELECT 1, 3, content, 'panel', 'answered', 1, now(), 0, %s FROM tasks WHERE id = 3",
            (ann,),
        )
    assert [one.task for one in auditing.queue(doubtful.db, ann, doubtful.now)] == [1, 2]
    found = auditing.next_(doubtful.db, ann, doubtful.now)
    assert found is not None
    assert found.task == 1
    assert [one.task for one in auditing.queue(doubtful.db, ben, doubtful.now)] == [3, 2]
    later = doubtful.now + auditing.OWN_WAIT + timedelta(minutes=1)
    assert [one.task for one in auditing.queue(doubtful.db, ann, later)] == [3, 1, 2]


def test_what_is_at_work_is_not_audited(doubtful: Town) -> None:
    """An auditor who has a benchmark in hand as work is told by nothing that it is one."""
    ann = doubtful.names["ann"]
    with doubtful.db.connection() as tx:
        tx.execute(
            b"INSERT INTO attempts"
            b" (project, task, content, stage, state, lane, due_at, urgency, labeler, expires_at)"
            b" SELECT 1, 3, content, 'benchmark', 'leased', 1, now(), 0, %s, now() FROM tasks WHERE id = 3",
            (ann,),
        )
    assert [one.task for one in auditing.queue(doubtful.db, ann, doubtful.now)] == [1, 2]
    found = auditing.next_(doubtful.db, ann, doubtful.now)
    assert found is not None
    assert found.task == 1
    for act in (
        lambda: auditing.claim(doubtful.db, 1, 3, ann, doubtful.now),
        lambda: auditing.answer(doubtful.db, 1, 3, ann, {"choice": 0}, doubtful.now),
    ):
        with pytest.raises(Conflict) as refused:
            act()
        assert refused.value.code == "benchmark_in_hand"
    with doubtful.db.transaction() as tx:
        lifecycle.unflag(tx, 1, 3, doubtful.now)
    with pytest.raises(Conflict) as refused:
        curating.look_as(doubtful.db, 1, 3, ann, doubtful.now)
    assert refused.value.code == "benchmark_in_hand"


def hand(town: Town, task: int, stage: str, labeler: int) -> int:
    """Put a task into a labeler's hands as work; its attempt."""
    sql = (
        "INSERT INTO attempts"
        " (project, task, content, stage, state, lane, due_at, urgency, labeler, expires_at)"
        f" SELECT 1, {task}, content, '{stage}', 'leased', 1, now(), 0, {labeler}, now() FROM tasks"
        f" WHERE id = {task} RETURNING id"
    )
    ((attempt,),) = town.rows(sql)
    town.rows(
        f"UPDATE labelers SET lease_project = 1, lease_attempt = {attempt} WHERE id = {labeler} RETURNING id"
    )
    return int(attempt)


@pytest.mark.parametrize("stage", ["benchmark", "label"])
def test_no_reply_tells_an_auditor_what_is_in_their_hands(doubtful: Town, stage: str) -> None:
    """Whether they look at it, claim, change, or give a key to the very content: as for an ordinary task."""
    ann = doubtful.names["ann"]
    task = 5
    if stage == "label":
        doubtful.push(1)
        ((task,),) = doubtful.rows("SELECT max(id) FROM tasks")
    hand(doubtful, task, stage, ann)
    for act in (
        lambda: curating.look_as(doubtful.db, 1, task, ann, doubtful.now),
        lambda: curating.change_key(doubtful.db, 1, task, 1, doubtful.now, by=ann),
        lambda: curating.act(doubtful.db, 1, task, "freeze", doubtful.now, by=ann),
        lambda: auditing.claim(doubtful.db, 1, task, ann, doubtful.now),
        lambda: auditing.answer(doubtful.db, 1, task, ann, {"choice": 0}, doubtful.now),
    ):
        with pytest.raises(Conflict) as refused:
            act()
        assert refused.value.code == "benchmark_in_hand"
    ((content,),) = doubtful.rows(f"SELECT input FROM task_inputs WHERE task = {task}")
    for key in range(len(content["options"])):
        given = [ManualBenchmark(0, content, key), gold(1, 78 + key)]
        made = benchmarks.add_manual(doubtful.db, 1, given, doubtful.now, by=ann)
        assert [(one.index, one.code) for one in made.errors] == [(0, "content_in_hand")]
        assert [one.index for one in made.tasks] == [1], "the others are taken"


def test_auditors_read_nothing_of_a_doubt_before_they_judged_it(doubtful: Town) -> None:
    """No key, no reason, no counts, and no change past the judgement; others go on as they did."""
    ann = doubtful.names["ann"]
    for act in (
        lambda: curating.look_as(doubtful.db, 1, 3, ann, doubtful.now),
        lambda: curating.change_key(doubtful.db, 1, 3, 1, doubtful.now, by=ann),
        lambda: curating.act(doubtful.db, 1, 3, "confirm", doubtful.now, by=ann),
    ):
        with pytest.raises(Conflict) as refused:
            act()
        assert refused.value.code == "benchmark_in_doubt"
    line, clear = curating.page(doubtful.db, 1, blind=True, after=2, limit=2)
    assert (line.task, line.key, line.key_right, line.flag, line.choices) == (3, None, None, None, None)
    assert line.flagged_at
    assert (clear.key, clear.key_right, clear.unique_id, clear.exposures, clear.choices) == (None,) * 5
    assert curating.page(doubtful.db, 1, after=3, limit=1)[0].key is not None
    assert curating.latest(doubtful.db, 1, before=4, limit=1, blind=True)[0].key is None
    assert curating.page(doubtful.db, 1, after=2, limit=1)[0].flag == "good labelers miss it"
    auditing.answer(doubtful.db, 1, 3, ann, None, doubtful.now)
    assert curating.look_as(doubtful.db, 1, 3, ann, doubtful.now).key is not None


def test_auditors_are_not_tested_with_what_they_read_or_wrote(doubtful: Town) -> None:
    """Neither with what stood in a list of contents, nor what they looked at, nor what they gave keys to."""
    ann = doubtful.names["ann"]
    auditing.queue(doubtful.db, ann, doubtful.now)
    assert seen_by(doubtful, ann) == {1, 2, 3}
    curating.look_as(doubtful.db, 1, 5, ann, doubtful.now)
    made = benchmarks.add_manual(doubtful.db, 1, [gold(0, 77), gold(1, 77, 1)], doubtful.now, by=ann)
    wrote = made.tasks[0].id
    assert seen_by(doubtful, ann) == {1, 2, 3, 5, wrote}
    met = benchmarks.add_manual(
        doubtful.db, 1, [ManualBenchmark(0, task_input(10**7 + 9, 1), 0)], doubtful.now, by=ann
    )
    assert [one.code for one in met.errors] == ["benchmark_exists"]
    assert met.errors[0].facts["task"] in seen_by(doubtful, ann)


def test_a_comment_follows_a_judgement(doubtful: Town) -> None:
    """By who judged it, once all is known; it stands in the log, and is no judgement of its own."""
    ann, ben = doubtful.names["ann"], doubtful.names["ben"]
    auditing.answer(doubtful.db, 1, 3, ann, None, doubtful.now)
    auditing.comment(doubtful.db, 1, 3, ann, "two are the same", doubtful.now)
    assert curating.look(doubtful.db, 1, 3).life[-1].detail == {"comment": "two are the same"}
    with pytest.raises(NotFound):
        auditing.comment(doubtful.db, 1, 3, ben, "so they are", doubtful.now)
    with doubtful.db.connection() as tx:
        (only,) = doubts.audits(tx, doubtful.now, 10)
    assert (only.task, only.auditor_name, only.verdict) == (3, "ann", "ambiguous")


# --- why a key is right ----------------------------------------------------------------------------


def test_an_explanation_belongs_to_its_key(town: Town) -> None:
    """It is kept with the key, goes when that goes, and may come with another one."""
    add(town, gold(0, 1, explanation="it says so"))
    assert curating.look(town.db, 1, 1).benchmark.explanation == "it says so"
    curating.act(town.db, 1, 1, "confirm", town.now)
    assert curating.look(town.db, 1, 1).benchmark.explanation == "it says so"
    curating.change_key(town.db, 1, 1, 2, town.now)
    assert curating.look(town.db, 1, 1).benchmark.explanation is None
    curating.change_key(town.db, 1, 1, 3, town.now, explanation="that says so")
    assert curating.look(town.db, 1, 1).benchmark.explanation == "that says so"


def test_a_look_says_which_shortcuts_it_catches(town: Town) -> None:
    """Rules that find something to go by, and would go wrong by it."""
    content = {"prompt": "p", "options": ["short", "a much longer text", "middling"]}
    add(town, ManualBenchmark(0, content, 2), ManualBenchmark(1, {**content, "prompt": "q"}, 1))
    assert {"longest", "shortest"} <= set(curating.look(town.db, 1, 1).catches)
    assert "longest" not in curating.look(town.db, 1, 2).catches
