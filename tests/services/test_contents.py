"""Contents of closed projects: what tasks say goes from everywhere, and what is proved stays proved."""

from __future__ import annotations

import itertools
from datetime import timedelta
from types import MappingProxyType
from typing import Any

import pytest

from goldvein.domain.errors import Conflict, InvalidInput, NotFound
from goldvein.domain.records import ProjectDraft, TaskDraft, Work, WorkRequest
from goldvein.services import (
    auditing,
    benchmarks,
    contents,
    forgetting,
    intake,
    keys,
    practice,
    projects,
    reuse,
    sandboxes,
)
from goldvein.services.benchmarks import ManualBenchmark
from goldvein.services.forgetting import Spans
from goldvein.services.reuse import CopyDraft
from goldvein.services.sandboxes import SandboxDraft
from goldvein.services.sweeps import sweep
from goldvein.services.verification import verify
from goldvein.stats.model import Rapid
from goldvein.store import contents as store
from goldvein.store import curated, tasks
from goldvein.store import sandboxes as stored_sandboxes
from goldvein.store.database import Database
from goldvein.store.log import Entry, append
from goldvein.tasktypes import reading
from tests.services.remains import digest, left
from tests.services.test_model_versions import lead
from tests.services.town import Town, knows, task_input

SAID = "zq-own-words"
TEXT = "right 0-0"
PROVED = {
    "labels": "SELECT id, task, answer -> 'choice', p_all, withdrawn_at FROM labels ORDER BY project, id",
    "steps": "SELECT * FROM log WHERE n IS NOT NULL ORDER BY project, labeler, n",
    "answers": "SELECT project, attempt, labeler, answer, received_at FROM answers ORDER BY 1, 2",
    "keys": "SELECT project, task, version, key, key_probabilities FROM item_versions ORDER BY 1, 2, 3",
}
"""What an erasure leaves as it was."""


@pytest.fixture
def town(db: Database) -> Town:
    """A project that was worked on by people who said things, and is closed."""
    town = Town(db, {"rate_ceiling": 0.5, "open_at": 12, "decoy_share": 0.0, "audit_labelers": 0})
    town.open_by_hand(60)
    told = ManualBenchmark(
        0, task_input(10**8, 2), 2, explanation=f"{SAID} explains", initial_response={"choice": 1}
    )
    assert not benchmarks.add_manual(db, 1, [told], town.now).errors
    town.push(80, metadata={"source": f"{SAID} metadata"})
    for n in range(4):
        town.hire(f"good {n}", knows(0.97))
    speak(town, town.names["good 0"])
    town.run(40)
    return town


def speak(town: Town, labeler: int) -> None:
    """Dispute, comment and skip, with words."""
    work = town.ask(labeler)
    assert isinstance(work, Work)
    practice.dispute(town.db, labeler, work.lease, f"{SAID} dispute", town.now)
    town.wait(5)
    choice = town.people[labeler](work, town.rng)
    town.handle(WorkRequest(labeler, "answer", None, work.lease, choice, 1234, comment=f"{SAID} comment"))
    work = town.ask(labeler)
    assert isinstance(work, Work)
    town.handle(WorkRequest(labeler, "skip", lease=work.lease, reason=f"{SAID} skip"))


def close(town: Town) -> None:
    """End the project, and what waits in it."""
    projects.update(town.db, 1, None, state="closed", now=town.now)
    sweep(town.db, town.now)


def erase(town: Town, project: int = 1) -> int:
    """Ask for it, and let the job do it twice, a minute apart."""
    name = projects.get(town.db, project, None).name
    assert contents.ask(town.db, project, None, name, town.now).contents == "erasing"
    assert contents.carry_on(town.db, town.now) == 0, "something may be under way still"
    return contents.carry_on(town.db, town.now + contents.LINGERS)


