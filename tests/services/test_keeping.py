"""Keeping: wrong keys are found by the crowd's answers, frozen or mended; worn benchmarks retire."""

from __future__ import annotations

from goldvein.decisions.upkeep import Freeze
from goldvein.services import benchmarks, curating, lifecycle, renewal
from goldvein.services.benchmarks import ManualBenchmark
from goldvein.services.keeping import BY_THE_CROWD, KEY_IN_DOUBT, Kept, carry_out, keep
from goldvein.services.views import View, Views
from goldvein.store.database import Database
from tests.services.town import Town, knows, task_input

POLICY = {"rate_ceiling": 0.9, "rate_floor": 0.5, "dismiss_at": 0.0, "max_held": 100, "open_at": 10}


IN_FORCE = """
SELECT b.task, v.key FROM benchmarks b
JOIN item_versions v ON v.project = b.project AND v.task = b.task AND v.version = b.item_version
WHERE b.state = 'active'
"""


def look(town: Town) -> Kept:
    """Look at the benchmarks of the town's project once."""
    return keep(town.db, Views(), view_of(town), town.now)


def view_of(town: Town) -> View:
    """The town's project as a process sees it that starts now."""
    with town.db.connection() as tx:
        return Views().refresh(tx)[town.project.id]


def town_with(db: Database, wrong: int, people: int = 24, **policy: float) -> Town:
    """Benchmarks by hand, the first so many of which have a wrong key, and honest people."""
    town = Town(db, {**POLICY, **policy})
    items = [ManualBenchmark(n, task_input(10**7 + n, n % 4), (n + (n < wrong)) % 4) for n in range(30)]
    assert not benchmarks.add_manual(db, town.project.id, items, town.now).errors
    town.push(2_000)
    for n in range(people):
        town.hire(f"good {n}", knows(0.92))
    return town


def test_wrong_keys_are_mended_and_right_ones_stay(db: Database) -> None:
    """Good people miss a benchmark together: it gets the key that they gave; the others are left alone."""
    town = town_with(db, wrong=3)
    for _ in range(40):
        town.round()
        look(town)
    keys = dict(town.rows(IN_FORCE))
    tasks = [row[0] for row in town.rows("SELECT task FROM benchmarks ORDER BY ordinal")]
    changed = town.rows("SELECT task, decision FROM log WHERE kind IN ('freeze', 'key') ORDER BY task")
    assert {task for task, _ in changed} == set(tasks[:3])
    assert {why for _, why in changed} <= {KEY_IN_DOUBT, BY_THE_CROWD}
    for place, task in enumerate(tasks):
        if task in keys:
            assert keys[task] == place % 4
    assert not town.proof()


def test_a_look_leaves_a_count_of_the_answers(db: Database) -> None:
    """By option, for lists: nobody has to count them there."""
    town = town_with(db, wrong=0)
    for _ in range(12):
        town.round()
        look(town)
    counted = [line for line in curating.page(db, 1) if line.choices]
    assert counted
    for line in counted:
        assert line.choices is not None
        assert line.exposures is not None
        assert len(line.choices) == 5
        assert sum(line.choices) <= line.exposures
    right = sum(line.choices[line.key] for line in counted if line.choices and line.key is not None)
    assert right / sum(sum(line.choices or ()) for line in counted) > 0.8


def mined_benchmark(town: Town) -> int:
    """Let a panel of trusted people make benchmarks of pushed tasks, until the project opens."""
    town.push(60)
    for n in range(5):
        town.hire(f"trusted {n}", knows(1.0), "trusted")
    town.run(40)
    return int(town.rows("SELECT task FROM benchmarks WHERE basis = 'panel' AND state = 'active'")[0][0])


