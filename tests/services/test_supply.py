"""The planner at work: who answers, for whom nobody waits, what is asked for, and what is said of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from goldvein.decisions.planning import AT_ONCE_EACH
from goldvein.services import keys, projects, quality, why_empty
from goldvein.services.sweeps import sweep
from goldvein.services.views import Views
from goldvein.store import supply
from goldvein.store.database import Database
from tests.services.test_leases import has
from tests.services.town import Town, knows

AWAY = 3_600


def supplied(town: Town) -> dict[str, Any]:
    report: dict[str, Any] = quality.report(town.db, town.project.id, town.now)["supply"]
    return report


def codes(town: Town) -> set[str]:
    return {reason["code"] for reason in why_empty.explain(town.db, town.project.id, town.now)["reasons"]}


def test_every_candidate_is_written_down_when_it_begins(db: Database) -> None:
    """Once each, with who began it and why that task."""
    town = Town(db)
    town.push(80)
    for n in range(4):
        town.hire(f"trusted {n}", knows(1.0), "trusted")
    town.run(12)
    rows = town.rows("SELECT task, labeler, decision FROM log WHERE kind = 'candidate'")
    begun = {row[0] for row in town.rows("SELECT task FROM benchmarks WHERE basis = 'panel'")}
    assert {task for task, _, _ in rows} == begun
    assert len(rows) == len(begun) > 5
    assert {how for _, _, how in rows} == {"queue"}
    assert {labeler for _, labeler, _ in rows} <= set(town.people)
    assert not town.proof()


def test_so_many_are_under_way_that_they_end_soon(db: Database) -> None:
    """One who is alone begins no more than can be finished, however many benchmarks are missing."""
    town = Town(db)
    town.push(80)
    one = town.hire("one", knows(1.0), "trusted")
    for n in range(3):
        keys.create_labeler(db, f"away {n}", "trusted", town.now - timedelta(days=2))
    for n in range(4):
        keys.create_labeler(db, f"new {n}", "trusted", town.now)
    town.run(60)
    [(under_way,)] = town.rows("SELECT count(*) FROM benchmarks WHERE state = 'candidate'")
    assert under_way == AT_ONCE_EACH * 5
    assert town.reasons[one] == "queue_empty"


@pytest.mark.parametrize("is_open", [True, False])
def test_nobody_waits_for_who_does_not_come_back(db: Database, is_open: bool) -> None:
    """After an hour the candidate is settled without, if there is anybody else to do the work."""
    town = Town(db, {"panel_away_seconds": AWAY, "reserve": 60, "stream_share": 0.0})
    if is_open:
        town.open_by_hand(30)
    one = town.hire("one", knows(1.0), "trusted")
    for n in range(5):
        keys.create_labeler(db, f"other {n}", "trusted", town.now)
    town.push(6)
    lease = has(town.ask(one))
    [(task,)] = town.rows("SELECT task FROM attempts WHERE state = 'leased'")
    town.answer(one, lease, 0)
    state = f"SELECT state FROM benchmarks WHERE task = {task}"
    town.wait(AWAY - 60)
    sweep(db, town.now)
    assert town.rows(state) == [("candidate",)]
    town.wait(120)
    sweep(db, town.now)
    assert town.rows(state) == [("retired" if is_open else "candidate",)]
    stage = "label" if is_open else "panel"
    assert town.rows(f"SELECT stage FROM attempts WHERE task = {task} AND state = 'open'") == [(stage,)]
    assert not town.proof()


def test_what_was_dropped_waits_with_the_urgency_of_its_task(db: Database) -> None:
    """How sure a candidate was orders the panel's queue alone."""
    town = Town(db, {"panel_away_seconds": AWAY})
    people = [town.hire(f"trusted {n}", knows(1.0), "trusted") for n in range(4)]
    town.push(1, priority=7)
    for place, labeler in enumerate(people):
        given = town.ask(labeler)
        if isinstance(given, str):
            break
        if place == 1:
            assert town.rows("SELECT urgency FROM attempts WHERE state = 'leased'") != [(-7,)]
        town.answer(labeler, given, place % 4)
    rows = town.rows("SELECT stage, urgency FROM attempts WHERE state = 'open'")
    assert rows == [("label", -7)]
    assert not town.proof()


