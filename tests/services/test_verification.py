"""Verify: silent after an untouched run, and not to be deceived."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from goldvein.domain.records import ProjectDraft, TaskDraft
from goldvein.services import delivery, intake, projects
from goldvein.services.sweeps import sweep
from goldvein.services.verification import verify
from goldvein.store.database import Database
from tests.services.town import Town, guesses, knows, task_input

TAMPERING = dict(
    re.findall(
        r"^-- name: (.+)\n((?:.+\n)+)", Path(__file__).with_name("tampering.sql").read_text(), re.MULTILINE
    )
)
"""Statements by what they do."""


@pytest.fixture(scope="module")
def history(module_database_url: str) -> Iterator[Database]:
    """A run with everything in it: mining, holds, releases, dismissals, a new policy, a cancelled task."""
    with Database(module_database_url) as db:
        town = Town(db, {"rate_ceiling": 0.6, "open_at": 12, "hold_seconds": 120})
        town.push(900)
        for n in range(4):
            town.hire(f"trusted {n}", knows(0.97), "trusted")
        for n in range(6):
            town.hire(f"good {n}", knows(0.95))
        for n in range(3):
            town.hire(f"bad {n}", guesses)
        town.hire("worst", knows(0.0))
        for n in range(9):
            town.run(10)
            sweep(db, town.now)
            if n == 6:
                town.hire("late", knows(0.9))
                projects.update(db, 1, None, policy={"deliver_at": 0.9}, now=town.now)
            if n == 7:
                town.hire("newest", guesses)
        intake.cancel_task(db, 1, 899, town.now)
        other = projects.create(db, town.customer, ProjectDraft("other", "Pick."), town.now)
        intake.push(db, other.id, [TaskDraft(n, task_input(n, 0)) for n in range(3)], "few", town.now)
        delivery.number(db, 1)
        yield db


def test_an_untouched_run_is_proved(history: Database) -> None:
    """Every standing and decision comes out of the log again, to the last bit, and every sum is even."""
    with history.connection() as tx:
        kinds = dict(tx.execute("SELECT kind, count(*) FROM log GROUP BY kind").fetchall())
    assert kinds.keys() >= {
        "admit",
        "answer",
        "release",
        "discard",
        "dismiss",
        "promote",
        "open",
        "policy",
        "cancel",
    }
    proof = verify(history)
    assert proof.ok, proof.broken
    assert proof.bit_for_bit
    assert proof.steps > 300
    assert proof.rows["answers"] > 500
    assert verify(history, project=2).steps == 0


@pytest.mark.parametrize("what", TAMPERING)
def test_tampering_is_found(history: Database, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each change of what was decided, stored or delivered shows, and names its row."""
    with history.transaction() as tx, tx.transaction(force_rollback=True):
        assert tx.execute(TAMPERING[what].encode()).rowcount > 0
        monkeypatch.setattr(history, "snapshot", lambda: nullcontext(tx))
        proof = verify(history)
    if what == "only the bits of a posterior":
        assert not proof.bit_for_bit
    else:
        assert proof.broken
        assert all(row.promise and row.project == 1 for row in proof.broken)
