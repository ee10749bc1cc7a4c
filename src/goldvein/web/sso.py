"""Single sign-on: away to the provider, and back. Without a provider these addresses do not exist."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TYPE_CHECKING, Any, Final

import msgspec
from litestar import Response, get
from litestar.datastructures import Cookie
from litestar.types import ControllerRouterHandler

from goldvein.api.access import EVERYBODY
from goldvein.api.problems import NoSuchRoute
from goldvein.api.service import service_of
from goldvein.services import signing_on
from goldvein.web.entrance import AnyRequest, count_try, is_secure, own_path, signed_in, user_agent
from goldvein.web.responses import address, go

if TYPE_CHECKING:
    from goldvein.services.openid import OpenId

_COOKIE: Final = "goldvein_sso"
_PATH: Final = "/sso"
_BACK: Final = "/sso/callback"
_LASTS_SECONDS: Final = 600


class Away(msgspec.Struct, frozen=True, array_like=True):
    """What a browser keeps in a cookie while it is away: none of it is worth anything to anybody else."""

    state: str
    nonce: str
    verifier: str
    invitation: str
    there: str


_decoder = msgspec.msgpack.Decoder(Away)


@get("/sso/start", opt={"roles": EVERYBODY}, include_in_schema=False)
async def depart(request: AnyRequest) -> Response[Any]:
    """Send the browser to the provider."""
    open_id, service = _open_id(request), service_of(request)
    count_try(request)
    with service.outward():
        place, attempt = await service.run(lambda: open_id.depart(address(request, _BACK)))
    away = Away(
        attempt.state,
        attempt.nonce,
        attempt.verifier,
        request.query_params.get("join", "")[:100],
        own_path(request.query_params.get("next", ""))[:1_000],
    )
    response = go(place)
    response.set_cookie(
        Cookie(
            _COOKIE,
            value=urlsafe_b64encode(msgspec.msgpack.encode(away)).decode(),
            path=_PATH,
            httponly=True,
            secure=is_secure(request),
            samesite="lax",  # the provider's redirect is another site's
            max_age=_LASTS_SECONDS,
        )
    )
    return response


@get(_BACK, opt={"roles": EVERYBODY}, include_in_schema=False)
async def arrive(request: AnyRequest) -> Response[Any]:
    """Take the browser back, and sign in whom the provider vouches for."""
    open_id, service, away = _open_id(request), service_of(request), _away(request)
    count_try(request)
    attempt = signing_on.Attempt(away.state, away.nonce, away.verifier)
    answer = dict(request.query_params)
    with service.outward():
        who = await service.run(lambda: open_id.arrive(attempt, answer, address(request, _BACK)))
    token = await service.call(
        signing_on.sign_on,
        open_id.provider,
        who,
        user_agent(request),
        service.now(),
        invitation=away.invitation or None,
    )
    response = await signed_in(request, token, away.there or "/")
    response.delete_cookie(_COOKIE, path=_PATH)
    return response


def _open_id(request: AnyRequest) -> "OpenId":
    found = service_of(request).open_id
    if found is None:
        raise NoSuchRoute
    return found


def _away(request: AnyRequest) -> Away:
    try:
        return _decoder.decode(urlsafe_b64decode(request.cookies.get(_COOKIE, "")[:4_000]))
    except (ValueError, msgspec.DecodeError) as error:
        raise signing_on.SignOnFailed from error


HANDLERS: Final[tuple[ControllerRouterHandler, ...]] = (depart, arrive)