def test_the_report_says_what_is_missing_and_why_nobody_knows_when(db: Database) -> None:
    """Null comes with a reason; a pace that is known gives hours."""
    town = Town(db)
    town.push(200)
    first = supplied(town)
    assert first["missing_to_open"] == 20
    assert first["opens_in_hours"] is None
    assert "appoint trusted labelers" in first["unknown"]["promotions_per_hour"]
    assert first["servings_per_hour"] is None
    assert first["runs_out_in_hours"] is None
    for n in range(6):
        town.hire(f"trusted {n}", knows(1.0), "trusted")
    while town.rows("SELECT count(*) FROM benchmarks WHERE state = 'active'")[0][0] < 8:
        town.round(60)
    sweep(db, town.now)
    second = supplied(town)
    made = second["active"]
    hours = (town.now - town.rows("SELECT min(created_at) FROM benchmarks")[0][0]).total_seconds() / 3600
    assert second["promotions_per_hour"] == pytest.approx(made / hours)
    assert second["opens_in_hours"] == pytest.approx((20 - made) * hours / made)
    assert second["panel_here"] == 6
    assert "promotions_per_hour" not in second["unknown"]
    told = why_empty.explain(db, 1, town.now)
    assert f"{second['opens_in_hours']:.1f} hours" in told["reasons"][0]["detail"]
    town.wait(AWAY + 60)
    sweep(db, town.now)
    assert "panel_away" in codes(town)


def test_use_is_seen_and_more_is_asked_for(db: Database) -> None:
    """Servings per hour, what they wear out, and when that ends; the target rises by it once a minute."""
    town = Town(
        db, {"exposure_budget": 15, "rate_floor": 0.3, "open_at": 10, "supply_headroom": 1.0, "reserve": 1}
    )
    town.open_by_hand(30)
    town.push(400)
    for n in range(6):
        town.hire(f"good {n}", knows(0.95))
    town.run(30)
    sweep(db, town.now)
    served = town.rows("SELECT sum(exposures) FROM benchmarks")[0][0]
    report = supplied(town)
    hours = (town.now - projects.get(db, 1, None).opened_at).total_seconds() / 3600  # type: ignore[operator]
    if hours < 0.05:
        assert report["servings_per_hour"] is None
    town.run(30)
    town.wait(61)
    sweep(db, town.now)
    report = supplied(town)
    assert report["servings_per_hour"] > 0
    assert report["runs_out_in_hours"] > 0
    assert report["people_here"] == 6
    assert report["benchmarks_to_verdict"] >= 4
    assert report["wanted"]["wearing_out"] == 30
    assert projects.get(db, 1, None).supply_target >= 40 > served / 30
    with db.transaction() as tx:
        before = supply.get_plan(tx, 1)
    sweep(db, town.now + timedelta(seconds=30))
    with db.transaction() as tx:
        assert supply.get_plan(tx, 1) == before
        assert Views().one(tx, 1).project.supply_target >= 40


def test_the_planner_learns_what_promoted_tasks_look_like(db: Database) -> None:
    """Once ten of each are settled there is something to go by, and it is used."""
    town = Town(db, {"open_at": 10, "reserve": 100})
    town.push(300)
    for n in range(5):
        town.hire(f"trusted {n}", lambda work, rng: knows(_ease(work.input))(work, rng), "trusted")
    settled = "SELECT count(*) FROM benchmarks WHERE promoted_at IS NOT NULL UNION ALL "
    settled += "SELECT count(*) FROM benchmarks WHERE state = 'retired'"
    while min(town.rows(settled))[0] < 14:
        town.round()
    town.wait(61)
    sweep(db, town.now)
    report = supplied(town)
    assert report["learned_from"] >= 28
    town.wait(31)
    town.run(30)
    assert (
        town.rows("SELECT count(*) FROM log WHERE kind = 'candidate' AND detail ->> 'worth' IS NOT NULL")[0][
            0
        ]
        > 5
    )
    assert not town.proof()


def _ease(task: Mapping[str, Any]) -> float:
    """Every other task is one on which even the panel disagrees."""
    return 1.0 if int(task["prompt"].split()[1]) % 2 else 0.4
