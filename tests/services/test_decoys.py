"""Decoys: some ordinary tasks go to two people, so that what two have seen need be no benchmark."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from goldvein.domain.records import Work
from goldvein.services import intake
from goldvein.services.withdrawing import Withdrawal, withdraw_labels
from goldvein.store.database import Database
from tests.services.town import Town, knows

SHARE = 0.3


def open_town(db: Database, **policy: float) -> Town:
    town = Town(db, {"decoy_share": SHARE, "stream_share": 0.0, **policy})
    town.open_by_hand(200)
    return town


def test_a_share_of_the_delivered_goes_to_a_second_person_and_nobody_else_hears_of_it(db: Database) -> None:
    """One label a task, two answers to some; and nobody has the same task twice."""
    town = open_town(db)
    town.push(700)
    for n in range(12):
        town.hire(f"good {n}", knows(0.95))
    town.run(90)

    answered = Counter(
        row[0]
        for row in town.rows("SELECT task FROM log WHERE kind = 'answer' AND stage IN ('label', 'decoy')")
    )
    decoys = town.rows("SELECT task, decision, n FROM log WHERE stage = 'decoy' AND kind = 'answer'")
    labelled = town.rows("SELECT task FROM labels WHERE withdrawn_at IS NULL AND basis = 'labeler'")
    assert len(decoys) > 60
    assert 0.5 * SHARE < len(decoys) / len(labelled) < 1.2 * SHARE
    assert {decision for _, decision, _ in decoys} == {"decoy"}
    assert all(n is not None for _, _, n in decoys), "a decoy's answer moves its labeler's standing"
    assert {task for task, _, _ in decoys} <= {task for (task,) in labelled}
    assert all(answered[task] >= 2 for task, _, _ in decoys)
    assert not town.rows(
        "SELECT 1 FROM attempts WHERE labeler IS NOT NULL GROUP BY content, labeler HAVING count(*) > 1"
    )
    assert not town.proof()


def test_without_a_share_there_are_none(db: Database) -> None:
    """The knob at zero: every ordinary task is answered once."""
    town = open_town(db, decoy_share=0.0)
    town.push(200)
    for n in range(6):
        town.hire(f"good {n}", knows(0.95))
    town.run(40)

    assert not town.rows("SELECT 1 FROM attempts WHERE stage = 'decoy'")
    assert town.rows("SELECT 1 FROM labels LIMIT 1")


@pytest.mark.parametrize("stage", ["benchmark", "label", "decoy"])
@pytest.mark.parametrize("busy", [True, False])
def test_a_late_answer_is_taken_or_not_whatever_the_task_is_for(db: Database, stage: str, busy: bool) -> None:
    """A lease that ran out can still be answered only while nobody has been handed work since."""
    town = open_town(db, decoy_share=1.0, rate_ceiling=0.5, rate_floor=0.3)
    town.push(300)
    for n in range(6):
        town.hire(f"good {n}", knows(0.97))
    town.run(30)
    labeler = next(one for one, work in town.leases.items() if stage_of(town, one) == stage)
    work = town.leases.pop(labeler)
    assert isinstance(work, Work)
    town.leases.clear()
    town.wait(601)
    del town.people[labeler]
    town.run(6 if busy else 0)
    said = town.answer(labeler, work)
    assert (said == "lease_lost") is busy
    town.now += timedelta(seconds=1)
    assert not town.proof()


def stage_of(town: Town, labeler: int) -> str:
    rows = town.rows(f"SELECT stage FROM attempts WHERE state = 'leased' AND labeler = {labeler}")
    return str(rows[0][0])


def test_a_task_that_ended_goes_to_no_second_person(db: Database) -> None:
    """Its label was withdrawn, then the customer cancelled it: a decoy of it that waited is gone."""
    town = open_town(db, decoy_share=1.0, rate_ceiling=0.5, deliver_at=0.6, min_benchmarks=1)
    town.push(40)
    town.hire("ann", knows(1.0))
    town.run(40)
    waiting = town.rows("SELECT task FROM attempts WHERE stage = 'decoy' AND state = 'open' LIMIT 1")
    task = int(waiting[0][0])
    label = town.rows(f"SELECT id, task, attempt, labeler FROM labels WHERE task = {task}")[0]
    with db.transaction() as tx:
        withdraw_labels(tx, town.project.id, [Withdrawal(*label)], "for a test", town.now)
    intake.cancel_task(db, town.project.id, task, town.now)
    assert town.rows(f"SELECT DISTINCT state FROM attempts WHERE stage = 'decoy' AND task = {task}") == [
        ("closed",)
    ]
    assert not town.proof()
