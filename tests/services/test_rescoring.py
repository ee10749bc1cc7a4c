"""Rescoring: standings after a key fell equal a recomputation of the same history without it."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

from goldvein.services import rescoring
from goldvein.services.explaining import explain
from goldvein.services.verification import verify
from goldvein.store import answerlog, rescorings
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

POLICY = {"open_at": 12, "rate_ceiling": 0.7, "dismiss_at": 0.2, "hold_seconds": 3600}


def town_with_wrong_keys(
    db: Database, rounds: int = 45, every: int = 3, guessers: int = 3
) -> tuple[Town, list[int]]:
    """People who know, and some who guess, tested on keys of which every so many are wrong."""
    town = Town(db, POLICY)
    wrong = open_with_wrong_keys(town, every=every)
    town.push(1200)
    for n in range(8):
        town.hire(f"good {n}", knows(0.95))
    for n in range(guessers):
        town.hire(f"bad {n}", guesses)
    town.run(rounds)
    return town, wrong


def standings(town: Town) -> dict[str, str]:
    """State by name."""
    found = town.rows("SELECT l.name, s.state FROM standings s JOIN labelers l ON l.id = s.labeler")
    return dict(found)


def p_good(town: Town, names: str) -> list[float]:
    """P(good enough) by benchmarks, of everybody whose name begins so."""
    good = view_of(town.db).model.space.good  # type: ignore[union-attr]
    return [
        float(stored(town.db, labeler)[0][good].sum())
        for name, labeler in town.names.items()
        if name.startswith(names)
    ]


def assert_as_from_scratch(town: Town, struck: list[int]) -> None:
    """Every standing equals its log computed anew, those answers struck out."""
    for labeler in town.people:
        benchmarks, everything, count, _, _ = stored(town.db, labeler)
        slow = from_scratch(town.db, labeler, struck)
        np.testing.assert_allclose(benchmarks, slow[0], rtol=0, atol=1e-12)
        np.testing.assert_allclose(everything, slow[1], rtol=0, atol=1e-12)
        assert count == slow[2]


def test_people_dismissed_by_wrong_keys_come_back(db: Database) -> None:
    """Good people went because of wrong keys; once these are frozen they are back, and guessers go again.

    Guessers went after four answers, of which two may be left: one in ten then stands over .5, rightly so by
    what is left, and every one of them is found out by a few more answers.
    """
    town, wrong = town_with_wrong_keys(db, guessers=6)
    before = standings(town)
    gone = [name for name, state in before.items() if state == "dismissed" and name.startswith("good")]
    assert gone, "the wrong keys did no harm: the test shows nothing"
    places = town.rows("SELECT admitted FROM projects")[0][0]
    assert freeze(town, wrong) == len(wrong)
    assert freeze(town, wrong) == 0
    assert rescore_all(db, town.now) > len(gone)
    after = standings(town)
    assert all(after[name] == "admitted" for name in gone)
    assert np.mean(p_good(town, "bad")) < 0.5
    back = sum(before[name] == "dismissed" != after[name] for name in before)
    assert town.rows("SELECT admitted FROM projects")[0][0] == places + back
    assert town.rows("SELECT count(*) FROM rescorings") == [(0,)]
    assert_as_from_scratch(town, wrong)
    proof = verify(db)
    assert not proof.broken
    assert proof.bit_for_bit
    delivered = town.rows("SELECT count(*) FROM labels")[0][0]
    town.run(30)
    assert town.rows("SELECT count(*) FROM labels")[0][0] > delivered
    assert max(p_good(town, "bad")) < 0.5
    assert {state for name, state in standings(town).items() if name.startswith("bad")} == {"dismissed"}
    assert {state for name, state in standings(town).items() if name in gone} == {"admitted"}
    assert not verify(db).broken
    assert_as_from_scratch(town, wrong)


def test_held_answers_of_the_wronged_go_out(db: Database) -> None:
    """What was held because of wrong keys is released with the next answer after these fell."""
    town, wrong = town_with_wrong_keys(db, rounds=14, every=3)
    waiting = town.rows(
        "SELECT h.labeler, h.attempt FROM holds h JOIN labelers l ON l.id = h.labeler "
        "WHERE l.name LIKE 'good%'"
    )
    assert waiting
    freeze(town, wrong)
    rescore_all(db, town.now)
    assert not verify(db).broken
    town.run(12)
    released = set(town.rows("SELECT labeler, attempt FROM log WHERE kind = 'release'"))
    assert released & set(waiting)
    proof = verify(db)
    assert not proof.broken
    assert proof.bit_for_bit


def test_nothing_changes_for_whom_nothing_changed(db: Database) -> None:
    """A key that nobody has met moves no standing; asked twice, a standing is computed once."""
    town, wrong = town_with_wrong_keys(db, rounds=6, every=10)
    met = {
        task
        for (task,) in town.rows("SELECT DISTINCT task FROM log WHERE stage = 'benchmark' AND n IS NOT NULL")
    }
    unmet = [task for (task,) in town.rows("SELECT task FROM benchmarks WHERE exposures = 0")]
    assert unmet
    freeze(town, unmet[:1])
    assert rescore_all(db, town.now) == 0
    fallen = [task for task in wrong if task in met]
    assert fallen
    freeze(town, fallen)
    assert rescore_all(db, town.now) > 0
    rows = town.rows("SELECT count(*) FROM log WHERE kind = 'rescored'")
    with db.transaction() as tx:
        tx.execute(
            "INSERT INTO rescorings (project, labeler, asked_at) SELECT 1, labeler, now() FROM standings"
        )
    assert rescore_all(db, town.now) == len(town.people)
    assert town.rows("SELECT count(*) FROM log WHERE kind = 'rescored'") == rows
    assert not verify(db).broken


def test_answers_that_come_meanwhile_are_taken_in(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the computation and the lock people go on answering: no step is lost."""
    town, wrong = town_with_wrong_keys(db, rounds=25)
    compute, came = rescoring._compute, list[int]()

    def slowly(*args: Any) -> Any:
        computed = compute(*args)
        if len(came) < 5:
            town.round()
            came.append(1)
        return computed

    monkeypatch.setattr(rescoring, "_compute", slowly)
    freeze(town, wrong)
    rescore_all(db, town.now)
    assert came
    assert_as_from_scratch(town, wrong)
    proof = verify(db)
    assert not proof.broken
    assert proof.bit_for_bit


