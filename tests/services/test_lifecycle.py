"""The life of a benchmark: frozen, thawed, retired, another key; what it does to answers and to labels."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from goldvein.domain.errors import Conflict, InvalidInput
from goldvein.services import delivery, intake, lifecycle
from goldvein.services.lessons import ItemEstimate
from goldvein.services.reestimation import write_version
from goldvein.services.verification import verify
from goldvein.stats.arrays import ShapeError
from goldvein.store.database import Database
from tests.services.rescored_world import (
    freeze,
    from_scratch,
    open_with_wrong_keys,
    rescore_all,
    stored,
    view_of,
)
from tests.services.town import Town, guesses, knows

TAMPERING = dict(
    re.findall(
        r"^-- name: (.+)\n((?:.+\n)+)",
        Path(__file__).with_name("tampering_lives.sql").read_text(),
        re.MULTILINE,
    )
)


def lives(town: Town, task: int) -> list[tuple[str, str | None]]:
    """The steps of a benchmark's life in the log, with their reasons."""
    rows = town.rows(
        f"SELECT kind, decision FROM log WHERE task = {task} AND kind IN "
        "('freeze', 'thaw', 'retire', 'key', 'flag') ORDER BY id"
    )
    return [(kind, why) for kind, why in rows]


def benchmark(town: Town, task: int) -> dict[str, Any]:
    """A benchmark's row."""
    names = ("state", "reason", "ended_at", "counts_as", "item_version", "flag")
    return dict(
        zip(
            names, town.rows(f"SELECT {', '.join(names)} FROM benchmarks WHERE task = {task}")[0], strict=True
        )
    )


def set_key(town: Town, task: int, key: int, **more: Any) -> bool:
    """Give a benchmark a key."""
    with town.db.transaction() as tx:
        known = {"key_right": 0.99, "reason": "the crowd's answers", **more}
        return lifecycle.set_key(tx, view_of(town.db), task, key, town.now, **known)


def thaw(town: Town, task: int) -> bool:
    """Put a benchmark back to use."""
    with town.db.transaction() as tx:
        return lifecycle.thaw(tx, view_of(town.db), task, town.now, reason="it is right after all")


@pytest.fixture
def town(db: Database) -> Town:
    """People at work on benchmarks made by hand, every third key wrong."""
    town = Town(db, {"open_at": 12, "rate_ceiling": 0.7, "hold_seconds": 3600})
    open_with_wrong_keys(town, every=3)
    town.push(600)
    for n in range(4):
        town.hire(f"good {n}", knows(0.95))
    town.hire("bad", guesses)
    town.run(20)
    return town


def most_met(town: Town) -> int:
    """The benchmark that most people have met."""
    ((task,),) = town.rows(
        "SELECT task FROM benchmarks WHERE state = 'active' ORDER BY exposures DESC, task LIMIT 1"
    )
    return int(task)


def all_standings(town: Town) -> dict[int, tuple[Any, ...]]:
    """Every standing but for its version."""
    rows = town.rows(
        "SELECT labeler, posterior, p_benchmarks, p_all, benchmarks, undecided, state FROM standings"
    )
    return {row[0]: row[1:] for row in rows}


def test_a_life_stands_in_the_log(town: Town) -> None:
    """Each step once, with its reason; what is no step is refused and leaves nothing behind."""
    task = most_met(town)
    assert not thaw(town, task)
    assert freeze(town, [task], "missed by good labelers") == 1
    assert benchmark(town, task)["state"] == "frozen"
    assert benchmark(town, task)["reason"] == "missed by good labelers"
    assert benchmark(town, task)["ended_at"] == town.now
    assert freeze(town, [task]) == 0
    with town.db.transaction() as tx:
        assert lifecycle.flag(tx, 1, task, "look at it", town.now)
        assert not lifecycle.flag(tx, 1, task, "look at it", town.now)
        assert lifecycle.unflag(tx, 1, task, town.now)
        assert not lifecycle.unflag(tx, 1, task, town.now)
    assert thaw(town, task)
    assert benchmark(town, task)["reason"] is None
    with town.db.transaction() as tx:
        assert lifecycle.retire(tx, 1, [task], "leaked", town.now) == [task]
        assert lifecycle.retire(tx, 1, [task], "leaked", town.now) == []
        assert not lifecycle.freeze(tx, 1, 10**9, "there is none", town.now)
    kinds = [kind for kind, _ in lives(town, task)]
    assert kinds == ["freeze", "flag", "flag", "thaw", "retire"]
    assert benchmark(town, task)["state"] == "retired"
    assert benchmark(town, task)["reason"] == "leaked"
    rescore_all(town.db, town.now)
    assert not verify(town.db).broken


