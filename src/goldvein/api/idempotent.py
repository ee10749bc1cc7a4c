"""``Idempotency-Key`` around a customer's POST."""

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Callable

from litestar import Response

from goldvein.api.service import Call, service_of
from goldvein.domain.errors import InvalidInput
from goldvein.services import idempotency

_KEY = re.compile(r"[\x21-\x7e]{1,200}")


class Fingerprint:
    """What a request is recognised by: its method, address, type and every byte of its body."""

    def __init__(self, request: Call, body: bytes = b"") -> None:
        self._hash = hashlib.sha256()
        for part in (request.method, str(request.url.path), request.url.query):
            self._hash.update(part.encode() + b"\0")
        self._hash.update(body)

    def update(self, part: bytes) -> None:
        """Add the next part of the body."""
        self._hash.update(part)

    def digest(self) -> bytes:
        """Return the hash of all that was added."""
        return self._hash.digest()


async def _nothing() -> None:
    """Read no more: the whole body is known."""


async def once(
    request: Call,
    fingerprint: Fingerprint,
    act: Callable[[], Awaitable[Response[bytes]]],
    *,
    drain: Callable[[], Awaitable[None]] = _nothing,
) -> Response[bytes]:
    """Carry out ``act`` once for each ``Idempotency-Key``; without one, simply carry it out.

    ``drain`` reads the rest of a streamed body into the fingerprint where ``act`` shall not.
    """
    name = request.headers.get("idempotency-key")
    if name is None:
        return await act()
    if not _KEY.fullmatch(name):
        raise InvalidInput(
            "an Idempotency-Key has 1 to 200 printable characters without spaces: use a UUID",
            code="idempotency_key_invalid",
            parameter="Idempotency-Key",
        )
    service, key, claimed_at = service_of(request), request.user.key, service_of(request).now()
    kept = await service.call(idempotency.begin, key, name, claimed_at)
    if kept is not None:
        await drain()
        idempotency.check(kept, fingerprint.digest(), name)
        return Response(
            kept.response,
            status_code=kept.status,
            media_type="application/json",
            headers={"Idempotency-Replayed": "true"},
        )
    try:
        response = await act()
    except BaseException:
        await asyncio.shield(service.call(idempotency.release, key, name, claimed_at=claimed_at))
        raise
    await service.call(
        idempotency.finish,
        key,
        name,
        request_hash=fingerprint.digest(),
        status=response.status_code or 200,
        response=response.content,
        claimed_at=claimed_at,
    )
    return response