def test_a_doubtful_key_is_frozen_flagged_and_its_label_taken_back(db: Database) -> None:
    """Where the crowd agrees on nothing an auditor is asked, and the task is answered anew."""
    town = Town(db, {**POLICY, "open_at": 4, "open_counterexamples": 0})
    task = mined_benchmark(town)
    assert town.rows(f"SELECT basis FROM labels WHERE task = {task}") == [("panel",)]
    for expected in (True, False):
        with db.transaction() as tx:
            assert carry_out(tx, view_of(town), task, Freeze(0.1, 2, 0.6), 14, town.now) is expected
    assert town.rows(f"SELECT state, flag FROM benchmarks WHERE task = {task}") == [("frozen", KEY_IN_DOUBT)]
    assert town.rows(f"SELECT state FROM tasks WHERE id = {task}") == [("queued",)]
    assert town.rows(f"SELECT withdrawn_at IS NULL FROM labels WHERE task = {task}") == [(False,)]
    waiting = f"SELECT count(*) FROM attempts WHERE task = {task} AND stage = 'label' AND state = 'open'"
    assert town.rows(waiting) == [(1,)]
    assert not town.proof()


def test_what_an_auditor_settled_is_not_doubted_for_the_same_answers(db: Database) -> None:
    """After a thaw the crowd is heard anew: what it said before was known to whoever confirmed the key."""
    town = town_with(db, wrong=1)
    task = int(town.rows("SELECT task FROM benchmarks ORDER BY ordinal LIMIT 1")[0][0])
    state = f"SELECT state FROM benchmarks WHERE task = {task}"
    for _ in range(12):
        town.round()
    for change in ("freeze", "thaw"):
        with db.transaction() as tx:
            if change == "freeze":
                assert lifecycle.freeze(tx, 1, task, KEY_IN_DOUBT, town.now)
            else:
                assert lifecycle.thaw(tx, view_of(town), task, town.now, reason="the key is right")
    answered = town.rows(f"SELECT count(*) FROM log WHERE task = {task} AND stage = 'benchmark'")[0][0]
    assert answered > 2
    town.wait(60)
    with db.transaction() as tx:
        tx.execute(f"UPDATE benchmarks SET looked_at = 0, exposures = 40 WHERE task = {task}".encode())
    look(town)
    assert town.rows(state) == [("active",)]


def test_worn_and_old_ones_retire(db: Database) -> None:
    """Budgets of exposure and age end service; the reason is kept, and what was answered stands."""
    town = town_with(db, wrong=0, people=2, exposure_budget=30, age_budget_seconds=1_000_000)
    with db.transaction() as tx:
        tx.execute(b"UPDATE benchmarks SET exposures = 31 WHERE ordinal = 3")
    kept = look(town)
    assert len(kept.retired) == 1
    assert town.rows("SELECT ordinal, reason FROM benchmarks WHERE state = 'retired'") == [(3, "exposed")]
    assert look(town).looked == 0
    town.wait(1_000_001)
    assert len(look(town).retired) == 29
    assert town.rows("SELECT DISTINCT reason FROM benchmarks WHERE ordinal <> 3") == [("old",)]


def test_nothing_is_due_where_nothing_happened(db: Database) -> None:
    """A project that has not opened, or whose benchmarks were not served, is left alone."""
    town = Town(db, POLICY)
    assert look(town) == Kept()
    town.open_by_hand(20)
    assert look(town) == Kept()


def test_old_benchmarks_make_room_for_those_of_newer_tasks(db: Database) -> None:
    """While newer tasks are pushed and supply is complete, the oldest mined ones retire; drift is told."""
    town = Town(db, {**POLICY, "open_at": 4, "open_counterexamples": 0, "fresh_seconds": 86_400})
    mined_benchmark(town)
    with db.connection() as tx:
        young = renewal.report(tx, view_of(town), town.now)
    assert young["recent"] == 1.0
    assert young["drift"]["p_value"] > 0.05
    assert renewal.renew(db, 1, town.now) == []
    town.wait(90_000)
    assert renewal.renew(db, 1, town.now) == []  # nothing was pushed since
    town.push(200, start=1_000_000)
    with db.transaction() as tx:
        tx.execute(b"UPDATE projects SET supply_target = 5, revision = revision + 1")
    with db.connection() as tx:
        aged = renewal.report(tx, view_of(town), town.now)
    assert aged["recent"] == 0.0
    assert aged["drift"]["feature"] == "prompt_characters"  # their numbers are longer
    before = town.rows("SELECT min(task) FROM benchmarks WHERE state = 'active'")[0][0]
    gone = renewal.renew(db, 1, town.now)
    assert before in gone
    assert town.rows("SELECT count(*) FROM benchmarks WHERE reason = 'renewed'") == [(len(gone),)]
    assert not town.proof()
