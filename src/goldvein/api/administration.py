"""Customers, labelers and keys: what an operator needs over HTTP."""

from typing import Annotated

import msgspec
from litestar import Response, delete, get, patch, post
from litestar.params import PathParameter, QueryParameter

from goldvein import __version__, wire
from goldvein.api import replies
from goldvein.api.access import EVERYBODY, OPERATORS
from goldvein.api.bodies import body
from goldvein.api.service import Call, service_of
from goldvein.domain import records
from goldvein.domain.errors import InvalidInput
from goldvein.services import keys, people

AfterId = Annotated[int, QueryParameter(ge=0, le=2**31 - 1, description="Ids after this one are listed.")]
PageLimit = Annotated[int, QueryParameter(ge=1, le=1_000, description="Rows to return at most.")]
LabelerId = Annotated[int, PathParameter(ge=1, le=2**31 - 1, description="The labeler's id.")]
KeyId = Annotated[int, PathParameter(ge=1, le=2**31 - 1, description="The key's id.")]

_customer = msgspec.json.Decoder(wire.CustomerCreate)
_labelers = msgspec.json.Decoder(wire.LabelerCreate)
_role = msgspec.json.Decoder(wire.LabelerChange)
_key = msgspec.json.Decoder(wire.KeyCreate)


@get(
    "/healthz",
    opt={"roles": EVERYBODY, "returns": {200: wire.Health}},
    operation_id="health",
    tags=["operation"],
)
async def health() -> Response[bytes]:
    """Say that the server answers; the database is not asked."""
    return replies.reply(wire.Health(status="ok", version=__version__))


@post(
    "/v1/customers",
    opt={"roles": OPERATORS, "body": wire.CustomerCreate, "returns": {201: wire.Customer}},
    operation_id="create_customer",
    tags=["administration"],
)
async def create_customer(request: Call) -> Response[bytes]:
    """Make a customer; give it a key with `POST /v1/keys`."""
    asked, service = await body(request, _customer), service_of(request)
    now = service.now()
    customer = await service.call(keys.create_customer, asked.name, now)
    return replies.reply(wire.Customer(id=customer, name=asked.name, created_at=now), 201)


@get(
    "/v1/customers",
    opt={"roles": OPERATORS, "returns": {200: wire.Customers}},
    operation_id="list_customers",
    tags=["administration"],
)
async def list_customers(request: Call, after: AfterId = 0, limit: PageLimit = 100) -> Response[bytes]:
    """List customers by id."""
    found = await service_of(request).call(keys.list_customers, after=after, limit=limit)
    shown = [wire.Customer(id=one.id, name=one.name, created_at=one.created_at) for one in found]
    return replies.reply(wire.Customers(customers=shown, next=shown[-1].id if len(shown) == limit else None))


@post(
    "/v1/labelers",
    opt={
        "roles": OPERATORS,
        "body": wire.LabelerCreate,
        "returns": {201: wire.Labelers},
        "problems": {409: "a name is taken"},
    },
    operation_id="create_labelers",
    tags=["administration"],
)
async def create_labelers(request: Call) -> Response[bytes]:
    """Make labelers, all or none; with `keys`, each gets a key that is shown this once."""
    asked, service = await body(request, _labelers), service_of(request)
    now = service.now()
    named = [(one.name, one.role) for one in asked.labelers]
    ids = await service.call(keys.create_labelers, named, now)
    tokens: list[str | None] = [None] * len(ids)
    if asked.keys:
        wanted = [(role, labeler, name) for labeler, (name, role) in zip(ids, named, strict=True)]
        tokens = [key.token for key in await service.call(keys.issue_many, wanted, now)]
    made = [
        wire.Labeler(id=labeler, name=name, role=role, created_at=now, key=token)
        for labeler, (name, role), token in zip(ids, named, tokens, strict=True)
    ]
    return replies.reply(wire.Labelers(labelers=made, next=None), 201)


@get(
    "/v1/labelers",
    opt={"roles": OPERATORS, "returns": {200: wire.Labelers}},
    operation_id="list_labelers",
    tags=["administration"],
)
async def list_labelers(request: Call, after: AfterId = 0, limit: PageLimit = 100) -> Response[bytes]:
    """List labelers by id; ask again with `after` = `next` until it is null."""
    found = await service_of(request).call(keys.list_labelers, after=after, limit=limit)
    shown = [
        wire.Labeler(id=one.id, name=one.name, role=_person(one.role), created_at=one.created_at)
        for one in found
    ]
    return replies.reply(wire.Labelers(labelers=shown, next=shown[-1].id if len(shown) == limit else None))


@patch(
    "/v1/labelers/{labeler:int}",
    opt={"roles": OPERATORS, "body": wire.LabelerChange, "returns": {200: wire.Labeler}},
    operation_id="change_labeler",
    tags=["administration"],
)
async def change_labeler(request: Call, labeler: LabelerId) -> Response[bytes]:
    """Give a labeler another role; keys in use follow within seconds."""
    asked, service = await body(request, _role), service_of(request)
    one = await service.call(keys.change_role, labeler, asked.role, service.now())
    service.keyring.forget()
    return replies.reply(
        wire.Labeler(id=one.id, name=one.name, role=_person(one.role), created_at=one.created_at)
    )


@post(
    "/v1/keys",
    opt={"roles": OPERATORS, "body": wire.KeyCreate, "returns": {201: wire.Key}},
    operation_id="create_key",
    tags=["administration"],
)
async def create_key(request: Call) -> Response[bytes]:
    """Make a key of one customer, one labeler or, for an admin, an operator; it is shown this once."""
    asked, service = await body(request, _key), service_of(request)
    if asked.operator:
        people.check_gives(request.user, "operator")
    if (asked.customer is not None) + (asked.labeler is not None) + asked.operator != 1:
        raise InvalidInput(
            "a key belongs to one owner: name a customer, or a labeler, or set operator to true",
            code="owner_ambiguous",
        )
    if asked.labeler is not None:
        key = await service.call(keys.issue_for_labeler, asked.labeler, asked.name, service.now())
    else:
        role: records.Role = "operator" if asked.operator else "customer"
        wanted = [(role, asked.customer, asked.name)]
        (key,) = await service.call(keys.issue_many, wanted, service.now())
    assert key.role != "admin"
    return replies.reply(wire.Key(id=key.id, role=key.role, key=key.token), 201)


@delete(
    "/v1/keys/{key:int}",
    opt={"roles": OPERATORS, "returns": {204: None}},
    operation_id="revoke_key",
    tags=["administration"],
)
async def revoke_key(request: Call, key: KeyId) -> None:
    """End a key, within seconds everywhere."""
    service = service_of(request)
    await service.call(keys.revoke, key, service.now())
    service.keyring.forget()


def _person(role: records.Role) -> wire.LabelerRole:
    assert role != "customer"
    assert role != "operator"
    assert role != "admin"
    return role
