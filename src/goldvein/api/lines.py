"""Pushes that are stored while they come: items one after the other, some at a time."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final, TypeVar

from litestar import Response

from goldvein import wire
from goldvein.api import bodies
from goldvein.api.idempotent import Fingerprint, once
from goldvein.api.pieces import Chunks, lines
from goldvein.api.problems import BodyTooLarge
from goldvein.api.pushing import Tally
from goldvein.api.service import Call
from goldvein.domain.errors import InvalidInput
from goldvein.domain.records import ItemError

T = TypeVar("T")
Items = Callable[[Chunks], AsyncIterator[T | ItemError]]
"""Reads the items of a body, one after the other."""
CHUNK: Final = 1_000
"""Items that go to the service together."""


async def push_items(
    request: Call,
    tally: Tally,
    read: Items[T],
    store: Callable[[list[T | ItemError]], Awaitable[None]],
    item: str,
) -> Response[bytes]:
    """Read and store the items of a body, once for each idempotency key; ``item`` is what each of them is.

    What makes the rest of a body unreadable is told beside what was read before: that is stored.
    """
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
        count = 0
        try:
            async for one in read(chunks()):
                if count == wire.MAX_LINES:
                    raise BodyTooLarge(
                        f"a push has {wire.MAX_LINES:,} {item}s at most: those are stored, send the rest anew"
                    )
                waiting.append(one)
                count += 1
                if len(waiting) == CHUNK:
                    await store(waiting)
                    waiting = []
        except InvalidInput as error:
            if not count:
                raise
            waiting.append(bodies.item_error(error, count, ""))
        if waiting:
            await store(waiting)
        if not count:
            raise InvalidInput(f"the body is empty: it has no {item} that could be stored", code="push_empty")
        return tally.reply()

    return await once(request, fingerprint, act, drain=drain)


def by_line(read: Callable[[bytes, int, str], T | ItemError], item: str) -> Items[T]:
    """Read one item a line; empty lines are passed over."""

    async def items(chunks: Chunks) -> AsyncIterator[T | ItemError]:
        index = 0
        async for line, too_long in lines(chunks):
            if too_long or line.strip():
                yield line_too_long(index, item) if too_long else read(line, index, "")
                index += 1

    return items


def line_too_long(index: int, item: str) -> ItemError:
    """Say that an item is left out."""
    return ItemError(
        index, "line_too_long", f"the {item} has more than {bodies.LINE:,} bytes: shorten it", ""
    )
