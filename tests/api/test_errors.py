"""One shape for every error, whoever finds it."""

import re
from typing import Any

import httpx
import pytest

from tests.access import ROUTES, filled, is_page
from tests.api.world import World

FIELDS = {"type", "title", "status", "detail", "code"}
OPTIONAL = {"errors", "facts", "incident"}


def check(response: httpx.Response) -> dict[str, Any]:
    """A problem, whole and honest about itself."""
    assert response.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = response.json()
    assert problem.keys() >= FIELDS
    assert problem.keys() <= FIELDS | OPTIONAL
    assert problem["status"] == response.status_code
    assert re.fullmatch(r"[a-z][a-z0-9_]+", problem["code"])
    assert problem["type"] == f"urn:goldvein:problem:{problem['code']}"
    assert problem["detail"]
    for place in problem.get("errors", ()):
        assert place["code"]
        assert place["detail"]
    return problem


@pytest.mark.parametrize(
    "route", [one for one in ROUTES if one.startswith(("POST ", "PATCH ")) and not is_page(one)]
)
@pytest.mark.parametrize(
    "content", [b"{", b"[]", b'"x"', b"\xff\xfe", b'{"nobody_reads_this": 1}', b"[" * 5_000, b"null"]
)
def test_bodies_that_cannot_be_read(world: World, route: str, content: bytes) -> None:
    """400 or 422 with the one shape, or 404 where the address is wrong before the body is."""
    method, path = route.split()
    role = next(role for role in ROUTES[route].split() if role in world.keys)
    with world.client(role) as client:
        response = client.request(
            method, filled(path, world.project), content=content, headers={"Content-Type": "application/json"}
        )
    if path.endswith(("/cancel", "/test", "/renew")):  # they take no body and do not look at it
        assert response.status_code == 404
    elif path.endswith("/release"):  # nor does this; what is not in hand need not be given back
        assert response.status_code == 204
        return
    else:
        assert response.status_code in {400, 404, 422}
    check(response)


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("after=-1", "after"),
        ("after=x", "after"),
        ("after=9223372036854775808", "after"),
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("wait=61", "wait"),
        ("wait=nan", "wait"),
    ],
)
def test_parameters_out_of_range(world: World, query: str, parameter: str) -> None:
    """422 that names the parameter."""
    with world.client() as client:
        problem = check(client.get(f"/v1/projects/{world.project}/labels?{query}"))
    assert problem["code"] == "invalid_parameter"
    assert problem["errors"][0]["parameter"] == parameter


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "route_unknown"),
        ("GET", "/v1/nothing", 404, "route_unknown"),
        ("POST", "/v1/work/x/eat", 404, "route_unknown"),
        ("POST", "/v1/work/" + "x" * 65 + "/answer", 422, "invalid_parameter"),
        ("GET", "/v1/work/next", 405, "method_not_allowed"),
        ("DELETE", "/v1/projects", 405, "method_not_allowed"),
        ("GET", "/v1/projects/0", 422, "invalid_parameter"),
        ("GET", "/v1/projects/99999999999999999999", 422, "invalid_parameter"),
    ],
)
def test_addresses_that_are_not(world: World, method: str, path: str, status: int, code: str) -> None:
    """Litestar's own errors wear the same shape."""
    role = "labeler" if "/work/" in path else "customer"
    with world.client(role) as client:
        response = client.request(method, path, json={"answer": {"choice": 0}} if method == "POST" else None)
    assert response.status_code == status
    assert check(response)["code"] == code


def test_the_place_is_a_json_pointer(world: World) -> None:
    """A reader can go straight to what is wrong."""
    with world.client() as client:
        body: dict[str, Any] = {"name": "x", "instruction": "y", "classes": ["a", 7]}
        problem = check(client.post("/v1/projects", json=body))
        assert problem["errors"][0]["pointer"] == "/classes/1"
        body = {"name": "x", "instruction": "y", "policy": {"quality_bar": 2}}
        problem = check(client.post("/v1/projects", json=body))
        assert problem["code"] == "policy_invalid"
        assert problem["errors"][0]["pointer"] == "/policy"


@pytest.mark.parametrize("text", ["a\0b", "\0"])
def test_a_nul_character_is_refused_everywhere(world: World, text: str) -> None:
    """PostgreSQL stores none; nobody gets a 500 for it."""
    with world.client() as client:
        for body in (
            {"name": text, "instruction": "y"},
            {"name": "x", "instruction": text},
            {"name": "x", "instruction": "y", "classes": ["a", text]},
        ):
            assert client.post("/v1/projects", json=body).status_code == 422
        tasks = {"tasks": [{"input": {"options": ["a", "b"]}, "metadata": {"deep": [{text: 1}]}}]}
        problem = check(client.post(f"/v1/projects/{world.project}/tasks", json=tasks))
        assert problem["code"] == "nul_character"
        escaped = {"tasks": [{"input": {"options": ["a\\u0000", "b"]}}]}
        assert client.post(f"/v1/projects/{world.project}/tasks", json=escaped).status_code == 201


def test_a_body_that_is_not_json_is_refused_by_type(world: World) -> None:
    """415 says what is taken."""
    with world.client() as client:
        for path in ("/v1/projects", f"/v1/projects/{world.project}/tasks"):
            response = client.post(path, content=b"a=b", headers={"Content-Type": "text/plain"})
            assert response.status_code == 415
            assert check(response)["code"] == "unsupported_media_type"
    with world.client("labeler") as client:
        response = client.post("/v1/work/next", content=b"a=b", headers={"Content-Type": "text/plain"})
        assert check(response)["code"] == "unsupported_media_type"


def test_a_body_that_is_too_large_is_refused(world: World) -> None:
    """413 before all of it is read."""
    with world.client() as client:
        response = client.post("/v1/projects", content=b" " * 1_000_001)
        assert response.status_code == 413
        assert check(response)["code"] == "body_too_large"
    with world.client("labeler") as client:
        response = client.post("/v1/work/next", content=b" " * 64_001)
        assert check(response)["code"] == "body_too_large"


def test_what_nobody_foresaw_hides_its_inside(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """500 with an incident's id, which stands in the log; no message of the exception goes out."""
    from goldvein.services import projects

    def broken(*_: object) -> None:
        raise RuntimeError("the password is swordfish")

    monkeypatch.setattr(projects, "get", broken)
    with world.client() as client:
        response = client.get(f"/v1/projects/{world.project}")
    assert response.status_code == 500
    problem = check(response)
    assert problem["code"] == "internal_error"
    assert re.fullmatch("[0-9a-f]{16}", problem["incident"])
    assert "swordfish" not in response.text
