"""Once somebody has settled the key of a benchmark that was in doubt, its task's label says the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from goldvein.decisions.upkeep import Freeze
from goldvein.domain.records import Work
from goldvein.services import auditing, benchmarks, curating, keeping
from goldvein.services.benchmarks import ManualBenchmark
from goldvein.services.views import Views
from goldvein.store.database import Database
from tests.services.test_streaming import label_of
from tests.services.town import Town, knows, task_input


def errs(work: Work, rng: np.random.Generator) -> Mapping[str, Any]:
    """Somebody who takes a wrong option."""
    assert rng is not None
    options = work.input["options"]
    return {"choice": next(i for i, option in enumerate(options) if option.startswith("wrong"))}


@pytest.fixture
def town(db: Database) -> Town:
    """A customer's own task is a benchmark, and its key is in doubt: the label is gone, the task waits."""
    town = Town(db, {"open_at": 20, "decoy_share": 0.0, "max_held": 100})
    town.open_by_hand()
    town.hire("good", knows(1.0))
    town.hire("other", knows(1.0))
    town.push(60)
    while len(town.rows("SELECT DISTINCT labeler FROM labels")) < 2:
        town.round()
    task, name = doubtful(town)
    number = int(name[1:])
    key = ManualBenchmark(0, task_input(number, number % 4), number % 4, unique_id=name)
    assert not benchmarks.add_manual(db, 1, [key], town.now).errors
    with db.transaction() as tx:
        view = Views().refresh(tx)[1]
        assert keeping.carry_out(tx, view, task, Freeze(0.1, 1, 0.5), 5, town.now)
    assert label_of(town, task) == []
    return town


def doubtful(town: Town) -> tuple[int, str]:
    """The first task that was ever labelled."""
    rows = town.rows("SELECT l.task, t.unique_id FROM labels l JOIN tasks t ON t.id = l.task ORDER BY l.id")
    return rows[0][0], rows[0][1]


def key_of(town: Town) -> tuple[int, int]:
    task, name = doubtful(town)
    return task, int(name[1:]) % 4


def answered_wrongly(town: Town, task: int, *, until: str) -> None:
    """Somebody else gets the task, and errs: the answer of one of some new people is held, else delivered."""
    if "holds" in until:
        town.people = {}
        town.leases = {}
        for n in range(6):
            town.hire(f"new {n}", knows(1.0))
    for _ in range(40):
        for who in town.people:
            hand = town.rows(f"SELECT task FROM attempts WHERE state = 'leased' AND labeler = {who}")
            town.people[who] = errs if hand == [(task,)] else knows(1.0)
        town.round()
        if town.rows(until):
            return
    raise AssertionError("the task was not answered")


def audit(town: Town, task: int, key: int) -> None:
    """An auditor says what the key is."""
    ann = town.hire("ann", knows(1.0), "auditor")
    content = curating.look(town.db, 1, task).benchmark.input["options"]
    (shown,) = [one for one in auditing.queue(town.db, ann, town.now) if one.task == task]
    said = {"choice": shown.input["options"].index(content[key])}
    auditing.answer(town.db, 1, task, ann, said, town.now)


def settle(town: Town, how: str, task: int, key: int) -> str:
    """Confirm a key by hand, or by an auditor; the basis of the label that follows."""
    if how == "audit":
        audit(town, task, key)
        return "auditor"
    if how == "confirm":
        curating.act(town.db, 1, task, "confirm", town.now)
    else:
        curating.change_key(town.db, 1, task, key, town.now)
    return "manual"


@pytest.mark.parametrize(
    ("how", "other"),
    [("audit", False), ("audit", True), ("confirm", False), ("change", False), ("change", True)],
)
def test_it_waits_no_longer(town: Town, how: str, *, other: bool) -> None:
    """Nobody has to answer what is known."""
    task, key = key_of(town)
    wanted = (key + other) % 4
    basis = settle(town, how, task, wanted)
    assert label_of(town, task) == [(str(wanted), basis)]
    assert not town.proof()
    town.run(20)
    assert label_of(town, task) == [(str(wanted), basis)]


@pytest.mark.parametrize("how", ["audit", "confirm", "change"])
@pytest.mark.parametrize("answer", ["held", "delivered"])
def test_what_somebody_said_meanwhile_does_not_stand_against_it(town: Town, how: str, answer: str) -> None:
    """An answer that is held is dropped, a label that says otherwise is replaced."""
    task, key = key_of(town)
    where = "holds WHERE" if answer == "held" else "labels WHERE withdrawn_at IS NULL AND"
    answered_wrongly(town, task, until=f"SELECT 1 FROM {where} task = {task}")
    basis = settle(town, how, task, key)
    assert label_of(town, task) == [(str(key), basis)]
    assert not town.proof()


def test_an_answer_held_stays_held_where_nobody_settles_the_key(town: Town) -> None:
    """An auditor who finds the task unclear takes the benchmark away, not the answer."""
    task, _ = key_of(town)
    answered_wrongly(town, task, until=f"SELECT 1 FROM holds WHERE task = {task}")
    ann = town.hire("ann", knows(1.0), "auditor")
    auditing.answer(town.db, 1, task, ann, None, town.now)
    assert town.rows(f"SELECT count(*) FROM holds WHERE task = {task}") == [(1,)]
    assert not town.proof()
