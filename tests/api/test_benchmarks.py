"""Benchmarks over HTTP: every format, lists and changes, the auditors' queue, copies of projects."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from goldvein.api import benchmarks as api
from goldvein.api import lines as streamed
from goldvein.services import lifecycle
from tests.api.world import World

NDJSON = {"Content-Type": "application/x-ndjson"}
CSV = {"Content-Type": "text/csv; charset=utf-8"}
OPTIONS = ["gold", "dust", "mud"]


def make(world: World, **more: Any) -> int:
    with world.client() as client:
        made = client.post("/v1/projects", json={"name": "p", "instruction": "Pick.", **more})
    assert made.status_code == 201, made.text
    return int(made.json()["id"])


def item(number: int, key: int = 0, **more: Any) -> dict[str, Any]:
    return {"input": {"prompt": f"p{number}", "options": OPTIONS}, "key": key, **more}


def send(
    world: World, project: int, content: bytes, headers: dict[str, str], **params: str
) -> httpx.Response:
    with world.client() as client:
        path = f"/v1/projects/{project}/benchmarks"
        return client.post(path, content=content, headers=headers, params=params)


def lines(*items: dict[str, Any]) -> bytes:
    return b"\n".join(json.dumps(one).encode() for one in items)


def counts(response: httpx.Response) -> tuple[int, int, int, int]:
    found = response.json()
    return response.status_code, found["created"], found["existing"], found["refused"]


def test_lines_are_streamed_in_parts(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Good ones are kept and bad ones named; sent again, the good ones are there already."""
    monkeypatch.setattr(streamed, "CHUNK", 3)
    project = make(world)
    content = lines(*[item(n) for n in range(5)], {"input": {}}, item(9, 7)) + b"\n\nnot json\n"
    first = send(world, project, content, NDJSON)
    assert counts(first) == (207, 5, 0, 3)
    assert [(one["index"], one["code"]) for one in first.json()["errors"]] == [
        (5, "options_missing"), (6, "key_out_of_range"), (7, "malformed_json"),
    ]  # fmt: skip
    assert counts(send(world, project, content, NDJSON)) == (207, 0, 5, 3)
    assert send(world, project, b"\n \n", NDJSON).json()["code"] == "push_empty"


