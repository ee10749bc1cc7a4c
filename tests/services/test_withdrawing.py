"""Withdrawal: labels given while bad are taken back, told, answered anew, and proved."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from goldvein.services import delivery, explaining, labelled, projects, withdrawing
from goldvein.services.hindsight import look_back
from goldvein.services.sweeps import Sweeper, sweep
from goldvein.services.verification import verify
from goldvein.store import proofs
from goldvein.store.database import Database
from goldvein.store.labelled import Wanted
from tests.services.sleepers import SLEEPY, labels_of, slept
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
    pages = labelled.export(town.db, 1, Wanted())
    exported = {one.label.id: one.label.task for page in pages for one in page}
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
            known = look_back(tx, 1, None, own, {})
            assert known[own[-1].attempt or 0].smoothed == pytest.approx(own[-1].p_all, abs=1e-9)
            assert known[own[-1].attempt or 0].benchmarks_after == 0
            assert len(known) == len(own) - 1


def test_a_change_is_dated_across_model_versions(db: Database) -> None:
    """The nightly estimation came between the labels and the benchmarks that speak against them."""

    def estimated(town: Town) -> None:
        town.run(10)
        lead(town, ("longest",))

    town, who = slept(db, others=3, at_turn=estimated)
    assert town.rows("SELECT max(model_version) FROM standings") == [(2,)]
    assert sweep(db, town.now).withdrawn > 0
    assert {labeler for (labeler,) in town.rows("SELECT labeler FROM log WHERE kind = 'withdraw'")} == {who}
    with db.connection() as tx:
        own = proofs.steps(tx, 1, [who])[who]
        known = look_back(tx, 1, None, own, {})
    assert known[own[-1].attempt or 0].smoothed == pytest.approx(own[-1].p_all, abs=1e-9)
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
