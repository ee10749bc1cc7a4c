"""The cases of ``Idempotency-Key``, as the table in services/idempotency.py lists them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from goldvein.api.keyring import SESSION_COOKIE
from goldvein.domain.errors import Conflict
from goldvein.services import accounts, idempotency
from tests.api.world import World


def create(world: World, key: str, name: str = "once", role: str = "customer") -> httpx.Response:
    body: dict[str, Any] = {"name": name, "instruction": "Pick."}
    if role == "operator":
        body["customer"] = world.customer
    with world.client(role) as client:
        return client.post("/v1/projects", json=body, headers={"Idempotency-Key": key})


def count(world: World, name: str) -> int:
    with world.client() as client:
        return sum(one["name"] == name for one in client.get("/v1/projects").json()["projects"])


def test_the_same_request_gets_the_kept_answer(world: World) -> None:
    """Byte for byte, with a header that says so."""
    first, again = create(world, "same", "same"), create(world, "same", "same")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert count(world, "same") == 1


def test_a_session_may_use_a_key_too(world: World) -> None:
    """Somebody who is signed in repeats a request as a program does."""
    now = datetime.now(UTC)
    account = accounts.create(world.db, "repeats", None, "customer", now, customer=world.customer)
    token = accounts.begin_session(world.db, account, "test", now)
    headers = {"Idempotency-Key": "of-a-session", "Sec-Fetch-Site": "same-origin"}
    body = {"name": "by session", "instruction": "Pick."}
    with httpx.Client(base_url=world.base, cookies={SESSION_COOKIE: token}, timeout=30) as client:
        first, again = (client.post("/v1/projects", json=body, headers=headers) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert count(world, "by session") == 1


def test_another_body_is_refused(world: World) -> None:
    """422: a key names one request."""
    create(world, "reused", "first")
    refused = create(world, "reused", "second")
    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")
    assert count(world, "second") == 0


def test_another_address_is_another_request(world: World) -> None:
    """The address belongs to what the key names."""
    create(world, "address")
    with world.client() as client:
        refused = client.post(
            f"/v1/projects/{world.project}/batches/x/cancel", headers={"Idempotency-Key": "address"}
        )
    assert refused.json()["code"] == "idempotency_key_reused"


def test_keys_of_different_owners_do_not_meet(world: World) -> None:
    """Nobody can read another's answers by guessing a key."""
    first, other = create(world, "mine", "mine"), create(world, "mine", "mine", role="operator")
    assert first.json()["id"] != other.json()["id"]


def test_a_failed_request_frees_its_key(world: World) -> None:
    """It changed nothing, so it may be put right and sent again."""
    assert create(world, "retry", "").status_code == 422
    with world.client() as client:
        headers = {"Idempotency-Key": "retry"}
        bad = {"name": "x", "instruction": "y", "policy": {"no_such_knob": 1}}
        assert client.post("/v1/projects", json=bad, headers=headers).status_code == 422
    assert create(world, "retry", "good").status_code == 201


def test_duplicates_at_the_same_moment_happen_once(world: World) -> None:
    """One is carried out; the others get its answer, or are asked to come again."""
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: create(world, "race", "race"), range(8)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    for answer in answers:
        if answer.status_code == 409:
            assert answer.json()["code"] == "idempotency_key_in_use"
            assert answer.headers["Retry-After"] == "1"
    assert count(world, "race") == 1


@pytest.mark.parametrize("key", ["", "with space", "x" * 201, "ü"])
def test_a_key_that_is_none_is_refused(world: World, key: str) -> None:
    """Better than to take it for another one."""
    with world.client() as client:
        headers = {b"Idempotency-Key": key.encode()}
        response = client.post("/v1/projects", json={"name": "a", "instruction": "b"}, headers=headers)
    assert response.json()["code"] == "idempotency_key_invalid"
    assert response.json()["errors"][0]["parameter"] == "Idempotency-Key"


def test_a_claim_whose_process_died_is_taken_over(world: World) -> None:
    """After some minutes; until then the key is in use."""
    with world.db.connection() as tx:
        row = tx.execute("SELECT id FROM api_keys WHERE role = 'customer' LIMIT 1").fetchone()
    assert row is not None
    start = datetime(2026, 1, 1, tzinfo=UTC)
    assert idempotency.begin(world.db, row[0], "dead", start) is None
    with pytest.raises(Conflict):
        idempotency.begin(world.db, row[0], "dead", start + timedelta(minutes=1))
    later = start + timedelta(minutes=6)
    assert idempotency.begin(world.db, row[0], "dead", later) is None
    # The first process was only slow: its answer does not overwrite the claim of the second.
    idempotency.finish(
        world.db, row[0], "dead", request_hash=b"1", status=201, response=b"slow", claimed_at=start
    )
    idempotency.finish(
        world.db, row[0], "dead", request_hash=b"2", status=201, response=b"quick", claimed_at=later
    )
    kept = idempotency.begin(world.db, row[0], "dead", later + timedelta(hours=1))
    assert kept is not None
    assert kept.response == b"quick"
    assert idempotency.forget(world.db, later + timedelta(days=2)) >= 1