def test_a_kill_in_the_middle_loses_nothing(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever comes next finds the rest on the list, and what was written is whole."""
    town, wrong = town_with_wrong_keys(db, rounds=25)
    freeze(town, wrong)
    done, settled = rescorings.done, []

    def killed(*args: Any) -> None:
        settled.append(1)
        if len(settled) == 4:
            raise KeyboardInterrupt
        done(*args)

    monkeypatch.setattr(rescorings, "done", killed)
    with pytest.raises(KeyboardInterrupt):
        rescoring.rescore(db, view_of(db), town.now)
    assert 0 < town.rows("SELECT count(*) FROM rescorings")[0][0] < len(town.people)
    assert not verify(db).broken
    monkeypatch.undo()
    rescore_all(db, town.now)
    assert_as_from_scratch(town, wrong)
    assert not verify(db).broken


def test_live_with_answers_while_keys_fall(db: Database) -> None:
    """Two processes rescore while people answer and one key after the other falls."""
    town, wrong = town_with_wrong_keys(db, rounds=20)
    ended, failures = threading.Event(), []

    def sweeping() -> None:
        try:
            while not ended.is_set():
                rescoring.rescore(db, view_of(db), town.now)
        except Exception as error:  # noqa: BLE001 - it is shown below
            failures.append(error)

    sweepers = [threading.Thread(target=sweeping) for _ in range(2)]
    for one in sweepers:
        one.start()
    try:
        for task in wrong:
            freeze(town, [task])
            town.run(2)
    finally:
        ended.set()
        for one in sweepers:
            one.join()
    assert not failures
    rescore_all(db, town.now)
    assert_as_from_scratch(town, wrong)
    proof = verify(db)
    assert not proof.broken
    assert proof.bit_for_bit


def test_what_is_struck_teaches_nothing_and_is_told(db: Database) -> None:
    """Estimation reads no answer to a key that fell; the timeline tells what became of the standing."""
    town, wrong = town_with_wrong_keys(db, rounds=25)
    with db.connection() as tx:
        firsts = dict.fromkeys(town.people, 1)
        before = [one for page in answerlog.latest(tx, 1, firsts, benchmarks_only=True) for one in page]
    assert {one.task for one in before} & set(wrong)
    freeze(town, wrong)
    rescore_all(db, town.now)
    town.run(2)
    with db.connection() as tx:
        after = [one for page in answerlog.latest(tx, 1, firsts, benchmarks_only=True) for one in page]
    assert not {one.task for one in after} & set(wrong)
    kept = [(one.labeler, one.task) for one in before if one.task not in wrong]
    assert [pair for one in after if (pair := (one.labeler, one.task)) in kept] == kept
    told = [moment.text for moment in explain(db, "good 0").moments]
    assert any(text.startswith("was rescored, ") and "count" in text for text in told)
    label = town.rows("SELECT min(id) FROM labels")[0][0]
    assert explain(db, f"label:{label}").moments
