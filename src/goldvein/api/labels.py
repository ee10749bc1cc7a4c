"""Labels as events: by cursor, long-poll and SSE."""

from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

import msgspec
from litestar import Response, get
from litestar.params import HeaderParameter, QueryParameter
from litestar.response import Stream

from goldvein import wire
from goldvein.api import replies
from goldvein.api.access import CUSTOMERS, check_role, visible_project
from goldvein.api.projects import ProjectId
from goldvein.api.service import Call, service_of
from goldvein.api.waiting import Tails
from goldvein.domain.errors import GoldveinError
from goldvein.services import delivery, projects

HEARTBEAT_SECONDS: Final = 15.0
PAGE: Final = 500
"""Events that a stream reads at once."""

After = Annotated[
    int,
    QueryParameter(ge=0, le=2**63 - 1, description="The cursor: events after this position are returned."),
]

_encoder = msgspec.json.Encoder()


@get(
    "/v1/projects/{project:int}/labels",
    opt={"roles": CUSTOMERS, "returns": {200: wire.Events}},
    operation_id="get_events",
    tags=["labels"],
)
async def get_events(
    request: Call,
    project: ProjectId,
    after: After = 0,
    limit: Annotated[int, QueryParameter(ge=1, le=1_000, description="Events to return at most.")] = 100,
    wait: Annotated[
        float, QueryParameter(ge=0, le=60, description="Seconds to wait for the first event.")
    ] = 0,
) -> Response[bytes]:
    """Read events after a cursor, in order and without gaps; ask again with `next`.

    With `wait`, an empty answer comes only when time is up. For one cursor, nothing is skipped or repeated.
    """
    await visible_project(request, project)
    service = service_of(request)
    deadline = service.monotonic() + wait
    while True:
        found, cursor = await service.call(delivery.events, project, after, limit)
        left = deadline - service.monotonic()
        if found or left <= 0 or service.closing.is_set():
            events = [delivery.event_json(event) for event in found]
            return replies.reply({"events": events, "next": cursor})
        await _tails(request).wait(project, after, left)


@get(
    "/v1/projects/{project:int}/labels/stream",
    opt={"roles": CUSTOMERS, "streams": "text/event-stream"},
    operation_id="stream_events",
    tags=["labels"],
)
async def stream_events(
    request: Call,
    project: ProjectId,
    after: After = 0,
    last_event_id: Annotated[
        str | None,
        HeaderParameter(
            name="Last-Event-ID", pattern="^[0-9]{1,18}$", description="Where a stream broke off."
        ),
    ] = None,
) -> Stream:
    """Stream the same events (SSE); `id` is the position, so that a reader resumes where it broke off."""
    await visible_project(request, project)
    position = int(last_event_id) if last_event_id is not None else after
    return Stream(
        _stream(request, project, position),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _stream(request: Call, project: int, after: int) -> AsyncIterator[bytes]:
    service = service_of(request)
    yield b": goldvein\n\n"
    while not service.closing.is_set():
        found, after = await service.call(delivery.events, project, after, PAGE)
        if found and not await _still_allowed(request, project):
            return
        for event in found:
            yield _sse(delivery.event_json(event))
        if not found:
            waited_from = service.monotonic()
            await _tails(request).wait(project, after, HEARTBEAT_SECONDS)
            if service.monotonic() - waited_from >= HEARTBEAT_SECONDS:
                if not await _still_allowed(request, project):
                    return
                yield b": still here\n\n"


async def _still_allowed(request: Call, project: int) -> bool:
    """Whether the key is still good: a stream may live for days."""
    service = service_of(request)
    try:
        principal = await service.keyring.identify(request.scope)
        check_role(principal, CUSTOMERS)
        await service.call(projects.get, project, principal.customer)
    except GoldveinError:
        return False
    return True


def _sse(event: dict[str, Any]) -> bytes:
    data = _encoder.encode(event)
    return b"id: %d\nevent: %b\ndata: %b\n\n" % (event["position"], event["event"].encode(), data)


def _tails(request: Call) -> Tails:
    tails: Tails = request.app.state.tails
    return tails
