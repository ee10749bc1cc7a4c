"""What customers, labelers and keys are to each other; the matrix of roles is in `tests/contracts`."""

from datetime import UTC, datetime
from typing import Any

import httpx

from goldvein.api.keyring import SESSION_COOKIE
from goldvein.domain.records import Role
from goldvein.services import accounts
from tests.api.world import World


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


def test_an_operator_makes_no_operators_key(world: World) -> None:
    """It would outlive the one who made it, and open all; only admins do, whose accounts others can end."""
    asked = {"name": "a way back", "operator": True}
    with world.client("operator") as client:
        refused = client.post("/v1/keys", json=asked)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    roles: tuple[Role, ...] = ("operator", "admin")
    for role in roles:
        account = accounts.create(world.db, f"{role}-with-keys", None, role, datetime.now(UTC))
        token = accounts.begin_session(world.db, account, "test", datetime.now(UTC))
        headers = {"Cookie": f"{SESSION_COOKIE}={token}", "Sec-Fetch-Site": "same-origin"}
        answer = httpx.post(f"{world.base}/v1/keys", json=asked, headers=headers)
        assert answer.status_code == (201 if role == "admin" else 403), answer.text


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
