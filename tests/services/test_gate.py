"""The gate at work: what is held, released, discarded, and who is let in or goes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from goldvein.domain.records import ProjectDraft, TaskDraft, Work, WorkRequest
from goldvein.services import benchmarks, intake, keys, projects
from goldvein.services.benchmarks import ManualBenchmark
from goldvein.services.sweeps import sweep
from goldvein.store.database import Database
from tests.services.test_intake import ORDINARY
from tests.services.test_leases import has, task_of
from tests.services.town import Town, knows, task_input

SMALL: Mapping[str, Any] = {
    "open_at": 3, "open_counterexamples": 0, "reserve": 1, "benchmarks_per_labeler": 10, "exposure_cap": 10,
}  # fmt: skip
"""A project that opens with three benchmarks and takes three people."""


def nobody(work: Work, rng: object) -> Mapping[str, Any]:
    return {}


def test_held_answers_go_out_once_their_labeler_is_known_to_be_good(db: Database) -> None:
    """What was held before the verdict is released with the evidence, and from then on labels go at once."""
    town = Town(db, {"rate_ceiling": 0.5})
    town.open_by_hand(60)
    town.push(100)
    town.hire("ann", knows(1.0))
    town.run(6)
    assert town.rows("SELECT count(*) FROM labels") == [(0,)]
    held = town.rows("SELECT held FROM standings")[0][0]
    assert held > 0
    town.run(60)
    released = town.rows("SELECT p_benchmarks, benchmarks FROM log WHERE kind = 'release'")
    assert len(released) >= held
    assert all(p >= 0.95 and count >= 4 for p, count in released)
    assert town.rows("SELECT count(*) FROM holds") == [(0,)]
    assert town.rows("SELECT count(*) > 10 FROM log WHERE kind = 'answer' AND decision = 'deliver'") == [
        (True,)
    ]
    assert town.rows("SELECT min(p_benchmarks) >= 0.95 FROM labels") == [(True,)]
    assert not town.proof()


def test_a_dismissed_labelers_answers_are_dropped_and_their_tasks_wanted_again(db: Database) -> None:
    """A few more answers are taken and dropped, so that no benchmark is betrayed; then work ends."""
    town = Town(db, {"rate_ceiling": 0.6, "dismissal_grace": 3})
    town.open_by_hand(60)
    town.push(50)
    labeler = town.hire("bad", knows(0.0))
    while not town.rows("SELECT 1 FROM standings WHERE state = 'dismissed'"):
        town.round()
    answers = town.rows("SELECT answers FROM standings")[0][0]
    assert town.rows("SELECT count(*) > 0 FROM log WHERE kind = 'discard' AND decision = 'dismissed'") == [
        (True,)
    ]
    town.run(6)
    assert town.reasons[labeler] == "dismissed"
    assert town.rows("SELECT answers FROM standings") == [(answers + 3,)]
    assert town.rows("SELECT admitted FROM projects") == [(0,)]
    assert town.rows("SELECT count(*) FROM holds") == [(0,)]
    assert town.rows("SELECT count(*) FROM labels") == [(0,)]
    assert town.rows("SELECT count(*) FROM attempts WHERE state = 'open'") == [(50,)]
    assert not town.proof()


def test_a_hold_that_lasts_too_long_ends_and_its_task_comes_first(db: Database) -> None:
    """Nobody waits for a verdict for ever: after `hold_seconds` somebody else gets the task, first of all."""
    town = Town(db, {**ORDINARY, "hold_seconds": 100})
    town.open_by_hand()
    town.push(5)
    ann, ben = (town.hire(name, nobody) for name in ("ann", "ben"))
    work = has(town.ask(ann))
    has(town.answer(ann, work))
    town.wait(99)
    assert sweep(db, town.now).holds == 0
    town.wait(2)
    assert sweep(db, town.now).holds == 1
    assert sweep(db, town.now).holds == 0
    assert task_of(town, has(town.ask(ben))) == task_of(town, work)
    assert town.rows(f"SELECT held FROM standings WHERE labeler = {ann}") == [(0,)]
    assert town.rows("SELECT decision FROM log WHERE kind = 'discard'") == [("time is up",)]
    assert not town.proof()


def test_a_hold_lasts_at_most_a_quarter_of_the_time_to_the_deadline(db: Database) -> None:
    """Somebody else must still have time to answer."""
    town = Town(db, ORDINARY)
    town.open_by_hand()
    town.push(1, deadline=town.now + timedelta(seconds=400))
    ann = town.hire("ann", nobody)
    town.answer(ann, has(town.ask(ann)))
    assert town.rows("SELECT expires_at FROM holds") == [(town.now + timedelta(seconds=100),)]


def test_a_labeler_of_whom_nothing_can_be_learned_gets_no_more_work(db: Database) -> None:
    """All benchmarks are seen and enough answers held: the reason says so, and mining is asked for more."""
    town = Town(db, {**SMALL, "max_held": 2, "rate_ceiling": 1.0})
    town.open_by_hand(3)
    town.push(20)
    ann = town.hire("ann", nobody)
    given = town.ask(ann)
    for _ in range(3 + 2):
        given = town.answer(ann, has(given), 0)
    assert given == "benchmarks_exhausted"
    assert town.rows("SELECT benchmarks, held FROM standings") == [(3, 2)]
    assert town.rows("SELECT supply_target > 4 FROM projects") == [(True,)]
    assert not town.proof()


def test_who_has_enough_answers_held_is_tested_next(db: Database) -> None:
    """Below the limit ordinary work, at the limit benchmarks, whatever the rate says."""
    town = Town(db, {**ORDINARY, "max_held": 2}, seed=2)
    town.open_by_hand()
    town.push(20)
    ann = town.hire("ann", nobody)
    given = town.ask(ann)
    for _ in range(6):
        given = town.answer(ann, has(given), 0)
    assert town.rows("SELECT held, benchmarks FROM standings") == [(2, 4)]


def test_as_many_are_let_in_as_can_be_tested(db: Database) -> None:
    """The next one waits until somebody goes, or more benchmarks are there."""
    town = Town(db, {**SMALL, **ORDINARY})
    town.open_by_hand(3)
    town.push(20)
    people = [town.hire(f"p{n}", nobody) for n in range(4)]
    assert [isinstance(town.ask(person), Work) for person in people] == [True, True, True, False]
    assert town.ask(people[3]) == "admission_full"
    more = [ManualBenchmark(0, task_input(999, 0), 0)]
    assert not benchmarks.add_manual(db, 1, more, town.now).errors
    has(town.ask(people[3]))
    assert town.rows("SELECT admitted FROM projects") == [(4,)]


def test_why_a_project_hands_out_nothing(db: Database) -> None:
    """Mining, paused and closed each have their reason; who is trusted works while benchmarks are mined."""
    town = Town(db)
    town.push(3)
    ann, tess = town.hire("ann", nobody), town.hire("tess", nobody, "trusted")
    assert town.ask(ann) == "mining"
    has(town.ask(tess))
    projects.update(db, 1, None, state="paused", now=town.now)
    assert town.ask(ann) == "paused"
    projects.update(db, 1, None, state="mining", now=town.now)
    assert town.ask(ann) == "mining"
    work = has(town.ask(tess))
    projects.update(db, 1, None, state="closed", now=town.now)
    assert town.ask(ann) == "no_project"
    assert town.answer(tess, work) == "project_closed"


def test_an_answer_on_its_way_counts_while_a_project_is_paused(db: Database) -> None:
    """Pausing stops handing out, not what people have begun; the project comes back as open as it was."""
    town = Town(db, ORDINARY)
    town.open_by_hand()
    town.push(3)
    ann = town.hire("ann", nobody)
    work = has(town.ask(ann))
    projects.update(db, 1, None, state="paused", now=town.now)
    assert town.answer(ann, work) == "paused"
    assert town.rows("SELECT count(*) FROM answers") == [(1,)]
    assert projects.update(db, 1, None, state="mining", now=town.now).state == "open"
    has(town.ask(ann))
    assert not town.proof()


def test_the_project_whose_work_is_due_first_comes_first(db: Database) -> None:
    """Between two projects that a labeler may work on the earlier deadline decides, not their age."""
    town = Town(db, ORDINARY)
    town.open_by_hand()
    other = projects.create(db, town.customer, ProjectDraft("due", "Pick.", policy=ORDINARY), town.now)
    items = [ManualBenchmark(n, task_input(2 * 10**7 + n, 0), 0) for n in range(20)]
    assert not benchmarks.add_manual(db, other.id, items, town.now).errors
    late, soon = (town.now + timedelta(hours=hours) for hours in (2, 1))
    for project, due in ((town.project.id, late), (other.id, soon)):
        drafts = [TaskDraft(n, task_input(n, 0), deadline=due) for n in range(2)]
        intake.push(db, project, drafts, None, town.now)
    people = [town.hire(f"p{n}", nobody) for n in range(5)]
    assert [has(town.ask(person)).project for person in people[:4]] == [other.id] * 2 + [town.project.id] * 2
    assert town.ask(people[4]) == "queue_empty"


def test_one_labeler_one_task_at_a_time_over_all_projects(db: Database) -> None:
    """Who has work of one project in hand and asks for another's gets the work in hand."""
    town = Town(db, ORDINARY)
    town.open_by_hand()
    town.push(2)
    other = projects.create(db, town.customer, ProjectDraft("other", "Pick."), town.now)
    ann = town.hire("ann", nobody)
    assert has(town.ask(ann)) == has(town.ask(ann, other.id))


