"""The client over a running server."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from goldvein import client as package
from goldvein import wire
from goldvein.bootstrap import running_server
from goldvein.client import (
    ApiError,
    AsyncLabelerClient,
    GoldveinClient,
    InvalidRequest,
    LabelerClient,
    NotAllowed,
    NotThere,
    NoWork,
    Refused,
    ServerTrouble,
    Unreachable,
)
from goldvein.client.errors import error_of
from goldvein.client.http import Ask
from goldvein.services import keys
from goldvein.store.database import Database


@pytest.fixture(scope="module")
def operator(module_database_url: str) -> Iterator[GoldveinClient]:
    """An operator's client of a server of the module's own."""
    with Database(module_database_url, pool_size=1) as db:
        token = keys.issue(db, "operator", None, "k", datetime.now(UTC))
    with running_server(module_database_url, seed=1) as base, GoldveinClient(base, token) as client:
        yield client


@pytest.fixture
def base(operator: GoldveinClient) -> str:
    """Address of the server."""
    return operator._transport._base_url


@pytest.fixture
def customer(operator: GoldveinClient, base: str) -> Iterator[GoldveinClient]:
    """A new customer's client."""
    made = operator.create_customer("somebody")
    with GoldveinClient(base, operator.create_key("k", customer=made.id).key) as client:
        yield client


def tasks(count: int, *, options: int = 2) -> list[wire.TaskNew]:
    return [
        wire.TaskNew(
            input={"prompt": f"{i}", "options": [f"{i}-{k}" for k in range(options)]}, unique_id=f"u{i}"
        )
        for i in range(count)
    ]


def test_a_push_goes_in_chunks_and_may_be_repeated(customer: GoldveinClient) -> None:
    """Indexes count over all chunks; a chunk of bad tasks only does not stop the rest."""
    project = customer.create_project("p", "Pick.").id
    items: list[wire.TaskNew | dict[str, object]] = [*tasks(25)]
    items[10:20] = [{"input": {"options": ["alone"]}} for _ in range(10)]
    pushed = customer.push(project, items, batch="b", chunk=10)
    assert (pushed.created, pushed.existing, pushed.refused) == (15, 0, 10)
    assert [one.index for one in pushed.tasks] == [*range(10), *range(20, 25)]
    assert [one.index for one in pushed.errors] == list(range(10, 20))
    again = customer.push(project, iter(tasks(25)), batch="b", chunk=7)
    assert (again.created, again.existing) == (10, 15)
    assert customer.batch(project, "b").total == 25
    assert customer.task(project, pushed.tasks[0].id).unique_id == "u0"


@pytest.mark.parametrize("name", ["round?1#x", "50%25 done", "..", ".", "\u00fc &=+;"])
def test_a_batch_may_have_any_name(customer: GoldveinClient, name: str) -> None:
    """What is special in an address is no part of it here."""
    project = customer.create_project("p", "Pick one.").id
    customer.push(project, tasks(1), batch=name)
    assert customer.batch(project, name).name == name
    assert customer.cancel_batch(project, name).cancelled == 1


def test_a_push_without_names_is_not_stored_twice() -> None:
    """A connection may break after the server stored the tasks: the second try must be known as one."""
    seen: list[str | None] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers.get("idempotency-key"))
        if len(seen) == 1:
            raise httpx.ReadError("broken", request=request)
        pushed: dict[str, Any] = {
            "batch": None,
            "created": 0,
            "existing": 0,
            "refused": 0,
            "tasks": [],
            "errors": [],
        }
        return httpx.Response(201, json=pushed)

    with (
        httpx.Client(transport=httpx.MockTransport(answer)) as http,
        GoldveinClient("http://there", "key", http=http) as client,
    ):
        client.push(1, [{"input": {"options": ["a", "b"]}}])
        client.push(1, tasks(1))
    assert seen[0] is not None
    assert seen == [seen[0], seen[0], None]


def test_waiting_for_a_batch_ends(customer: GoldveinClient) -> None:
    """With the batch, or with the patience."""
    project = customer.create_project("p", "Pick.").id
    pushed = customer.push(project, tasks(2), batch="b")
    with pytest.raises(TimeoutError, match="2 of 2"):
        customer.wait_for_batch(project, "b", timeout=0.2)
    assert customer.cancel_task(project, pushed.tasks[0].id).state == "cancelled"
    assert customer.cancel_batch(project, "b").cancelled == 2
    assert customer.wait_for_batch(project, "b").done


