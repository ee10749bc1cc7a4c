"""What labelers ask: next, answer, skip, renew, defer.

These five addresses carry nearly all traffic, so `HotPath` answers them before Litestar sees the request:
measured with 64 connections, an answer costs 0.04 ms of CPU this way, 0.05 mounted inside Litestar, and 0.12
as a Litestar handler (uvicorn, httptools and uvloop included). The handlers below describe the addresses in
the OpenAPI document and give the same answers by the same function, for whoever mounts Litestar alone.
"""

import re
from asyncio import gather
from collections.abc import Awaitable, Sequence
from typing import Annotated, Any, Final, TypeAlias

import msgspec
from litestar import Response, post
from litestar.params import PathParameter
from litestar.status_codes import HTTP_500_INTERNAL_SERVER_ERROR
from litestar.types import ASGIApp, Receive, Scope, Send

from goldvein import wire
from goldvein.api import bodies, problems, replies
from goldvein.api.access import LABELERS, check_role
from goldvein.api.service import Call, Service, service_of
from goldvein.domain.errors import GoldveinError
from goldvein.domain.records import NoWork, Principal, Work, WorkRequest, WorkResult

LIMIT: Final = 64_000
"""Bytes of a body."""
_PREFIX: Final = "/v1/work/"
_ROUTE = re.compile(r"/v1/work/(?:(next)|([A-Za-z0-9_-]{1,64})/(answer|skip|renew|defer))")
LeaseToken = Annotated[
    str, PathParameter(pattern="^[A-Za-z0-9_-]{1,64}$", description="The lease, as it was given.")
]

_encoder = msgspec.json.Encoder()
_ask = msgspec.json.Decoder(wire.WorkAsk)
_answer = msgspec.json.Decoder(wire.WorkAnswer)
_skip = msgspec.json.Decoder(wire.WorkSkip)
_defer = msgspec.json.Decoder(wire.WorkDefer)
_Step: TypeAlias = tuple[WorkResult, str | None]
"""The outcome of a request, and why the answer that it brought along was refused, if it was."""
_JSON: Final = b"application/json"
_OK: Final[tuple[int, dict[str, str]]] = (200, {})


async def respond(
    service: Service, principal: Principal, kind: str, lease: str | None, body: bytes
) -> tuple[int, dict[str, str], bytes]:
    """Carry out one request; returns status, headers and body."""
    check_role(principal, LABELERS)
    assert principal.labeler is not None
    requests = _requests(principal.labeler, kind, lease, body)
    result, refused = await _at_even_pace(service, _step(service, requests))
    match kind:
        case "next":
            return _given(result)
        case "renew":
            assert lease is not None
            assert result.expires_at is not None
            renewed = wire.Renewed(lease=wire.Lease(id=lease, expires_at=result.expires_at))
            return *_OK, _encoder.encode(renewed)
        case _:
            return *_OK, _encoder.encode(_answered(result, refused))


async def _step(service: Service, requests: Sequence[WorkRequest]) -> _Step:
    """Carry out a request, after the answer that it brings along.

    Nearly all bring none, and are spared the tasks that waiting for two costs. An answer that may be sent
    again, as under overload, was not refused: the whole step fails.
    """
    submit = service.grouper.submit
    if len(requests) == 1:
        return await submit(requests[0]), None
    kept, result = await gather(*map(submit, requests), return_exceptions=True)
    if isinstance(result, BaseException):
        raise result
    if not isinstance(kept, BaseException):
        return result, None
    if isinstance(kept, GoldveinError) and kept.status < HTTP_500_INTERNAL_SERVER_ERROR:
        return result, kept.code
    raise kept


async def _at_even_pace(service: Service, asked: Awaitable[_Step]) -> _Step:
    """Wait for the result, or the error, and then until a response may leave."""
    began = service.monotonic()
    try:
        return await asked
    finally:
        await service.pace.hold(service.monotonic() - began)


def _requests(labeler: int, kind: str, lease: str | None, body: bytes) -> list[WorkRequest]:
    """Read what is asked; an answer that a deferral brings along comes first."""
    match kind:
        case "answer":
            return [_submitted(labeler, lease, bodies.decode(body, _answer))]
        case "next":
            ask = bodies.decode(body or b"{}", _ask)
            return [WorkRequest(labeler, "next", ask.project)]
        case "skip":
            skip = bodies.decode(body or b"{}", _skip)
            return [WorkRequest(labeler, "skip", None, lease, reason=skip.reason)]
        case "defer":
            kept = bodies.decode(body or b"{}", _defer).kept
            before = [] if kept is None else [_submitted(labeler, kept.lease, kept)]
            return [*before, WorkRequest(labeler, "defer", None, lease)]
        case _:
            return [WorkRequest(labeler, "renew", None, lease)]


def _submitted(labeler: int, lease: str | None, answer: wire.WorkAnswer) -> WorkRequest:
    comment = answer.comment or None
    return WorkRequest(labeler, "answer", None, lease, answer.answer, answer.focus_ms, comment=comment)


def _given(result: WorkResult) -> tuple[int, dict[str, str], bytes]:
    if isinstance(result.next, Work):
        return *_OK, _encoder.encode(replies.work(result.next))
    assert result.next is not None
    return 204, _reason(result.next), b""


def _reason(nothing: NoWork) -> dict[str, str]:
    return {"Retry-After": str(nothing.retry_after_seconds), "Goldvein-Reason": nothing.reason}


