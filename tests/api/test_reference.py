"""Reference sets over HTTP and by the client: given, changed, and what checks say."""

from __future__ import annotations

import json

from goldvein.client import GoldveinClient
from tests.api.world import World
from tests.services.checked import check_days, give_sample
from tests.services.town import task_input


def tasks(count: int) -> list[dict[str, object]]:
    return [{"unique_id": f"r{n}", "input": task_input(n, n % 4), "key": n % 4} for n in range(count)]


def test_a_sample_is_given_as_json_lines_and_csv(world: World) -> None:
    """The same three times: a version each time something changed; bad ones are named."""
    address = f"/v1/projects/{world.project}/reference"
    with world.client() as client:
        first = client.post(address, json={"tasks": tasks(4)})
        assert first.status_code == 201, first.text
        assert (first.json()["version"], first.json()["size"], first.json()["created"]) == (1, 4, 4)
        lines = "\n".join(json.dumps(one) for one in tasks(5)).encode()
        second = client.post(address, content=lines, headers={"Content-Type": "application/x-ndjson"})
        assert (second.json()["version"], second.json()["size"], second.json()["existing"]) == (2, 5, 4)
        rows = "unique_id,prompt,option_0,option_1,key\nr9,Which?,a,b,1\nr10,Which one?,a,b,7\n"
        third = client.post(address, content=rows, headers={"Content-Type": "text/csv"})
        assert third.status_code == 207, third.text
        assert (third.json()["version"], third.json()["size"]) == (3, 6)
        assert [error["code"] for error in third.json()["errors"]] == ["key_out_of_range"]
        refused = client.post(address, json={"tasks": [{"input": {"options": ["a"]}, "key": 0}]})
        assert refused.status_code == 422
        shown = client.get(address).json()
    assert (shown["version"], shown["size"], shown["runs"]) == (3, 6, [])
    assert shown["next_due"] is None, "the project is not open"


def test_the_client_gives_a_sample_and_reads_what_checks_say(world: World) -> None:
    """With the last check first; the report is as the service made it."""
    give_sample(world.db, world.other_project, 40)
    check_days(world.db, world.other_project, 3)
    with GoldveinClient(world.base, world.other_key) as client:
        found = client.reference(world.other_project, limit=2)
        pushed = client.push_reference(world.other_project, tasks(3), whole=True)
    assert [run.asked for run in found.runs] == [40, 40]
    assert found.runs[0].due > found.runs[1].due
    assert found.runs[0].report is not None
    assert found.runs[0].report["counted"] == found.runs[0].counted == 40
    assert (pushed.version, pushed.size) == (2, 3), "the whole set"