def test_work_done_by_the_panel_comes_back_as_events(
    operator: GoldveinClient, customer: GoldveinClient, base: str
) -> None:
    """From push to label through both clients: three trusted people agree on every task."""
    project = customer.create_project(
        "p", "Pick.", policy={"promote_at": 0.6, "promote_exhausted_at": 0.5, "abandon_below": 0.01}
    ).id
    customer.push(project, tasks(3, options=4), batch="b")
    people = operator.create_labelers((f"trusted {i}" for i in range(8)), role="trusted")
    for person in people:
        assert person.key is not None
        with LabelerClient(base, person.key) as labeler:
            work = labeler.next(project)
            while isinstance(work, wire.Work):
                assert labeler.renew(work.lease.id).id == work.lease.id
                deferred = labeler.defer(work.lease.id)
                options = work.task.input["options"]
                # Other tests' projects have work too, with two options each.
                best = next((i for i, option in enumerate(options) if option.endswith("-2")), 0)
                answered = labeler.answer(work.lease.id, best, focus_ms=900)
                assert answered.accepted
                assert answered.next == deferred.next or deferred.next is None
                work = answered.next or NoWork("done", 0)
    batch = customer.batch(project, "b")
    events = list(customer.events(project, follow=False))
    labelled = [event.label for event in events if event.label is not None]
    assert batch.labelled + batch.queued == 3
    assert len(labelled) == batch.labelled
    assert {label.answer["choice"] for label in labelled} <= {2}
    assert [label.id for label in customer.export(project)] == sorted(label.id for label in labelled)
    assert list(customer.events(project, after=events[-1].position, follow=False)) == [] if events else True
    assert customer.quality(project)["operating_characteristic"] is None
    assert "computed" in customer.quality(project, characteristic=True)["operating_characteristic"]
    assert customer.why_empty(project)


def test_asyncio_labelers_share_connections(
    operator: GoldveinClient, customer: GoldveinClient, base: str
) -> None:
    """Twenty people at once over one ``http``; nobody closes what others lent."""
    project = customer.create_project("p", "Pick.").id
    customer.push(project, tasks(40))
    people = operator.create_labelers((f"async {i}" for i in range(20)), role="trusted")

    async def story() -> None:
        async with httpx.AsyncClient() as http:
            clients = [AsyncLabelerClient(base, person.key or "", http=http) for person in people]
            given = await asyncio.gather(*(one.next(project) for one in clients))
            works = [
                (one, work) for one, work in zip(clients, given, strict=True) if isinstance(work, wire.Work)
            ]
            assert len({work.lease.id for _, work in works}) == len(works) > 10
            renewed = await asyncio.gather(*(one.renew(work.lease.id) for one, work in works))
            assert [lease.id for lease in renewed] == [work.lease.id for _, work in works]
            deferred = await asyncio.gather(*(one.defer(work.lease.id) for one, work in works))
            one, work = works[0]
            if deferred[0].next is not None:
                passed = await one.defer(deferred[0].next.lease.id, kept=(work.lease.id, 0))
                assert passed.refused is None
                deferred[0] = passed
            answered = await asyncio.gather(*(one.answer(work.lease.id, 0) for one, work in works))
            assert all(
                b.next == a.next for a, b in zip(deferred, answered, strict=True) if a.next is not None
            )
            assert all(one.accepted for one in answered)
            one, _ = works[0]
            if answered[0].next is not None:
                lease = answered[0].next.lease.id
                assert (await one.skip(lease, reason="no")).accepted
                with pytest.raises(Refused) as refused:
                    await one.renew(lease)
                assert refused.value.code == "lease_lost"
            for one in clients:
                await one.close()
            assert not http.is_closed

    asyncio.run(story())


def test_webhooks_and_keys(operator: GoldveinClient, customer: GoldveinClient, base: str) -> None:
    """What is left of the surface."""
    project = customer.create_project("p", "Pick.").id
    hook = customer.create_webhook(project, "https://example.com/hook", events=["label.created"])
    assert hook.secret is not None
    assert hook.secret.startswith("whsec_")
    assert [one.secret for one in customer.webhooks(project)] == [None]
    assert customer.replay_webhook(hook.id, after=0).state == "enabled"
    assert customer.deliveries(hook.id) == []
    customer.delete_webhook(hook.id)
    assert customer.webhooks(project) == []
    assert customer.change_project(project, name="q", policy={"lease_seconds": 60}).policy_version == 2
    assert {one.name for one in customer.projects()} == {"q"}
    key = operator.create_key("k", customer=operator.projects()[0].customer)
    operator.revoke_key(key.id)
    with GoldveinClient(base, key.key) as gone, pytest.raises(NotAllowed):
        gone.projects()


