"""The OpenAPI document says what the server does, and the server does what it says."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    negative_data_rejection,
    positive_data_acceptance,
    unsupported_method,
)

from goldvein.api.app import ROUTES
from goldvein.api.examples import EXAMPLES
from goldvein.bootstrap import running_server
from goldvein.settings import read_settings
from goldvein.store.database import Database
from tests.api.world import World, make_world

EXCLUDED = [positive_data_acceptance, negative_data_rejection, unsupported_method]
Operation = APIOperation[Any, Any, Any, Any]
METHODS = {"get", "post", "patch", "delete"}
STREAMS = {"stream_events"}  # they have no end
OPERATIONS = sorted(
    handler.operation_id
    for handler in ROUTES
    if isinstance(handler.operation_id, str) and handler.operation_id not in STREAMS | {"openapi"}
)


@pytest.fixture(scope="module")
def world(module_database_url: str) -> Iterator[World]:
    """A server that all examples are sent to."""
    quick = read_settings({"GOLDVEIN_WEBHOOK_TIMEOUT": "0.2"})
    with (
        Database(module_database_url, pool_size=2) as db,
        running_server(module_database_url, quick, seed=1) as base,
    ):
        yield make_world(base, db)


@pytest.fixture(scope="module")
def operations(world: World) -> dict[str, Operation]:
    """Every operation of the document as the server hands it out."""
    api = schemathesis.openapi.from_url(world.base + "/v1/openapi.json")
    found = [one.ok() for one in api.get_all_operations() if isinstance(one, Ok)]
    return {one.definition.raw["operationId"]: one for one in found}


@pytest.mark.parametrize(
    ("name", "mode"),
    [(name, GenerationMode.POSITIVE) for name in OPERATIONS]
    + [(name, GenerationMode.NEGATIVE) for name in OPERATIONS if name != "health"],  # takes nothing
)
def test_the_server_keeps_the_contract(
    world: World, operations: dict[str, Operation], name: str, mode: GenerationMode
) -> None:
    """No 500, only documented statuses, types and shapes, whatever is sent to whichever address."""
    operation = operations[name]
    roles = operation.definition.raw["x-roles"]
    headers = {"Authorization": f"Bearer {world.keys[min(set(roles) & world.keys.keys())]}"} if roles else {}

    @settings(
        derandomize=True,
        database=None,
        max_examples=15,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow],  # how fast data are made is the machine's business
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def check(case: Case[Any]) -> None:
        case.query.pop("wait", None)  # waiting is tested elsewhere; here it would only take time
        if "project" in case.path_parameters:
            case.path_parameters["project"] = world.project
        case.call_and_validate(headers=headers, excluded_checks=EXCLUDED)

    check()


def test_every_operation_is_described(world: World) -> None:
    """A name, a summary, a tag, the roles, and a schema for all that goes in and out."""
    with world.client(None) as client:
        found = client.get("/v1/openapi.json").json()
    names = []
    for path in found["paths"].values():
        for method in METHODS & path.keys():
            operation = path[method]
            names.append(operation["operationId"])
            assert operation["summary"]
            assert operation["description"]
            assert operation["tags"]
            for parameter in operation.get("parameters", ()):
                assert parameter["schema"]
                assert parameter["description"], (operation["operationId"], parameter["name"])
            for kind, body in operation.get("requestBody", {"content": {}})["content"].items():
                assert kind != "application/json" or body["example"]
            for status, response in operation["responses"].items():
                assert response["description"]
                assert status == "204" or response["content"]
            if operation["x-roles"]:
                assert operation["security"] == [{"key": []}]
                assert {"401", "403", "422", "500"} <= operation["responses"].keys()
    assert len(names) == len(set(names))


@pytest.mark.parametrize("shape", EXAMPLES, ids=lambda shape: shape.__name__)
def test_every_example_is_one(shape: type[msgspec.Struct]) -> None:
    """Who copies it gets no error for its shape."""
    msgspec.json.decode(msgspec.json.encode(EXAMPLES[shape]), type=shape)


def test_every_reference_leads_somewhere(world: World) -> None:
    """No shape is referred to that is not there."""
    with world.client(None) as client:
        found = client.get("/v1/openapi.json").json()
    schemas = found["components"]["schemas"]

    def references(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            if isinstance(value.get("$ref"), str):
                yield value["$ref"]
            for part in value.values():
                yield from references(part)
        elif isinstance(value, list):
            for part in value:
                yield from references(part)

    for reference in references(found):
        assert reference.removeprefix("#/components/schemas/") in schemas