def die_half_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the third batch of thirty tasks be the last one, once."""
    real, calls = store.blank, itertools.count(1)

    def dies(*args: Any, **more: Any) -> Any:
        if next(calls) == 3:
            raise KeyboardInterrupt
        return real(*args, **more)

    monkeypatch.setattr(contents, "_AT_ONCE", 30)
    monkeypatch.setattr(store, "blank", dies)


def test_nothing_of_what_tasks_say_is_left(db: Database, town: Town) -> None:
    """No column of the database has a text of them; labels, steps, keys and their proofs are as before."""
    close(town)
    assert set(left(db, TEXT)) == {"labels.answer", "task_inputs.input"}
    said = {"task_inputs.metadata", "answers.comment", "disputes.reason", "benchmarks.explanation"}
    assert said <= set(left(db, SAID))
    before = {name: digest(db, query) for name, query in PROVED.items()}
    proof = verify(db)
    assert proof.ok, proof.broken
    assert erase(town) == 1
    assert [left(db, text) for text in (TEXT, "wrong 3-2", "task 3", SAID)] == [[], [], [], []]
    assert before == {name: digest(db, query) for name, query in PROVED.items()}
    after = verify(db)
    assert after.ok, after.broken
    assert (after.steps, after.bit_for_bit) == (proof.steps, True)
    assert projects.get(db, 1, None).contents == "erased"
    assert town.rows("SELECT DISTINCT jsonb_array_length(input -> 'options') FROM task_inputs") == [(4,)]
    assert town.rows("SELECT count(*) FROM tasks WHERE unique_id IS NULL AND state = 'labelled'") == [(0,)]


@pytest.mark.parametrize("state", ["mining", "paused"])
def test_only_a_closed_project_is_erased(db: Database, state: Any) -> None:
    """And only under its own name, by whom it belongs to."""
    town = Town(db)
    town.push(3)
    if state != "mining":
        projects.update(db, 1, None, state=state, now=town.now)
    with pytest.raises(Conflict, match=f"is {state}"):
        contents.ask(db, 1, None, "texts", town.now)
    close(town)
    with pytest.raises(InvalidInput, match="texts"):
        contents.ask(db, 1, town.customer, "text", town.now)
    with pytest.raises(NotFound):
        contents.ask(db, 1, keys.create_customer(db, "other", town.now), "texts", town.now)
    assert contents.carry_on(db, town.now) == 0
    assert left(db, TEXT) == ["task_inputs.input"]


def test_asking_twice_is_asking_once(db: Database) -> None:
    """The log says once that it was asked and once that it was done, whenever somebody asks again."""
    town = Town(db)
    town.push(3)
    close(town)
    contents.ask(db, 1, None, "texts", town.now)
    assert erase(town) == 1
    assert contents.ask(db, 1, None, "texts", town.now).contents == "erased"
    assert contents.carry_on(db, town.now + timedelta(days=1)) == 0
    said = town.rows("SELECT decision FROM log WHERE kind = 'state' ORDER BY id")
    assert [one for (one,) in said] == ["mining", "closed", "erase contents", "contents erased"]


def test_a_killed_erasure_goes_on(db: Database, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """After each batch it may die; begun again it ends."""
    die_half_way(monkeypatch)
    close(town)
    contents.ask(db, 1, None, "texts", town.now)
    late = town.now + contents.LINGERS
    with pytest.raises(KeyboardInterrupt):
        contents.carry_on(db, late)
    assert left(db, TEXT), "it was killed half-way"
    assert town.rows("SELECT count(*) FROM task_inputs WHERE NOT input ? 'prompt'") == [(60,)]
    proof = verify(db)
    assert proof.ok, proof.broken
    assert contents.carry_on(db, late) == 1
    assert left(db, TEXT) == []


def test_contents_are_forgotten_by_age(db: Database, town: Town) -> None:
    """So many days after the closing, and never of a project that goes on."""
    spans = Spans(contents=30)
    assert forgetting.forget(db, town.now + timedelta(days=400), spans)["contents"] == 0
    close(town)
    assert forgetting.forget(db, town.now + timedelta(days=29), spans)["contents"] == 0
    assert forgetting.forget(db, town.now + timedelta(days=400), Spans())["contents"] == 0
    assert forgetting.forget(db, town.now + timedelta(days=31), spans)["contents"] == 1
    assert contents.carry_on(db, town.now + timedelta(days=32)) == 1
    assert left(db, TEXT) == []


def test_sandboxes_go_with_it_and_copies_stay(db: Database, town: Town) -> None:
    """A sandbox is closed and erased; a copy that carries benchmarks has them of its own."""
    sandbox = sandboxes.create(db, 1, SandboxDraft(tasks=20, benchmarks=20), town.now).id
    copy = reuse.copy(db, 1, None, CopyDraft("copy", carries=True), town.now)
    assert copy.carried
    close(town)
    assert erase(town) == 2
    assert projects.get(db, sandbox, None).state == "closed"
    assert town.rows(
        "SELECT DISTINCT project FROM task_inputs WHERE input::text LIKE '%right%' ORDER BY 1"
    ) == [(copy.id,)]
    proof = verify(db)
    assert proof.ok, proof.broken
    with pytest.raises(Conflict, match="erased"):
        reuse.copy(db, 1, None, CopyDraft("again", carries=True), town.now)
    with pytest.raises(Conflict, match="erased"):
        sandboxes.create(db, 1, SandboxDraft(), town.now)
    assert reuse.copy(db, 1, None, CopyDraft("bare"), town.now).carried == 0


def test_classes_are_the_projects(db: Database) -> None:
    """Where what can be picked stands in the project, labels keep saying it in words."""
    town = Town(db, {"open_at": 12, "decoy_share": 0.0})
    draft = ProjectDraft("classes", "Which animal?", classes=("cat", "dog"), policy=dict(town.policy))
    made = projects.create(db, town.customer, draft, town.now)
    drafts = [TaskDraft(n, {"prompt": f"say {n}"}) for n in range(4)]
    assert not intake.push(db, made.id, drafts, "round", town.now).errors
    items = [ManualBenchmark(n, {"prompt": f"say {n}"}, n % 2) for n in range(4)]  # their labels are the keys
    assert not benchmarks.add_manual(db, made.id, items, town.now).errors
    projects.update(db, made.id, None, state="closed", now=town.now)
    sweep(db, town.now)
    erase(town, made.id)
    assert town.rows(f"SELECT DISTINCT input FROM task_inputs WHERE project = {made.id}") == [({},)]
    picked = town.rows("SELECT DISTINCT answer ->> 'value' FROM labels ORDER BY 1")
    assert picked == [("cat",), ("dog",)]
    proof = verify(db)
    assert proof.ok, proof.broken


def test_others_are_left_alone(db: Database, town: Town) -> None:
    """The contents of another project, of the same customer, stay."""
    other = projects.create(db, town.customer, ProjectDraft("other", "Pick."), town.now)
    assert not intake.push(db, other.id, [TaskDraft(0, task_input(5, 1))], "round", town.now).errors
    close(town)
    erase(town)
    assert town.rows("SELECT DISTINCT project FROM task_inputs WHERE input::text LIKE '%right%'") == [
        (other.id,)
    ]


def test_what_is_read_of_a_task_stays_known(db: Database, town: Town) -> None:
    """Where time tells, standings rest on how long tasks are to read: that stays, and so does the proof."""
    rapid = Rapid(base_seconds=1.0, seconds_per_character=0.1, share_solving=0.3, share_guessing=0.4)
    lead(town, leans=MappingProxyType({"longest": 1.0}), rapid=rapid)
    odd = {
        "prompt": [{"role": "user", "content": "\u00e4\U0001f600 \n\t\u200b"}],
        "more": {"of": ["it", 7, None, True, {"and": ["on", ["in"]]}]},
        "options": ["right a", "bb"],
    }  # fmt: skip
    assert not intake.push(db, 1, [TaskDraft(0, odd)], "odd", town.now).errors
    for n in range(20):
        town.round(seconds=2 if n % 3 == 0 else 8)
    close(town)

    def characters() -> dict[Any, int]:
        with db.connection() as tx:
            keys = [(1, row[0]) for row in town.rows("SELECT task FROM task_inputs")]
            found = tasks.contents(tx, keys)
        return {key: reading.characters(one.input, None, one.characters) for key, one in found.items()}

    before = characters()
    assert reading.characters(odd, None) in before.values()
    assert len({*before.values()}) > 2
    proof = verify(db)
    assert proof.ok, proof.broken
    erase(town)
    assert characters() == before
    after = verify(db)
    assert after.ok, after.broken
    assert after.bit_for_bit


def test_nothing_is_said_any_more_of_what_was_erased(db: Database, town: Town) -> None:
    """Labelers who still have a lease, and auditors, add no words afterwards."""
    labeler = town.hire("late", knows(1.0))
    town.push(5, start=1_000)
    work = town.ask(labeler)
    assert isinstance(work, Work)
    auditor = town.hire("auditor", knows(1.0), "auditor")
    with db.transaction() as tx:
        append(tx, [Entry(1, "audit", labeler=auditor, task=1, decision="right")], town.now)
    close(town)
    erase(town)
    with pytest.raises(Conflict, match="erased"):
        practice.dispute(db, labeler, work.lease, f"{SAID} late", town.now)
    with pytest.raises(Conflict, match="erased"):
        auditing.comment(db, 1, 1, auditor, f"{SAID} late", town.now)
    town.handle(WorkRequest(labeler, "skip", lease=work.lease, reason=f"{SAID} late"))
    assert left(db, SAID) == []


def test_a_killed_first_look_is_no_last_one(
    db: Database, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was under way behind the place where it died is found: the last look begins at the first task."""
    die_half_way(monkeypatch)
    close(town)
    contents.ask(db, 1, None, "texts", town.now)
    with pytest.raises(KeyboardInterrupt):
        contents.carry_on(db, town.now)
    with db.transaction() as tx:  # as what was under way then would have left it
        for table, column in (("disputes", "reason"), ("answers", "comment")):
            first = f"SELECT min(task) FROM {table}"
            tx.execute(f"UPDATE {table} SET {column} = '{SAID} late' WHERE task = ({first})".encode())
    assert contents.carry_on(db, town.now + contents.LINGERS) == 1
    assert left(db, SAID) == []


def test_nothing_is_copied_that_goes_meanwhile(
    db: Database, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy under way when contents go is none: it would hold tasks that say nothing."""
    close(town)

    def slowly(real: Any) -> Any:
        def call(*args: Any, **more: Any) -> Any:
            if projects.get(db, 1, None).contents == "kept":
                contents.ask(db, 1, None, "texts", town.now)
                contents.carry_on(db, town.now)
            return real(*args, **more)

        return call

    monkeypatch.setattr(curated, "carried", slowly(curated.carried))
    with pytest.raises(Conflict, match="erased"):
        reuse.copy(db, 1, None, CopyDraft("copy", carries=True), town.now)


def test_a_sandbox_under_way_when_contents_go_is_none(
    db: Database, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same for sandboxes."""
    close(town)
    real = stored_sandboxes.worn

    def worn(*args: Any, **more: Any) -> Any:
        contents.ask(db, 1, None, "texts", town.now)
        contents.carry_on(db, town.now)
        return real(*args, **more)

    monkeypatch.setattr(stored_sandboxes, "worn", worn)
    with pytest.raises(Conflict, match="erased"):
        sandboxes.create(db, 1, SandboxDraft(tasks=20, benchmarks=20), town.now)