def test_csv_is_read_in_parts(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """With texts in quotes, and a key by its text."""
    monkeypatch.setattr(api, "CHUNK", 2)
    project = make(world)
    rows = "".join(f'c{n},"p, {n}",gold,dust,{"gold" if n else "gravel"}\n' for n in range(5))
    content = ("unique_id,prompt,option_0,option_1,key_value\n" + rows).encode()
    response = send(world, project, content, CSV)
    assert counts(response) == (207, 4, 0, 1)
    assert response.json()["errors"][0]["code"] == "key_value_unknown"
    refused = send(world, project, b"prompt,kee\n1,2\n", CSV)
    assert (refused.status_code, refused.json()["code"]) == (422, "csv_header")
    with world.client() as client:
        path = f"/v1/projects/{project}/tasks"
        assert client.post(path, content=content, headers=CSV).json()["code"] == "csv_header"


def test_label_studio_is_read_by_its_name(world: World) -> None:
    """An export as it is, to a project with classes; the ids make it safe to send again."""
    project = make(world, classes=["spam", "ham"])
    result = [{"type": "choices", "value": {"choices": ["ham"]}}]
    tasks = [
        {"id": n, "data": {"text": f"mail {n}"}, "annotations": [{"ground_truth": n != 2, "result": result}]}
        for n in range(4)
    ]
    content = json.dumps(tasks).encode()
    headers = {"Content-Type": "application/json"}
    response = send(world, project, content, headers, format="label-studio")
    assert counts(response) == (207, 3, 0, 1)
    assert response.json()["errors"][0]["code"] == "ground_truth_missing"
    assert response.json()["tasks"][0]["unique_id"] == "label-studio-0"
    assert counts(send(world, project, content, headers, format="label-studio")) == (207, 0, 3, 1)
    assert send(world, project, content, headers).status_code == 422
    assert send(world, project, b"{}", headers, format="label-studio").json()["code"] == "label_studio_file"
    assert send(world, project, content, headers, format="excel").json()["code"] == "invalid_parameter"


@pytest.fixture(scope="module")
def stocked(world: World) -> int:
    """A project with ten benchmarks."""
    project = make(world)
    assert counts(send(world, project, lines(*[item(n, n % 3) for n in range(10)]), NDJSON))[1] == 10
    return project


def ids(world: World, project: int, **params: Any) -> list[int]:
    with world.client() as client:
        found = client.get(f"/v1/projects/{project}/benchmarks", params=params).json()
    return [one["task"] for one in found["benchmarks"]]


def test_pages_by_cursor_and_filter(world: World, stocked: int) -> None:
    """Each once, `next` null at the end; what no filter takes is refused."""
    path = f"/v1/projects/{stocked}/benchmarks"
    seen: list[int] = []
    with world.client("auditor") as client:
        after: int | None = 0
        while after is not None:
            page = client.get(path, params={"after": after, "limit": 4}).json()
            seen += [one["task"] for one in page["benchmarks"]]
            after = page["next"]
        assert len(seen) == len(set(seen)) == 10
        for bad in (
            {"state": "asleep"},
            {"basis": "luck"},
            {"limit": 0},
            {"after": -1},
            {"flagged": "maybe"},
        ):
            assert client.get(path, params=bad).status_code == 422
    assert ids(world, stocked, state="active") == seen
    assert ids(world, stocked, basis="panel") == []


def test_one_is_read_and_changed(world: World, stocked: int) -> None:
    """Another key, an action, and never both or none; the life tells it."""
    task = ids(world, stocked)[0]
    path = f"/v1/projects/{stocked}/benchmarks/{task}"
    with world.client() as client:
        found = client.get(path).json()
        assert (found["key"], found["choices"], found["input"]["options"]) == (0, [0, 0, 0], OPTIONS)
        changed = client.patch(path, json={"key": 2, "key_right": 0.9, "reason": "slip"}).json()
        assert (changed["key"], changed["key_right"]) == (2, 0.9)
        assert [(one["step"], one["detail"].get("why")) for one in changed["life"]] == [
            ("promote", "manual"), ("key", "slip"),
        ]  # fmt: skip
        assert [one["key"] for one in changed["versions"]] == [0, 2]
        assert client.patch(path, json={"action": "freeze"}).json()["state"] == "frozen"
        again = client.patch(path, json={"action": "freeze"})
        assert (again.status_code, again.json()["code"]) == (409, "benchmark_state")
        assert client.patch(path, json={"action": "confirm"}).json()["state"] == "active"
        for bad in ({}, {"key": 1, "action": "retire"}, {"action": "retire", "key_right": 0.9}):
            assert client.patch(path, json=bad).json()["code"] == "change_ambiguous"
        assert client.patch(path, json={"key": 3}).json()["code"] == "key_out_of_range"
        assert client.get(path.replace(str(task), "999999")).json()["code"] == "benchmark_unknown"


def test_many_retire(world: World) -> None:
    """By name or by filter; without either nothing happens."""
    project = make(world)
    send(world, project, lines(*[item(n) for n in range(5)]), NDJSON)
    tasks = ids(world, project)
    path = f"/v1/projects/{project}/benchmarks/retire"
    with world.client() as client:
        assert client.post(path, json={}).json()["code"] == "retirement_ambiguous"
        assert client.post(path, json={"tasks": tasks[:2]}).json() == {"retired": tasks[:2], "more": False}
        assert client.post(path, json={"filter": {"basis": "panel"}}).json()["retired"] == []
        assert client.post(path, json={"filter": {}, "reason": "done"}).json()["retired"] == tasks[2:]
    assert ids(world, project, state="retired") == tasks


def test_auditors_judge_blindly(world: World) -> None:
    """The queue shows content alone; the verdict tells what was hidden."""
    project = make(world)
    send(world, project, lines(item(1, 1), item(2, 1), item(3, 1)), NDJSON)
    tasks = ids(world, project)
    with world.db.transaction() as tx:
        for task in tasks:
            lifecycle.flag(tx, project, task, "the crowd picks 2", datetime.now(UTC))
    with world.client("auditor") as client:
        page = client.get("/v1/audit/benchmarks", params={"project": project, "limit": 2}).json()
        assert [one["task"] for one in page["items"]] == tasks[:2]
        assert "key" not in json.dumps(page)
        assert "picks" not in json.dumps(page)
        rest = client.get("/v1/audit/benchmarks", params={"project": project, "after": page["next"]}).json()
        assert ([one["task"] for one in rest["items"]], rest["next"]) == (tasks[2:], None)
        assert client.get("/v1/audit/benchmarks", params={"after": "x~1~1"}).status_code == 422
        base = f"/v1/audit/benchmarks/{project}"
        shown = client.post(f"{base}/{tasks[0]}/claim").json()
        assert shown["claimed_until"]
        answer = {"answer": {"choice": shown["input"]["options"].index("mud")}, "comment": "plainly mud"}
        found = client.post(f"{base}/{tasks[0]}/answer", json=answer).json()
        assert (found["verdict"], found["choice"], found["key_before"]) == ("rekeyed", 2, 1)
        assert found["flag"] == "the crowd picks 2"
        found = client.post(f"{base}/{tasks[1]}/answer", json={"unclear": True}).json()
        assert (found["verdict"], found["state"], found["key_right"]) == ("ambiguous", "retired", None)
        for bad in ({}, {"unclear": True, "answer": {"choice": 1}}, {"answer": {"choose": 1}}):
            refused = client.post(f"{base}/{tasks[2]}/answer", json=bad)
            assert refused.json()["code"] == "answer_invalid"
        assert client.post(f"{base}/{tasks[0]}/claim").status_code == 404
    with world.client("operator") as client:
        assert len(client.get("/v1/audit/benchmarks", params={"project": project}).json()["items"]) == 1


def test_auditors_take_one_after_the_other(world: World) -> None:
    """Claimed at once, given back and passed over by its place, commented once all is known."""
    project = make(world)
    send(world, project, lines(item(1, 1), item(2, 1)), NDJSON)
    tasks = ids(world, project)
    with world.db.transaction() as tx:
        for task in tasks:
            lifecycle.flag(tx, project, task, "odd", datetime.now(UTC))
    path = "/v1/audit/benchmarks"
    with world.client("auditor") as client:
        first = client.post(f"{path}/next", json={"project": project}).json()
        assert (first["task"], "key" in first) == (tasks[0], False)
        assert client.post(f"{path}/{project}/{tasks[0]}/release").status_code == 204
        asked = {"project": project, "after": first["place"]}
        second = client.post(f"{path}/next", json=asked).json()
        assert second["task"] == tasks[1]
        last = client.post(f"{path}/next", json={"project": project, "after": second["place"]})
        assert (last.status_code, last.content) == (204, b"")
        assert client.post(f"{path}/next", json={"after": "x"}).json()["code"] == "invalid_parameter"
        one = f"/v1/projects/{project}/benchmarks/{tasks[1]}"
        assert client.get(one).json()["code"] == "benchmark_in_doubt"
        assert client.patch(one, json={"action": "retire"}).json()["code"] == "benchmark_in_doubt"
        comment = {"comment": "two are alike"}
        assert client.post(f"{path}/{project}/{tasks[1]}/comment", json=comment).status_code == 404
        found = client.post(f"{path}/{project}/{tasks[1]}/answer", json={"unclear": True}).json()
        assert (sorted(found["shown"]), found["panel"], found["disputes"]) == ([0, 1, 2], [], [])
        assert client.post(f"{path}/{project}/{tasks[1]}/comment", json=comment).status_code == 204
        told = client.get(one).json()
        assert told["life"][-1]["detail"] == {"why": "comment", "comment": "two are alike"}
    with world.client() as client:
        assert client.get(f"/v1/projects/{project}/benchmarks/{tasks[0]}").json()["flag"] == "odd"


def test_a_project_is_copied(world: World, stocked: int) -> None:
    """As the original is, and with its benchmarks if wanted; not a stranger's."""
    body: dict[str, Any] = {"name": "again", "copy_of": stocked, "carry_benchmarks": True}
    with world.client() as client:
        made = client.post("/v1/projects", json=body).json()
        assert (made["copy_of"], made["instruction"]) == (stocked, "Pick.")
        assert made["carried"] == len(ids(world, stocked, state="active"))
        other = client.post("/v1/projects", json={**body, "instruction": "Pick another."})
        assert other.json()["code"] == "instruction_differs"
        assert client.post("/v1/projects", json={**body, "copy_of": world.other_project}).status_code == 404
        for missing in ({"name": "n"}, {"name": "n", "instruction": "i", "carry_benchmarks": True}):
            assert client.post("/v1/projects", json=missing).status_code == 422
    line = ids(world, made["id"], basis="reused")
    with world.client() as client:
        found = client.get(f"/v1/projects/{made['id']}/benchmarks/{line[0]}").json()
    assert found["source_project"] == stocked
