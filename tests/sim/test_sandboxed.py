"""Simulated labelers in a sandbox: like the people of the original, and only there."""

from __future__ import annotations

import pytest

from goldvein.domain.errors import Conflict
from goldvein.services import reestimation, sandboxes
from goldvein.services.sandboxes import SandboxDraft
from goldvein.services.verification import verify
from goldvein.services.views import Views
from goldvein.sim import sandboxed
from goldvein.store.database import Database
from tests.services.town import Town, guesses, knows


def test_they_work_like_the_people_of_the_original(db: Database) -> None:
    """Good ones deliver and guessers do not; the original is as it was, and both are proved."""
    town = Town(db, {"open_at": 12, "rate_ceiling": 0.5, "decoy_share": 0.0, "audit_labelers": 0})
    town.open_by_hand(80)
    for n in range(6):
        town.hire(f"good {n}", knows(0.97))
    for n in range(3):
        town.hire(f"guesser {n}", guesses)
    town.push(150)
    town.run(50)
    made = sandboxes.create(db, 1, SandboxDraft(tasks=100, benchmarks=60), town.now)
    before = town.rows("SELECT count(*), max(id) FROM log WHERE project = 1")
    ran = sandboxed.run(db, made.id, people=30, answers=600, seed=2)
    assert sum(ran.people.values()) == 30
    assert ran.people["honest"] > 10
    assert 300 <= sum(ran.answers.values()) <= 630
    assert town.rows("SELECT count(*), max(id) FROM log WHERE project = 1") == before
    right = town.rows(
        "SELECT avg((i.input->'options'->>(l.answer->>'choice')::integer LIKE 'right%')::integer), count(*)"
        " FROM labels l JOIN task_inputs i ON i.project = l.project AND i.task = l.task"
        f" WHERE l.project = {made.id}"
    )
    assert right[0][1] > 20
    assert right[0][0] > 0.85
    proof = verify(db)
    assert proof.ok, proof.broken
    with pytest.raises(Conflict, match="is no sandbox"):
        sandboxed.run(db, 1, people=3, answers=10, seed=1)


def test_people_who_left_before_the_model_was_learned_anew_are_people(db: Database) -> None:
    """A night's model makes nobody unlike the crowd: not those who work no more, nor all at once."""
    town = Town(db, {"open_at": 12, "rate_ceiling": 0.5, "decoy_share": 0.0, "audit_labelers": 0})
    town.open_by_hand(60)
    town.hire("good", knows(0.97))
    for n in range(5):
        town.hire(f"guesser {n}", guesses)
    town.push(80)
    town.run(60)
    with db.connection() as tx:
        view = Views().one(tx, 1)
    assert view.model is not None
    reestimation.write_version(db, view, view.model, {}, {"changed": {}}, town.now)
    made = sandboxes.create(db, 1, SandboxDraft(tasks=40, benchmarks=30), town.now)
    assert sandboxed.run(db, made.id, people=40, answers=40, seed=2).people["honest"] < 25
    town.people = {town.names["good"]: town.people[town.names["good"]]}
    town.run(2)
    assert sandboxed.run(db, made.id, people=40, answers=40, seed=3).people["honest"] < 25
