"""Tallies: counts of tasks and the cost of labels, kept beside the way."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from goldvein.domain.errors import Forbidden, InvalidInput
from goldvein.domain.records import Money, Price, TaskDraft
from goldvein.services import intake, projects, tallying
from goldvein.services.sweeps import sweep
from goldvein.services.withdrawing import Withdrawal, withdraw_labels
from goldvein.store import tasks
from goldvein.store.database import Database
from tests.services.town import START, Town, knows, task_input


def price(town: Town, per_label: str, currency: str = "EUR") -> None:
    projects.update(town.db, town.project.id, None, price=Price(Decimal(per_label), currency), now=town.now)


def cost(town: Town) -> Money | None:
    return tallying.of_project(town.db, town.project.id).cost


def assert_counted(town: Town) -> None:
    """The tally says what counting every task says, of the project and of its one batch."""
    with town.db.connection() as tx:
        states = tasks.counts_by_state(tx, town.project.id)
        batch = tasks.find_batch(tx, town.project.id, "round")
    assert batch is not None
    whole = tallying.of_project(town.db, town.project.id)
    part = tallying.of_batches(town.db, town.project.id, [batch.id])[batch.id]
    for tally in (whole, part):
        found = (tally.waiting, tally.labels, tally.cancelled, tally.expired)
        assert found == tuple(states.get(one, 0) for one in ("queued", "labelled", "cancelled", "expired"))


def busy(db: Database) -> Town:
    """A town that is open and has three people who know."""
    town = Town(db, policy={"withdraw_window_seconds": 0})
    town.open_by_hand()
    for name in ("ann", "bob", "cyd"):
        town.hire(name, knows(0.97))
    return town


def withdraw_all(town: Town) -> int:
    """Take back every label there is."""
    with town.db.transaction() as tx:
        rows = tx.execute("SELECT id, task FROM labels WHERE withdrawn_at IS NULL ORDER BY id").fetchall()
        wanted = [Withdrawal(label, task) for label, task in rows]
        return len(withdraw_labels(tx, town.project.id, wanted, "test", town.now))


def test_a_tally_says_what_counting_says(db: Database) -> None:
    """Pushes, labels, withdrawals, deadlines and cancellations: the sums are those of the tasks."""
    town = busy(db)
    town.push(20)
    assert_counted(town)
    town.run(60)
    town.push(10, start=100, deadline=town.now + timedelta(seconds=300))
    town.push(10, start=200)
    assert_counted(town)
    town.run(5)
    assert_counted(town)
    assert withdraw_all(town) > 10
    assert_counted(town)
    town.wait(1_000)
    sweep(town.db, town.now)
    assert_counted(town)
    town.run(5)
    intake.cancel_batch(town.db, town.project.id, "round", town.now)
    assert_counted(town)
    assert withdraw_all(town) > 0  # of a cancelled batch: nobody waits for them any more
    assert_counted(town)
    tally = tallying.of_project(town.db, town.project.id)
    assert tally.pushed == 40
    assert min(tally.expired, tally.cancelled, tally.withdrawn) > 0


def test_a_label_costs_what_the_price_was_when_it_was_delivered(db: Database) -> None:
    """Benchmarks and discarded work cost nothing, nor do labels from before the first price, or withdrawn."""
    town = busy(db)
    town.push(12)
    assert cost(town) is None
    town.run(40)
    free = tallying.of_project(db, town.project.id).labels
    price(town, "0.1")
    town.push(12, start=100)
    town.run(40)
    cheap = tallying.of_project(db, town.project.id).labels - free
    price(town, "0.250001")
    assert cost(town) == Money(Decimal("0.1") * cheap, "EUR")
    town.push(12, start=200)
    town.run(40)
    dear = tallying.of_project(db, town.project.id).labels - free - cheap
    assert min(free, cheap, dear) > 0
    assert cost(town) == Money(Decimal("0.1") * cheap + Decimal("0.250001") * dear, "EUR")
    withdraw_all(town)
    assert cost(town) == Money(Decimal(0), "EUR")


def test_the_cost_of_a_batch_is_in_its_progress(db: Database) -> None:
    """A round's cost is there as soon as the round is done."""
    town = busy(db)
    price(town, "0.05")
    town.push(8)
    town.run(40)
    progress = intake.batch_progress(db, town.project.id, "round", town.now)
    assert progress.done
    assert progress.cost == Money(Decimal("0.40"), "EUR")


def test_operators_alone_set_prices_and_the_currency_stays(db: Database) -> None:
    """A customer's price is refused, and so is another currency: sums of two would mean nothing."""
    town = Town(db)
    with pytest.raises(Forbidden):
        projects.update(db, town.project.id, town.customer, price=Price(Decimal(1), "EUR"), now=START)
    price(town, "1")
    with pytest.raises(InvalidInput) as refused:
        price(town, "1", "USD")
    assert refused.value.code == "currency_differs"


def test_a_long_backlog_is_counted_in_part(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody who opens a page waits until a million events are counted; each counts once in the end."""
    monkeypatch.setattr(tallying, "_AT_ONCE", 2)
    monkeypatch.setattr(tallying, "_TURNS", 1)
    town = busy(db)
    for number in range(7):
        drafts = [TaskDraft(0, task_input(number, 0))]
        intake.push(db, town.project.id, drafts, "round", town.now)
    assert tallying.of_project(db, town.project.id).pushed == 2
    for _ in range(5):
        tallying.count(db, town.project.id)
    assert_counted(town)
