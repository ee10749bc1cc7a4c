"""What labelers see: work, reasons why there is none, and nothing that tells a benchmark."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
from litestar.testing import AsyncTestClient

from goldvein.api import work
from goldvein.api.app import make_litestar
from goldvein.api.grouping import Overloaded
from goldvein.api.service import Service
from goldvein.bootstrap import make_service, running_server
from goldvein.domain.errors import GoldveinError, LeaseLost
from goldvein.domain.records import ProjectDraft, TaskDraft, WorkRequest, WorkResult
from goldvein.services import benchmarks, intake, keys, projects
from goldvein.services.benchmarks import ManualBenchmark
from goldvein.settings import read_settings
from goldvein.store.database import Database
from tests.api.world import World, make_world


@pytest.fixture
def own_world(database_url: str) -> Iterator[World]:
    """A world that one test has for itself."""
    with Database(database_url, pool_size=2) as db, running_server(database_url, seed=3) as base:
        yield make_world(base, db)


def fill(world: World, tasks: int) -> None:
    drafts = [
        TaskDraft(i, {"prompt": f"task {i}", "options": [f"left {i}", f"right {i}"]}) for i in range(tasks)
    ]
    intake.push(world.db, world.project, drafts, None, datetime.now(UTC))


def test_the_panel_gets_work_and_the_crowd_the_reason(own_world: World) -> None:
    """200 with lease, project and task; 204 with a reason and a time to come again."""
    fill(own_world, 3)
    with own_world.client("trusted") as client:
        response = client.post("/v1/work/next")
        assert response.status_code == 200
        work = response.json()
        assert list(work) == ["lease", "project", "task"]
        assert list(work["lease"]) == ["id", "expires_at"]
        assert list(work["project"]) == ["id", "name", "instructions"]
        assert list(work["task"]) == ["type", "input"]
        again = client.post("/v1/work/next", json={})
        assert again.json() == work, "who has a lease in hand gets that one again"
    with own_world.client("labeler") as client:
        response = client.post("/v1/work/next", json={"project": own_world.project})
        assert response.status_code == 204
        assert response.content == b""
        assert response.headers["Goldvein-Reason"] == "mining"
        assert int(response.headers["Retry-After"]) >= 1


def test_an_answer_brings_the_next_task(own_world: World) -> None:
    """One round trip a task; sent again, it is accepted and counts once; at the end there is a reason."""
    fill(own_world, 3)
    with own_world.client("trusted") as client:
        work = client.post("/v1/work/next").json()
        answer = {"answer": {"choice": 1}, "focus_ms": 1200}
        path = f"/v1/work/{work['lease']['id']}/answer"
        first, again = client.post(path, json=answer).json(), client.post(path, json=answer).json()
        assert first["accepted"]
        assert first["next"] == again["next"]
        assert list(first) == ["accepted", "next"]
        work = first["next"]
        for _ in range(2):
            path = f"/v1/work/{work['lease']['id']}/answer"
            last = client.post(path, json={"answer": {"unanswerable": True}}).json()
            work = last["next"] or work
        assert last["next"] is None
        assert last["reason"]
        assert last["retry_after"] >= 1
    with own_world.db.connection() as tx:
        row = tx.execute("SELECT count(*) FROM answers").fetchone()
    assert row == (3,)


def test_a_lease_can_be_renewed_and_handed_back(own_world: World) -> None:
    """Renewed it lasts longer; skipped it is gone, and another task comes."""
    fill(own_world, 2)
    with own_world.client("trusted") as client:
        work = client.post("/v1/work/next").json()
        lease = work["lease"]["id"]
        renewed = client.post(f"/v1/work/{lease}/renew").json()
        assert renewed["lease"]["id"] == lease
        assert renewed["lease"]["expires_at"] >= work["lease"]["expires_at"]
        skipped = client.post(f"/v1/work/{lease}/skip", json={"reason": "unclear"}).json()
        assert skipped["next"]["task"] != work["task"]
        gone = client.post(f"/v1/work/{lease}/renew")
        assert gone.status_code == 409
        assert gone.json()["code"] == "lease_lost"


def test_an_answer_can_be_kept_back_for_a_while(own_world: World) -> None:
    """The next task comes at once and stays in hand; a second answer has to wait for the first one."""
    fill(own_world, 4)
    with own_world.client("trusted") as client:
        first = client.post("/v1/work/next").json()
        path = f"/v1/work/{first['lease']['id']}"
        deferred = client.post(f"{path}/defer").json()
        assert list(deferred) == ["accepted", "next"]
        assert deferred["accepted"]
        second = deferred["next"]
        assert second["task"] != first["task"]
        assert client.post(f"{path}/defer", json={}).json() == deferred
        assert client.post("/v1/work/next").json() == second
        refused = client.post(f"/v1/work/{second['lease']['id']}/defer")
        assert (refused.status_code, refused.json()["code"]) == (409, "answer_first")
        answered = client.post(f"{path}/answer", json={"answer": {"choice": 0}}).json()
        assert answered == deferred
        third = client.post(f"/v1/work/{second['lease']['id']}/defer").json()["next"]
        assert third["task"] not in (first["task"], second["task"])


def test_a_deferral_brings_the_answer_along_that_was_kept_back(own_world: World) -> None:
    """One round trip a task; an answer that cannot count is named, and the deferral stands."""
    fill(own_world, 5)
    with own_world.client("trusted") as client:
        first = client.post("/v1/work/next").json()
        second = client.post(f"/v1/work/{first['lease']['id']}/defer").json()["next"]
        path = f"/v1/work/{second['lease']['id']}/defer"
        wrong = client.post(path, json={"kept": {"lease": first["lease"]["id"], "answer": {"choice": 9}}})
        assert (wrong.status_code, wrong.json()["code"]) == (409, "answer_first")
        body = {"kept": {"lease": first["lease"]["id"], "answer": {"choice": 0}, "focus_ms": 900}}
        passed = client.post(path, json=body).json()
        assert list(passed) == ["accepted", "next"]
        assert passed["next"]["task"] not in (first["task"], second["task"])
        assert client.post(path, json=body).json() == passed
        body["kept"]["lease"] = "A" * 22
        refused = client.post(path, json=body).json()
        assert (refused["refused"], refused["next"]) == ("lease_unknown", passed["next"])
        for kept in ({"lease": "x y", "answer": {"choice": 0}}, {"answer": {"choice": 0}}, {"lease": "A"}):
            assert client.post(path, json={"kept": kept}).status_code == 422


@pytest.mark.parametrize(
    ("error", "lost"), [(LeaseLost(), "lease_lost"), (Overloaded(), None)], ids=["lost", "later"]
)
def test_an_answer_that_may_be_sent_again_is_not_refused(error: GoldveinError, lost: str | None) -> None:
    """What is over for good is named beside the next task; what may pass later fails the whole step."""

    class Halfway:
        async def submit(self, request: WorkRequest) -> WorkResult:
            if request.kind == "answer":
                raise error
            return WorkResult(True, None)

    service = cast("Service", SimpleNamespace(grouper=Halfway()))
    step = work._step(service, [WorkRequest(1, "answer"), WorkRequest(1, "defer")])
    if lost is None:
        with pytest.raises(Overloaded):
            asyncio.run(step)
    else:
        assert asyncio.run(step) == (WorkResult(True, None), lost)


def test_a_deferral_leaves_at_the_pace_of_the_others(own_world: World) -> None:
    """It goes by the hot path, and its time is evened out with that of all others."""
    fill(own_world, 3)
    with own_world.client("trusted") as client:
        lease = client.post("/v1/work/next").json()["lease"]["id"]
        began = time.monotonic()
        deferred = client.post(f"/v1/work/{lease}/defer")
        assert time.monotonic() - began >= read_settings({}).answer_step
        answered = client.post(f"/v1/work/{lease}/answer", json={"answer": {"choice": 0}})
        assert deferred.headers.keys() == answered.headers.keys()
        assert deferred.content == answered.content


@pytest.mark.parametrize(
    ("answer", "pointer"),
    [
        ({"choice": 2}, "/answer/choice"),
        ({"choice": -1}, "/answer/choice"),
        ({"choice": True}, "/answer"),
        ({"choice": "a"}, "/answer"),
        ({}, "/answer"),
        ({"choice": 0, "x": 1}, "/answer"),
    ],
)
def test_an_answer_that_is_none_keeps_the_lease(
    own_world: World, answer: dict[str, Any], pointer: str
) -> None:
    """422 with the place; the labeler may answer properly."""
    fill(own_world, 2)
    with own_world.client("trusted") as client:
        lease = client.post("/v1/work/next").json()["lease"]["id"]
        refused = client.post(f"/v1/work/{lease}/answer", json={"answer": answer})
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["pointer"] == pointer
        assert client.post(f"/v1/work/{lease}/answer", json={"answer": {"choice": 0}}).status_code == 200


def test_another_labelers_lease_is_not_yours(own_world: World) -> None:
    """404, as for a lease that never was."""
    fill(own_world, 2)
    with own_world.client("trusted") as client:
        lease = client.post("/v1/work/next").json()["lease"]["id"]
    with own_world.client("labeler") as client:
        theirs = client.post(f"/v1/work/{lease}/answer", json={"answer": {"choice": 0}})
        nobodys = client.post(f"/v1/work/{'A' * 22}/answer", json={"answer": {"choice": 0}})
    assert theirs.status_code == nobodys.status_code == 404
    assert theirs.json()["code"] == nobodys.json()["code"] == "lease_unknown"


def test_nothing_outside_the_task_tells_a_benchmark(own_world: World) -> None:
    """Same headers, same fields in the same order, same lengths of what is not content."""
    now = datetime.now(UTC)
    project = projects.create(
        own_world.db, own_world.customer, ProjectDraft("mix", "Pick.", policy={"rate_ceiling": 0.5}), now
    ).id
    gold = [ManualBenchmark(i, {"prompt": f"item {i:03}", "options": ["gold", "dust"]}, 0) for i in range(60)]
    benchmarks.add_manual(own_world.db, project, gold, now)
    drafts = [TaskDraft(i, {"prompt": f"item {i:03}", "options": ["lead", "rust"]}) for i in range(500, 900)]
    intake.push(own_world.db, project, drafts, None, now)
    shapes: dict[bool, Counter[tuple[Any, ...]]] = {True: Counter(), False: Counter()}
    with own_world.client("labeler") as client:
        response = client.post("/v1/work/next", json={"project": project})
        assert response.status_code == 200, response.headers
        work = response.json()
        for _ in range(60):
            path = f"/v1/work/{work['lease']['id']}/answer"
            options = work["task"]["input"]["options"]
            choice = options.index("gold") if "gold" in options else 0
            response = client.post(path, json={"answer": {"choice": choice}})
            work = response.json()["next"]
            if work is None:
                break
            is_gold = "gold" in work["task"]["input"]["options"]
            headers = tuple((name, len(value)) for name, value in response.headers.raw)
            fields = (tuple(work), tuple(work["lease"]), tuple(work["task"]), tuple(work["task"]["input"]))
            shapes[is_gold][headers, fields, len(work["lease"]["id"])] += 1
    assert sum(shapes[True].values()) >= 5
    assert sum(shapes[False].values()) >= 5
    assert shapes[True].keys() == shapes[False].keys()


def test_litestar_alone_gives_the_same_answers(database_url: str) -> None:
    """The documented handlers are no second implementation: status, headers and body agree."""

    async def ask(client: AsyncTestClient[Any], headers: dict[str, str]) -> list[tuple[int, bytes]]:
        requests: list[tuple[str, dict[str, Any]]] = [
            ("/v1/work/next", {}),
            ("/v1/work/next", {"json": {"project": 1}}),
            (f"/v1/work/{'A' * 22}/answer", {"json": {"answer": {"choice": 0}}}),
            (f"/v1/work/{'A' * 22}/skip", {"json": {}}),
            (f"/v1/work/{'A' * 22}/renew", {}),
            (f"/v1/work/{'A' * 22}/defer", {}),
        ]
        found = []
        for path, arguments in requests:
            response = await client.post(path, headers=headers, **arguments)
            found.append((response.status_code, response.content))
        return found

    with Database(database_url, pool_size=4) as db:
        labeler = keys.create_labeler(db, "l", "labeler", datetime.now(UTC))
        headers = {"Authorization": "Bearer " + keys.issue(db, "labeler", labeler, "k", datetime.now(UTC))}

        async def story() -> list[tuple[int, bytes]]:
            service = make_service(db, read_settings({}))
            async with AsyncTestClient(make_litestar(service)) as client:
                return await ask(client, headers)

        documented = asyncio.run(story())
    with running_server(database_url) as base, httpx.Client(base_url=base, headers=headers) as client:
        hot = [
            client.post("/v1/work/next"),
            client.post("/v1/work/next", json={"project": 1}),
            client.post(f"/v1/work/{'A' * 22}/answer", json={"answer": {"choice": 0}}),
            client.post(f"/v1/work/{'A' * 22}/skip", json={}),
            client.post(f"/v1/work/{'A' * 22}/renew"),
            client.post(f"/v1/work/{'A' * 22}/defer"),
        ]
    assert documented == [(response.status_code, response.content) for response in hot]
