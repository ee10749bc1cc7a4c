"""Events by cursor, long-poll and SSE, and the export: in order, each once, without holding anything."""

import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from goldvein.domain.records import TaskDraft
from goldvein.services import intake
from goldvein.store import labels, outbox
from goldvein.store.labels import NewLabel
from tests.api.world import World


def deliver(world: World, count: int) -> None:
    """Push tasks and deliver a label for each, as the services write them."""
    now = datetime.now(UTC)
    start = time.monotonic_ns()
    drafts = [
        TaskDraft(i, {"prompt": f"{start}-{i}", "options": ["a", "b"]}, f"u-{start}-{i}")
        for i in range(count)
    ]
    pushed = intake.push(world.db, world.project, drafts, None, now)
    rows = [
        NewLabel(world.project, one.id, {"choice": 0, "value": "a"}, "panel", 1, now, now)
        for one in pushed.tasks
    ]
    with world.db.transaction() as tx:
        ids = labels.insert_many(tx, rows)
        tasks: list[int | None] = [row.task for row in rows]
        outbox.insert_many(
            tx, [world.project] * count, ["label.created"] * count, tasks, list(ids), [None] * count, now
        )


def events(world: World, **params: float) -> dict[str, Any]:
    with world.client() as client:
        found: dict[str, Any] = client.get(f"/v1/projects/{world.project}/labels", params=params).json()
        return found


def end(world: World) -> int:
    cursor = 0
    while (page := events(world, after=cursor, limit=1000))["events"]:
        cursor = page["next"]
    return cursor


def sse(response: httpx.Response) -> Iterator[dict[str, str]]:
    """Read a stream as a browser would."""
    event: dict[str, str] = {}
    for line in response.iter_lines():
        if not line:
            if event:
                yield event
            event = {}
        elif not line.startswith(":"):
            name, _, value = line.partition(": ")
            event[name] = value


def test_pages_follow_each_other(world: World) -> None:
    """``next`` of one page is ``after`` of the next."""
    start = end(world)
    deliver(world, 5)
    first = events(world, after=start, limit=3)
    second = events(world, after=first["next"], limit=3)
    third = events(world, after=second["next"], limit=3)
    positions = [event["position"] for page in (first, second, third) for event in page["events"]]
    assert positions == list(range(start + 1, start + 6))
    assert third == {"events": [], "next": second["next"]}
    event = first["events"][0]
    assert event["event"] == "label.created"
    assert event["label"].keys() >= {"id", "task", "unique_id", "answer", "basis", "labeler", "confidence"}
    assert event["label"]["evidence"].keys() == {"p_benchmarks", "p_all", "benchmarks", "state", "policy"}


def test_a_long_poll_ends_with_the_first_event(world: World) -> None:
    """Soon after it is written, and with nothing when time is up."""
    start = end(world)
    begun = time.monotonic()
    assert events(world, after=start, wait=0.3)["events"] == []
    assert 0.25 < time.monotonic() - begun < 2
    timer = threading.Timer(0.3, deliver, (world, 1))
    timer.start()
    begun = time.monotonic()
    found = events(world, after=start, wait=20)
    assert len(found["events"]) == 1
    assert time.monotonic() - begun < 5
    timer.join()


def test_fifty_waiters_hold_no_connection(world: World) -> None:
    """They are more than the pool has, other requests pass, and all see the event."""
    start = end(world)
    found: list[int] = []
    waiters = [
        threading.Thread(target=lambda: found.append(len(events(world, after=start, wait=20)["events"])))
        for _ in range(50)
    ]
    for waiter in waiters:
        waiter.start()
    time.sleep(0.5)
    begun = time.monotonic()
    with world.client() as client:
        assert client.get("/v1/projects").status_code == 200
    assert time.monotonic() - begun < 2
    deliver(world, 1)
    for waiter in waiters:
        waiter.join()
    assert found == [1] * 50


def test_a_stream_ends_with_its_key_however_much_happens(world: World) -> None:
    """Events that follow each other closely leave no pause in which to ask: each is told after asking."""
    start, path = end(world), f"/v1/projects/{world.project}/labels/stream"
    with world.client("operator") as client:
        made = client.post("/v1/keys", json={"name": "short", "customer": world.customer}).json()
        headers = {"Authorization": f"Bearer {made['key']}"}
        with httpx.stream(
            "GET", world.base + path, params={"after": start}, headers=headers, timeout=30
        ) as response:
            stream = sse(response)
            deliver(world, 1)
            assert int(next(stream)["id"]) == start + 1
            assert client.delete(f"/v1/keys/{made['id']}").status_code == 204
            deliver(world, 1)
            assert list(stream) == []


def test_a_stream_goes_on_and_resumes(world: World) -> None:
    """What was there, what comes, and after a break exactly what was missed."""
    start = end(world)
    deliver(world, 2)
    path = f"/v1/projects/{world.project}/labels/stream"
    with world.client() as client, client.stream("GET", path, params={"after": start}) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        stream = sse(response)
        seen = [next(stream), next(stream)]
        deliver(world, 1)
        seen.append(next(stream))
    assert [int(event["id"]) for event in seen] == [start + 1, start + 2, start + 3]
    assert {event["event"] for event in seen} == {"label.created"}
    assert json.loads(seen[0]["data"])["position"] == start + 1
    deliver(world, 1)
    headers = {"Last-Event-ID": seen[1]["id"]}
    with world.client() as client, client.stream("GET", path, headers=headers) as response:
        stream = sse(response)
        assert [int(next(stream)["id"]) for _ in range(2)] == [start + 3, start + 4]


def test_the_export_has_each_current_label(world: World) -> None:
    """One a line, and all of them though they are more than a page."""
    deliver(world, 1_500)
    with world.client() as client:
        response = client.get(f"/v1/projects/{world.project}/labels/export", params={"format": "jsonl"})
    assert response.headers["content-type"].startswith("application/x-ndjson")
    ids = [json.loads(line)["id"] for line in response.text.splitlines()]
    assert len(ids) >= 1_500
    assert ids == sorted(set(ids))


@pytest.mark.parametrize("name", ["xml", "JSONL", ""])
def test_a_format_that_is_not_written_is_refused(world: World, name: str) -> None:
    """422 names those that are."""
    with world.client() as client:
        response = client.get(f"/v1/projects/{world.project}/labels/export", params={"format": name})
    assert response.status_code == 422
    problem = response.json()
    assert problem["code"] == "format_unsupported"
    assert problem["facts"]["supported"] == ["jsonl", "csv", "parquet", "trl", "openai", "label-studio"]


def test_a_batch_can_be_waited_for(world: World) -> None:
    """The call comes back when the batch is done, or when time is up."""
    with world.client() as client:
        base = f"/v1/projects/{world.project}"
        body = {"tasks": [{"input": {"prompt": "wait", "options": ["a", "b"]}}], "batch": "wait"}
        client.post(f"{base}/tasks", json=body)
        begun = time.monotonic()
        assert not client.get(f"{base}/batches/wait", params={"wait": 0.3}).json()["done"]
        assert time.monotonic() - begun >= 0.3
        timer = threading.Timer(
            0.3,
            httpx.post,
            (world.base + f"{base}/batches/wait/cancel",),
            {"headers": {"Authorization": f"Bearer {world.keys['customer']}"}},
        )
        timer.start()
        begun = time.monotonic()
        assert client.get(f"{base}/batches/wait", params={"wait": 30}).json()["done"]
        assert time.monotonic() - begun < 5
        timer.join()
