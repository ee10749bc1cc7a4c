"""Reference checks: the customer's own sample labelled anew each day, disguised, delivered to nobody."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from goldvein.domain.errors import Conflict, InvalidInput, NotFound
from goldvein.domain.records import PushResult, Work
from goldvein.services import check_reports, checking, intake, references
from goldvein.services.benchmarks import ManualBenchmark
from goldvein.store import attempts, projects
from goldvein.store import references as stored
from goldvein.store.database import Database
from tests.services.town import START, Town, guesses, knows, task_input

SAMPLE = 60
FIRST = 5 * 10**6


def sample(count: int = SAMPLE, wrong: int = 0) -> list[ManualBenchmark]:
    """The customer's own labels, the first few of them wrong."""
    return [
        ManualBenchmark(n, task_input(FIRST + n, n % 4), (n + (n < wrong)) % 4, unique_id=f"u{n}")
        for n in range(count)
    ]


def give(town: Town, items: list[ManualBenchmark], *, whole: bool = False) -> PushResult:
    return references.push(town.db, town.project.id, items, town.now, whole=whole).result


def step(town: Town) -> None:
    checking.step(town.db, town.project.id, town.now)


def open_town(db: Database, people: int = 12, **policy: float) -> Town:
    town = Town(db, {"reference_share": 0.4, "stream_share": 0.0, **policy})
    town.open_by_hand(200)
    for n in range(people):
        town.hire(f"good {n}", knows(0.95))
    return town


def runs(town: Town) -> list[stored.Run]:
    with town.db.connection() as tx:
        return stored.runs(tx, town.project.id, limit=100)


def test_a_run_is_answered_as_ordinary_work_is_and_goes_to_nobody(db: Database) -> None:
    """All of the sample is labelled anew; no label, no event, nothing twice, and the proofs hold."""
    town = open_town(db)
    town.push(1500)
    give(town, sample())
    step(town)
    town.run(90)
    step(town)

    (run,) = runs(town)
    assert run.ended_at == town.now
    assert run.report is not None
    assert run.report["asked"] == run.report["counted"] == SAMPLE
    assert run.report["accuracy"] > 0.8
    assert run.report["low"] < run.report["accuracy"] < run.report["high"]
    own = [row[0] for row in town.rows("SELECT task FROM reference_items")]
    for table in ("labels", "outbox", "holds"):
        assert not town.rows(f"SELECT 1 FROM {table} WHERE task = ANY (ARRAY{own})")
    moved = town.rows("SELECT decision, n FROM log WHERE stage = 'reference' AND kind = 'answer'")
    assert all(n is not None for _, n in moved), "such an answer moves its labeler's standing"
    assert {decision for decision, _ in moved} <= {"would deliver", "would hold", "would discard"}
    assert not town.proof()


def test_answers_that_would_not_have_gone_out_do_not_count_but_are_told(db: Database) -> None:
    """People who guess answer, too: their tasks go to others, and both accuracies are reported."""
    town = open_town(db, people=8)
    for n in range(8):
        town.hire(f"bad {n}", guesses)
    town.push(1500)
    give(town, sample())
    step(town)
    town.run(90)
    step(town)

    report = runs(town)[0].report
    assert report is not None
    assert report["answers"] > report["counted"]
    assert report["all"]["accuracy"] < report["accuracy"]
    counted = dict(town.rows("SELECT labeler, bool_or(counts) FROM reference_answers GROUP BY labeler"))
    bad = {town.names[f"bad {n}"] for n in range(8)}
    assert not any(counted.get(labeler) for labeler in bad)
    assert not town.proof()


def test_a_workforce_that_is_too_small_is_said_to_have_answered_a_part(db: Database) -> None:
    """Nobody gets the same task twice, so a second day finds nobody who could answer; it ends as it is."""
    town = open_town(db, people=1)
    town.push(400)
    give(town, sample(10))
    step(town)
    town.run(60)
    step(town)
    town.now = START + timedelta(days=1)
    town.leases.clear()
    step(town)
    town.run(60)
    town.now = START + timedelta(days=2)
    step(town)
    third, second, first = runs(town)
    assert first.report is not None
    assert second.report is not None
    assert first.report["counted"] > 0
    assert second.report["answered"] + first.report["answered"] <= 10
    assert second.report["asked"] == 10
    assert third.ended_at is None
    assert not town.proof()


