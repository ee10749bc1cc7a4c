"""A project opens only with benchmarks that shortcuts get wrong, seeks them, and sounds an alarm else."""

from typing import Any

import numpy as np
import pytest

from goldvein.domain.records import TaskDraft
from goldvein.services import intake, projects
from goldvein.services.quality import report
from goldvein.services.screening import active_keys, content_passes
from goldvein.services.sweeps import Sweeper
from goldvein.services.views import Views
from goldvein.services.why_empty import explain
from goldvein.store.database import Database
from tests.services.town import Town, knows


def length_input(number: int, *, against: bool) -> dict[str, Any]:
    """A task whose key is the longest option, or the shortest one where it is against that."""
    key, other = number % 4, (number + 1) % 4
    longest = other if against else key
    return {
        "prompt": f"task {number}",
        "options": [
            f"{'right' if k == key else 'wrong'} {number:04}-{k}" + " and more" * (k == longest)
            for k in range(4)
        ],
    }


class LengthTown(Town):
    """A town whose tasks have the longest option wrong on one in ``every``, or never."""

    every: int | None = 6

    def push(self, count: int, start: int = 0, **more: Any) -> None:
        numbers = range(start, start + count)
        against = [self.every is not None and n % self.every == 0 for n in numbers]
        drafts = [
            TaskDraft(place, length_input(n, against=a), **more)
            for place, (n, a) in enumerate(zip(numbers, against, strict=True))
        ]
        assert not intake.push(self.db, self.project.id, drafts, None, self.now).errors

    def state(self) -> str:
        return projects.get(self.db, self.project.id, None).state

    def alerts(self) -> list[tuple[Any, ...]]:
        return self.rows("SELECT kind, subject, resolved_at IS NOT NULL FROM alerts ORDER BY id")

    def why_empty(self) -> dict[str, str]:
        found = explain(self.db, self.project.id, self.now)["reasons"]
        return {reason["code"]: reason["detail"] for reason in found}

    def passes(self) -> tuple[int, float]:
        """Active benchmarks, and how many of them the longest option passes."""
        with self.db.connection() as tx:
            view = Views().one(tx, self.project.id)
            passes = content_passes(tx, view.project, active_keys(view.active.values()))
            return len(view.active), passes["longest"].sum()


def with_panel(db: Database, every: int | None, policy: dict[str, Any], tasks: int = 400) -> LengthTown:
    town = LengthTown(db, policy)
    town.every = every
    town.push(tasks)
    for n in range(6):
        town.hire(f"trusted {n}", knows(1.0), "trusted")
    return town


def run_until(town: LengthTown, rounds: int) -> bool:
    """Whether the project opens within so many rounds."""
    for _ in range(rounds):
        town.round()
        if town.state() == "open":
            return True
    return False


def test_a_project_opens_with_the_counterexamples_that_serving_needs(db: Database) -> None:
    """The longest option is right on five of six tasks, and on thirteen of the twenty benchmarks."""
    town = with_panel(db, 6, {})
    assert run_until(town, 120)
    active, passed = town.passes()
    dropped = town.rows(
        "SELECT count(*) FROM log WHERE kind = 'drop' AND detail ->> 'agrees_with' = 'longest'"
    )

    assert active >= 20
    assert active - passed >= 7
    assert dropped[0][0] > 5
    assert town.proof() == []


def test_what_goes_back_costs_one_answer_and_is_answered_like_other_work(db: Database) -> None:
    """Nearly every candidate that agrees with the shortcut ends at its first answer, and waits again."""
    town = with_panel(db, 6, {})
    assert run_until(town, 120)
    answers = town.rows(
        "SELECT jsonb_array_length(detail -> 'choices') FROM log "
        "WHERE kind = 'drop' AND detail ? 'agrees_with'"
    )
    waiting = town.rows(
        "SELECT count(*) FROM benchmarks b JOIN attempts a USING (project, task) "
        "WHERE b.reason = 'agrees with a shortcut that enough benchmarks let pass' "
        "AND a.stage = 'label' AND a.state = 'open'"
    )

    assert np.median([count for (count,) in answers]) == 1
    assert waiting[0][0] == len(answers)


