"""Who may call what: every role against every address."""

from typing import Any

import httpx
import pytest

from goldvein.api.app import ROUTES
from tests.api.world import ROLES, World

C = {"customer", "operator"}
B = C | {"auditor"}
W = {"labeler", "trusted", "auditor"}
O = {"operator"}  # noqa: E741 - as short as its neighbours
MATRIX: dict[tuple[str, str], set[str]] = {
    ("POST", "/v1/projects"): C,
    ("GET", "/v1/projects"): C,
    ("GET", "/v1/projects/{project}"): C,
    ("PATCH", "/v1/projects/{project}"): C,
    ("GET", "/v1/projects/{project}/quality"): C,
    ("GET", "/v1/projects/{project}/why-empty"): C,
    ("POST", "/v1/projects/{project}/tasks"): C,
    ("GET", "/v1/projects/{project}/tasks/{task}"): C,
    ("POST", "/v1/projects/{project}/tasks/{task}/cancel"): C,
    ("GET", "/v1/projects/{project}/batches/{batch}"): C,
    ("POST", "/v1/projects/{project}/batches/{batch}/cancel"): C,
    ("POST", "/v1/projects/{project}/benchmarks"): B,
    ("GET", "/v1/projects/{project}/benchmarks"): B,
    ("GET", "/v1/projects/{project}/benchmarks/{task}"): B,
    ("PATCH", "/v1/projects/{project}/benchmarks/{task}"): B,
    ("POST", "/v1/projects/{project}/benchmarks/retire"): B,
    ("GET", "/v1/audit/benchmarks"): {"auditor", "operator"},
    ("POST", "/v1/audit/benchmarks/{project}/{task}/claim"): {"auditor"},
    ("POST", "/v1/audit/benchmarks/{project}/{task}/answer"): {"auditor"},
    ("GET", "/v1/projects/{project}/labels"): C,
    ("GET", "/v1/projects/{project}/labels/stream"): C,
    ("GET", "/v1/projects/{project}/labels/export"): C,
    ("POST", "/v1/webhooks"): C,
    ("GET", "/v1/projects/{project}/webhooks"): C,
    ("DELETE", "/v1/webhooks/{webhook}"): C,
    ("POST", "/v1/webhooks/{webhook}/test"): C,
    ("POST", "/v1/webhooks/{webhook}/replay"): C,
    ("GET", "/v1/webhooks/{webhook}/deliveries"): C,
    ("POST", "/v1/work/next"): W,
    ("POST", "/v1/work/{lease}/answer"): W,
    ("POST", "/v1/work/{lease}/skip"): W,
    ("POST", "/v1/work/{lease}/renew"): W,
    ("POST", "/v1/work/{lease}/dispute"): W,
    ("POST", "/v1/practice/next"): W,
    ("POST", "/v1/practice/{practice}/answer"): W,
    ("POST", "/v1/customers"): O,
    ("GET", "/v1/customers"): O,
    ("POST", "/v1/labelers"): O,
    ("GET", "/v1/labelers"): O,
    ("PATCH", "/v1/labelers/{labeler}"): O,
    ("POST", "/v1/keys"): O,
    ("DELETE", "/v1/keys/{key}"): O,
}
PUBLIC = {("GET", "/healthz"), ("GET", "/v1/openapi.json")}


def filled(path: str, project: int) -> str:
    """An address with something in each gap; only the project exists."""
    gaps = {"project": str(project), "lease": "A" * 22, "practice": "A" * 22, "batch": "none"}
    for name in ("task", "webhook", "labeler", "key"):
        gaps[name] = "999999"
    return path.format(**gaps)


def test_the_matrix_is_complete() -> None:
    """A route that is not in the matrix fails the build."""
    routes = {
        (method, path.replace(":int", "").replace(":str", ""))
        for handler in ROUTES
        for path in handler.paths
        for method in handler.http_methods
    }
    assert routes == MATRIX.keys() | PUBLIC


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("method", "path"), MATRIX)
def test_each_role_gets_in_where_it_may(world: World, role: str, method: str, path: str) -> None:
    """403 before the body is read for those who may not; anything else for those who may."""
    with world.client(role) as client, client.stream(method, filled(path, world.project)) as response:
        status = response.status_code
    assert (status == 403) == (role not in MATRIX[method, path]), status
    assert status != 401


