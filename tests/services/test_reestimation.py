"""Re-estimation: a project's log becomes a new model version, if there is enough of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest

from goldvein.domain.errors import Conflict, NotFound
from goldvein.domain.policy import Policy
from goldvein.domain.records import ProjectDraft, TaskDraft, Work
from goldvein.services import benchmarks, intake, keys, projects, reestimation
from goldvein.services.benchmarks import ManualBenchmark
from goldvein.services.material import some_of
from goldvein.services.verification import verify
from goldvein.services.views import Views
from goldvein.store.database import Database
from tests.services.town import START, Town, guesses, knows


@pytest.fixture(scope="module")
def crowd(module_database_url: str) -> Iterator[Town]:
    """Twelve people, a third of them guessers, after enough benchmarks to learn from."""
    with Database(module_database_url) as db:
        town = Town(db, {"rate_ceiling": 0.5, "dismiss_at": 0.0, "hold_seconds": 5_000, "max_held": 100})
        town.open_by_hand(50)
        town.push(900)
        for n in range(8):
            town.hire(f"good {n}", knows(0.9))
        for n in range(4):
            town.hire(f"bad {n}", guesses)
        town.run(90)
        yield town


def test_too_little_changes_nothing_and_says_so(db: Database) -> None:
    """A young project keeps the model it opened with; the reason stands in the log."""
    town = Town(db)
    with pytest.raises(Conflict, match="has not opened"):
        reestimation.estimate(db, 1, town.now)
    with pytest.raises(NotFound):
        reestimation.estimate(db, 7, town.now)
    town.open_by_hand(40)
    town.push(20)
    town.hire("ann", knows(1.0))
    town.run(5)
    found = reestimation.estimate(db, 1, town.now)
    assert found.model_version is None
    assert "are too few: wait for 300" in (found.why or "")
    assert town.rows("SELECT decision, detail ->> 'why' FROM log WHERE kind = 'model'") == [
        ("refused", found.why)
    ]
    assert town.rows("SELECT model_version FROM projects") == [(1,)]
    assert not town.proof()


def test_a_log_becomes_a_new_model_and_new_item_versions(crowd: Town) -> None:
    """Population, hazard, difficulties and keys are learned; then work goes on, and all is proved."""
    db = crowd.db
    found = reestimation.estimate(db, 1, crowd.now)
    assert found.model_version == 2, found
    assert 2 < found.benchmarks < 50  # of the others it says nothing new
    assert found.changed.keys() >= {"prior", "benchmarks"}
    prior = found.changed["prior"]
    before, after = np.add(prior["random"], prior["bad"])  # a third of the people guess
    assert after > before
    assert found.changed.keys() >= {"hazard", "leans"}
    was, hazard, low, high = found.changed["hazard"]
    assert low < hazard < high or hazard == Policy().hazard_floor
    assert 0 < was < 0.01
    assert all(0.5 < now < 2 for _, now in found.changed["leans"].values())
    assert "30" in found.unchanged["solving"]
    with db.connection() as tx:
        view = Views().refresh(tx)[1]
    assert view.model_version == 2
    assert view.model is not None
    assert view.model.prior.sum() == pytest.approx(1)
    assert view.model.bar_theta == pytest.approx(
        crowd.rows("SELECT (model ->> 'bar_theta')::float8 FROM model_versions WHERE version = 1")[0][0]
    )
    items = crowd.rows("SELECT key_right, wrong FROM item_versions WHERE version = 3 AND model_version = 2")
    assert len(items) == found.benchmarks
    learned = [row for row in items if row[1] is not None]
    assert len(learned) > 1
    assert np.mean([row[0] for row in learned]) > 0.97
    crowd.run(10)
    proof = verify(db)
    assert proof.ok, proof.broken
    assert proof.bit_for_bit

    again = reestimation.estimate(db, 1, crowd.now)
    assert again.model_version == 3, again
    crowd.run(2)
    assert verify(db).ok


def test_without_new_answers_the_model_stays(crowd: Town) -> None:
    """Two nights without work between them make one version."""
    reestimation.estimate(crowd.db, 1, crowd.now)
    versions = crowd.rows("SELECT count(*) FROM model_versions")
    found = reestimation.estimate(crowd.db, 1, crowd.now)
    assert found.model_version is None
    assert "since the last estimation" in (found.why or "")
    rows = crowd.rows("SELECT count(*) FROM log WHERE kind = 'model'")
    crowd.run(10)
    between = reestimation.estimate(crowd.db, 1, crowd.now, reestimation.DOUBLED)
    assert "since the last estimation" in (between.why or "")
    assert crowd.rows("SELECT count(*) FROM log WHERE kind = 'model'") == rows
    assert crowd.rows("SELECT count(*) FROM model_versions") == versions


def test_one_estimation_of_a_project_at_a_time(crowd: Town) -> None:
    """Of two that learned from the same version, one writes."""
    view = Views()
    with crowd.db.connection() as tx:
        known = view.refresh(tx)[1]
    assert known.model is not None
    with crowd.db.transaction() as tx:
        tx.execute("SELECT pg_advisory_xact_lock(hashtextextended('goldvein estimation', 1))")
        with pytest.raises(Conflict, match="another estimation"):
            reestimation.write_version(crowd.db, known, known.model, {}, {}, crowd.now)
    assert reestimation.to_estimate(crowd.db) == [1]


def test_mined_benchmarks_are_learned_from_panel_and_crowd_together(db: Database) -> None:
    """The panel's answers count for difficulty too, and its keys once: one it was misled to is outvoted."""
    town = Town(db, {"open_at": 15, "rate_ceiling": 0.7, "rate_floor": 0.5, "supply_headroom": 1.0})
    town.push(900)
    for n in range(4):
        town.hire(f"trusted {n}", is_misled_by_every_tenth_task, "trusted")
    for n in range(14):
        town.hire(f"good {n}", knows(0.9))
    while town.rows("SELECT count(*) FROM log WHERE stage = 'benchmark'")[0][0] < 350:
        town.run(10)
    found = reestimation.estimate(db, 1, town.now)
    assert found.model_version == 2, found
    assert found.changed["benchmarks"] >= 12
    learned = town.rows(
        "SELECT i.input ->> 'prompt', i.input -> 'options' ->> v.key FROM item_versions v JOIN task_inputs i "
        "ON i.project = v.project AND i.task = v.task WHERE v.model_version = 2 AND v.wrong IS NOT NULL"
    )
    misled = [text for prompt, text in learned if is_tenth(prompt)]
    assert sum(text.startswith("right") for text in misled) > len(misled) / 2  # the others had few answers
    assert all(text.startswith("right") for prompt, text in learned if not is_tenth(prompt))
    town.run(3)
    proof = verify(db)
    assert proof.ok, proof.broken
    assert proof.bit_for_bit