def test_frozen_and_thawed_is_as_before(town: Town) -> None:
    """Standings after a freeze and a thaw are those before, to the last bit."""
    before = all_standings(town)
    tasks = [task for (task,) in town.rows("SELECT task FROM benchmarks ORDER BY exposures DESC LIMIT 9")]
    freeze(town, tasks)
    rescore_all(town.db, town.now)
    assert all_standings(town) != before
    assert [thaw(town, task) for task in tasks] == [True] * 9
    rescore_all(town.db, town.now)
    assert all_standings(town) == before
    proof = verify(town.db)
    assert not proof.broken
    assert proof.bit_for_bit


def test_nobody_is_served_what_is_frozen_and_answers_on_their_way_say_nothing(town: Town) -> None:
    """A lease of a benchmark that fell is answered as any; it counts as no benchmark, and moves nothing."""
    leased = town.rows("SELECT labeler, task FROM attempts WHERE stage = 'benchmark' AND state = 'leased'")
    assert leased
    counts = {labeler: stored(town.db, labeler)[2] for labeler, _ in leased}
    active = [task for (task,) in town.rows("SELECT task FROM benchmarks WHERE state = 'active'")]
    freeze(town, active)
    served = town.rows("SELECT sum(exposures) FROM benchmarks")
    town.round()
    steps = town.rows(
        "SELECT l.labeler, l.task, l.benchmarks FROM log l JOIN item_versions i ON i.task = l.task AND "
        "i.version = l.item_version WHERE l.kind = 'answer' AND i.struck"
    )
    assert {(labeler, task) for labeler, task, _ in steps} == set(leased)
    assert all(count == counts[labeler] for labeler, _, count in steps)
    town.run(3)
    assert town.rows("SELECT sum(exposures) FROM benchmarks") == served
    rescore_all(town.db, town.now)
    for labeler in town.people:
        benchmarks, _, count, _, _ = stored(town.db, labeler)
        np.testing.assert_allclose(benchmarks, from_scratch(town.db, labeler, active)[0], rtol=0, atol=1e-12)
        assert count == 0
    proof = verify(town.db)
    assert not proof.broken
    assert proof.bit_for_bit


def test_another_key_counts_for_the_past(town: Town) -> None:
    """Wrong keys put right: good people are the better for it, and the log proves every standing."""
    wrong = town.rows(
        "SELECT b.task, i.key FROM benchmarks b "
        "JOIN item_versions i ON i.task = b.task AND i.version = b.item_version WHERE b.ordinal % 3 = 1"
    )
    right = {task: (key - 1) % 4 for task, key in wrong}
    before = {labeler: stored(town.db, labeler)[0] for labeler in town.people}
    freeze(town, list(right)[:4])
    assert all(set_key(town, task, key) for task, key in right.items())
    assert all(benchmark(town, task)["state"] == "active" for task in right)
    rescore_all(town.db, town.now)
    good = view_of(town.db).model.space.good  # type: ignore[union-attr]
    for name, labeler in town.names.items():
        if name.startswith("good"):
            assert stored(town.db, labeler)[0][good].sum() > before[labeler][good].sum()
    town.run(6)
    proof = verify(town.db)
    assert not proof.broken
    assert proof.bit_for_bit


def test_a_key_confirmed_moves_nobody(town: Town) -> None:
    """The same key, surer: past answers count as they were served, also after a freeze."""
    task = most_met(town)
    key = town.rows(f"SELECT key FROM item_versions WHERE task = {task}")[0][0]
    before = all_standings(town)
    assert set_key(town, task, key, by=99)
    rescore_all(town.db, town.now)
    assert all_standings(town) == before
    freeze(town, [task])
    rescore_all(town.db, town.now)
    assert set_key(town, task, key)
    assert benchmark(town, task)["state"] == "active"
    rescore_all(town.db, town.now)
    assert all_standings(town) == before
    assert not verify(town.db).broken


def test_a_thaw_goes_back_to_the_key_that_counted(town: Town) -> None:
    """A benchmark that got another key, was frozen and thawed, counts by that key."""
    task = most_met(town)
    key = town.rows(f"SELECT key FROM item_versions WHERE task = {task}")[0][0]
    set_key(town, task, (key + 1) % 4)
    rescore_all(town.db, town.now)
    between = all_standings(town)
    freeze(town, [task])
    rescore_all(town.db, town.now)
    thaw(town, task)
    rescore_all(town.db, town.now)
    assert all_standings(town) == between
    assert not verify(town.db).broken