def test_a_missed_run_is_made_up_once_and_no_day_has_two(db: Database) -> None:
    """Three days away make one run, and neither repetition nor a clock that jumps makes another."""
    town = open_town(db)
    give(town, sample(5))
    for day in (0, 0, 4, 4, 3, 4, -400, 4, 5):
        town.now = START + timedelta(days=day, hours=1)
        step(town)
        step(town)
    days = [run.due for run in runs(town)]
    start = START.date()
    assert days == [start + timedelta(days=day) for day in (5, 4, 0)]


def test_every_seventh_day_is_every_seventh_day_even_if_it_was_missed(db: Database) -> None:
    """A weekly check that was missed is made up when somebody is back; the next one keeps its day."""
    town = open_town(db, reference_days=7)
    give(town, sample(5))
    for day in (0, 3, 9, 13, 14, 15):
        town.now = START + timedelta(days=day, hours=1)
        step(town)
    start = START.date()
    assert [run.due for run in runs(town)] == [start + timedelta(days=day) for day in (14, 7, 0)]


def test_many_workers_begin_one_run(db: Database) -> None:
    """Eight at once: one row, and each task waits once."""
    town = open_town(db)
    give(town, sample())
    barrier = threading.Barrier(8)

    def work() -> None:
        barrier.wait()
        step(town)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(runs(town)) == 1
    assert town.rows("SELECT count(*) FROM attempts WHERE stage = 'reference'") == [(SAMPLE,)]