def test_a_candidate_that_no_panel_member_can_answer_becomes_ordinary_work(db: Database) -> None:
    """All the trusted skipped it: others get the task, it does not wait for ever."""
    town = Town(db, ORDINARY)
    town.push(1)
    for n in range(2):
        person = town.hire(f"tess {n}", nobody, "trusted")
        town.skip(person, has(town.ask(person)))
    town.open_by_hand()
    town.wait(5)
    sweep(db, town.now)
    assert task_of(town, has(town.ask(town.hire("ann", nobody)))) == "task 0"
    assert not town.proof()


def test_the_trusted_by_merit_answer_candidates(db: Database) -> None:
    """Who shows on benchmarks to be among the best may make keys, and the log says so."""
    town = Town(db, {"reserve": 200, "trust_benchmarks": 10, "trust_accuracy": 0.8, "rate_ceiling": 0.9})
    town.open_by_hand(60)
    town.push(60)
    town.hire("ann", knows(1.0))
    town.run(70)
    assert town.rows("SELECT panel FROM standings") == [("earned",)]
    assert town.rows("SELECT decision FROM log WHERE kind = 'trust'") == [("earned",)]
    assert town.rows("SELECT count(*) > 0 FROM attempts WHERE stage = 'panel'") == [(True,)]
    assert not town.proof()