def test_keys_that_are_none_are_refused(town: Town) -> None:
    """The error names the value and the rule."""
    with pytest.raises(InvalidInput, match="key 4 is none of the 4 options: give 0 to 3"):
        set_key(town, most_met(town), 4)
    with pytest.raises(InvalidInput, match=r"key_right 0\.2 must lie between chance"):
        set_key(town, most_met(town), 1, key_right=0.2)
    with pytest.raises(ShapeError, match="the largest at key 1"):
        set_key(town, most_met(town), 1, key_probs=np.array([0.7, 0.1, 0.1, 0.1]))
    assert not set_key(town, 10**9, 1)


# --- labels ---------------------------------------------------------------------------


@pytest.fixture
def mined(db: Database) -> tuple[Town, int]:
    """A project with a benchmark that the panel mined, its label delivered, its batch drained."""
    town = Town(db, {"open_at": 200, "open_counterexamples": 0})
    town.push(3)
    for n in range(8):
        town.hire(f"trusted {n}", knows(1.0), "trusted")
    for _ in range(60):
        town.round()
    (task,) = town.rows("SELECT min(task) FROM benchmarks WHERE state = 'active'")[0]
    return town, task


def events(town: Town, task: int) -> list[tuple[str, int | None, Any]]:
    """What readers were told of a task: event, the label it replaces, and its choice."""
    found, _ = delivery.events(town.db, 1, 0, 1000)
    return [
        (event.event, event.label.replaces, event.label.answer["choice"])
        for event in found
        if event.label is not None and event.label.task == task
    ]


@pytest.mark.parametrize(("by", "basis"), [(None, "panel"), (5, "auditor")])
def test_a_label_follows_its_key_once(mined: tuple[Town, int], by: int | None, basis: str) -> None:
    """Withdrawn and delivered anew in one go, events in order; asked again, nothing happens."""
    town, task = mined
    ((first, picked),) = town.rows(f"SELECT id, (answer ->> 'choice')::int FROM labels WHERE task = {task}")
    drained = town.rows("SELECT count(*) FROM outbox WHERE event = 'batch.drained'")
    key = (picked + 1) % 4
    assert set_key(town, task, key, by=by)
    assert set_key(town, task, key, by=by)
    told = events(town, task)
    assert told == [
        ("label.created", None, picked),
        ("label.withdrawn", None, picked),
        ("label.created", first, key),
    ]
    assert town.rows(f"SELECT basis FROM labels WHERE task = {task} AND withdrawn_at IS NULL") == [(basis,)]
    assert town.rows(f"SELECT state FROM tasks WHERE id = {task}") == [("labelled",)]
    assert town.rows("SELECT count(*) FROM outbox WHERE event = 'batch.drained'") == drained
    assert not verify(town.db).broken


def test_a_label_in_doubt_is_answered_anew(mined: tuple[Town, int]) -> None:
    """Without another answer the task waits again as ordinary work, first in line."""
    town, task = mined
    freeze(town, [task])
    with town.db.transaction() as tx:
        assert lifecycle.replace_label(tx, view_of(town.db), task, None, "panel", town.now, "its key fell")
        assert not lifecycle.replace_label(
            tx, view_of(town.db), task, None, "panel", town.now, "its key fell"
        )
    assert town.rows(f"SELECT state FROM tasks WHERE id = {task}") == [("queued",)]
    assert town.rows(f"SELECT stage, lane FROM attempts WHERE task = {task} AND state = 'open'") == [
        ("label", 0)
    ]
    assert [event for event, _, _ in events(town, task)] == ["label.created", "label.withdrawn"]
    assert not verify(town.db).broken


def test_cancelling_a_task_retires_its_benchmark_for_good(mined: tuple[Town, int]) -> None:
    """A key that comes afterwards corrects the label and what counted, but serves nobody."""
    town, task = mined
    intake.cancel_task(town.db, 1, task, town.now)
    assert benchmark(town, task)["state"] == "retired"
    assert benchmark(town, task)["ended_at"] == town.now
    assert freeze(town, [task]) == 0
    ((picked,),) = town.rows(f"SELECT (answer ->> 'choice')::int FROM labels WHERE task = {task}")
    assert set_key(town, task, (picked + 1) % 4)
    assert benchmark(town, task)["state"] == "retired"
    assert len(events(town, task)) == 3
    assert not verify(town.db).broken


