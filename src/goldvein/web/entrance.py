"""The way in and out: sign in, sign out, and where each person begins."""

from typing import Annotated, Any, Final

from litestar import Request, Response, get, post
from litestar.datastructures import Cookie
from litestar.params import PathParameter
from litestar.types import ControllerRouterHandler

from goldvein.api.access import EVERYBODY, PEOPLE
from goldvein.api.keyring import SESSION_COOKIE, session_token
from goldvein.api.service import Call, service_of
from goldvein.domain.errors import GoldveinError
from goldvein.services import accounts
from goldvein.web.forms import form
from goldvein.web.navigation import home
from goldvein.web.responses import go, page

AnyRequest = Request[Any, Any, Any]
Token = Annotated[str, PathParameter(max_length=100)]


@get("/", opt={"roles": PEOPLE}, include_in_schema=False)
async def begin(request: Call) -> Response[Any]:
    """Send each person to where they begin."""
    return go(home(request.user))


@get("/login", opt={"roles": EVERYBODY}, include_in_schema=False)
async def login(request: AnyRequest) -> Response[str]:
    """Show the form to sign in."""
    ended = request.query_params.get("ended") == "1"
    return page(
        request,
        "login.html",
        next=own_path(request.query_params.get("next", "")),
        error=None,
        login="",
        ended=ended,
        sign_on=sign_on_name(request),
    )


@post("/login", opt={"roles": EVERYBODY}, include_in_schema=False, status_code=200)
async def sign_in(request: AnyRequest) -> Response[Any]:
    """Sign in, and go on to where the person wanted to."""
    fields, service = await form(request), service_of(request)
    name, there = fields.get("login", ""), own_path(fields.get("next", ""))
    count_try(request)
    try:
        token = await service.call_hashing(
            accounts.sign_in,
            name,
            fields.get("password", ""),
            user_agent(request),
            service.now(),
        )
    except GoldveinError as error:
        return page(
            request,
            "login.html",
            status=error.status,
            next=there,
            error=error.detail,
            login=name,
            ended=False,
            sign_on=sign_on_name(request),
        )
    return await signed_in(request, token, there or "/")


@post("/logout", opt={"roles": PEOPLE}, include_in_schema=False, status_code=200)
async def sign_out(request: Call) -> Response[Any]:
    """Sign out here."""
    service, token = service_of(request), session_token(request.scope)
    if token is not None:
        await service.call(accounts.sign_out, token)
        service.keyring.forget()
    response = go("/login")
    response.delete_cookie(SESSION_COOKIE)
    return response


@get("/enter/{token:str}", opt={"roles": EVERYBODY}, include_in_schema=False)
async def show_entry(request: AnyRequest, token: Token) -> Response[str]:
    """Ask whether to sign in: a program that previews links must not use one up."""
    return page(request, "enter.html", token=token, next=own_path(request.query_params.get("next", "")))


@post("/enter/{token:str}", opt={"roles": EVERYBODY}, include_in_schema=False, status_code=200)
async def enter(request: AnyRequest, token: Token) -> Response[Any]:
    """Sign in by a link that is good for once, and go on to where it leads."""
    fields, service = await form(request), service_of(request)
    begun = await service.call(accounts.enter, token, user_agent(request), service.now())
    return await signed_in(request, begun, own_path(fields.get("next", "")) or "/")


async def signed_in(request: AnyRequest, token: str, there: str) -> Response[Any]:
    """Give the browser its new session, in place of one that it may have had, and send it on."""
    service, before = service_of(request), session_token(request.scope)
    if before is not None:
        await service.call(accounts.sign_out, before)
        service.keyring.forget()
    response = go(there)
    response.set_cookie(
        Cookie(
            SESSION_COOKIE,
            value=token,
            path="/",
            httponly=True,
            secure=is_secure(request),
            samesite="lax",
            max_age=int(accounts.SESSION_LASTS.total_seconds()),
        )
    )
    return response


def count_try(request: AnyRequest) -> None:
    """Refuse an address from which too many try to get in."""
    service = service_of(request)
    service.allowance.take(request.client.host if request.client else "", service.monotonic())


def sign_on_name(request: AnyRequest) -> str:
    """Name the provider of single sign-on; empty without one."""
    open_id = service_of(request).open_id
    return open_id.provider.name if open_id is not None else ""


def is_secure(request: AnyRequest) -> bool:
    """Whether cookies may go by https only."""
    return service_of(request).public_url.startswith("https://") or request.url.scheme == "https"


def user_agent(request: AnyRequest) -> str:
    """Which browser a request says it comes from."""
    return request.headers.get("user-agent", "")


def own_path(text: str) -> str:
    """Keep only an address on this server."""
    is_own = text.startswith("/") and not text.startswith("//") and "\\" not in text
    return text if is_own else ""


HANDLERS: Final[tuple[ControllerRouterHandler, ...]] = (
    begin,
    login,
    sign_in,
    sign_out,
    show_entry,
    enter,
)
