"""Withdrawal: labels given while bad are taken back, told, answered anew, and proved."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from goldvein.services import delivery, explaining, intake, keys, projects, sending, webhooks, withdrawing
from goldvein.services.hindsight import look_back
from goldvein.services.outbound import Outbound
from goldvein.services.recorded import RecordedRow, RecordedWork
from goldvein.services.sweeps import Sweeper, sweep
from goldvein.services.verification import verify
from goldvein.store import proofs
from goldvein.store.database import Database
from tests.services.delivery_world import receiver
from tests.services.sleepers import SLEEPY, labels_of, places, quick, slept, take, task_of
from tests.services.test_model_versions import lead
from tests.services.town import START, Town, knows

TAMPERING = dict(
    re.findall(
        r"^-- name: (.+)\n((?:.+\n)+)",
        Path(__file__).with_name("tampering_withdrawals.sql").read_text(),
        re.MULTILINE,
    )
)
"""Statements by what they do."""


@pytest.fixture(scope="module")
def history(module_database_url: str) -> Iterator[tuple[Town, int]]:
    """A project in which a sleeper's labels were withdrawn and replaced."""
    with Database(module_database_url) as db:
        sweeper = Sweeper(db)
        town, who = slept(db, sweeper=sweeper)
        for _ in range(30):
            town.round()
            sweeper.sweep(town.now)
        delivery.number(db, 1)
        yield town, who


# --- a sleeper in a live project --------------------------------------------------------------------------


def test_what_a_sleeper_gave_after_turning_is_taken_back_and_replaced(history: tuple[Town, int]) -> None:
    """Only the sleeper's labels go, of a slice of time; others answer the tasks; the proof holds."""
    town, who = history
    gone = town.rows("SELECT id, task, labeler FROM labels WHERE withdrawn_at IS NOT NULL")
    assert gone
    assert {labeler for _, _, labeler in gone} == {who}
    kept = town.rows(f"SELECT count(*) FROM labels WHERE labeler = {who} AND withdrawn_at IS NULL")[0][0]
    assert kept > len(gone)
    anew = dict(town.rows("SELECT replaces, id FROM labels WHERE replaces IS NOT NULL"))
    assert anew.keys() == {label for label, _, _ in gone}
    again = town.rows("SELECT labeler FROM labels WHERE replaces IS NOT NULL")
    assert (who,) not in again
    proof = verify(town.db)
    assert proof.ok, proof.broken
    assert proof.bit_for_bit
    assert town.rows("SELECT count(*) FROM standings WHERE review_wanted IS NOT NULL") == [(0,)]


def test_readers_of_events_end_with_the_labels_that_are_current(history: tuple[Town, int]) -> None:
    """Whoever applies the events in their order has what the export has."""
    town, _ = history
    events, _ = delivery.events(town.db, 1, 0, 10_000)
    mine: dict[int, int] = {}
    for event in events:
        if event.label is None:
            continue
        if event.event == "label.created":
            mine[event.label.id] = event.label.task
            assert event.label.replaces not in mine
        else:
            assert event.event == "label.withdrawn"
            assert event.label.withdrawn_at is not None
            del mine[event.label.id]
    exported = {label.id: label.task for page in delivery.export_labels(town.db, 1) for label in page}
    assert mine == exported
    shown = delivery.label_json(next(e.label for e in events if e.event == "label.withdrawn" and e.label))
    assert shown["withdrawn_at"] is not None


def test_the_stories_tell_of_withdrawals(history: tuple[Town, int]) -> None:
    """Of the label, its replacement and the labeler: why, and by which numbers."""
    town, who = history
    label, anew = town.rows("SELECT replaces, id FROM labels WHERE replaces IS NOT NULL LIMIT 1")[0]
    story = explaining.explain(town.db, f"label:{label}")
    texts = [moment.text for moment in story.moments]
    assert story.verdict.endswith("withdrawn since")
    assert any(re.search(rf"label {label} was withdrawn: labeler changed, P\(good\)", text) for text in texts)
    replaced = [moment.text for moment in explaining.explain(town.db, f"label:{anew}").moments]
    assert any(f"in place of label {label}" in text for text in replaced)
    labeler = [moment.text for moment in explaining.explain(town.db, f"labeler:{who}").moments]
    assert any(re.search(r"labels? (was|were) withdrawn: labeler changed", text) for text in labeler)


