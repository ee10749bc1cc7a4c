"""Cards change seldom and say little; whoever was dismissed can ask for another look."""

from __future__ import annotations

from datetime import timedelta

import pytest

from goldvein.decisions.cards import OVER
from goldvein.domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from goldvein.domain.records import Work
from goldvein.services import accounts, cards, practice
from goldvein.services.metering import Meter
from goldvein.store.cards import Line
from goldvein.store.database import Database
from tests.services.town import Town, guesses, knows

DAY = timedelta(days=1)


@pytest.fixture
def town(db: Database) -> Town:
    """Many benchmarks, served to everybody all the time."""
    town = Town(db, {"rate_floor": 0.75, "dismissal_grace": 1})
    town.open_by_hand(300)
    town.push(600)
    town.hire("ann", knows(0.97))
    return town


def line(town: Town, name: str = "ann") -> Line:
    (found,) = cards.read(town.db, town.names[name], town.now).projects
    return found


def benchmarks(town: Town) -> int:
    return int(town.rows("SELECT coalesce(max(benchmarks), 0) FROM standings")[0][0])


def work_until(town: Town, count: int) -> None:
    while benchmarks(town) < count:
        town.round()


def test_a_card_says_nothing_before_many_benchmarks_were_answered(town: Town) -> None:
    """Until then its labeler is new; then it says so much at once."""
    work_until(town, OVER - 1)
    assert cards.refresh(town.db, town.now) == 0
    assert (line(town).level, line(town).refreshed_at) == (None, None)
    work_until(town, OVER)
    assert cards.refresh(town.db, town.now) == 1
    assert line(town).level == "trusted"
    assert cards.refresh(town.db, town.now) == 0


def test_a_card_changes_once_a_day_at_most_and_over_many_benchmarks(town: Town) -> None:
    """Not the next day over few, not the same day over many."""
    work_until(town, OVER)
    cards.refresh(town.db, town.now)
    first = line(town).refreshed_at
    work_until(town, 2 * OVER + 2)
    cards.refresh(town.db, town.now + timedelta(hours=12))
    assert line(town).refreshed_at == first
    cards.refresh(town.db, town.now + DAY)
    second = line(town).refreshed_at
    assert second != first
    work_until(town, 3 * OVER)
    cards.refresh(town.db, town.now + 2 * DAY)
    assert line(town).refreshed_at == second


def test_all_pages_of_standings_are_refreshed(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each card once, however many there are."""
    monkeypatch.setattr(cards, "_AT_ONCE", 2)
    for number in range(5):
        town.hire(f"more {number}", knows(0.97))
    town.run(120)
    assert cards.refresh(town.db, town.now) == 6


def test_a_dismissal_shows_when_work_says_it(town: Town) -> None:
    """Not at the benchmark that tipped it: a few answers are taken after that, and then both say it."""
    town.people.clear()
    ben = town.hire("ben", guesses)
    for _ in range(400):
        town.round()
        state, grace = town.rows(f"SELECT state, grace FROM standings WHERE labeler = {ben}")[0]
        assert line(town, "ben").is_out == (state == "dismissed" and grace == 0)
        if town.reasons.get(ben) == "dismissed":
            break
    assert line(town, "ben").is_out


def test_another_look_is_asked_for_once_at_a_time(town: Town) -> None:
    """Only by who was dismissed; it waits in a queue, is settled once, and can then be asked for again."""
    ann = town.names["ann"]
    work_until(town, 1)
    project = town.project.id
    with pytest.raises(NotFound):
        cards.ask_for_look(town.db, project, ann, "please", town.now)
    with town.db.transaction() as tx:
        tx.execute("UPDATE standings SET state = 'dismissed', grace = 0")
    with pytest.raises(InvalidInput):
        cards.ask_for_look(town.db, project, ann, "   ", town.now)
    cards.ask_for_look(town.db, project, ann, "I was ill that day.", town.now)
    with pytest.raises(Conflict):
        cards.ask_for_look(town.db, project, ann, "Please.", town.now)
    (waiting,) = cards.looks_waiting(town.db)
    assert (waiting.labeler_name, waiting.words) == ("ann", "I was ill that day.")
    assert cards.looks_waiting(town.db, after=(waiting.asked_at, waiting.id)) == []
    boss = accounts.create(town.db, "boss", None, "operator", town.now)
    with pytest.raises(Forbidden):  # an auditor works, and so may have been dismissed
        cards.settle_look(town.db, waiting.id, boss, "I was right.", town.now, lets_in=True, own=ann)
    cards.settle_look(town.db, waiting.id, boss, "We looked: it stands.", town.now)
    with pytest.raises(NotFound):
        cards.settle_look(town.db, waiting.id, boss, "Again.", town.now)
    assert cards.looks_waiting(town.db) == []
    look = cards.read(town.db, ann, town.now).look_at(project)
    assert look is not None
    assert look.reply == "We looked: it stands."
    cards.ask_for_look(town.db, project, ann, "Please look once more.", town.now + DAY)


def test_own_disputes_stand_on_the_card(town: Town) -> None:
    """One's own alone, and without anything of the task."""
    ann, ben = town.names["ann"], town.hire("ben", knows(0.9))
    given = town.ask(ann)
    assert isinstance(given, Work)
    practice.dispute(town.db, ann, given.lease, "two are equally good", town.now)
    (own,) = cards.read(town.db, ann, town.now).disputes
    assert (own.project, own.reason) == ("texts", "two are equally good")
    assert cards.read(town.db, ben, town.now).disputes == []


def test_days_count_all_kinds_of_answers_alike(town: Town) -> None:
    """Today, seven days and all, once each, however often the log is rolled up."""
    ann = town.names["ann"]
    town.run(4)
    meter = Meter(town.db)
    meter.catch_up()
    first = cards.done(town.db, ann, town.now)
    town.wait(3 * 86_400)
    town.skip(ann, town.leases.pop(ann))
    town.run(3)
    for _ in range(2):
        meter.catch_up()
        Meter(town.db).catch_up()
    then = cards.done(town.db, ann, town.now)
    assert (first.today, first.week, first.ever, first.skips) == (3, 3, 3, 0)
    assert (then.today, then.week, then.ever, then.skips) == (2, 5, 5, 1)
    assert cards.done(town.db, ann, town.now + 30 * DAY).week == 0