def test_whoever_comes_at_once_takes_turns(mined: tuple[Town, int]) -> None:
    """Keys, freezes, a cancellation and estimations at once: one current label, events in order."""
    town, task = mined
    open_with_wrong_keys(town, count=300)
    for n in range(3):
        town.hire(f"good {n}", knows(0.95))
    town.run(3)
    db, done = town.db, list[str]()

    def often(name: str, what: Callable[[], object]) -> None:
        for _ in range(12):
            with suppress(Conflict):
                what()
        done.append(name)

    def estimates() -> None:
        view = view_of(db)
        assert view.model is not None
        write_version(db, view, view.model, {}, {"changed": {}, "steps": 0}, town.now)

    jobs: dict[str, Callable[[], object]] = {
        "one": lambda: set_key(town, task, 0),
        "other": lambda: set_key(town, task, 1, by=5),
        "freezes": lambda: freeze(town, [task]),
        "thaws": lambda: thaw(town, task),
        "answers": town.round,
        "estimates": estimates,
        "rescores": lambda: rescore_all(db, town.now),
        "cancels": lambda: len(done) > 2 and intake.cancel_task(db, 1, task, town.now),
    }
    threads = [threading.Thread(target=often, args=job) for job in jobs.items()]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert set(done) == set(jobs)
    rescore_all(db, town.now)
    told = [event for event, _, _ in events(town, task)]
    assert told == ["label.created", *["label.withdrawn", "label.created"] * ((len(told) - 1) // 2)]
    assert not verify(db).broken


# --- with estimation ------------------------------------------------------------------


def test_an_estimation_under_way_leaves_alone_what_changed_meanwhile(town: Town) -> None:
    """What it learned of a benchmark that fell, or got another key, since it read the log is out of date."""
    view = view_of(town.db)
    assert view.model is not None
    fallen, rekeyed, other = [
        task
        for (task,) in town.rows("SELECT task FROM benchmarks WHERE state = 'active' ORDER BY task LIMIT 3")
    ]
    before = benchmark(town, other)["item_version"]
    freeze(town, [fallen])
    key = (view.items[rekeyed].key + 1) % 4
    set_key(town, rekeyed, key)
    sure, prior = np.full(4, 0.01), view.model.answers.difficulty_prior
    sure[(view.items[other].key + 2) % 4] = 0.97
    learned = {task: ItemEstimate(sure, prior, None) for task in (fallen, rekeyed, other)}
    write_version(town.db, view, view.model, learned, {"changed": {}, "steps": 0}, town.now)
    assert benchmark(town, other)["item_version"] == before + 1
    in_force = (
        "SELECT i.struck, i.key FROM item_versions i "
        "JOIN benchmarks b ON b.task = i.task AND b.item_version = i.version"
    )
    assert town.rows(f"{in_force} WHERE b.task = {fallen}")[0][0]
    assert town.rows(f"{in_force} WHERE b.task = {rekeyed}") == [(False, key)]
    rescore_all(town.db, town.now)
    town.run(4)
    assert thaw(town, fallen)
    rescore_all(town.db, town.now)
    town.run(4)
    proof = verify(town.db)
    assert not proof.broken
    assert proof.bit_for_bit


# --- tampering ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def history(module_database_url: str) -> Iterator[Database]:
    """A run in which keys fell and changed, labels were replaced, and standings computed anew."""
    with Database(module_database_url) as db:
        town = Town(db, {"open_at": 60, "rate_ceiling": 0.7})
        town.push(300)
        for n in range(6):
            town.hire(f"trusted {n}", knows(1.0), "trusted")
        town.run(30)
        wrong = open_with_wrong_keys(town, every=3)
        for n in range(3):
            town.hire(f"good {n}", knows(0.95))
        town.run(25)
        freeze(town, wrong[:10])
        rescore_all(db, town.now)
        town.run(4)
        mined = town.rows("SELECT task FROM benchmarks WHERE basis = 'panel' AND state = 'active'")
        for (task,) in mined[:1]:
            ((picked,),) = town.rows(f"SELECT (answer ->> 'choice')::int FROM labels WHERE task = {task}")
            set_key(town, task, (picked + 1) % 4)
        assert mined
        set_key(town, wrong[12], 2)
        rescore_all(db, town.now)
        town.run(4)
        yield db


def test_an_honest_life_is_proved(history: Database) -> None:
    """Nothing is broken."""
    proof = verify(history)
    assert not proof.broken
    assert proof.bit_for_bit


@pytest.mark.parametrize("what", TAMPERING)
def test_tampering_with_lives_is_found(history: Database, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each change of what was frozen, counted or replaced shows."""
    with history.transaction() as tx, tx.transaction(force_rollback=True):
        assert tx.execute(TAMPERING[what].encode()).rowcount > 0
        monkeypatch.setattr(history, "snapshot", lambda: nullcontext(tx))
        assert verify(history).broken
