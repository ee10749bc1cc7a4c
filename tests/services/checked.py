"""A project with a history of reference checks, written down as runs leave it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np

from goldvein.services import checking, references
from goldvein.services.benchmarks import ManualBenchmark
from goldvein.stats.arrays import Array
from goldvein.store import references as stored
from goldvein.store.database import Database
from tests.services.town import task_input

BEGIN = datetime(2026, 3, 2, 1, tzinfo=UTC)
PEOPLE = 50
Days = Callable[[int, Array, np.random.Generator], Array]
"""What is answered on a day, given P(right) of each task: the option of each task; the key is its number
modulo 4."""


def usual(_: int, right: Array, rng: np.random.Generator) -> Array:
    """As ever."""
    return np.where(rng.random(len(right)) < right, 0, rng.integers(1, 4, len(right)))


def give_sample(db: Database, project: int, tasks: int) -> None:
    """A reference set whose keys go round the positions."""
    items = [
        ManualBenchmark(n, task_input(9 * 10**6 + n, n % 4), n % 4, unique_id=f"ref-{n}")
        for n in range(tasks)
    ]
    references.push(db, project, items, BEGIN)


def check_days(db: Database, project: int, days: int, answer: Days = usual, *, seed: int = 1) -> None:
    """Let so many days be checked: each is begun, answered, ended and reckoned."""
    rng = np.random.default_rng(seed)
    with db.connection() as tx:
        version = stored.latest_set(tx, project)
        assert version is not None
        items = stored.items(tx, project, version.version)
    right = np.clip(rng.beta(1.8, 0.2, len(items)), 0.05, 0.98)
    for day in range(days):
        now = BEGIN + timedelta(days=day)
        turned = answer(day, right, rng)
        choices = [(item.key + int(turn)) % 4 for item, turn in zip(items, turned, strict=True)]
        labelers = rng.integers(1, PEOPLE, len(items)).tolist()
        with db.transaction() as tx:
            assert stored.begin_run(tx, project, now.date(), version.version, len(items), now)
            tx.cursor().executemany(
                b"INSERT INTO reference_answers VALUES (%s, %s, %s, %s, %s, %s, true, %s)",
                [
                    (
                        project,
                        now.date(),
                        day * 10**5 + place,
                        item.task,
                        labelers[place],
                        choices[place],
                        now,
                    )
                    for place, item in enumerate(items)
                ],
            )
            stored.end_run(tx, project, now.date(), now + timedelta(hours=2))
        checking.step(db, project, now + timedelta(hours=3))
