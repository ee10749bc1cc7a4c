"""Requests that nobody sends by accident: none of them is our fault, and none reaches anybody else."""

import asyncio
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from goldvein.api.keyring import Keyring
from goldvein.domain.records import Principal
from tests.access import ROUTES, filled, is_page
from tests.api.test_errors import check
from tests.api.world import World

JSON = {"Content-Type": "application/json"}


def push(world: World, content: bytes, kind: str = "application/json", **params: str) -> httpx.Response:
    with world.client() as client:
        return client.post(
            f"/v1/projects/{world.project}/tasks",
            content=content,
            headers={"Content-Type": kind},
            params=params,
        )


@pytest.mark.parametrize("path", sorted({route.split()[1] for route in ROUTES if not is_page(route)}))
def test_options_lists_methods_and_asks_for_no_key(world: World, path: str) -> None:
    """Litestar answers OPTIONS by itself, on routes that name no roles."""
    response = httpx.options(world.base + filled(path, world.project))
    assert response.status_code == 204
    assert "OPTIONS" in response.headers["allow"]


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("application/json", b'{"tasks": [{"input": {"p": "\xff", "options": ["a", "b"]}}]}'),
        ("application/json", b'{"batch": "\xff", "tasks": []}'),
        ("application/x-ndjson", b'{"input": {"p": "\xff", "options": ["a", "b"]}}'),
    ],
)
def test_bytes_that_are_not_utf8_are_no_json(world: World, kind: str, content: bytes) -> None:
    """Strings are decoded late, so their bytes break late."""
    assert check(push(world, content, kind))["code"] == "malformed_json"


def test_a_labelers_bytes_that_are_not_utf8_are_no_json(world: World) -> None:
    """The hot path reads bodies the same way."""
    with world.client("labeler") as client:
        response = client.post(f"/v1/work/{'A' * 22}/skip", content=b'{"reason": "\xff"}', headers=JSON)
    assert check(response)["code"] == "malformed_json"


def test_a_good_line_is_kept_beside_one_that_is_not_utf8(world: World) -> None:
    """One bad line does not take the others with it."""
    line = b'{"input": {"p": "%s", "options": ["a", "b"]}}'
    response = push(world, b"\n".join([line % b"kept", line % b"\xff"]), "application/x-ndjson")
    assert response.status_code == 207
    assert [error["code"] for error in response.json()["errors"]] == ["malformed_json"]


@pytest.mark.parametrize("deadline", ["9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59Z"])
def test_a_deadline_beyond_all_calendars_is_refused(world: World, deadline: str) -> None:
    """PostgreSQL knows the year 10,000 and Python does not: such a row could be written and never read."""
    task = b'{"tasks": [{"input": {"options": ["a", "b"]}, "deadline": "%s"}]}' % deadline.encode()
    assert check(push(world, task))["code"] == "deadline_too_late"


def test_a_batch_has_a_name_that_stands_in_an_address(world: World) -> None:
    """A name with a slash could be pushed into as NDJSON and never be asked for."""
    response = push(world, b'{"input": {"options": ["a", "b"]}}', "application/x-ndjson", batch="a/b")
    assert check(response)["code"] == "invalid_parameter"


@pytest.mark.parametrize("kind", ["application/jsonx", "application/json-seq", "text/plain"])
def test_the_hot_path_takes_json_alone(world: World, kind: str) -> None:
    """As the routes behind it do."""
    with world.client("labeler") as client:
        response = client.post("/v1/work/next", content=b"{}", headers={"Content-Type": kind})
    assert check(response)["code"] == "unsupported_media_type"


@pytest.mark.parametrize(
    "policy", [{"candidates_drawn": 10**9}, {"candidates_drawn": 10**9, "best_of": 10**9}]
)
def test_a_policy_cannot_ask_for_all_memory(world: World, policy: dict[str, int]) -> None:
    """A draw makes an array of its candidates, in the process that serves everybody."""
    with world.client() as client:
        asked = {"name": "x", "instruction": "y", "policy": policy}
        assert check(client.post("/v1/projects", json=asked))["code"] == "policy_invalid"


def test_a_policy_that_wants_everything_gets_a_supply_that_can_be_stored(world: World) -> None:
    """Reserve times headroom is more than an integer column holds."""
    with world.client() as client:
        policy = {"reserve": 10**9, "supply_headroom": 100.0}
        made = client.post("/v1/projects", json={"name": "x", "instruction": "y", "policy": policy})
    assert made.status_code == 201
    assert made.json()["supply_target"] == 1_000_000


