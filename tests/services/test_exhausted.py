"""Somebody who has seen every benchmark, and of whom still too little is known."""

from __future__ import annotations

from datetime import timedelta

import pytest

from goldvein.decisions.serving import NOTHING_LEFT
from goldvein.domain.records import ProjectDraft, TaskDraft, Work
from goldvein.services import benchmarks, intake, projects
from goldvein.services.benchmarks import ManualBenchmark
from goldvein.store.database import Database
from tests.services.test_leases import has
from tests.services.town import Town, task_input

BENCHMARKS = 8


def right_of(work: Work) -> int:
    """Where the right option was shown."""
    return next(i for i, option in enumerate(work.input["options"]) if option.startswith("right"))


def who_saw_all(db: Database, wrong: int, **policy: float) -> Town:
    """A labeler who was served all benchmarks first, and was wrong in so many."""
    town = Town(db, {"rate_ceiling": 1.0, "open_at": BENCHMARKS, "reserve": 1, "exposure_cap": 50, **policy})
    town.open_by_hand(BENCHMARKS)
    town.push(30)
    ann = town.hire("ann", lambda work, rng: {})
    given = town.ask(ann)
    for n in range(BENCHMARKS):
        work = has(given)
        given = town.answer(ann, work, (right_of(work) + 1) % 4 if n < wrong else right_of(work))
    assert town.rows("SELECT benchmarks, state FROM standings") == [(BENCHMARKS, "admitted")]
    town.answer(ann, has(given), 0)
    return town


@pytest.mark.parametrize(("wrong", "decision"), [(3, "deliver"), (5, "hold")])
def test_nothing_left_to_see_leads_to_the_boundary_at_once(db: Database, wrong: int, decision: str) -> None:
    """Half certainty decides from then on; the log says why, so that the proof can follow."""
    town = who_saw_all(db, wrong)
    p = town.rows("SELECT p_benchmarks, p_all FROM standings")[0]
    assert (min(p) >= 0.5) == (decision == "deliver")
    assert max(p) < 0.9
    assert town.rows("SELECT state, undecided FROM standings") == [("boundary", 200)]
    kept = town.rows("SELECT draw, decision FROM log WHERE kind = 'answer' AND stage = 'label'")
    assert kept == [(NOTHING_LEFT, decision)]
    drawn = town.rows("SELECT min(draw) FROM log WHERE kind = 'answer' AND stage = 'benchmark'")
    assert drawn[0][0] > NOTHING_LEFT
    assert not town.proof()


def test_a_verdict_stands_whatever_is_left(db: Database) -> None:
    """Who was right in all of them is admitted, and no draw that fails changes that."""
    town = who_saw_all(db, 0, rate_floor=1.0)
    assert town.rows("SELECT state, undecided FROM standings") == [("admitted", 0)]
    kept = town.rows("SELECT draw, decision FROM log WHERE kind = 'answer' AND stage = 'label'")
    assert kept == [(NOTHING_LEFT, "deliver")]
    assert not town.proof()


def test_ordinary_work_that_was_due_says_nothing_of_what_is_left(db: Database) -> None:
    """Where no benchmark was due none was missed: no mark, and the count goes on."""
    town = Town(db, {"rate_ceiling": 0.01, "rate_floor": 0.001})
    town.open_by_hand()
    town.push(5)
    ann = town.hire("ann", lambda work, rng: {})
    town.answer(ann, has(town.ask(ann)), 0)
    assert town.rows("SELECT draw, decision FROM log WHERE kind = 'answer'") == [(None, "hold")]
    assert town.rows("SELECT state, undecided FROM standings") == [("admitted", 0)]
    assert not town.proof()


def test_what_is_left_is_said_of_the_project_that_gave_the_work(db: Database) -> None:
    """Another project, tried first, has neither benchmark nor task left: that tells nothing of this one."""
    town = Town(db, {"rate_ceiling": 1.0, "open_at": BENCHMARKS, "reserve": 1, "exposure_cap": 50})
    town.open_by_hand(BENCHMARKS)
    known = TaskDraft(0, task_input(10**7, 0), deadline=town.now + timedelta(hours=1))
    assert not intake.push(db, town.project.id, [known], None, town.now).errors
    other = projects.create(
        db, town.customer, ProjectDraft("other", "Pick.", policy={"rate_ceiling": 0.01}), town.now
    )
    items = [ManualBenchmark(n, task_input(2 * 10**7 + n, n % 4), n % 4) for n in range(40)]
    assert not benchmarks.add_manual(db, other.id, items, town.now).errors
    assert not intake.push(
        db, other.id, [TaskDraft(n, task_input(n, 0)) for n in range(5)], None, town.now
    ).errors
    ann = town.hire("ann", lambda work, rng: {})
    given = town.ask(ann)
    for n in range(BENCHMARKS):
        assert has(given).project == town.project.id
        given = town.answer(ann, has(given), (right_of(has(given)) + (n < 3)) % 4)
    assert has(given).project == other.id
    town.answer(ann, has(given), 0)
    assert town.rows("SELECT draw, decision FROM log WHERE kind = 'answer' AND project = 2") == [
        (None, "hold")
    ]
    assert town.rows("SELECT state, undecided FROM standings WHERE project = 2") == [("admitted", 0)]
    assert not town.proof()
