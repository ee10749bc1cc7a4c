"""``goldvein admin projects estimate``: what an operator is told."""

import json

from goldvein.store.database import Database
from tests.cli.conftest import Run
from tests.services.town import Town, knows


def test_estimate_says_what_was_learned_or_why_nothing_was(on_database: Run, database_url: str) -> None:
    """A young project keeps its model, with the reason; a busy one gets another, with what changed."""
    with Database(database_url, pool_size=2) as db:
        town = Town(db, {"rate_ceiling": 0.6, "rate_floor": 0.5})
        refused = on_database("admin", "projects", "estimate", "1", code=1)
        assert "has not opened" in refused.output
        town.open_by_hand(40)
        town.push(900)
        for n in range(12):
            town.hire(f"one {n}", knows(0.9))
        town.run(2)
        kept = on_database("admin", "projects", "estimate", "1")
        assert "keeps its model" in kept.output
        while town.rows("SELECT count(*) FROM log WHERE stage = 'benchmark'")[0][0] < 320:
            town.run(10)
        told = on_database("admin", "projects", "estimate", "1")
        assert "model version 2" in told.output
        assert "hazard" in told.output
        again = json.loads(on_database("admin", "projects", "estimate", "1", "--json", "-").output)
        assert again["model_version"] is None
        assert "since the last estimation" in again["why"]
