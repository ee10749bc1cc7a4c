"""Pushes: the good ones are kept, the bad ones are named, and nothing happens twice."""

import json
from typing import Any

import httpx
import pytest

from goldvein import wire
from tests.api.world import World


def task(number: object, **more: Any) -> dict[str, Any]:
    return {"input": {"prompt": f"task {number}", "options": ["a", "b"]}, **more}


def push(world: World, tasks: list[Any], **more: Any) -> httpx.Response:
    with world.client() as client:
        return client.post(f"/v1/projects/{world.project}/tasks", json={"tasks": tasks, **more})


def push_lines(world: World, lines: list[bytes], batch: str | None = None, **headers: str) -> httpx.Response:
    with world.client() as client:
        return client.post(
            f"/v1/projects/{world.project}/tasks",
            params={"batch": batch} if batch else {},
            content=b"\n".join(lines),
            headers={"Content-Type": "application/x-ndjson", **headers},
        )


def test_a_good_push_is_stored_whole(world: World) -> None:
    """201, and every task has an id and its place."""
    response = push(world, [task(i, unique_id=f"good-{i}") for i in range(3)], batch="good")
    assert response.status_code == 201
    pushed = response.json()
    assert (pushed["created"], pushed["existing"], pushed["refused"]) == (3, 0, 0)
    assert [one["index"] for one in pushed["tasks"]] == [0, 1, 2]
    with world.client() as client:
        found = client.get(f"/v1/projects/{world.project}/tasks/{pushed['tasks'][1]['id']}").json()
        progress = client.get(f"/v1/projects/{world.project}/batches/good").json()
    assert (found["unique_id"], found["batch"], found["state"]) == ("good-1", "good", "queued")
    assert (progress["total"], progress["queued"], progress["done"]) == (3, 3, False)


def test_bad_items_do_not_take_the_others_with_them(world: World) -> None:
    """207: each bad item by index, code and pointer, whichever room found it."""
    bad: list[Any] = [
        7,
        {"inputs": {}},
        {"input": {"options": ["only one"]}},
        {"input": {"options": ["a", "a"]}},
        task("priority", priority="high"),
        task("late", deadline="2001-01-01T00:00:00Z"),
        task("no zone", deadline="2101-01-01T00:00:00"),
    ]
    response = push(world, [task("before"), *bad, task("after")])
    assert response.status_code == 207
    pushed = response.json()
    assert [one["index"] for one in pushed["tasks"]] == [0, 8]
    assert [one["index"] for one in pushed["errors"]] == list(range(1, 8))
    for error in pushed["errors"]:
        assert error["code"]
        assert error["pointer"].startswith(f"/tasks/{error['index']}")
    assert pushed["errors"][4]["pointer"] == "/tasks/5/priority"


def test_a_push_of_bad_items_only_is_an_error(world: World) -> None:
    """422 with all of them listed; a single one speaks for itself."""
    problem = push(world, [1, 2]).json()
    assert (problem["status"], problem["code"], len(problem["errors"])) == (422, "all_refused", 2)
    problem = push(world, [{"input": {"options": ["a"]}}]).json()
    assert (problem["status"], problem["code"]) == (422, "options_count")


def test_the_same_task_again_is_no_error(world: World) -> None:
    """A push may be repeated at any time."""
    tasks = [task("same", unique_id="same"), task("same 2", unique_id="same-2")]
    first, again = push(world, tasks).json(), push(world, tasks).json()
    assert (first["created"], again["created"], again["existing"]) == (2, 0, 2)
    assert [one["id"] for one in first["tasks"]] == [one["id"] for one in again["tasks"]]