def test_mining_at_random_takes_tasks_as_they_come(db: Database) -> None:
    """With directed_share 0 and nothing asked, the first twenty benchmarks are the first twenty tasks."""
    town = with_panel(db, 6, {"directed_share": 0.0, "open_counterexamples": 0})
    assert run_until(town, 60)
    active, passed = town.passes()

    assert active - passed <= 5
    assert town.rows("SELECT count(*) FROM log WHERE kind = 'drop'") == [(0,)]


def test_without_counterexamples_it_stays_shut_and_says_why(db: Database) -> None:
    """The longest option is always right: after 40 in vain it says so in why-empty, the log and an alert."""
    town = with_panel(db, None, {})
    assert not run_until(town, 100)
    town.run(20)
    refusals = town.rows("SELECT detail ->> 'why' FROM log WHERE kind = 'open' AND decision = 'refused'")

    assert town.alerts() == [("benchmarks", "counterexamples", False)]
    assert "set open_counterexamples to 0" in town.why_empty()["counterexamples"]
    assert len(refusals) == len(set(refusals)) >= 1
    assert town.proof() == []
    projects.update(db, town.project.id, None, policy={"open_counterexamples": 0}, now=town.now)
    assert town.state() == "open"
    assert town.alerts()[0] == ("benchmarks", "counterexamples", True)
    assert town.proof() == []


def test_giving_up_is_not_for_ever(db: Database) -> None:
    """Tasks on which the shortcut is wrong, pushed later, open a project that had found none."""
    town = with_panel(db, None, {}, tasks=60)
    assert not run_until(town, 100)
    town.every = 1
    town.push(30, start=1_000)

    assert run_until(town, 60)
    assert town.alerts()[0] == ("benchmarks", "counterexamples", True)


def test_a_shortcut_that_would_pass_at_the_bar_sounds_an_alarm(db: Database) -> None:
    """Opened at random on 85%: an alert by the sweeper, once; the report over the API has its figures."""
    town = with_panel(db, 10, {"directed_share": 0.0, "open_counterexamples": 0})
    assert run_until(town, 60)
    sweeper = Sweeper(db)
    sweeper.sweep(town.now)
    sweeper.sweep(town.now)
    line = report(db, town.project.id, town.now)["shortcuts"]["longest"]

    assert town.alerts() == [("benchmarks", "longest", False)]
    assert line["alert"]
    leaker = report(db, town.project.id, town.now)["shortcuts"]["leaker"]
    assert leaker["passes"] > 0.9
    assert not leaker["alert"], "no alert is open of it, and none ever will be"
    assert line["passes"] == line["served"] >= 0.8
    assert line["counterexamples"] == pytest.approx(len(active_of(town)) * (1 - line["passes"]))
    assert line["missing"] > 0
    projects.update(db, town.project.id, None, policy={"directed_share": 0.5}, now=town.now)
    town.every = 1
    town.push(200, start=2_000)
    for n in range(40):
        town.hire(f"good {n}", knows(0.95))
    town.run(60)
    sweeper.sweep(town.now)
    resolved = report(db, town.project.id, town.now)["shortcuts"]["longest"]

    assert resolved["served"] < 0.65
    assert not resolved["alert"]
    assert town.alerts() == [("benchmarks", "longest", True)]
    assert town.rows("SELECT event FROM outbox WHERE alert IS NOT NULL ORDER BY id") == [
        ("alert.opened",),
        ("alert.resolved",),
    ]
    assert town.proof() == []


def active_of(town: LengthTown) -> dict[int, Any]:
    with town.db.connection() as tx:
        return dict(Views().one(tx, town.project.id).active)
