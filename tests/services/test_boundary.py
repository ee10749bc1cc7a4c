"""The boundary queue: everybody whom benchmarks leave open, with what else the answers may mean."""

from __future__ import annotations

import numpy as np

from goldvein.services import boundary
from goldvein.services.boundary import cases, rivals
from goldvein.stats.states import make_space
from goldvein.store.database import Database
from tests.services.town import Town, guesses, knows


def test_everybody_at_the_boundary_is_listed_once(db: Database) -> None:
    """Page by page, of all projects or one, and nobody else."""
    town = Town(db, {"open_at": 20})
    town.open_by_hand()
    town.push(100)
    for n in range(6):
        town.hire(f"person {n}", knows(0.8) if n else guesses)
    town.run(15)
    with db.connection() as tx:
        tx.execute(b"UPDATE standings SET state = 'boundary' WHERE labeler <= 4")
    listed: list[int] = []
    while page := cases(db, after=(1, listed[-1] if listed else 0), limit=3):
        listed += [case.standing.labeler for case in page]
    assert listed == [1, 2, 3, 4]
    first = cases(db, project=1)[0]
    assert first.standing.name == "person 0"
    assert all(p >= boundary.WORTH_SAYING for _, p in first.rivals)
    assert cases(db, project=2) == []
    for project in (None, 1):  # an auditor who works reads the others': one's own would tell each benchmark
        assert [case.standing.labeler for case in cases(db, project=project, own=3)] == [1, 2, 4]


def test_rivals_are_said_in_words_and_by_their_probability() -> None:
    """Less able than the bar, or by a rule; what is hardly possible is left out."""
    space = make_space(0.0)
    states = np.zeros(space.size)
    states[space.n_abilities - 1], states[0] = 0.4, 0.2
    states[space.state_of("longest")], states[space.state_of("random")] = 0.3, 0.08
    states[space.state_of("first")] = 0.02
    said = rivals(np.stack([states, states]).tobytes(), space)
    assert said == [
        ("goes by the rule \u201clongest\u201d", 0.3),
        ("tries, but is less able than the bar asks", 0.2),
        ("guesses", 0.08),
    ]
