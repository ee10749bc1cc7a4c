"""Tasks that highly trusted labelers have just answered go on to the panel, whatever happens meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any

import numpy as np
import pytest

from goldvein.domain.records import Work, WorkRequest
from goldvein.services import intake, keys, projects, withdrawing
from goldvein.services.explaining import explain
from goldvein.services.sweeps import sweep
from goldvein.services.views import Views
from goldvein.services.withdrawing import Withdrawal, withdraw_labels
from goldvein.store import benchmarks
from goldvein.store.database import Database
from tests.services.test_one_place import meet
from tests.services.town import Behaviour, Town, knows

POLICY = {"stream_share": 1.0, "reserve": 60, "decoy_share": 0.0, "panel_away_seconds": 10**6}
SLACK = {"ease_at_least": 0.3, "abandon_below": 0.01, "promote_key_at": 0.9}
MINED = "SELECT task FROM benchmarks WHERE basis = 'panel'"


def says(share: float) -> Behaviour:
    """Somebody who takes the option after the right one with this probability."""

    def answer(work: Work, rng: np.random.Generator) -> Mapping[str, Any]:
        options = work.input["options"]
        right = next(i for i, option in enumerate(options) if option.startswith("right"))
        return {"choice": (right + (rng.random() < share)) % len(options)}

    return answer


@pytest.fixture
def town(db: Database) -> Town:
    """An open project in which one person is trusted, and delivers; others of the panel are still to come."""
    town = Town(db, POLICY)
    town.open_by_hand(60)
    first = town.hire("first", knows(1.0))
    keys.create_labeler(db, "on the way", "trusted", town.now)
    town.push(40, deadline=town.now + timedelta(hours=2))
    town.round()
    with db.transaction() as tx:
        tx.execute("UPDATE projects SET supply_target = 90, revision = revision + 1")
    while not streamed(town):
        town.round()
        assert town.now < town.project.created_at + timedelta(hours=1), "nobody is highly trusted"
    del town.people[first]  # who has the next lease keeps it
    return town


def streamed(town: Town) -> list[int]:
    """Candidates that have their label."""
    query = (
        f"{MINED} AND state = 'candidate' AND (SELECT t.state FROM tasks t WHERE t.id = task) = 'labelled'"
    )
    return [row[0] for row in town.rows(query)]


def panel(town: Town, count: int, behaviour: Behaviour) -> list[int]:
    """Trusted people who come now."""
    return [town.hire(f"trusted {n}", behaviour, "trusted") for n in range(count)]


def panel_work(town: Town, labeler: int, task: int) -> Work:
    """The candidate in the hands of one of the panel."""
    for _ in range(60):
        work = town.ask(labeler)
        assert isinstance(work, Work), work
        [(own, stage)] = town.rows(
            f"SELECT task, stage FROM attempts WHERE state = 'leased' AND labeler = {labeler}"
        )
        if (own, stage) == (task, "panel"):
            return work
        town.skip(labeler, work)
    raise AssertionError("the candidate is not handed out")


def label_of(town: Town, task: int) -> list[tuple[Any, ...]]:
    return town.rows(
        f"SELECT answer ->> 'choice', basis FROM labels WHERE task = {task} AND withdrawn_at IS NULL"
    )


def test_the_panel_confirms_a_label_and_it_is_a_benchmark(town: Town) -> None:
    """Its first answer is the ordinary one; no second label is delivered."""
    [task] = streamed(town)
    before = label_of(town, task)
    with town.db.connection() as tx:
        assert len(benchmarks.panel_answers(tx, 1, [task])[task]) == 1
    panel(town, 6, knows(1.0))
    town.run(30)
    assert town.rows(f"SELECT state FROM benchmarks WHERE task = {task}") == [("active",)]
    assert label_of(town, task) == before
    assert town.rows(f"SELECT count(*) FROM labels WHERE task = {task}") == [(1,)]
    [(detail,)] = town.rows(f"SELECT detail FROM log WHERE kind = 'promote' AND task = {task}")
    assert (
        len(detail["choices"])
        > town.rows(
            f"SELECT count(*) FROM attempts WHERE task = {task} AND stage = 'panel' AND state = 'answered'"
        )[0][0]
    )
    [(first, decision)] = town.rows(
        f"SELECT labeler, decision FROM log WHERE kind = 'candidate' AND task = {task}"
    )
    assert decision == "stream"
    told = [moment.text for moment in explain(town.db, f"labeler:{first}").moments]
    assert f"answered task {task}, which goes to the panel now: it may become a benchmark" in told
    assert not town.proof()


def test_the_panel_finds_another_key_and_the_label_is_replaced(db: Database) -> None:
    """The label that was wrong is withdrawn, and the panel's delivered in the same breath."""
    town = Town(db, {**POLICY, "promote_at": 0.5, "promote_exhausted_at": 0.5, **SLACK})
    town.open_by_hand(60)
    first = town.hire("first", knows(1.0))
    keys.create_labeler(db, "on the way", "trusted", town.now)
    town.push(60)
    with db.transaction() as tx:
        tx.execute("UPDATE projects SET supply_target = 90, revision = revision + 1")
    for _ in range(200):
        own = town.rows("SELECT stage FROM attempts WHERE state = 'leased'")
        trusted = bool(town.rows("SELECT 1 FROM log WHERE kind = 'candidate'"))
        town.people[first] = says(1.0) if trusted and own == [("label",)] else knows(1.0)
        wrong = town.rows(
            "SELECT count(*) FROM labels WHERE basis = 'labeler' AND answer ->> 'value' LIKE 'wrong%'"
        )
        if wrong[0][0]:
            break
        town.round()
    del town.people[first]
    [(task,)] = town.rows(
        "SELECT task FROM labels WHERE basis = 'labeler' AND answer ->> 'value' LIKE 'wrong%'"
    )
    assert task in streamed(town)
    panel(town, 7, knows(1.0))
    town.run(80)
    assert town.rows(f"SELECT state FROM benchmarks WHERE task = {task}") == [("active",)]
    [(value, basis, replaces)] = town.rows(
        "SELECT answer ->> 'value', basis, replaces IS NOT NULL FROM labels "
        f"WHERE task = {task} AND withdrawn_at IS NULL"
    )
    assert value.startswith("right")
    assert (basis, replaces) == ("panel", True)
    assert not town.proof()


