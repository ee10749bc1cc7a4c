"""A label that is taken back shows on every road by which labels reach the customer."""

from __future__ import annotations

import json
import threading
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from goldvein.client import GoldveinClient
from goldvein.services.withdrawing import Withdrawal, withdraw_labels
from goldvein.store import attempts, labels, tasks
from tests.api.test_events import deliver, end, events, sse
from tests.api.world import World


@pytest.fixture
def delivered(world: World) -> tuple[int, int]:
    """A task with its label, as a gate delivered it: the ids of both."""
    deliver(world, 1)
    with world.db.transaction() as tx:
        (row,) = tx.execute("SELECT max(task), max(id) FROM labels").fetchall()
        task, label = row
        left = attempts.lock_of_tasks(tx, world.project, [task])
        attempts.end(tx, {(world.project, attempt.id): "closed" for attempt in left})
        tasks.finish(tx, {(world.project, task): "labelled"}, datetime.now(UTC))
    return task, label


def withdraw(world: World, task: int, label: int) -> None:
    with world.db.transaction() as tx:
        gone = withdraw_labels(tx, world.project, [Withdrawal(label, task)], "for a test", datetime.now(UTC))
    assert gone == [label]


def test_the_cursor_tells_of_it_after_the_label(world: World, delivered: tuple[int, int]) -> None:
    """Whoever had read the label gets the withdrawal next; whoever reads the old event sees it there, too."""
    task, label = delivered
    cursor = end(world)
    withdraw(world, task, label)
    page = events(world, after=cursor)
    assert [(event["event"], event["label"]["id"]) for event in page["events"]] == [
        ("label.withdrawn", label)
    ]
    assert page["events"][0]["label"]["withdrawn_at"] is not None
    (old,) = events(world, after=cursor - 1, limit=1)["events"]
    assert old["event"] == "label.created"
    assert old["label"]["withdrawn_at"] == page["events"][0]["label"]["withdrawn_at"]


def test_a_waiting_reader_wakes_for_it(world: World, delivered: tuple[int, int]) -> None:
    """Long-poll answers when a label is taken back, not when the time is up."""
    cursor, got, began = end(world), [], time.monotonic()
    reader = threading.Thread(target=lambda: got.append(events(world, after=cursor, wait=20)))
    reader.start()
    time.sleep(0.3)
    withdraw(world, *delivered)
    reader.join()
    assert time.monotonic() - began < 10
    assert [event["event"] for event in got[0]["events"]] == ["label.withdrawn"]


def test_a_stream_tells_of_it(world: World, delivered: tuple[int, int]) -> None:
    """SSE names the event and carries the label."""
    cursor = end(world)
    withdraw(world, *delivered)
    path = f"/v1/projects/{world.project}/labels/stream"
    with world.client() as client, client.stream("GET", path, params={"after": cursor}) as response:
        event = next(sse(response))
    assert event["event"] == "label.withdrawn"
    assert int(event["id"]) == cursor + 1
    assert json.loads(event["data"])["label"]["id"] == delivered[1]


def test_the_task_the_batch_and_the_export_show_only_current_labels(
    world: World, delivered: tuple[int, int]
) -> None:
    """The task waits again without a label, and the export leaves the old one out."""
    task, label = delivered
    withdraw(world, task, label)
    with world.client() as client:
        shown: dict[str, Any] = client.get(f"/v1/projects/{world.project}/tasks/{task}").json()
        export = client.get(f"/v1/projects/{world.project}/labels/export").text.splitlines()
    assert (shown["state"], shown["label"]) == ("queued", None)
    assert label not in {json.loads(line)["id"] for line in export}


def test_the_client_gives_both_labels_and_says_which_replaces_which(
    world: World, delivered: tuple[int, int]
) -> None:
    """A program that keeps labels by id can follow: drop what is withdrawn, add what replaces it."""
    task, label = delivered
    cursor = end(world)
    withdraw(world, task, label)
    with world.db.transaction() as tx:
        now = datetime.now(UTC)
        anew = labels.NewLabel(world.project, task, {"choice": 1, "value": "b"}, "panel", 1, now, now)
        (new,) = labels.insert_many(tx, [anew])
        tasks.finish(tx, {(world.project, task): "labelled"}, now)
    with GoldveinClient(world.base, world.keys["customer"]) as client:
        (told,) = client.events(world.project, after=cursor, follow=False)
        assert told.event == "label.withdrawn"
        assert told.label is not None
        assert told.label.id == label
        assert told.label.withdrawn_at is not None
        current = client.task(world.project, task).label
        exported = [one for one in client.export(world.project) if one.task == task]
    assert current is not None
    assert (current.id, current.replaces, current.withdrawn_at) == (new, label, None)
    assert exported == [current]


def test_the_openapi_document_says_what_it_means(world: World) -> None:
    """The event and the two fields of a label that speak of withdrawal stand there, described."""
    with world.client(None) as client:
        schemas = client.get("/v1/openapi.json").json()["components"]["schemas"]
    event, label = schemas["Event"], schemas["Label"]
    assert "label.withdrawn" in json.dumps(event)
    assert {"replaces", "withdrawn_at"} <= label["properties"].keys()
    assert "withdrawn" in label["description"]
