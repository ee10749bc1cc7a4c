"""One's own account: the password, and where one is signed in."""

from collections.abc import AsyncIterator
from typing import Any, Final

from litestar import Response, get, post
from litestar.response import Stream
from litestar.types import ControllerRouterHandler

from goldvein.api.access import PEOPLE
from goldvein.api.keyring import SESSION_COOKIE, session_token
from goldvein.api.service import Call, service_of
from goldvein.domain.errors import Forbidden, GoldveinError
from goldvein.services import accounts, erasing, passwords, personal
from goldvein.web.entrance import signed_in, user_agent
from goldvein.web.forms import form
from goldvein.web.responses import go, page


@get("/account", opt={"roles": PEOPLE}, include_in_schema=False)
async def show(request: Call) -> Response[str]:
    """Show who one is and where one is signed in."""
    changed = request.query_params.get("changed") == "1"
    return await _shown(request, done="Your password is changed." if changed else "")


@post("/account/password", opt={"roles": PEOPLE}, include_in_schema=False, status_code=200)
async def change_password(request: Call) -> Response[Any]:
    """Change the password; other sessions end."""
    fields, service = await form(request), service_of(request)
    try:
        token = await service.call_hashing(
            accounts.change_password,
            own_account(request),
            fields.get("old", ""),
            fields.get("new", ""),
            user_agent(request),
            service.now(),
        )
    except GoldveinError as error:
        return await _shown(request, error=error.detail, status=error.status)
    return await signed_in(request, token, "/account?changed=1")


@post("/account/sign-out-everywhere", opt={"roles": PEOPLE}, include_in_schema=False, status_code=200)
async def sign_out_everywhere(request: Call) -> Response[Any]:
    """End all sessions, this one too."""
    await form(request)
    service = service_of(request)
    await service.call(accounts.sign_out_everywhere, own_account(request), service.now())
    service.keyring.forget()
    response = go("/login")
    response.delete_cookie(SESSION_COOKIE)
    return response


@get("/account/data", opt={"roles": PEOPLE}, include_in_schema=False)
async def download(request: Call) -> Stream:
    """Stream all that is stored of oneself, as JSON Lines."""
    service, who = service_of(request), own_account(request)
    labeler = await service.call(personal.of_account, who)
    blocks = personal.encoded(service.db, who, labeler, service.now())

    async def written() -> AsyncIterator[bytes]:
        while block := await service.run(lambda: next(blocks, b"")):
            yield block

    headers = {"Content-Disposition": 'attachment; filename="my-data.jsonl"', "Cache-Control": "no-store"}
    return Stream(written(), media_type="application/jsonl", headers=headers)


@post("/account/erase", opt={"roles": PEOPLE}, include_in_schema=False, status_code=200)
async def ask_for_erasure(request: Call) -> Response[Any]:
    """Ask to be forgotten; an operator confirms it."""
    await form(request)
    service = service_of(request)
    await service.call(erasing.ask, own_account(request), service.now())
    return go("/account#data")


@post("/account/erase/take-back", opt={"roles": PEOPLE}, include_in_schema=False, status_code=200)
async def keep_account(request: Call) -> Response[Any]:
    """Think better of it."""
    await form(request)
    await service_of(request).call(erasing.take_back, own_account(request))
    return go("/account#data")


def own_account(request: Call) -> int:
    """Name the account that asks.

    Raises
    ------
    Forbidden
        If it is a program, with a key.
    """
    if request.user.account is None:
        raise Forbidden("this page is for people: sign in, a key opens the API only")
    return request.user.account


async def _shown(request: Call, *, done: str = "", error: str = "", status: int = 200) -> Response[str]:
    service, who = service_of(request), own_account(request)
    token = session_token(request.scope)
    return page(
        request,
        "account.html",
        status=status,
        account=await service.call(accounts.get, who),
        sessions=await service.call(accounts.list_sessions, who, token, service.now()),
        erasure=await service.call(erasing.find, who),
        shortest=passwords.SHORTEST,
        longest=passwords.LONGEST,
        done=done,
        error=error,
    )


HANDLERS: Final[tuple[ControllerRouterHandler, ...]] = (
    show,
    change_password,
    sign_out_everywhere,
    download,
    ask_for_erasure,
    keep_account,
)