@pytest.mark.parametrize("what", TAMPERING)
def test_tampering_with_withdrawals_is_found(
    history: tuple[Town, int], what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each change of what was withdrawn, and why, shows."""
    db = history[0].db
    with db.transaction() as tx, tx.transaction(force_rollback=True):
        assert tx.execute(TAMPERING[what].encode()).rowcount > 0
        monkeypatch.setattr(db, "snapshot", lambda: nullcontext(tx))
        assert verify(db).broken


def test_looking_back_ends_where_the_filter_is(history: tuple[Town, int]) -> None:
    """Put together from the log, the last answer's P(good) is the one that the log has of it."""
    town, _ = history
    with town.db.connection() as tx:
        steps = proofs.steps(tx, 1, list(town.people))
        for own in steps.values():
            known = look_back(tx, 1, own, {})
            assert known[own[-1].attempt or 0].smoothed == pytest.approx(own[-1].p_benchmarks, abs=1e-9)
            assert known[own[-1].attempt or 0].benchmarks_after == 0
            assert len(known) == len(own) - 1


def test_a_change_is_dated_across_model_versions(db: Database) -> None:
    """The nightly estimation came between the labels and the benchmarks that speak against them."""
    town, who = slept(db, others=1, at_turn=lambda town: lead(town, ("longest", "most overlap")))
    assert town.rows("SELECT max(model_version) FROM standings") == [(2,)]
    assert sweep(db, town.now).withdrawn > 0
    assert {labeler for (labeler,) in town.rows("SELECT labeler FROM log WHERE kind = 'withdraw'")} == {who}
    with db.connection() as tx:
        own = proofs.steps(tx, 1, [who])[who]
        known = look_back(tx, 1, own, {})
    assert known[own[-1].attempt or 0].smoothed == pytest.approx(own[-1].p_benchmarks, abs=1e-9)
    proof = verify(db)
    assert proof.ok, proof.broken


def test_a_long_past_is_looked_at_from_a_run_in_on(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only so many answers before the window are read, and `verify` knows where the look began."""
    for module in ("withdrawing", "hindsight"):
        monkeypatch.setattr(f"goldvein.services.{module}.RUN_IN", 20)
    town, who = slept(db, others=1)
    window = int((town.now - START).total_seconds()) - 5 * 45
    policy = {"withdraw_window_seconds": window, "hold_seconds": 5}
    projects.update(db, 1, None, policy=policy, now=town.now)
    assert sweep(db, town.now).withdrawn > 0
    first = town.rows("SELECT DISTINCT (detail ->> 'from')::int FROM log WHERE kind = 'withdraw'")
    since = START + timedelta(seconds=5 * 45 - 5)
    assert first == town.rows(f"SELECT min(n) - 20 FROM log WHERE labeler = {who} AND at >= '{since}'")
    assert not town.proof()


# --- taking back ------------------------------------------------------------------------------------------


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


# --- whose labels stay -----------------------------------------------------------------------------------


def test_labels_delivered_long_ago_stay(db: Database) -> None:
    """What left before the window is the customer's for good; the mark goes all the same."""
    town, _ = slept(db, others=1)
    town.wait(2 * 86_400)
    assert sweep(db, town.now).withdrawn == 0
    assert town.rows("SELECT count(*) FROM standings WHERE review_wanted IS NOT NULL") == [(0,)]
    assert not town.proof()


def test_an_honest_labeler_keeps_every_label(db: Database) -> None:
    """Ordinary mistakes take nothing back."""
    town = Town(db, SLEEPY)
    town.open_by_hand(300)
    town.push(1500)
    for n in range(5):
        town.hire(f"good {n}", knows(0.9))
    sweeper = Sweeper(db)
    for _ in range(120):
        town.round()
        sweeper.sweep(town.now)
    assert labels_of(town, "withdrawn_at IS NOT NULL") == []


def test_the_answer_that_marks_a_standing_reads_no_past(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The transaction of an answer only sets the mark: looking back is the sweeper's."""

    def never(*_: Any) -> None:
        raise AssertionError("an answer looked back")

    monkeypatch.setattr(withdrawing, "look_back", never)
    town, who = slept(db, others=0)
    wanted, n = town.rows(f"SELECT review_wanted, n FROM standings WHERE labeler = {who}")[0]
    assert 0 < wanted <= n


def test_a_recorded_task_takes_the_answers_that_are_still_to_come(db: Database) -> None:
    """Whoever answers it next in the record, after its label went, gives the new one."""
    town = Town(db, {"benchmarks_per_labeler": 1})
    town.open_by_hand(200)
    town.push(200)
    tested = [row[0] for row in town.rows("SELECT task FROM benchmarks ORDER BY task")]
    wanted = [row[0] for row in town.rows("SELECT id FROM tasks WHERE state = 'queued' ORDER BY id")]
    sleeper, other = (keys.create_labeler(db, name, "labeler", town.now) for name in ("sleeper", "other"))
    work = RecordedWork(db, 1, panel=[], to_come=[])

    def answer(who: int, task: int, place: int, wrong: int = 0) -> None:
        town.wait(5)
        row = RecordedRow(who, task, (place + wrong) % 4)
        if not work.ignores(row):
            work.submit([row], town.now, town.rng)
        work.sweep(town.now)

    for place in range(60):
        answer(sleeper, tested[place], place)
        answer(sleeper, wanted[place], place)
    for place in range(60, 80):
        answer(sleeper, wanted[place], place, wrong=1 + place % 3)
    for place in range(60, 90):
        answer(sleeper, tested[place], place, wrong=1 + place % 3)
    gone = [task for (task,) in town.rows("SELECT task FROM labels WHERE withdrawn_at IS NOT NULL")]
    assert gone
    for place in range(60):
        answer(other, tested[place], place)
    for place in range(80):
        answer(other, wanted[place], place)
    assert {task for (task,) in town.rows("SELECT task FROM labels WHERE replaces IS NOT NULL")} == set(gone)
    assert not town.proof()
