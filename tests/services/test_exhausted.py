"""Somebody who has seen every benchmark, and of whom still too little is known."""

from __future__ import annotations

import pytest

from goldvein.decisions.serving import NOTHING_LEFT
from goldvein.store.database import Database
from tests.services.test_leases import has
from tests.services.town import Town

BENCHMARKS = 8


def who_saw_all(db: Database, wrong: int, **policy: float) -> Town:
    """A labeler who was served all benchmarks first, and was wrong in so many."""
    town = Town(db, {"rate_ceiling": 1.0, "open_at": BENCHMARKS, "reserve": 1, "exposure_cap": 50, **policy})
    town.open_by_hand(BENCHMARKS)
    town.push(30)
    ann = town.hire("ann", lambda work, rng: {})
    given = town.ask(ann)
    for n in range(BENCHMARKS):
        work = has(given)
        right = next(i for i, option in enumerate(work.input["options"]) if option.startswith("right"))
        given = town.answer(ann, work, (right + 1) % 4 if n < wrong else right)
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
