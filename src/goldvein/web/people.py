"""Who is here: accounts, found by name or role, and what an operator does to one."""

from dataclasses import asdict
from typing import Annotated, Any, Final, get_args

from litestar import Response, get, post
from litestar.params import PathParameter
from litestar.types import ControllerRouterHandler

from goldvein.api.access import OPERATORS
from goldvein.api.service import Call, service_of
from goldvein.domain.errors import InvalidInput
from goldvein.domain.records import Role
from goldvein.services import accounts, erasing, invitations, keys, people
from goldvein.web.forms import form
from goldvein.web.responses import address, go, page

TABS: Final = (
    ("/people", "Accounts"),
    ("/people/invitations", "Invitations"),
    ("/people/customers", "Customers"),
    ("/people/erasures", "Erasures"),
)
Id = Annotated[int, PathParameter(ge=1, le=2**31 - 1)]
_A_PAGE: Final = 50


@get("/people", opt={"roles": OPERATORS}, include_in_schema=False)
async def list_people(request: Call) -> Response[str]:
    """List accounts, a page at a time."""
    asked = request.query_params
    prefix, after, role = asked.get("login", "")[:100], asked.get("after", "")[:100], asked.get("role", "")
    chosen = role_of(role) if role else None
    found = await service_of(request).call(
        people.list_, prefix=prefix, role=chosen, after=after, limit=_A_PAGE + 1
    )
    return page(
        request,
        "people/list.html",
        tabs=TABS,
        people=found[:_A_PAGE],
        more=found[_A_PAGE - 1].login if len(found) > _A_PAGE else "",
        login=prefix,
        role=role,
        after=after,
        roles=[(one, one) for one in people.ROLES],
    )


@get("/people/{account:int}", opt={"roles": OPERATORS}, include_in_schema=False)
async def show_person(request: Call, account: Id) -> Response[str]:
    """Show an account and what may be done to it."""
    return await _shown(request, account)


@post("/people/{account:int}/role", opt={"roles": OPERATORS}, include_in_schema=False, status_code=200)
async def change_role(request: Call, account: Id) -> Response[Any]:
    """Give an account another role."""
    fields, service = await form(request), service_of(request)
    role = role_of(fields.get("role", ""))
    await service.call(people.change_role, request.user, account, role, service.now())
    service.keyring.forget()
    return go(f"/people/{account}")


@post("/people/{account:int}/disable", opt={"roles": OPERATORS}, include_in_schema=False, status_code=200)
async def disable(request: Call, account: Id) -> Response[Any]:
    """Keep somebody out."""
    await form(request)
    service = service_of(request)
    await service.call(people.disable, request.user, account, service.now())
    service.keyring.forget()
    return go(f"/people/{account}")


@post("/people/{account:int}/enable", opt={"roles": OPERATORS}, include_in_schema=False, status_code=200)
async def enable(request: Call, account: Id) -> Response[Any]:
    """Let somebody in again."""
    await form(request)
    await service_of(request).call(people.enable, request.user, account)
    return go(f"/people/{account}")


@post("/people/{account:int}/sign-out", opt={"roles": OPERATORS}, include_in_schema=False, status_code=200)
async def sign_out(request: Call, account: Id) -> Response[Any]:
    """Sign somebody out everywhere."""
    await form(request)
    service = service_of(request)
    await service.call(people.sign_out, request.user, account)
    service.keyring.forget()
    return go(f"/people/{account}")


@post("/people/{account:int}/link", opt={"roles": OPERATORS}, include_in_schema=False, status_code=200)
async def make_link(request: Call, account: Id) -> Response[str]:
    """Make a link for a new password, and show it this once."""
    await form(request)
    service = service_of(request)
    token = await service.call(invitations.invite_back, request.user, account, service.now())
    return await _shown(request, account, link=address(request, f"/join/{token}"))


@get("/people/erasures", opt={"roles": OPERATORS}, include_in_schema=False)
async def list_erasures(request: Call) -> Response[str]:
    """List who asks to be forgotten, the oldest first, a page at a time."""
    after = number_of(request, "after", 0)
    found = await service_of(request).call(erasing.waiting, after=after, limit=_A_PAGE + 1)
    more = found[_A_PAGE - 1].id if len(found) > _A_PAGE else 0
    kept = asdict(service_of(request).spans)
    return page(request, "people/erasures.html", tabs=TABS, wishes=found[:_A_PAGE], more=more, kept=kept)


@post("/people/{account:int}/erase", opt={"roles": OPERATORS}, include_in_schema=False, status_code=200)
async def erase(request: Call, account: Id) -> Response[Any]:
    """Erase somebody who asked for it, once their name is typed."""
    fields, service = await form(request), service_of(request)
    try:
        await service.call(erasing.confirm, request.user, account, fields.get("typed", ""), service.now())
    except InvalidInput as error:
        return await _shown(request, account, error=error.detail, status=error.status)
    service.keyring.forget()
    return go(f"/people/{account}")


def number_of(request: Call, name: str, otherwise: int) -> int:
    """Read the id after or before which a page of a list begins; what is none begins at the beginning."""
    text = request.query_params.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else otherwise


def role_of(text: str) -> Role:
    """Read a role.

    Raises
    ------
    InvalidInput
        If there is no such role.
    """
    found: Role | None = next((role for role in get_args(Role) if role == text), None)
    if found is None:
        raise InvalidInput(f"there is no role {text[:20]!r}")
    return found


async def _shown(
    request: Call, account: int, *, link: str = "", error: str = "", status: int = 200
) -> Response[str]:
    service = service_of(request)
    person = await service.call(accounts.get, account)
    customer = None if person.customer is None else await service.call(keys.get_customer, person.customer)
    return page(
        request,
        "people/person.html",
        status=status,
        tabs=TABS,
        person=person,
        customer=customer,
        sessions=await service.call(accounts.list_sessions, account, None, service.now()),
        roles=[(one, one) for one in people.others(person.role)],
        may_change=person.role in people.GIVES[request.user.role] and account != request.user.account,
        link=link,
        erasure=await service.call(erasing.find, account),
        error=error,
    )


HANDLERS: Final[tuple[ControllerRouterHandler, ...]] = (
    list_people,
    show_person,
    change_role,
    disable,
    enable,
    sign_out,
    make_link,
    list_erasures,
    erase,
)