@pytest.mark.parametrize("classes", [None, ("yes", "no", "maybe")])
def test_benchmarks_look_like_tasks(db: Database, classes: tuple[str, ...] | None) -> None:
    """Nothing in the shape of what is handed out depends on what it is for."""
    town = Town(db)
    policy = {"rate_ceiling": 0.5}
    project = projects.create(
        db, town.customer, ProjectDraft("p", "i", classes=classes, policy=policy), town.now
    )
    content = task_input if classes is None else lambda number, key: {"text": f"text {number}"}
    items = [ManualBenchmark(n, content(1000 + n, 0), n % 3) for n in range(30)]
    assert not benchmarks.add_manual(db, project.id, items, town.now).errors
    intake.push(db, project.id, [TaskDraft(n, content(n, 0)) for n in range(40)], None, town.now)
    shapes = set()
    for n in range(20):
        work = has(town.ask(town.hire(f"p{n}", nobody), project.id))
        shapes.add((len(work.lease), work.expires_at, work.name, work.type, tuple(work.input)))
    assert len(shapes) == 1
    assert {stage for (stage,) in town.rows("SELECT DISTINCT stage FROM attempts WHERE labeler > 0")} == {
        "label", "benchmark"
    }  # fmt: skip


def test_a_group_of_many_is_served_at_once(db: Database) -> None:
    """Sixty-four people who ask together each get a task of their own."""
    town = Town(db, {**ORDINARY, "open_at": 20, "benchmarks_per_labeler": 1})
    town.open_by_hand()
    town.push(64)
    people = keys.create_labelers(db, [(f"p{n}", "labeler") for n in range(64)], town.now)
    results = town.handle(*(WorkRequest(person, "next") for person in people))
    prompts = [has(result.next).input["prompt"] for result in results]  # type: ignore[union-attr, arg-type]
    assert len(set(prompts)) == 64
    assert not town.proof()