def test_errors_have_types_and_codes(customer: GoldveinClient) -> None:
    """The type by what to do about it, the code for what it is."""
    with pytest.raises(NotThere) as missing:
        customer.project(999_999)
    assert missing.value.code == "project_unknown"
    with pytest.raises(InvalidRequest) as invalid:
        customer.create_project("", "")
    assert invalid.value.problem.errors[0].pointer == "/name"
    with pytest.raises(NotAllowed) as forbidden:
        customer.create_customer("x")
    assert (forbidden.value.code, forbidden.value.status) == ("forbidden", 403)


def test_whatever_answers_is_understood() -> None:
    """A proxy's own page is an error like any other."""
    error = error_of(502, b"<html>bad gateway")
    assert isinstance(error, ServerTrouble)
    assert (error.code, error.status) == ("not_goldvein", 502)


def test_a_busy_server_is_asked_again() -> None:
    """503 and a broken connection are met with patience, other errors are not."""
    answers: list[httpx.Response | httpx.ConnectError] = [
        httpx.Response(503, content=b"{}"),
        httpx.ConnectError("refused"),
        httpx.Response(200, content=b'{"projects": []}'),
        httpx.Response(500, content=b"{}"),
    ]

    def answer(_: httpx.Request) -> httpx.Response:
        match answers.pop(0):
            case httpx.Response() as response:
                return response
            case error:
                raise error

    http = httpx.Client(transport=httpx.MockTransport(answer))
    client = GoldveinClient("http://x", "k", http=http)
    assert client.projects() == []
    with pytest.raises(ServerTrouble):
        client.projects()
    assert answers == []


def test_patience_ends() -> None:
    """A server that is not there is said to be so; what may not be sent twice is not."""
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        raise httpx.ConnectError("refused")

    http = httpx.Client(transport=httpx.MockTransport(answer))
    client = GoldveinClient("http://x", "k", patience=0.1, http=http)
    with pytest.raises(Unreachable):
        client.projects()
    assert len(asked) >= 2
    asked.clear()
    with pytest.raises(Unreachable):
        client.create_key("k", customer=1)
    assert len(asked) == 1


def test_a_stream_is_asked_for_until_it_begins_and_breaks_off_by_name() -> None:
    """A server that starts anew meanwhile costs a pause; what breaks in the middle is `Unreachable`, too."""
    label = b'{"id": 1}'
    asked: list[httpx.Request] = []

    def broken() -> Iterator[bytes]:
        yield label
        raise httpx.ReadError("cut off")

    def server(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        if len(asked) < 3:
            raise httpx.ConnectError("away")
        return httpx.Response(200, content=broken())

    http = httpx.Client(transport=httpx.MockTransport(server))
    client = GoldveinClient("http://nowhere.invalid", "k", http=http)
    with pytest.raises(Unreachable, match="broke off: cut off"):
        list(client._transport.chunks(Ask("GET", "/v1/projects/1/labels/export")))
    assert len(asked) == 3


@pytest.mark.parametrize(
    ("url", "key", "said"),
    [
        ("127.0.0.1:8000", "gv_cus_x", "http://127.0.0.1:8000"),
        ("http://x", "", "gv_"),
        ("http://x", "k\u00e4y", "gv_"),
    ],
)
@pytest.mark.parametrize("kind", [GoldveinClient, LabelerClient, AsyncLabelerClient])
def test_what_can_never_work_is_said_at_once(kind: Any, url: str, key: str, said: str) -> None:
    """Not after half a minute of new tries."""
    with pytest.raises(ValueError, match=said):
        kind(url, key)
    kind("http://x/", " gv_cus_x\n")  # as a file of it ends


def test_the_public_names_are_there() -> None:
    """``__all__`` tells the truth, and every error is an ApiError or says that there was no answer."""
    for name in package.__all__:
        assert hasattr(package, name)
    assert issubclass(Refused, ApiError)