@pytest.mark.parametrize(("method", "path"), MATRIX)
@pytest.mark.parametrize(
    "header", [None, "Bearer gv_cus_" + "x" * 43, "Bearer nonsense", "Basic dTpw", "Bearer", "\xe4\xf6"]
)
def test_nobody_gets_in_without_a_key(world: World, header: str | None, method: str, path: str) -> None:
    """401 with the scheme that is asked for."""
    headers = {} if header is None else {b"Authorization": header.encode("latin-1")}
    response = httpx.request(method, world.base + filled(path, world.project), headers=headers)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert response.json()["code"] == "unauthenticated"


@pytest.mark.parametrize(
    ("method", "path"), [key for key, who in MATRIX.items() if "{project}" in key[1] and "customer" in who]
)
def test_another_customers_project_does_not_exist(world: World, method: str, path: str) -> None:
    """404, the same as for a project that nobody has."""
    with world.client() as client:
        bodies: dict[str, Any] = {
            "tasks": {"tasks": [{"input": {"options": ["a", "b"]}}]},
            "benchmarks": {"benchmarks": [{"input": {"options": ["a", "b"]}, "key": 0}]},
        }
        body = bodies.get(path.rsplit("/", 1)[1], {})
        arguments: dict[str, Any] = {} if method == "GET" else {"json": body}
        theirs = client.request(method, filled(path, world.other_project), **arguments)
        nobodys = client.request(method, filled(path, 999_999), **arguments)
    assert theirs.status_code == nobodys.status_code == 404
    hidden = theirs.text.replace(str(world.other_project), "N")
    assert hidden == nobodys.text.replace("999999", "N"), "the answers differ, so one can probe for ids"


def test_a_webhook_of_another_customer_does_not_exist(world: World) -> None:
    """Webhook ids are guessable, so they are guarded like projects."""
    with world.client("operator") as client:
        body = {"project": world.other_project, "url": "http://127.0.0.1:9/hook"}
        webhook = client.post("/v1/webhooks", json=body).json()["id"]
    with world.client() as client:
        assert client.post("/v1/webhooks", json=body).status_code == 404
        cases: list[tuple[str, str, dict[str, Any]]] = [
            ("DELETE", "", {}),
            ("POST", "/test", {}),
            ("POST", "/replay", {"json": {"after": 0}}),
            ("GET", "/deliveries", {}),
        ]
        for method, path, arguments in cases:
            theirs = client.request(method, f"/v1/webhooks/{webhook}{path}", **arguments)
            nobodys = client.request(method, f"/v1/webhooks/999999{path}", **arguments)
            assert theirs.status_code == nobodys.status_code == 404
            assert theirs.text.replace(f"{webhook}", "N") == nobodys.text.replace("999999", "N")


def test_operators_see_every_project(world: World) -> None:
    """Customers see their own only."""
    with world.client("operator") as client:
        seen = {one["id"] for one in client.get("/v1/projects").json()["projects"]}
    assert {world.project, world.other_project} <= seen
    with world.client() as client:
        seen = {one["id"] for one in client.get("/v1/projects").json()["projects"]}
    assert world.project in seen
    assert world.other_project not in seen


def test_a_revoked_key_is_of_no_use(world: World) -> None:
    """At once in the process that revoked it."""
    with world.client("operator") as client:
        made = client.post("/v1/keys", json={"name": "short", "customer": world.customer}).json()
        headers = {"Authorization": f"Bearer {made['key']}"}
        assert httpx.get(world.base + "/v1/projects", headers=headers).status_code == 200
        assert client.delete(f"/v1/keys/{made['id']}").status_code == 204
        assert httpx.get(world.base + "/v1/projects", headers=headers).status_code == 401


def test_a_labeler_can_be_trusted_and_no_longer(world: World) -> None:
    """The person's role moves with all keys of that person."""
    with world.client("operator") as client:
        body = {"labelers": [{"name": "rising"}], "keys": True}
        (person,) = client.post("/v1/labelers", json=body).json()["labelers"]
        assert person["role"] == "labeler"
        for role in ("trusted", "auditor", "labeler"):
            changed = client.patch(f"/v1/labelers/{person['id']}", json={"role": role})
            assert changed.json()["role"] == role
            made = client.post("/v1/keys", json={"name": "k", "labeler": person["id"]})
            assert made.json()["role"] == role
        assert client.patch("/v1/labelers/999999", json={"role": "trusted"}).status_code == 404
