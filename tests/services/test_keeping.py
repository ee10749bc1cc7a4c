"""Keeping: wrong keys are found by the crowd's answers, frozen or mended; worn benchmarks retire."""

from __future__ import annotations

from goldvein.services import benchmarks
from goldvein.services.benchmarks import ManualBenchmark
from goldvein.services.keeping import BY_THE_CROWD, KEY_IN_DOUBT, Kept, keep
from goldvein.services.views import Views
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
    views = Views()
    with town.db.connection() as tx:
        view = views.refresh(tx)[town.project.id]
    return keep(town.db, views, view, town.now)


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
    for _ in range(24):
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