class _Stalls(BaseHTTPRequestHandler):
    """A receiver that takes a message and does not answer until the test is over."""

    over: threading.Event

    def do_POST(self) -> None:
        self.over.wait(8)
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name in the base class
        pass


@pytest.fixture
def stalling() -> Iterator[tuple[str, threading.Event]]:
    over = threading.Event()
    with ThreadingHTTPServer(("127.0.0.1", 0), type("Stalls", (_Stalls,), {"over": over})) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/", over
        over.set()
        server.shutdown()
        thread.join()


def test_receivers_that_stall_do_not_take_all_threads(
    world: World, stalling: tuple[str, threading.Event]
) -> None:
    """Test messages wait for a customer's server: some are refused, so that everybody else is served."""
    with world.client() as client:
        address, release = stalling
        asked = {"project": world.project, "url": address}
        hook = client.post("/v1/webhooks", json=asked).json()["id"]
        found: list[int] = []
        refused = threading.Semaphore(0)

        def try_out() -> None:
            found.append(client.post(f"/v1/webhooks/{hook}/test").status_code)
            refused.release()

        tests = [threading.Thread(target=try_out) for _ in range(8)]
        for one in tests:
            one.start()
        assert all(refused.acquire(timeout=5) for _ in range(6))
        listed = client.get("/v1/projects", timeout=3)
        assert listed.status_code == 200
        assert found.count(503) == 6
        release.set()
        for one in tests:
            one.join()
        assert found.count(200) == 2
        client.delete(f"/v1/webhooks/{hook}")


def test_a_key_spelt_with_many_spaces_is_not_remembered(world: World) -> None:
    """It is good, but every spelling would be kept, and push somebody else's key out."""
    principal = Principal(1, "auditor", None, 1)

    async def look_up(*_: Any) -> Principal:
        return principal

    ring = Keyring(look_up)
    headers = [f"Bearer{' ' * spaces}{world.keys['auditor']}".encode() for spaces in (1, 2, 5_000)]
    for header in headers:
        assert (
            asyncio.run(ring.identify({"method": "GET", "headers": [(b"authorization", header)]}))
            == principal
        )
    assert [header in ring._known for header in headers] == [True, False, False]


def test_a_body_of_unknown_length_has_the_same_limit(world: World) -> None:
    """Chunked bodies are counted as they come, on the hot path and behind it."""

    def chunks() -> Iterator[bytes]:
        for _ in range(120):
            yield b" " * 10_000

    for role, path in (("labeler", "/v1/work/next"), ("customer", "/v1/projects")):
        with world.client(role) as client:
            assert check(client.post(path, content=chunks(), headers=JSON))["code"] == "body_too_large"


@pytest.mark.parametrize("part", ["input", "metadata"])
@pytest.mark.parametrize("number", ["1e308", "-1.5e300", "1e-300"])
def test_a_number_is_as_long_as_it_comes_back(world: World, part: str, number: str) -> None:
    """PostgreSQL writes all zeros: a page of such tasks would be fifty times what was pushed."""
    many = b"[%s]" % b",".join([number.encode()] * 1_000)
    more = b'"p": %s, ' % many if part == "input" else b""
    metadata = b', "metadata": {"p": %s}' % many if part == "metadata" else b""
    task = b'{"tasks": [{"input": {%s"options": ["a", "b"]}%s}]}' % (more, metadata)
    assert check(push(world, task))["code"] == f"{part}_too_large"
    few = b'{"tasks": [{"input": {"p": [1e300, 0.5, 7, -1e-7], "options": ["a", "b"]}}]}'
    assert push(world, few).status_code == 201


@pytest.mark.parametrize("part", ["input", "metadata"])
@pytest.mark.parametrize("depth", [100, 500, *range(970, 1_000, 3)])
def test_content_nested_too_deeply_is_refused(world: World, part: str, depth: int) -> None:
    """Decoder, hash, database and every reader recurse, and each gives up at a depth of its own."""
    nested = b"[" * depth + b"]" * depth
    more = b'"p": %s, ' % nested if part == "input" else b""
    metadata = b', "metadata": {"p": %s}' % nested if part == "metadata" else b""
    task = b'{"tasks": [{"input": {%s"options": ["a", "b"]}%s}]}' % (more, metadata)
    assert check(push(world, task))["code"] in {f"{part}_too_deep", "invalid_input"}
