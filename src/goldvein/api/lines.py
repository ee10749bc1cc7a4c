"""Pushes as NDJSON: one item a line, read as they come and stored some at a time."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final, TypeVar

from litestar import Response

from goldvein import wire
from goldvein.api import bodies
from goldvein.api.idempotent import Fingerprint, once
from goldvein.api.problems import BodyTooLarge
from goldvein.api.pushing import Tally
from goldvein.api.service import Call
from goldvein.domain.errors import InvalidInput
from goldvein.domain.records import ItemError

T = TypeVar("T")
CHUNK: Final = 1_000
"""Items that go to the service together."""


async def push_lines(
    request: Call,
    tally: Tally,
    read: Callable[[bytes, int, str], T | ItemError],
    store: Callable[[list[T | ItemError]], Awaitable[None]],
    item: str,
) -> Response[bytes]:
    """Read and store the lines of a body, once for each idempotency key; ``item`` is what a line holds."""
    fingerprint = Fingerprint(request)

    async def chunks() -> AsyncIterator[bytes]:
        async for chunk in request.stream():
            fingerprint.update(chunk)
            yield chunk

    async def drain() -> None:
        async for _ in chunks():
            pass

    async def act() -> Response[bytes]:
        waiting: list[T | ItemError] = []
        index = 0
        async for line, too_long in bodies.lines(chunks()):
            if not too_long and not line.strip():
                continue
            if index == wire.MAX_LINES:
                raise BodyTooLarge(
                    f"a push has {wire.MAX_LINES:,} lines at most: those are stored, send the rest anew"
                )
            waiting.append(_too_long(index, item) if too_long else read(line, index, ""))
            index += 1
            if len(waiting) == CHUNK:
                await store(waiting)
                waiting = []
        if waiting:
            await store(waiting)
        if not index:
            raise InvalidInput(f"the body has no line: send one {item} a line", code="push_empty")
        return tally.reply()

    return await once(request, fingerprint, act, drain=drain)


def _too_long(index: int, item: str) -> ItemError:
    """Say that a line is left out."""
    return ItemError(
        index, "line_too_long", f"the line has more than {bodies.LINE:,} bytes: shorten the {item}", ""
    )
