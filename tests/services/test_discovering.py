"""Discovering on a living project: an unlisted rule is found in the log, told once, and gets its state."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pytest

from goldvein.domain.errors import Conflict, NotFound
from goldvein.domain.records import TaskDraft, Work
from goldvein.services import benchmarks, delivery, discovering, intake
from goldvein.services.benchmarks import ManualBenchmark
from goldvein.services.views import Views
from goldvein.stats.model import Model
from goldvein.store.database import Database
from tests.services.town import Behaviour, Town, guesses, knows


def polite_input(number: int, key: int) -> dict[str, Any]:
    """A task whose options are more or less polite, at random, and equally long."""
    counts = np.random.default_rng(number).permutation(4)
    options = [
        f"{'right' if k == key else 'wrong'} {number}-{k}" + " please" * int(n) + " xlease" * int(3 - n)
        for k, n in enumerate(counts)
    ]
    return {"prompt": f"task {number}", "options": options}


def most(word: str) -> Behaviour:
    """Somebody who takes the option in which a word stands most often."""

    def answer(work: Work, rng: np.random.Generator) -> Mapping[str, Any]:
        counts = [option.split().count(word) for option in work.input["options"]]
        return {"choice": int(np.argmax(counts))}

    return answer


class PoliteTown(Town):
    """A town whose tasks have features to go by."""

    def push(self, count: int, start: int = 0, **more: Any) -> None:
        drafts = [TaskDraft(n, polite_input(start + n, n % 4), **more) for n in range(count)]
        assert not intake.push(self.db, self.project.id, drafts, "round", self.now).errors

    def open_by_hand(self, count: int = 40) -> None:
        items = [ManualBenchmark(n, polite_input(10**7 + n, n % 4), n % 4) for n in range(count)]
        assert not benchmarks.add_manual(self.db, self.project.id, items, self.now).errors


def town_of(db: Database, followers: int) -> PoliteTown:
    """Good people, guessers, and some who follow politeness."""
    town = PoliteTown(db, {"rate_ceiling": 0.6, "hold_seconds": 5_000})
    town.open_by_hand(60)
    town.push(700)
    hires: list[tuple[str, int, Callable[[], Behaviour]]] = [
        ("good", 12, lambda: knows(0.9)),
        ("bad", 4, lambda: guesses),
        ("polite", followers, lambda: most("please")),
    ]
    for name, count, behaviour in hires:
        for n in range(count):
            town.hire(f"{name} {n}", behaviour())
    town.run(40)
    return town


@pytest.fixture(scope="module")
def town(module_database_url: str) -> Iterator[PoliteTown]:
    with Database(module_database_url) as db:
        yield town_of(db, followers=6)


def test_an_unlisted_rule_is_found_told_and_given_a_state(town: PoliteTown) -> None:
    """Discovery names the rule and its followers, opens one alert, and puts the rule into the model."""
    found = discovering.discover(town.db, 1, town.now)
    polite = {labeler for name, labeler in town.names.items() if name.startswith("polite")}
    assert [shortcut.rule for shortcut in found.shortcuts] == ["most politeness"]
    assert set(found.shortcuts[0].labelers) <= polite
    assert len(found.shortcuts[0].labelers) >= 4
    assert found.model_version == 2
    events, _ = delivery.events(town.db, 1, 0, 10_000)
    (alert,) = [event.alert for event in events if event.event == "alert.opened"]
    assert alert is not None
    assert (alert.kind, alert.subject, alert.resolved_at) == ("shortcut", "most politeness", None)
    assert alert.detail["labelers"] == len(found.shortcuts[0].labelers)
    assert alert.detail["follows"] > 0.8
    assert "who" not in alert.detail
    (logged,) = town.rows("SELECT detail -> 'who' FROM log WHERE kind = 'alert'")
    assert logged[0] == list(found.shortcuts[0].labelers)
    with town.db.connection() as tx:
        assert discovering.new_rules(tx, 1) == ("most politeness",)
        assert [one["subject"] for one in discovering.report(tx, 1)] == ["most politeness"]


def test_the_new_state_judges_from_then_on_and_nothing_is_told_twice(town: PoliteTown) -> None:
    """With its state, a follower is seen through by name; a second look opens nothing and changes nothing."""
    late = town.hire("polite late", most("please"))
    town.push(300, start=5000)
    town.run(30)
    with town.db.connection() as tx:
        model = Views().refresh(tx)[1].model
    assert isinstance(model, Model)
    assert model.space.content_rules[-1] == "most politeness"
    ((stored, p),) = town.rows(
        f"SELECT posterior, p_benchmarks FROM standings WHERE labeler = {late} AND model_version = 2"
    )
    posterior = np.frombuffer(stored)[: model.space.size]
    assert p < 0.05
    assert posterior[model.space.state_of("most politeness")] > 0.8
    again = discovering.discover(town.db, 1, town.now)
    assert again.opened == ()
    assert again.model_version is None
    assert town.proof() == []


def test_a_crowd_without_unlisted_rules_opens_no_alert(db: Database) -> None:
    """Good people and guessers are no discovery, though good people always take the same feature's option."""
    quiet = town_of(db, followers=0)
    found = discovering.discover(db, 1, quiet.now)
    assert found.shortcuts == ()
    assert found.opened == ()
    assert found.tastes == ()
    assert found.model_version is None
    assert found.answers > 300
    assert found.suspects >= 3
    assert quiet.rows("SELECT count(*) FROM alerts") == [(0,)]


def test_there_must_be_an_open_project(db: Database) -> None:
    """What has not opened, or is not there, is refused."""
    with pytest.raises(NotFound):
        discovering.discover(db, 7, Town(db).now)
    with pytest.raises(Conflict, match="has not opened"):
        discovering.discover(db, 1, Town(db).now)


def test_a_customers_own_feature_is_stored_with_its_task(db: Database) -> None:
    """Features in metadata become rules of the task; broken ones are refused with their place."""
    town = Town(db)
    good = TaskDraft(0, polite_input(1, 0), metadata={"features": {"score": [1, 2, 3, 4]}})
    bad = TaskDraft(1, polite_input(2, 0), metadata={"features": {"score": [1, 2, 3]}})
    (error,) = intake.push(db, 1, [good, bad], None, town.now).errors
    assert (error.code, error.pointer) == (
        "metadata_features_invalid", "/tasks/1/metadata/features/score",
    )  # fmt: skip
    ((rules,),) = town.rows("SELECT rules FROM task_inputs")
    assert rules["most score"] == [3]
    assert "most overlap" in rules