def _answered(result: WorkResult, refused: str | None) -> wire.Answered:
    if isinstance(result.next, NoWork):
        return wire.Answered(
            accepted=result.accepted,
            next=None,
            reason=result.next.reason,
            retry_after=result.next.retry_after_seconds,
            refused=refused,
        )
    work = replies.work(result.next) if result.next else None
    return wire.Answered(accepted=result.accepted, next=work, refused=refused)


class HotPath:
    """An ASGI application in front of another that answers labelers itself."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass the request on."""
        request: Any = scope
        if request["type"] == "http" and request["path"].startswith(_PREFIX) and request["method"] == "POST":
            route = _ROUTE.fullmatch(request["path"])
            if route is not None:
                await self._serve(request, receive, send, route[1] or route[3], route[2])
                return
        await self._app(scope, receive, send)

    async def _serve(self, scope: Any, receive: Receive, send: Send, kind: str, lease: str | None) -> None:
        try:
            principal = await self._service.keyring.identify(scope)
            body = await _read(receive, scope)
            status, headers, content = await respond(self._service, principal, kind, lease, body)
            media_type = b"application/json"
        except Disconnected:
            return
        except Exception as error:  # noqa: BLE001 - every one of them has an answer
            rendered = problems.render(error, path=scope["path"])
            status, headers, content = rendered.status, rendered.headers, rendered.body
            media_type = wire.PROBLEM_TYPE.encode()
        raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
        if status != 204:
            raw += [(b"content-type", media_type), (b"content-length", b"%d" % len(content))]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": content, "more_body": False})


async def _read(receive: Receive, scope: Any) -> bytes:
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise Disconnected
        body += message["body"]
        if len(body) > LIMIT:
            raise problems.BodyTooLarge(f"the body has more than {LIMIT:,} bytes")
        if not message.get("more_body"):
            break
    content_type: bytes = dict(scope["headers"]).get(b"content-type", _JSON)
    if body and content_type.partition(b";")[0].strip().lower() != _JSON:
        raise bodies.UnsupportedMediaType("send application/json")
    return body


class Disconnected(Exception):
    """The sender hung up before the request was whole: nobody is left to answer."""


async def _reply(request: Call, kind: str, lease: str | None = None) -> Response[bytes]:
    body = await bodies.read(request, LIMIT)
    status, headers, content = await respond(service_of(request), request.user, kind, lease, body)
    return Response(content, status_code=status, headers=headers, media_type="application/json")


@post(
    "/v1/work/next",
    opt={
        "roles": LABELERS,
        "body": wire.WorkAsk,
        "body_optional": True,
        "returns": {200: wire.Work, 204: None},
        "headers": {204: ("Retry-After", "Goldvein-Reason")},
    },
    operation_id="next_work",
    tags=["work"],
    status_code=200,
)
async def next_work(request: Call) -> Response[bytes]:
    """Ask for the next piece of work; who has one in hand gets that one again.

    204 says that there is none for you now: `Goldvein-Reason` says why, `Retry-After` when to ask again.
    """
    return await _reply(request, "next")


@post(
    "/v1/work/{lease:str}/answer",
    opt={
        "roles": LABELERS,
        "body": wire.WorkAnswer,
        "returns": {200: wire.Answered},
        "problems": {409: "the lease was lost to somebody else"},
    },
    operation_id="answer_work",
    tags=["work"],
    status_code=200,
)
async def answer_work(request: Call, lease: LeaseToken) -> Response[bytes]:
    """Answer, and get the next piece of work in the same round trip. Sent twice, it counts once."""
    return await _reply(request, "answer", lease)


@post(
    "/v1/work/{lease:str}/skip",
    opt={
        "roles": LABELERS,
        "body": wire.WorkSkip,
        "body_optional": True,
        "returns": {200: wire.Answered},
        "problems": {409: "the lease was lost to somebody else"},
    },
    operation_id="skip_work",
    tags=["work"],
    status_code=200,
)
async def skip_work(request: Call, lease: LeaseToken) -> Response[bytes]:
    """Hand the task back and get another one."""
    return await _reply(request, "skip", lease)


@post(
    "/v1/work/{lease:str}/renew",
    opt={
        "roles": LABELERS,
        "returns": {200: wire.Renewed},
        "problems": {409: "the lease was lost to somebody else"},
    },
    operation_id="renew_work",
    tags=["work"],
    status_code=200,
)
async def renew_work(request: Call, lease: LeaseToken) -> Response[bytes]:
    """Keep the task for longer."""
    return await _reply(request, "renew", lease)


@post(
    "/v1/work/{lease:str}/defer",
    opt={
        "roles": LABELERS,
        "body": wire.WorkDefer,
        "body_optional": True,
        "returns": {200: wire.Answered},
        "problems": {409: "the lease was lost to somebody else, or another answer is kept back"},
    },
    operation_id="defer_work",
    tags=["work"],
    status_code=200,
)
async def defer_work(request: Call, lease: LeaseToken) -> Response[bytes]:
    """Keep your answer back for a few seconds, to think better of it, and get the next piece of work now.

    The lease lasts as long as before; send the answer as ever. Your time on the task ends here. One answer
    at a time can wait so: with another one, 409 `answer_first`, unless this brings it along as `kept`. Where
    that one cannot count any more, `refused` says why; the deferral stands all the same.
    """
    return await _reply(request, "defer", lease)
