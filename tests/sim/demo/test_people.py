"""The people of the demonstration: all kinds, and who is dismissed comes back as somebody else."""

import asyncio
from collections import Counter

import numpy as np

from goldvein.services import keys
from goldvein.sim.demo.people import KINDS, Town, demo_crowd
from goldvein.sim.population import Knowledge, answering
from goldvein.store.database import Database


def test_a_crowd_has_all_kinds() -> None:
    """Three hundred people: every kind is there, twenty and one are trusted, a third is bad."""
    crowd = demo_crowd(np.random.default_rng(1), 300)
    kinds = Counter(person.kind for person in crowd)

    assert len(crowd) == len({person.name for person in crowd}) == 300
    assert len(kinds) == len(KINDS) + 1
    assert kinds["trusted"] == 21
    assert 0.25 < sum(not person.behaviour.is_good(0) for person in crowd) / 300 < 0.35


def test_a_task_that_a_visitor_pushes_is_answered() -> None:
    """People of all kinds answer what no author told them of, and most agree, however it is shown."""
    crowd, rng = demo_crowd(np.random.default_rng(1), 300), np.random.default_rng(3)
    said: Counter[str] = Counter()
    for person in crowd:
        options = list(rng.permutation(["blue", "red", "green"]))
        choice = answering(person, Knowledge(), rng)({"prompt": "Which colour?", "options": options})[
            "choice"
        ]
        said[options[choice]] += 1
    assert said.most_common(1)[0][0] == "blue"
    assert said["blue"] > 0.6 * len(crowd)


def test_who_is_dismissed_comes_back_under_another_name(db: Database) -> None:
    """A new account with a key that works, for the same kind of person, time after time."""
    rng = np.random.default_rng(2)
    crowd = demo_crowd(rng, 20)
    town = Town(db, crowd, Knowledge(), rng, think=1.0, arrive_within=5.0, away=5.0)
    bad = next(place for place, person in enumerate(crowd) if person.kind == "random")

    async def twice() -> None:
        for _ in range(2):
            come_back = town.people[-1 if len(town.people) > len(crowd) else bad].comes_back
            assert come_back is not None
            await come_back()

    asyncio.run(twice())

    assert [person.name for person in town.accounts[20:]] == ["random-1.2", "random-1.3"]
    assert [person.kind for person in town.accounts[20:]] == ["random", "random"]
    assert keys.authenticate(db, town.people[-1].key).role == "labeler"
