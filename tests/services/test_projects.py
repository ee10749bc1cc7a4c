"""Projects: their life, their policy, and what they say of themselves."""

from __future__ import annotations

import json
from typing import Any

import pytest

from goldvein.domain.errors import Conflict, InvalidInput, NotFound
from goldvein.domain.records import ProjectDraft
from goldvein.services import benchmarks, keys, projects, quality, why_empty
from goldvein.services.benchmarks import ManualBenchmark
from goldvein.services.sweeps import sweep
from goldvein.services.verification import verify
from goldvein.store import tasks
from goldvein.store.database import Database
from tests.services.town import START, Town, guesses, knows, task_input


def codes(town: Town) -> list[str]:
    return [reason["code"] for reason in why_empty.explain(town.db, 1, town.now)["reasons"]]


def test_a_project_is_its_customers_alone(db: Database) -> None:
    """Another customer's project is not there; the operator sees all."""
    ours, theirs = (keys.create_customer(db, name, START) for name in ("ours", "theirs"))
    mine = projects.create(db, ours, ProjectDraft("mine", "Pick."), START)
    other = projects.create(db, theirs, ProjectDraft("theirs", "Pick."), START)
    for hidden in (other.id, 99):
        with pytest.raises(NotFound) as refused:
            projects.get(db, hidden, ours)
        assert refused.value.code == "project_unknown"
        with pytest.raises(NotFound):
            projects.update(db, hidden, ours, name="ours now", now=START)
    assert projects.list_(db, ours) == [mine]
    assert projects.list_(db, None) == [mine, other]
    assert projects.get(db, other.id, None).name == "theirs"


@pytest.mark.parametrize(
    ("draft", "code"),
    [
        (ProjectDraft("p", "i", type="drawing"), "type_unknown"),
        (ProjectDraft("p", "i", classes=("one",)), "classes_count"),
        (ProjectDraft("p", "i", classes=("one", "one")), "class_twice"),
        (ProjectDraft("p", "i", classes=("one", "")), "class_empty"),
        (ProjectDraft("p", "i", policy={"quality_bra": 0.8}), "policy_invalid"),
        (ProjectDraft("p", "i", policy={"quality_bar": 1.5}), "policy_invalid"),
        (ProjectDraft("p", "i", policy={"quality_bar": "high"}), "policy_invalid"),
        (ProjectDraft("p", "i", policy={"min_benchmarks": 4.5}), "policy_invalid"),
        (ProjectDraft("p", "i", policy={"rate_floor": 0.9}), "policy_invalid"),
    ],
)
def test_a_project_that_could_not_be_kept_is_refused(db: Database, draft: ProjectDraft, code: str) -> None:
    """The error names the rule, and nothing is stored."""
    customer = keys.create_customer(db, "lab", START)
    with pytest.raises(InvalidInput) as refused:
        projects.create(db, customer, draft, START)
    assert refused.value.code == code
    assert projects.list_(db, None) == []


def test_only_customers_have_projects(db: Database) -> None:
    """A customer who is not there is named."""
    with pytest.raises(NotFound) as refused:
        projects.create(db, 7, ProjectDraft("p", "i"), START)
    assert refused.value.code == "customer_unknown"


def test_the_life_of_a_project(db: Database) -> None:
    """draft, mining, paused, closed; what is closed stays closed, and nothing opens by a word."""
    customer = keys.create_customer(db, "lab", START)
    project = projects.create(db, customer, ProjectDraft("p", "i"), START, state="draft")
    moves: list[Any] = ["mining", "paused", "mining", "closed"]
    for state in moves:
        project = projects.update(db, project.id, customer, state=state, now=START)
        assert project.state == state
    for state in ("mining", "open", "paused", "draft"):
        with pytest.raises(Conflict, match="a closed project stays closed"):
            projects.update(db, project.id, customer, state=state, now=START)  # type: ignore[arg-type]
    fresh = projects.create(db, customer, ProjectDraft("p", "i"), START)
    with pytest.raises(Conflict) as refused:
        projects.update(db, fresh.id, customer, state="open", now=START)
    assert refused.value.code == "state_not_reachable"