@pytest.mark.parametrize("place", ["insert_open", "next_revision"])
def test_a_worker_that_dies_while_beginning_leaves_nothing(
    db: Database, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever comes next begins the run whole."""

    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    town = open_town(db)
    give(town, sample())
    with monkeypatch.context() as patched:
        patched.setattr(attempts if place == "insert_open" else projects, place, die)
        with pytest.raises(Killed):
            step(town)
    assert not runs(town)
    step(town)
    assert len(runs(town)) == 1
    assert town.rows("SELECT count(*) FROM attempts WHERE stage = 'reference'") == [(SAMPLE,)]


def test_a_worker_that_dies_before_its_report_leaves_it_to_the_next(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An ended run without a report gets it at the next step."""
    town = open_town(db)
    give(town, sample(5))
    step(town)
    town.now += timedelta(days=1, hours=1)
    with monkeypatch.context() as patched:
        patched.setattr(check_reports, "make", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            step(town)
    assert [run.report is None for run in runs(town)] == [True]
    step(town)
    assert runs(town)[-1].report is not None


def test_a_project_that_is_paused_or_has_no_set_is_not_checked(db: Database) -> None:
    """Neither has anything to hand out."""
    town = Town(db, {})
    give(town, sample(5))
    step(town)
    assert not runs(town), "it is mining"
    other = open_town(db, reference_days=0)
    give(other, sample(5))
    checking.step(db, other.project.id, other.now)
    assert not runs(other), "its policy wants none"


def test_a_set_changes_by_versions_and_the_same_push_changes_nothing(db: Database) -> None:
    """New tasks, other answers and tasks that are left out each make a version; content keeps its task."""
    town = open_town(db)

    def pushed(items: list[ManualBenchmark], *, whole: bool = False) -> tuple[int, int, int]:
        got = references.push(db, town.project.id, items, town.now, whole=whole)
        return got.set.version, got.set.tasks, sum(task.created for task in got.result.tasks)

    assert pushed(sample(10)) == (1, 10, 10)
    assert pushed(sample(10)) == (1, 10, 0)
    assert pushed(sample(12)) == (2, 12, 2)
    assert pushed(sample(12, wrong=3)) == (3, 12, 0)
    assert pushed(sample(5, wrong=3), whole=True) == (4, 5, 0)
    assert pushed([*sample(3), *sample(3)]) == (5, 5, 0)
    with db.connection() as tx:
        sizes = [len(stored.items(tx, town.project.id, version)) for version in range(1, 6)]
        keys = [item.key for item in stored.items(tx, town.project.id, 4)]
    assert sizes == [10, 12, 12, 5, 5]
    assert keys == [1, 2, 3, 3, 0]


def test_the_same_options_in_another_order_are_the_same_task(db: Database) -> None:
    """Its key is found by its text."""
    town = open_town(db)
    give(town, sample(1))
    turned = task_input(FIRST, 0)
    turned["options"] = turned["options"][::-1]
    got = references.push(db, town.project.id, [ManualBenchmark(0, turned, 3, unique_id="u0")], town.now)
    assert (got.set.version, got.set.tasks) == (1, 1)


def test_bad_tasks_are_named_and_the_good_ones_kept(db: Database) -> None:
    """As in every push; a set that would be too large changes nothing."""
    town = open_town(db)
    bad = ManualBenchmark(1, {"prompt": "no options"}, 0)
    result = give(town, [sample(1)[0], bad])
    assert [error.index for error in result.errors] == [1]
    assert len(result.tasks) == 1
    with pytest.raises(InvalidInput) as caught:
        give(town, [ManualBenchmark(n, task_input(n, 0), 0) for n in range(references.MAX_TASKS + 1)])
    assert caught.value.code == "reference_too_large"
    assert town.rows("SELECT max(version) FROM reference_sets") == [(1,)]


def test_reference_tasks_are_no_tasks_of_the_customers(db: Database) -> None:
    """They cannot be read or cancelled as tasks, and may have a task's unique_id."""
    town = open_town(db)
    town.push(3)
    result = give(town, sample(3))
    task = result.tasks[0].id
    with pytest.raises(NotFound):
        intake.get_task(db, town.project.id, task)
    with pytest.raises(NotFound):
        intake.cancel_task(db, town.project.id, task, town.now)


def test_a_closed_project_takes_no_sample(db: Database) -> None:
    """It is refused with a reason."""
    town = open_town(db)
    with db.transaction() as tx:
        tx.execute(b"UPDATE projects SET state = 'closed', closed_at = now()")
    with pytest.raises(Conflict):
        give(town, sample(3))


def test_labelers_cannot_tell_a_check_from_work(db: Database) -> None:
    """What is handed out has the same fields, and skipping or letting it lapse puts it back in line."""
    town = open_town(db, people=4, reference_share=1.0, rate_ceiling=0.01, rate_floor=0.01)
    town.push(200)
    give(town, sample())
    step(town)
    town.run(8)
    held = {
        row[0]
        for row in town.rows("SELECT labeler FROM attempts WHERE stage = 'reference' AND state = 'leased'")
    }
    assert held
    labeler = next(iter(held))
    work = town.leases.pop(labeler)
    assert isinstance(work, Work)
    task = town.rows(f"SELECT task FROM attempts WHERE state = 'leased' AND labeler = {labeler}")[0][0]
    town.skip(labeler, work)
    states = [state for (state,) in town.rows(f"SELECT state FROM attempts WHERE task = {task} ORDER BY id")]
    assert states[-2:] == ["skipped", "open"]
    assert not town.proof()


def play(town: Town, days: int, first: int = 0) -> None:
    """Some days, each with a run that everybody works on."""
    for day in range(first, first + days):
        town.now = START + timedelta(days=day)
        town.leases.clear()
        step(town)
        town.run(24)


def alerts(town: Town) -> list[tuple[str, bool]]:
    return town.rows("SELECT subject, resolved_at IS NULL FROM alerts WHERE kind = 'reference' ORDER BY id")


def test_accuracy_lower_than_wanted_is_an_alert_until_it_is_back(db: Database) -> None:
    """The customer's keys contradict good people on a third of the sample: low, and the keys are named."""
    town = open_town(db, people=16, reference_accuracy=0.9, reference_share=0.9)
    town.push(6000)
    give(town, sample(30, wrong=12))
    play(town, 8)
    step(town)
    last = next(run for run in runs(town) if run.report is not None)
    assert last.report is not None
    assert alerts(town) == [("too_low", True)]
    named = {one["unique_id"] for one in last.report["doubtful"]}
    assert named <= {f"u{n}" for n in range(12)}
    assert named
    give(town, sample(30))
    play(town, 8, first=8)
    town.now += timedelta(days=1)
    step(town)
    assert alerts(town) == [("too_low", False)]
