"""Customers, their people and their API keys: all of them for operators, one's own for a customer."""

from typing import Any, Final

from litestar import Response, get, post
from litestar.types import ControllerRouterHandler

from goldvein.api.access import OPERATORS
from goldvein.api.service import Call, service_of
from goldvein.domain.errors import GoldveinError
from goldvein.domain.records import Role
from goldvein.services import keys, people
from goldvein.web.forms import form, named
from goldvein.web.people import TABS, Id, number_of
from goldvein.web.responses import go, page

_A_PAGE: Final = 100
_CUSTOMER: Final[frozenset[Role]] = frozenset({"customer"})


@get("/people/customers", opt={"roles": OPERATORS}, include_in_schema=False)
async def list_customers(request: Call) -> Response[str]:
    """List customers, and show the form to make one."""
    return await _listed(request)


@post("/people/customers", opt={"roles": OPERATORS}, include_in_schema=False, status_code=200)
async def create_customer(request: Call) -> Response[Any]:
    """Make a customer."""
    fields, service = await form(request), service_of(request)
    try:
        name = named(fields, "name", "a customer's name")
    except GoldveinError as error:
        return await _listed(request, error=error.detail, status=error.status)
    made = await service.call(keys.create_customer, name, service.now())
    return go(f"/people/customers/{made}")


@get("/people/customers/{customer:int}", opt={"roles": OPERATORS}, include_in_schema=False)
async def show_customer(request: Call, customer: Id) -> Response[str]:
    """Show a customer's people and keys."""
    return await _shown(request, customer)


@post(
    "/people/customers/{customer:int}/keys",
    opt={"roles": OPERATORS},
    include_in_schema=False,
    status_code=200,
)
async def create_customers_key(request: Call, customer: Id) -> Response[str]:
    """Make a key of a customer."""
    return await _made(request, customer)


@post(
    "/people/customers/{customer:int}/keys/{key:int}/revoke",
    opt={"roles": OPERATORS},
    include_in_schema=False,
    status_code=200,
)
async def revoke_customers_key(request: Call, customer: Id, key: Id) -> Response[Any]:
    """End a key of a customer."""
    return await _revoked(request, customer, key, f"/people/customers/{customer}")


@get("/keys", opt={"roles": _CUSTOMER}, include_in_schema=False)
async def list_keys(request: Call) -> Response[str]:
    """Show one's organisation's keys."""
    return await _shown(request, _own(request))


@post("/keys", opt={"roles": _CUSTOMER}, include_in_schema=False, status_code=200)
async def create_key(request: Call) -> Response[str]:
    """Make a key of one's organisation."""
    return await _made(request, _own(request))


@post("/keys/{key:int}/revoke", opt={"roles": _CUSTOMER}, include_in_schema=False, status_code=200)
async def revoke_key(request: Call, key: Id) -> Response[Any]:
    """End a key of one's organisation."""
    return await _revoked(request, _own(request), key, "/keys")


def _own(request: Call) -> int:
    assert request.user.customer is not None  # the role is a customer's
    return request.user.customer


async def _made(request: Call, customer: int) -> Response[str]:
    """Make a key and show it this once."""
    fields, service = await form(request), service_of(request)
    try:
        name = named(fields, "name", "a key's name")
        token = await service.call(keys.issue, "customer", customer, name, service.now())
    except GoldveinError as error:
        return await _shown(request, customer, error=error.detail, status=error.status)
    return await _shown(request, customer, token=token)


async def _revoked(request: Call, customer: int, key: int, there: str) -> Response[Any]:
    await form(request)
    service = service_of(request)
    await service.call(keys.revoke_of_customer, customer, key, service.now())
    service.keyring.forget()
    return go(there)


async def _listed(request: Call, *, error: str = "", status: int = 200) -> Response[str]:
    after = number_of(request, "after", 0)
    found = await service_of(request).call(keys.list_customers, after=after, limit=_A_PAGE + 1)
    return page(
        request,
        "people/customers.html",
        status=status,
        tabs=TABS,
        customers=found[:_A_PAGE],
        more=found[_A_PAGE - 1].id if len(found) > _A_PAGE else None,
        error=error,
    )


async def _shown(
    request: Call, customer: int, *, token: str = "", error: str = "", status: int = 200
) -> Response[str]:
    service = service_of(request)
    is_own = request.user.role == "customer"
    return page(
        request,
        "people/keys.html" if is_own else "people/customer.html",
        status=status,
        tabs=TABS,
        customer=await service.call(keys.get_customer, customer),
        keys=await service.call(keys.list_keys, customer),
        people=[] if is_own else await service.call(people.list_, customer=customer, limit=_A_PAGE),
        place="/keys" if is_own else f"/people/customers/{customer}/keys",
        token=token,
        error=error,
    )


HANDLERS: Final[tuple[ControllerRouterHandler, ...]] = (
    list_customers,
    create_customer,
    show_customer,
    create_customers_key,
    revoke_customers_key,
    list_keys,
    create_key,
    revoke_key,
)