def test_a_customer_has_so_many_projects_under_way(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """All are looked at when somebody asks for work: a loop that makes more must not slow down everybody."""
    monkeypatch.setattr(projects, "MOST_UNDER_WAY", 3)
    ours, theirs = (keys.create_customer(db, name, START) for name in ("ours", "theirs"))
    first, *_ = (projects.create(db, ours, ProjectDraft("p", "Pick."), START) for _ in range(3))
    draft = projects.create(db, ours, ProjectDraft("p", "Pick."), START, state="draft")
    with pytest.raises(Conflict) as refused:
        projects.create(db, ours, ProjectDraft("p", "Pick."), START)
    assert refused.value.code == "too_many_projects"
    with pytest.raises(Conflict):
        projects.update(db, draft.id, ours, state="mining", now=START)
    projects.create(db, theirs, ProjectDraft("p", "Pick."), START)
    projects.update(db, first.id, ours, state="paused", now=START)
    projects.update(db, first.id, ours, state="mining", now=START)
    projects.update(db, first.id, ours, state="closed", now=START)
    projects.update(db, draft.id, ours, state="mining", now=START)


def test_a_changed_policy_is_a_new_version(db: Database) -> None:
    """Versions are kept, since the log names them; a refused one changes nothing."""
    customer = keys.create_customer(db, "lab", START)
    project = projects.create(db, customer, ProjectDraft("p", "i", policy={"deliver_at": 0.9}), START)
    changed = projects.update(db, project.id, customer, policy={"min_benchmarks": 6}, now=START)
    assert (changed.policy_version, changed.revision) == (2, project.revision + 1)
    policy = projects.policy(db, project.id)
    assert (policy.deliver_at, policy.min_benchmarks) == (0.9, 6)
    with pytest.raises(InvalidInput, match="dismiss_at"):
        projects.update(db, project.id, customer, policy={"dismiss_at": 0.7}, name="new", now=START)
    assert projects.get(db, project.id, customer) == changed


def test_benchmarks_by_hand_open_a_project(db: Database) -> None:
    """One short of enough it goes on mining; with the last one the crowd may come."""
    town = Town(db, {"open_at": 5})
    items = [ManualBenchmark(n, task_input(n, n % 4), n % 4, unique_id=f"b{n}") for n in range(5)]
    benchmarks.add_manual(db, 1, items[:4], town.now)
    assert projects.get(db, 1, None).state == "mining"
    result = benchmarks.add_manual(db, 1, items, town.now)
    assert [task.created for task in result.tasks] == [False] * 4 + [True]
    opened = projects.get(db, 1, None)
    assert (opened.state, opened.opened_at, opened.model_version) == ("open", town.now, 1)
    assert town.rows("SELECT count(*), count(likelihoods) FROM item_versions WHERE version = 2") == [(5, 5)]
    assert not town.proof()


def test_bad_benchmarks_are_kept_apart(db: Database) -> None:
    """A key that is no option, or a certainty that is none, is named by its place; the others are stored."""
    town = Town(db)
    good, content = task_input(1, 1), task_input(2, 1)
    items = [
        ManualBenchmark(0, content, 4), ManualBenchmark(1, content, -1), ManualBenchmark(2, content, 0, 0.2),
        ManualBenchmark(3, {"options": ["same", "same"]}, 0), ManualBenchmark(4, good, 1),
    ]  # fmt: skip
    result = benchmarks.add_manual(db, 1, items, town.now)
    assert [(error.code, error.pointer) for error in result.errors] == [
        ("key_out_of_range", "/benchmarks/0/key"),
        ("key_out_of_range", "/benchmarks/1/key"),
        ("key_right_range", "/benchmarks/2/key_right"),
        ("option_twice", "/benchmarks/3/input/options/1"),
    ]
    assert [task.index for task in result.tasks] == [4]


def test_a_bar_that_separates_nobody_keeps_a_project_closed_and_says_why(db: Database) -> None:
    """A bar at or under what guessing reaches, or above what anybody can, separates nobody."""
    town = Town(db, {"quality_bar": 0.2})
    town.open_by_hand()
    assert projects.get(db, 1, None).state == "mining"
    assert "bar_unreachable" in codes(town)


def test_why_nothing_is_handed_out(db: Database) -> None:
    """Each reason names the way out, from the first day to the last."""
    town = Town(db, {"open_at": 4, "benchmarks_per_labeler": 10, "exposure_cap": 5, "rate_ceiling": 0.01,
                     "rate_fresh_benchmarks": 0, "rate_floor": 0.001})  # fmt: skip
    assert codes(town) == ["not_enough_benchmarks", "nobody_trusted", "queue_empty"]
    town.hire("tess", guesses, "trusted")
    assert codes(town) == ["not_enough_benchmarks", "queue_empty"]
    town.open_by_hand(4)
    assert codes(town) == ["queue_empty"]
    town.push(3)
    assert codes(town) == []
    people = [town.hire(f"p{n}", guesses) for n in range(2)]
    for person in people:
        town.ask(person)
    assert codes(town) == ["admission_full"]
    projects.update(db, 1, None, state="paused", now=town.now)
    assert codes(town) == ["paused"]
    with pytest.raises(NotFound):
        why_empty.explain(db, 99, town.now)


def test_the_quality_report_counts_what_there_is(db: Database) -> None:
    """Standings, benchmarks, shortcuts and decisions agree with the tables, in plain JSON."""
    town = Town(db, {"rate_ceiling": 0.6})
    town.open_by_hand(50)
    town.push(120)
    for n in range(4):
        town.hire(f"good {n}", knows(0.97))
    town.hire("bad", knows(0.02))
    town.run(45)
    report = json.loads(json.dumps(quality.report(db, 1, town.now)))
    assert report["state"] == "open"
    assert report["benchmarks"]["active"] == 50
    assert report["admission"]["admitted"] == 4
    assert report["standings"]["by_state"] == {"admitted": 4, "dismissed": 1}
    assert report["standings"]["delivering"] == 4
    assert sum(report["standings"]["p_benchmarks_histogram"]) == 5
    labels = town.rows("SELECT count(*) FROM labels")[0][0]
    assert report["tasks"]["labelled"] == labels > 20
    assert report["answers"]["deliver"] + report["answers"]["release"] == labels
    estimates = {line["name"]: line["accuracy_estimate"] for line in report["labelers"]}
    assert all(estimates[f"good {n}"] > 0.8 > estimates["bad"] for n in range(4))
    assert set(report["shortcuts"]) >= {"random", "longest"} or report["shortcuts"]
    assert all(0 <= one["passes"] <= 1 for one in report["shortcuts"].values())
    assert report["standings"]["accuracy_on_traffic"] is None


def test_a_report_before_anything_happened(db: Database) -> None:
    """A new project's report is empty, not an error."""
    town = Town(db)
    report = json.loads(json.dumps(quality.report(db, 1, town.now)))
    assert (report["labelers"], report["shortcuts"], report["tasks"]) == ([], {}, {})
    with pytest.raises(NotFound):
        quality.report(db, 99, town.now)


def test_closing_a_project_ends_what_waits(db: Database) -> None:
    """Tasks in the queue, in hands and held are cancelled, so that every pushed task has its end."""
    town = Town(db)
    town.push(120)
    for n in range(4):
        town.hire(f"trusted {n}", knows(0.97), "trusted")
    town.hire("new", knows(0.9))
    town.run(60)

    projects.update(db, town.project.id, None, state="closed", now=town.now)
    sweep(db, town.now)

    with db.connection() as tx:
        states = tasks.counts_by_state(tx, town.project.id)
    assert set(states) == {"labelled", "cancelled"}
    assert sum(states.values()) == 120
    assert verify(db).ok
