"""Erasure: everything that names a person goes, and everything that is proved stays proved."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from goldvein.domain.errors import Conflict, Forbidden, InvalidInput, NotFound, Unauthenticated
from goldvein.domain.records import Principal, Work
from goldvein.services import accounts, attending, cards, erasing, explaining, keys, people, practice, rulings
from goldvein.services.accounts import WrongLogin
from goldvein.services.metering import Meter
from goldvein.services.people import TERMINAL
from goldvein.services.verification import verify
from goldvein.store import alerts, channels, erasures, roster
from goldvein.store.database import Database
from tests.services.outspoken import NAME, PASSWORD, SAID, outspoken_town
from tests.services.remains import digest, left
from tests.services.town import Town, guesses
from tests.services.waiting import begin

PROVED = {
    "labels": "SELECT * FROM labels ORDER BY project, id",
    "standings": "SELECT project, labeler, state, n, posterior, p_all, held FROM standings ORDER BY 1, 2",
    "steps": "SELECT * FROM log WHERE n IS NOT NULL ORDER BY project, labeler, n",
    "answers": "SELECT project, attempt, labeler, answer, shown_at, received_at FROM answers ORDER BY 1, 2",
}
"""What an erasure leaves as it was."""


@pytest.fixture
def town(db: Database) -> Town:
    """An operation with one person who has said much."""
    return outspoken_town(db)


def operator(db: Database, town: Town) -> Principal:
    """Somebody who may confirm."""
    account = accounts.create(db, "an-operator", PASSWORD, "operator", town.now)
    return accounts.authenticate(db, accounts.begin_session(db, account, "test", town.now), town.now)


def test_nothing_that_names_a_person_is_left(db: Database, town: Town) -> None:
    """No column of the database has the name or a word of theirs; labels, steps and proofs are as before."""
    account = accounts.get_by_login(db, NAME)
    assert len(left(db, NAME)) >= 4
    assert {"answers.comment", "disputes.reason", "trust.reason", "sessions.user_agent"} <= set(
        left(db, SAID)
    )
    before = {name: digest(db, query) for name, query in PROVED.items() if name != "standings"}
    proof = verify(db)
    assert proof.ok, proof.broken
    erasing.ask(db, account.id, town.now)
    erasing.confirm(db, operator(db, town), account.id, NAME, town.now)
    assert not erasing.carry_on(db, town.now), "a server may still remember the session"
    assert (left(db, NAME), left(db, SAID)) == ([], [])
    assert erasing.carry_on(db, town.now + erasing.LINGERS) == 1
    after = verify(db)
    assert after.ok, after.broken
    assert after.bit_for_bit
    assert after.steps == proof.steps
    assert before == {name: digest(db, query) for name, query in PROVED.items() if name != "standings"}
    assert town.rows(f"SELECT count(focus_ms) FROM answers WHERE labeler = {account.labeler}") == [(0,)]
    assert town.rows(f"SELECT name FROM labelers WHERE id = {account.labeler}") == [
        (f"{keys.ERASED}{account.labeler}",)
    ]


def test_who_was_erased_is_nobody(db: Database, town: Town) -> None:
    """Nobody signs in by the old name, and whoever takes it is another labeler, with nothing of the first."""
    account = accounts.get_by_login(db, NAME)
    assert account.labeler is not None
    erasing.erase(db, NAME, town.now)
    with pytest.raises(WrongLogin):
        accounts.sign_in(db, NAME, PASSWORD, "test", town.now)
    for name in (f"{keys.ERASED}{account.id}", f"{keys.ERASED}{account.labeler}"):
        with pytest.raises(WrongLogin):
            accounts.sign_in(db, name, PASSWORD, "test", town.now)
        with pytest.raises(InvalidInput):
            keys.create_labeler(db, name, "labeler", town.now)
        with pytest.raises(InvalidInput):
            accounts.create(db, name, PASSWORD, "labeler", town.now)
    with pytest.raises(NotFound):
        keys.issue_for_labeler(db, account.labeler, "again", town.now)
    with pytest.raises(Conflict):
        people.enable(db, TERMINAL, account.id)
    fresh = accounts.get(db, accounts.create(db, NAME, PASSWORD, "labeler", town.now))
    assert fresh.labeler not in (None, account.labeler)
    assert cards.read(db, fresh.labeler or 0, town.now).done.ever == 0
    assert not erasing.carry_on(db, town.now)
    assert accounts.get_by_login(db, NAME).id == fresh.id


def test_a_task_in_hand_goes_to_somebody_else(db: Database, town: Town) -> None:
    """The lease ends, an answer that is still on its way is refused, and no task is left alone."""
    labeler = town.names[NAME]
    work = town.leases.get(labeler) or town.ask(labeler)
    assert isinstance(work, Work)
    erasing.erase(db, NAME, town.now)
    assert town.answer(labeler, work, 0) == Unauthenticated.code
    assert town.ask(labeler) == Unauthenticated.code
    del town.people[labeler]
    town.leases.pop(labeler, None)
    assert town.proof() == []
    town.run(30)
    assert town.proof() == []


def test_who_was_on_panels_is_not_counted_any_more(db: Database, town: Town) -> None:
    """Candidates do not wait for somebody who has gone; the log says since when."""
    erasing.erase(db, NAME, town.now)
    erasing.erase(db, "trusted 0", town.now)
    gone = [town.names[NAME], town.names["trusted 0"]]
    assert town.rows(f"SELECT count(*) FROM panel_members WHERE labeler = ANY (ARRAY{gone})") == [(0,)]
    ended = town.rows("SELECT DISTINCT labeler FROM log WHERE kind = 'trust' AND decision = 'ended'")
    assert {row[0] for row in ended} == set(gone)
    assert town.proof() == []


def test_a_rollup_under_way_does_not_bring_the_name_back(db: Database, town: Town) -> None:
    """One that had read the name before it went writes it later: it goes again at the end."""
    labeler = town.names[NAME]
    Meter(db).catch_up()
    ((last,),) = town.rows(f"SELECT max(id) FROM log WHERE kind = 'answer' AND labeler = {labeler}")

    def roll() -> None:
        with db.transaction() as tx:
            roster.roll(tx, last - 1, last)

    with db.transaction() as tx:  # both come to the line in the roster, the erasure first
        tx.execute("SELECT FROM roster WHERE labeler = %s FOR UPDATE", (labeler,))
        erasure = begin(db, lambda: erasing.erase(db, NAME, town.now), 1)
        rollup = begin(db, roll, 2)
    for thread in (erasure, rollup):
        thread.join(20)
    assert left(db, NAME) == ["roster.name"], "the race did not happen"
    assert erasing.carry_on(db, town.now + erasing.LINGERS) == 1
    assert left(db, NAME) == []


def test_a_killed_erasure_goes_on(db: Database, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """After each batch it may die; begun again it ends, and done again it changes nothing."""
    monkeypatch.setattr(erasing, "_AT_ONCE", 3)
    erasing.erase(db, NAME, town.now)
    late = town.now + erasing.LINGERS
    real, calls = erasures.blank_asides, 0

    def dies(*args: Any, **more: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls % 3 == 0:
            raise KeyboardInterrupt
        return real(*args, **more)

    monkeypatch.setattr(erasures, "blank_asides", dies)
    with pytest.raises(KeyboardInterrupt):
        erasing.carry_on(db, late)
    assert left(db, SAID), "it was killed half-way"
    monkeypatch.setattr(erasures, "blank_asides", real)
    assert erasing.carry_on(db, late) == 1
    assert left(db, SAID) == []
    rows = digest(db, "SELECT * FROM log ORDER BY id")
    assert erasing.carry_on(db, late + timedelta(days=1)) == 0
    assert erasing.erase(db, f"{keys.ERASED}{town.names[NAME]}", late) > 0
    assert digest(db, "SELECT * FROM log ORDER BY id") == rows


def test_a_wish_needs_somebody_else_and_the_name(db: Database, town: Town) -> None:
    """It waits until an operator types the name; until then it can be taken back."""
    account = accounts.get_by_login(db, NAME).id
    by = operator(db, town)
    with pytest.raises(NotFound):
        erasing.confirm(db, by, account, NAME, town.now)
    erasing.ask(db, account, town.now)
    erasing.ask(db, account, town.now)
    assert [wish.login for wish in erasing.waiting(db)] == [NAME]
    with pytest.raises(InvalidInput):
        erasing.confirm(db, by, account, "zerlina", town.now)
    erasing.take_back(db, account)
    assert erasing.waiting(db) == []
    with pytest.raises(NotFound):
        erasing.take_back(db, account)
    assert by.account is not None
    erasing.ask(db, by.account, town.now)
    with pytest.raises(Forbidden):
        erasing.confirm(db, by, by.account, "an-operator", town.now)
    admin = accounts.create(db, "an-admin", PASSWORD, "admin", town.now)
    erasing.ask(db, admin, town.now)
    with pytest.raises(Forbidden):
        erasing.confirm(db, by, admin, "an-admin", town.now)


def test_what_an_operator_signed_is_signed_by_a_number(db: Database, town: Town) -> None:
    """Alerts that an operator took note of, mutes, rules and channels do not name whoever is gone."""
    name = "watching.quux@example.org"
    accounts.create(db, name, PASSWORD, "operator", town.now)
    with db.transaction() as tx:
        alert = alerts.open_(tx, 1, "high", "held_share", {}, town.now)
    assert alert is not None
    attending.acknowledge(db, 1, alert, name, town.now)
    attending.mute(db, 1, alert, 4.0, name, town.now)
    attending.set_rules(db, 1, {"held_share": {"on": False}}, name, town.now)
    with db.transaction() as tx:
        channels.add(tx, 1, "email", name, name, town.now)
        channels.add(tx, 1, "email", "team@example.org", name, town.now)
    assert len(left(db, name)) >= 5
    erasing.erase(db, name, town.now)
    assert left(db, name) == []
    assert town.rows("SELECT target FROM channels") == [("team@example.org",)]


def test_why_somebody_was_dismissed_is_forgotten_with_them(db: Database, town: Town) -> None:
    """The words of a ruling go, the ruling stays, and the log proves it as before."""
    labeler = town.names["good 1"]
    rulings.rule(db, 1, labeler, "dismiss", f"{SAID} shared an account", town.now)
    erasing.erase(db, "good 1", town.now)
    erasing.carry_on(db, town.now)
    detail = town.rows(f"SELECT detail FROM log WHERE kind = 'ruling' AND labeler = {labeler}")
    assert [("reason" in one, "account" in one) for (one,) in detail] == [(False, True)]
    assert "erased" in str(explaining.explain(db, f"labeler:{labeler}", project=1))
    proof = verify(db)
    assert proof.ok, proof.broken


def test_others_are_left_alone(db: Database, town: Town) -> None:
    """What other people said and are called stays."""
    other = town.hire("somebody else", guesses)
    work = town.ask(other)
    assert isinstance(work, Work)
    practice.dispute(db, other, work.lease, "theirs", town.now)
    erasing.erase(db, NAME, town.now)
    erasing.carry_on(db, town.now)
    assert town.rows(f"SELECT reason FROM disputes WHERE labeler = {other}") == [("theirs",)]
    assert "labelers.name" in left(db, "somebody else")
