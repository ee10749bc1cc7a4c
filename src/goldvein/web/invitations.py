"""Links by which people come: made and taken back by operators, followed by whoever gets one."""

from typing import Any, Final

from litestar import Response, get, post
from litestar.types import ControllerRouterHandler

from goldvein.api.access import EVERYBODY, OPERATORS
from goldvein.api.service import Call, service_of
from goldvein.domain.errors import GoldveinError, InvalidInput
from goldvein.services import invitations, keys, passwords, people
from goldvein.services.accounts import LinkEnded
from goldvein.services.invitations import Invitation
from goldvein.web.entrance import AnyRequest, Token, count_try, sign_on_name, signed_in, user_agent
from goldvein.web.forms import form, whole
from goldvein.web.people import TABS, Id, number_of, role_of
from goldvein.web.responses import address, go, page

_A_PAGE: Final = 50


@get("/people/invitations", opt={"roles": OPERATORS}, include_in_schema=False)
async def list_invitations(request: Call) -> Response[str]:
    """List links, and show the form to make one."""
    return await _listed(request)


@post("/people/invitations", opt={"roles": OPERATORS}, include_in_schema=False, status_code=200)
async def invite(request: Call) -> Response[str]:
    """Make a link, and show it this once."""
    fields, service = await form(request), service_of(request)
    try:
        wanted = _wanted(fields)
        token = await service.call(invitations.invite, request.user, wanted, service.now())
    except GoldveinError as error:
        return await _listed(request, fields=fields, error=error.detail, status=error.status)
    return await _listed(request, link=address(request, f"/join/{token}"), made=wanted)


@post(
    "/people/invitations/{invitation:int}/revoke",
    opt={"roles": OPERATORS},
    include_in_schema=False,
    status_code=200,
)
async def revoke(request: Call, invitation: Id) -> Response[Any]:
    """Take a link back."""
    await form(request)
    service = service_of(request)
    await service.call(invitations.revoke, request.user, invitation, service.now())
    return go("/people/invitations")


@get("/join/{token:str}", opt={"roles": EVERYBODY}, include_in_schema=False)
async def show_join(request: AnyRequest, token: Token) -> Response[str]:
    """Ask who follows a link for a name and a password."""
    return await _joining(request, token)


@post("/join/{token:str}", opt={"roles": EVERYBODY}, include_in_schema=False, status_code=200)
async def join(request: AnyRequest, token: Token) -> Response[Any]:
    """Make the account, or set its new password, and sign in."""
    fields, service = await form(request), service_of(request)
    count_try(request)
    login, password = fields.get("login", ""), fields.get("password", "")
    try:
        begun = await service.call_hashing(
            invitations.join, token, login, password, user_agent(request), service.now()
        )
    except LinkEnded:
        raise
    except GoldveinError as error:
        return await _joining(request, token, login=login, error=error.detail, status=error.status)
    return await signed_in(request, begun, "/")


def _wanted(fields: dict[str, str]) -> Invitation:
    role = role_of(fields.get("role", ""))
    is_customers = role == "customer"
    if is_customers and not fields.get("customer", "").strip():
        raise InvalidInput("say which customer's projects the people of role customer see: choose a customer")
    return Invitation(
        role,
        whole(fields, "customer", "the customer's number", least=1, most=2**31 - 1) if is_customers else None,
        whole(fields, "uses", "the number of people", least=1, most=invitations.MOST_USES),
        whole(fields, "days", "the number of days", least=1, most=invitations.MOST_DAYS),
        fields.get("note", "").strip(),
    )


async def _listed(
    request: Call,
    *,
    fields: dict[str, str] | None = None,
    error: str = "",
    link: str = "",
    made: Invitation | None = None,
    status: int = 200,
) -> Response[str]:
    service = service_of(request)
    before, gives = number_of(request, "before", 2**31 - 1), people.GIVES[request.user.role]
    found = await service.call(invitations.list_latest, before=before, limit=_A_PAGE + 1)
    return page(
        request,
        "people/invitations.html",
        status=status,
        tabs=TABS,
        invitations=found[:_A_PAGE],
        more=found[_A_PAGE - 1].id if len(found) > _A_PAGE else None,
        customers=[(str(one.id), one.name) for one in await service.call(keys.list_customers)],
        gives=gives,
        roles=[(one, one) for one in gives],
        most_days=invitations.MOST_DAYS,
        most_uses=invitations.MOST_USES,
        most_note=invitations.MOST_NOTE,
        now=service.now(),
        fields=fields or {},
        error=error,
        link=link,
        made=made,
    )


async def _joining(
    request: AnyRequest, token: str, *, login: str = "", error: str = "", status: int = 200
) -> Response[str]:
    service = service_of(request)
    found = await service.call(invitations.look, token, service.now())
    return page(
        request,
        "join.html",
        status=status,
        token=token,
        invitation=found,
        login=login,
        error=error,
        shortest=passwords.SHORTEST,
        longest=passwords.LONGEST,
        sign_on=sign_on_name(request),
    )


HANDLERS: Final[tuple[ControllerRouterHandler, ...]] = (list_invitations, invite, revoke, show_join, join)