def test_a_dropped_one_keeps_its_label(town: Town) -> None:
    """Nothing is queued again, whatever the panel disagrees about."""
    [task] = streamed(town)
    before = label_of(town, task)
    people = panel(town, 6, knows(1.0))
    for place, labeler in enumerate(people):
        if task in streamed(town):
            town.answer(labeler, panel_work(town, labeler, task), place % 4)
    assert town.rows(f"SELECT state FROM benchmarks WHERE task = {task}") == [("retired",)]
    assert label_of(town, task) == before
    assert town.rows(
        f"SELECT count(*) FROM attempts WHERE task = {task} AND state IN ('open', 'leased')"
    ) == [(0,)]
    assert not town.proof()


def withdraw(town: Town, task: int) -> Any:
    with town.db.transaction() as tx:
        query = b"SELECT id, attempt, labeler FROM labels WHERE task = %s AND withdrawn_at IS NULL"
        [(label, attempt, labeler)] = tx.execute(query, (task,))
        return withdraw_labels(tx, 1, [Withdrawal(label, task, attempt, labeler)], "audit", town.now)


def test_its_label_is_withdrawn_and_it_waits_with_the_panel(town: Town) -> None:
    """One place for one task: the candidate goes on without that answer, and what it says is delivered."""
    [task] = streamed(town)
    assert withdraw(town, task)
    assert town.rows(f"SELECT state FROM tasks WHERE id = {task}") == [("queued",)]
    with town.db.connection() as tx:
        assert benchmarks.panel_answers(tx, 1, [task])[task] == []
    assert not town.proof()
    panel(town, 7, knows(1.0))
    town.run(60)
    assert label_of(town, task)[0][1] == "panel"
    assert not town.proof()


def test_withdrawn_while_it_is_a_candidate_it_expires_in_time(town: Town) -> None:
    """Its deadline holds although it waits with the panel; before that, it does not expire with its label."""
    [task] = streamed(town)
    town.wait(3 * 3600)
    sweep(town.db, town.now)
    assert town.rows(f"SELECT state FROM tasks WHERE id = {task}") == [("labelled",)]
    assert task in streamed(town)
    assert withdraw(town, task)
    sweep(town.db, town.now)
    assert town.rows(f"SELECT state FROM tasks WHERE id = {task}") == [("expired",)]
    assert town.rows(f"SELECT count(*) FROM attempts WHERE task = {task} AND state = 'open'") == [(0,)]
    assert not town.proof()