def is_tenth(prompt: str) -> bool:
    return int(prompt.removeprefix("task ")) % 10 == 0


def is_misled_by_every_tenth_task(work: Work, rng: np.random.Generator) -> Mapping[str, Any]:
    """Somebody trusted who makes the same mistake as all the others on every tenth task."""
    if not is_tenth(work.input["prompt"]):
        return knows(1.0)(work, rng)
    options = work.input["options"]
    return {"choice": options.index(min(one for one in options if one.startswith("wrong")))}


def test_classes_get_a_confusion_and_their_ordinary_answers_begin_to_tell(db: Database) -> None:
    """Where classes stand in a fixed order, ordinary answers say nothing until leanings are learned."""
    customer = keys.create_customer(db, "lab", START)
    draft = ProjectDraft(
        "kinds", "Which?", classes=("a", "b", "c"), policy={"rate_ceiling": 0.5, "rate_floor": 0.4}
    )
    project = projects.create(db, customer, draft, START)
    made = [ManualBenchmark(n, {"text": f"benchmark {n}: {'abc'[n % 3]}"}, n % 3) for n in range(45)]
    assert not benchmarks.add_manual(db, project.id, made, START).errors
    kinds = [TaskDraft(n, {"text": f"task {n}: {'abc'[n * n % 3]}"}) for n in range(900)]
    intake.push(db, project.id, kinds, None, START)
    town = Town(db, {})
    for n in range(14):
        town.hire(f"one {n}", reads_the_kind)
    town.run(75)
    before = town.rows(
        f"SELECT bool_and(p_all = p_benchmarks) FROM log WHERE kind = 'answer' AND project = {project.id}"
    )
    assert before == [(True,)]
    found = reestimation.estimate(db, project.id, town.now)
    assert found.changed.keys() >= {"leans", "prior"}, found
    assert found.changed["leans"].keys() == {"first", "class 1", "last"}
    with db.connection() as tx:
        model = Views().refresh(tx)[project.id].model
    assert model is not None
    assert model.answers.confusion is not None
    assert model.answers.confusion[0, 1] > model.answers.confusion[0, 2] + 0.2  # a is taken for b
    town.run(6)
    after = town.rows(
        "SELECT count(*) FROM log WHERE kind = 'answer' AND model_version = 2 AND p_all <> p_benchmarks"
    )
    assert after[0][0] > 20
    proof = verify(db)
    assert proof.ok, proof.broken
    assert proof.bit_for_bit


def reads_the_kind(work: Work, rng: np.random.Generator) -> Mapping[str, Any]:
    """Somebody who knows the classes, but now and then takes one for the next."""
    if "text" not in work.input:
        return {"choice": 0}
    kind = "abc".index(work.input["text"][-1])
    return {"choice": (kind + (rng.random() < 0.15)) % 3}


def test_of_very_many_labelers_a_sample_is_read() -> None:
    """What is read of ordinary work has a bound, and its people are spread over all; few are all read."""
    crowd = {name: name % 7 for name in range(1, 100_001)}
    asked = some_of(crowd, 2_000)

    assert len(asked) == 2_000
    assert min(asked) == 1
    assert max(asked) == 100_000
    assert all(crowd[name] == count for name, count in asked.items())
    assert some_of({3: 1, 9: 4}, 2_000) == {3: 1, 9: 4}
