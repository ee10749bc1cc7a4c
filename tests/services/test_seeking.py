"""Mining on a living project seeks tasks on which a shortcut that passes its benchmarks is wrong."""

from typing import Any

import numpy as np
import pytest

from goldvein.domain.records import TaskDraft
from goldvein.services import benchmarks, intake
from goldvein.services.benchmarks import ManualBenchmark
from goldvein.services.views import Views
from goldvein.store.database import Database
from tests.services.test_model_versions import lead
from tests.services.town import Town, knows

LEANS = {"longest": 17.0, "most politeness": 27.0}
"""Odds of an option that is right in 85%, and of one that is right in 90%, of four."""


def long_input(number: int) -> tuple[dict[str, Any], int]:
    """A task and its key; the longest option is right in 85%, the most polite one in 90%."""
    rng = np.random.default_rng(number)
    key, other, third = rng.permutation(4)[:3].tolist()
    longest = key if rng.random() < 0.85 else other
    polite = key if rng.random() < 0.90 else third
    options = [
        f"{'right' if k == key else 'wrong'} {number:08}-{k} {'please' if k == polite else 'xlease'}"
        + " and more of it" * (k == longest)
        for k in range(4)
    ]
    return {"prompt": f"task {number}", "number": number, "options": options}, key


def is_counter_example(task: dict[str, Any]) -> bool:
    """Whether the longest option is wrong."""
    return not max(task["options"], key=len).startswith("right")


def pass_share(town: Town) -> float:
    """Share of the benchmarks that the longest option passes."""
    with town.db.connection() as tx:
        return Views().refresh(tx)[1].pass_shares["longest"]


class LongTown(Town):
    """A town in which the longest option is mostly right."""

    def push(self, count: int, start: int = 0, **more: Any) -> None:
        drafts = [TaskDraft(n, long_input(start + n)[0], **more) for n in range(count)]
        assert not intake.push(self.db, self.project.id, drafts, None, self.now).errors

    def open_by_hand(self, count: int = 40) -> None:
        items = [ManualBenchmark(n, *long_input(10**7 + n)) for n in range(count)]
        assert not benchmarks.add_manual(self.db, self.project.id, items, self.now).errors


def candidates(town: Town) -> list[dict[str, Any]]:
    """What was mined of the queue, by the order of the queue."""
    rows = town.rows(
        "SELECT input FROM benchmarks JOIN task_inputs USING (project, task) "
        "WHERE (input ->> 'number')::integer < 10000000 ORDER BY task"
    )
    return [row[0] for row in rows]


def test_counter_examples_are_mined_far_more_often_than_they_wait(db: Database) -> None:
    """The longest option passes 85% of the benchmarks, so tasks on which it is wrong are sought."""
    town = LongTown(db, {"supply_headroom": 9.0})
    town.open_by_hand()
    town.push(900)
    lead(town, ("longest", "shortest", "most politeness"), leans=LEANS)
    before = pass_share(town)
    for n in range(4):
        town.hire(f"trusted {n}", knows(0.97), "trusted")
        town.hire(f"good {n}", knows(0.95))
    town.run(80)
    waiting = np.mean([is_counter_example(long_input(n)[0]) for n in range(900)])
    found = [is_counter_example(task) for task in candidates(town)]

    assert len(found) > 60
    assert waiting == pytest.approx(0.15, abs=0.01)
    assert np.mean(found) > 1.6 * waiting
    assert pass_share(town) < before - 0.03
    assert town.proof() == []


def test_mining_for_opening_takes_the_queue_as_it_comes(db: Database) -> None:
    """Without a model, and so without pass shares, nothing is preferred."""
    town = LongTown(db)
    town.push(100)
    for n in range(4):
        town.hire(f"trusted {n}", knows(1.0), "trusted")
    town.run(12)
    numbers = [task["number"] for task in candidates(town)]

    assert len(numbers) >= 8
    assert numbers == list(range(len(numbers)))
