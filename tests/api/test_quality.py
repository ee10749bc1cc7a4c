"""The quality report, as customers and operators get it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from goldvein.services import benchmarks
from goldvein.services.benchmarks import ManualBenchmark
from goldvein.store import projects
from goldvein.store.labels import pseudonym
from tests.api.world import World
from tests.services.town import task_input


def people(world: World, role: str) -> list[dict[str, Any]]:
    with world.client(role) as client:
        answer = client.get(f"/v1/projects/{world.project}/quality")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["labelers"]
    return found


def test_only_operators_learn_who_a_labeler_is(world: World) -> None:
    """A standing's certainty stands in its labels too: by it a customer could tell whose they are."""
    items = [ManualBenchmark(n, task_input(n, n % 4), n % 4) for n in range(40)]
    assert not benchmarks.add_manual(world.db, world.project, items, datetime.now(UTC)).errors
    with world.client("labeler") as client:
        assert client.post("/v1/work/next", json={}).status_code == 200
    (named,) = people(world, "operator")
    (disguised,) = people(world, "customer")
    assert named["name"] == "a labeler"
    with world.db.connection() as tx:
        known_as = pseudonym(projects.lease_key(tx), world.project, named["labeler"])
    assert disguised == {**named, "labeler": known_as, "name": None}
