"""Exposure budgets hold whoever serves, and a project that is ready opens whatever made it so."""

from __future__ import annotations

from goldvein.services import curating, projects
from goldvein.services.sweeps import sweep
from goldvein.services.work import WorkGroup
from goldvein.store.database import Database
from tests.services.town import Town, knows

BUDGET = 8


def test_two_processes_together_serve_no_benchmark_more_often_than_its_budget(db: Database) -> None:
    """Each knows of the other's servings only what the database says; and nobody waits for long by that."""
    town = Town(
        db,
        {"open_at": 10, "exposure_budget": BUDGET, "rate_floor": 0.6, "rate_ceiling": 0.9, "max_held": 100},
    )
    town.open_by_hand(60)
    town.push(2_000)
    for n in range(40):
        town.hire(f"good {n}", knows(0.9))
    everybody, works = dict(town.people), [town.work, WorkGroup(db)]
    for turn in range(80):
        town.work = works[turn % 2]
        town.people = {who: does for who, does in everybody.items() if who % 2 == turn % 2}
        town.round(1)
    served = town.rows(
        "SELECT b.exposures, (SELECT count(*) FROM attempts a WHERE a.task = b.task "
        "AND a.stage = 'benchmark') FROM benchmarks b"
    )
    assert max(exposures for exposures, _ in served) == BUDGET
    assert all(exposures == attempts for exposures, attempts in served)
    assert not town.proof()


def test_what_is_confirmed_by_hand_may_be_what_opening_waited_for(db: Database) -> None:
    """Nobody of the panel has to answer first: there may be no panel."""
    town = Town(db, {"open_at": 1000})
    town.open_by_hand(40)
    curating.act(db, 1, 1, "freeze", town.now)
    projects.update(db, 1, None, policy={"open_at": 40}, now=town.now)
    curating.act(db, 1, 1, "confirm", town.now)
    sweep(db, town.now)
    assert town.rows("SELECT state FROM projects") == [("open",)]
    assert not town.proof()