def test_a_unique_id_names_one_task_for_ever(world: World) -> None:
    """Another content under it: 409 alone, an item's error among others, and the existing task is named."""
    (first,) = push(world, [task("one", unique_id="taken")]).json()["tasks"]
    response = push(world, [task("two", unique_id="taken")])
    assert response.status_code == 409
    problem = response.json()
    assert problem["code"] == "duplicate_unique_id"
    assert first["id"] in problem["facts"].values()
    response = push(world, [task("two", unique_id="taken"), task("three")])
    assert response.status_code == 207
    (error,) = response.json()["errors"]
    assert (error["code"], error["index"]) == ("duplicate_unique_id", 0)
    assert first["id"] in error["facts"].values()


def test_lines_are_taken_one_by_one(world: World) -> None:
    """NDJSON: bad lines are named by their number, blank ones do not count."""
    lines = [json.dumps(task(f"line {i}", unique_id=f"line-{i}")).encode() for i in range(2_500)]
    lines[7] = b"{broken"
    lines[1_700] = b'{"input": {}, "surprise": 1}'
    lines[2_400] = b'{"input": {"options": ["a", "b"], "prompt": "' + b"x" * 1_000_000 + b'"}}'
    response = push_lines(world, [lines[0], b"", b"  ", *lines[1:], b""], batch="lines")
    assert response.status_code == 207
    pushed = response.json()
    assert (pushed["batch"], pushed["created"], pushed["refused"]) == ("lines", 2_497, 3)
    found = [(error["index"], error["code"]) for error in pushed["errors"]]
    assert found == [(7, "malformed_json"), (1_700, "invalid_input"), (2_400, "line_too_long")]
    again = push_lines(world, [line for i, line in enumerate(lines) if i not in {7, 1_700, 2_400}])
    assert (again.status_code, again.json()["existing"]) == (201, 2_497)


def test_no_lines_are_an_error(world: World) -> None:
    """An empty body is most often a bug of the sender."""
    assert push_lines(world, [b"", b" "]).json()["code"] == "push_empty"
    assert push(world, []).json()["code"] == "invalid_input"


def test_a_json_push_has_a_largest_size(world: World) -> None:
    """10,000 tasks; more go as lines or in several pushes."""
    response = push(world, [task(i) for i in range(wire.MAX_PUSH + 1)])
    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == "/tasks"


def test_lines_with_an_idempotency_key(world: World) -> None:
    """A streamed body is recognised by every byte of it."""
    lines = [json.dumps(task(f"keyed {i}")).encode() for i in range(1_200)]
    key = {"Idempotency-Key": "stream-1"}
    first, again = push_lines(world, lines, **key), push_lines(world, lines, **key)
    assert first.status_code == again.status_code == 201
    assert first.content == again.content
    assert again.headers["Idempotency-Replayed"] == "true"
    other = push_lines(world, [*lines, b"{}"], **key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


def test_tasks_and_batches_can_be_taken_back(world: World) -> None:
    """Cancelled tasks stay to be read."""
    pushed = push(world, [task(f"cancel {i}") for i in range(3)], batch="cancel").json()
    with world.client() as client:
        base = f"/v1/projects/{world.project}"
        gone = client.post(f"{base}/tasks/{pushed['tasks'][0]['id']}/cancel")
        assert (gone.status_code, gone.json()["state"]) == (200, "cancelled")
        progress = client.post(f"{base}/batches/cancel/cancel").json()
        assert (progress["cancelled"], progress["queued"]) == (3, 0)
        assert client.get(f"{base}/batches/cancel", params={"wait": 20}).json()["done"]


@pytest.mark.parametrize("key", [0, 1])
def test_benchmarks_by_hand(world: World, key: int) -> None:
    """They answer like a push; a key out of range is the item's error."""
    with world.client() as client:
        path = f"/v1/projects/{world.project}/benchmarks"
        items = [{**task(f"gold {key}"), "key": key}, {**task(f"gold x{key}"), "key": 2}, {**task("no key")}]
        response = client.post(path, json={"benchmarks": items})
    assert response.status_code == 207
    assert [one["index"] for one in response.json()["tasks"]] == [0]
    assert [one["index"] for one in response.json()["errors"]] == [1, 2]