@pytest.mark.parametrize("kind", ["answer", "skip"])
@pytest.mark.parametrize("what", ["withdraw", "cancel"])
def test_what_befalls_it_while_the_panel_answers(
    town: Town, kind: Any, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is in one place afterwards, or in none, as its label says."""
    [task] = streamed(town)
    one, other = panel(town, 2, knows(1.0))
    work = panel_work(town, one, task)
    request = WorkRequest(one, kind, lease=work.lease, answer=knows(1.0)(work, town.rng))
    act = (
        partial(withdraw, town, task)
        if what == "withdraw"
        else partial(intake.cancel_task, town.db, 1, task, town.now)
    )
    came = meet(monkeypatch, town, request, act)
    assert not isinstance(came, Exception), came
    assert not town.proof()
    expected = "queued" if what == "withdraw" else "labelled"
    assert town.rows(f"SELECT state FROM tasks WHERE id = {task}") == [(expected,)]
    assert other


def test_cancelling_a_labelled_candidate_ends_its_mining(town: Town) -> None:
    """The label stays; nobody else sees the task, and a trusted answer on its way finds its lease lost."""
    [task] = streamed(town)
    [one] = panel(town, 1, knows(1.0))
    work = panel_work(town, one, task)
    assert intake.cancel_task(town.db, 1, task, town.now).state == "labelled"
    assert town.rows(f"SELECT state, reason FROM benchmarks WHERE task = {task}") == [
        ("retired", "cancelled")
    ]
    assert town.answer(one, work) == "lease_lost"
    assert len(label_of(town, task)) == 1
    assert not town.proof()


def test_a_closed_project_mines_no_longer(town: Town) -> None:
    """What was still with the panel ends; labels stay."""
    [task] = streamed(town)
    projects.update(town.db, 1, None, state="closed", now=town.now)
    sweep(town.db, town.now)
    assert town.rows(f"SELECT state FROM benchmarks WHERE task = {task}") == [("retired",)]
    assert len(label_of(town, task)) == 1
    assert not town.proof()


def test_nothing_is_streamed_while_nobody_could_go_on(db: Database) -> None:
    """A task that no other trusted person can answer would be dropped at once."""
    town = Town(db, POLICY)
    town.open_by_hand(60)
    with db.transaction() as tx:
        tx.execute("UPDATE projects SET supply_target = 90, revision = revision + 1")
    town.hire("first", knows(1.0))
    town.push(40)
    town.run(60)
    assert town.rows("SELECT count(*) > 5 FROM labels") == [(True,)]
    assert not town.rows("SELECT 1 FROM log WHERE kind = 'candidate'")


def test_nothing_is_streamed_once_enough_benchmarks_are_there(db: Database) -> None:
    """Nor where the policy does not ask for it."""
    for policy, target in (({"stream_share": 0.0}, 90), ({"stream_share": 1.0, "reserve": 1}, 1)):
        town = Town(db, {"supply_headroom": 1.0, **policy}, seed=target)
        town.open_by_hand(60)
        with db.transaction() as tx:
            tx.execute(b"UPDATE projects SET supply_target = %s, revision = revision + 1", (target,))
        town.hire(f"first {target}", knows(1.0))
        keys.create_labeler(db, f"on the way {target}", "trusted", town.now)
        town.push(40)
        town.run(60)
        assert not town.rows("SELECT 1 FROM log WHERE kind = 'candidate'")
        assert town.rows("SELECT count(*) > 5 FROM labels") == [(True,)]
        with db.connection() as tx:
            assert Views().one(tx, town.project.id).project.supply_target >= target


def test_a_label_that_the_panel_confirmed_is_not_taken_back(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever becomes of the labeler: the key is the panel's word, and the benchmark stays in use."""
    [task] = streamed(town)
    panel(town, 6, knows(1.0))
    town.run(30)
    assert town.rows(f"SELECT state FROM benchmarks WHERE task = {task}") == [("active",)]
    first, before = town.names["first"], label_of(town, task)
    with town.db.transaction() as tx:
        tx.execute(f"UPDATE standings SET review_wanted = n WHERE labeler = {first}".encode())
        view = Views().refresh(tx)[1]
    monkeypatch.setattr(withdrawing, "withdraws", lambda smoothed, *_: [True] * len(smoothed))
    assert withdrawing.review(town.db, view, town.now) > 3
    assert label_of(town, task) == before
    assert town.rows(f"SELECT state FROM tasks WHERE id = {task}") == [("labelled",)]
