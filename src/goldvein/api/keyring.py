"""Who sent a request: the owner of an API key, or of a browser's session.

A browser sends its cookie along whoever made it send the request, so a request that changes something counts
only if the browser says that a page of ours made it (``Sec-Fetch-Site``, or ``Origin`` where a browser has
only that). ADR 0027 says why not by tokens in forms.
"""

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from goldvein.domain.errors import Forbidden, Unauthenticated
from goldvein.domain.records import Principal
from goldvein.services import accounts, keys

SESSION_COOKIE: Final = "goldvein_session"
_COOKIE: Final = SESSION_COOKIE.encode() + b"="
_SESSION: Final = b"\n"
"""Stands before the tokens of sessions in the memory: no header's value, which holds the keys, has it."""
_HARMLESS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
Call = Callable[..., Awaitable[Principal]]


class CrossSite(Forbidden):
    """Another site made the browser send this: open the page here and do it again."""

    code = "cross_site_request"


class Keyring:
    """Remembers for a few seconds who owns a key, so that a labeler's every answer needs no look-up.

    A revoked key, a session that ended and a changed role are noticed when the memory ends.

    Parameters
    ----------
    call : callable
        Runs a service in a thread.
    """

    def __init__(self, call: Call, *, seconds: float = 5.0, size: int = 10_000) -> None:
        self._call = call
        self._seconds = seconds
        self._size = size
        self._known: OrderedDict[bytes, tuple[float, Principal]] = OrderedDict()

    async def identify(self, scope: Any) -> Principal:
        """Say who sent a request, by its key, else by its session.

        Raises
        ------
        Unauthenticated
            If it has neither, or one that is not valid.
        CrossSite
            If it would change something, and a page of another site sent it.
        """
        headers = dict(scope["headers"])
        authorization: bytes | None = headers.get(b"authorization")
        if authorization is not None:
            return self._remembered(authorization) or await self._by_key(authorization)
        token = session_token(scope)
        if token is None:
            raise Unauthenticated
        check_same_site(scope)
        return self._remembered(_SESSION + token.encode()) or await self._by_session(token)

    def forget(self) -> None:
        """Look everybody up again: a role has changed, a key was revoked or a session ended."""
        self._known.clear()

    def _remembered(self, secret: bytes) -> Principal | None:
        entry = self._known.get(secret)
        return entry[1] if entry is not None and entry[0] >= time.monotonic() else None

    async def _by_key(self, authorization: bytes) -> Principal:
        scheme, _, token = authorization.decode("latin-1").partition(" ")
        if scheme.lower() != "bearer":
            raise Unauthenticated
        principal = await self._call(keys.authenticate, token.strip())
        if token == token.strip():  # each spelling, of any length, would fill the memory
            self._remember(authorization, principal)
        return principal

    async def _by_session(self, token: str) -> Principal:
        principal = await self._call(accounts.authenticate, token, datetime.now(UTC))
        self._remember(_SESSION + token.encode(), principal)
        return principal

    def _remember(self, secret: bytes, principal: Principal) -> None:
        self._known[secret] = (time.monotonic() + self._seconds, principal)
        self._known.move_to_end(secret)
        while len(self._known) > self._size:
            self._known.popitem(last=False)


def session_token(scope: Any) -> str | None:
    """Find the session's token among a request's cookies."""
    for name, value in scope["headers"]:
        if name == b"cookie":
            for part in value.split(b";"):
                if (cookie := part.strip()).startswith(_COOKIE):
                    return str(cookie[len(_COOKIE) :].decode("latin-1")[:200]) or None
    return None


def check_same_site(scope: Any) -> None:
    """Refuse a request that would change something and that no page of ours sent.

    Raises
    ------
    CrossSite
        Also where the browser does not say: a program sends a key instead of a cookie.
    """
    if scope["method"] in _HARMLESS:
        return
    headers = dict(scope["headers"])
    if (site := headers.get(b"sec-fetch-site")) is not None:
        allowed = site in {b"same-origin", b"none"}
    else:
        origin = urlsplit(headers.get(b"origin", b"").decode("latin-1")).netloc
        allowed = origin != "" and origin == headers.get(b"host", b"").decode("latin-1")
    if not allowed:
        raise CrossSite
