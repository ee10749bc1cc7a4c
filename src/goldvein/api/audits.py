"""Audits of labelers: tasks answered a second time, blindly; what they say of the filter; rulings."""

import math
from typing import Annotated

import msgspec
from litestar import Response, get, post
from litestar.params import PathParameter, QueryParameter

from goldvein import wire
from goldvein.api import bodies, replies
from goldvein.api.access import AUDITORS, WATCHERS
from goldvein.api.projects import ProjectId
from goldvein.api.service import Call, service_of
from goldvein.domain.errors import InvalidInput
from goldvein.services import audits, filter_checks, rulings
from goldvein.services.audits import Asked
from goldvein.store.audits import Place

PieceId = Annotated[int, PathParameter(ge=1, le=2**63 - 1, description="The piece's id.")]
_next = msgspec.json.Decoder(wire.SecondNext)
_answer = msgspec.json.Decoder(wire.SecondAnswer)
_ruling = msgspec.json.Decoder(wire.Ruling)


@post(
    "/v1/audit/work/next",
    opt={"roles": AUDITORS, "body": wire.SecondNext, "returns": {200: wire.SecondAsked, 204: None}},
    operation_id="next_second",
    tags=["auditing"],
    status_code=200,
)
async def next_second(request: Call) -> Response[bytes]:
    """Take the next task to answer a second time in hand for 15 minutes; 204 where none waits for you.

    Whose work it is and what was picked is not told, neither now nor later. To pass one over, give it back
    and ask for the next one `after` its `place`.
    """
    asked = await bodies.body(request, _next)
    service, auditor = service_of(request), request.user.labeler
    assert auditor is not None
    found = await service.call(
        audits.next_, auditor, service.now(), project=asked.project, after=_place(asked.after)
    )
    if found is None:
        return Response(b"", status_code=204, media_type="application/json")
    return replies.reply(_shown(found))


@post(
    "/v1/audit/work/{project:int}/{piece:int}/renew",
    opt={
        "roles": AUDITORS,
        "returns": {200: wire.SecondRenewed},
        "problems": {409: "it is not in your hands"},
    },
    operation_id="renew_second",
    tags=["auditing"],
    status_code=200,
)
async def renew_second(request: Call, project: ProjectId, piece: PieceId) -> Response[bytes]:
    """Keep a task in hand for another 15 minutes."""
    service, auditor = service_of(request), request.user.labeler
    assert auditor is not None
    until = await service.call(audits.renew, project, piece, auditor, service.now())
    return replies.reply(wire.SecondRenewed(claimed_until=until))


@post(
    "/v1/audit/work/{project:int}/{piece:int}/answer",
    opt={
        "roles": AUDITORS,
        "body": wire.SecondAnswer,
        "returns": {204: None},
        "problems": {409: "it is not in your hands"},
    },
    operation_id="answer_second",
    tags=["auditing"],
    status_code=204,
)
async def answer_second(request: Call, project: ProjectId, piece: PieceId) -> None:
    """Say what the right answer is, `{"answer": {"choice": PLACE}}`, or that the task is `{"unclear": true}`.

    Once all that was drawn of a labeler is answered, the labeler's standing moves by how often you agreed.
    """
    given = await bodies.body(request, _answer)
    if (given.answer is None) != given.unclear:
        raise InvalidInput(
            'send {"answer": {"choice": PLACE}} or {"unclear": true}: one of the two',
            code="answer_invalid",
            pointer="/answer",
        )
    service, auditor = service_of(request), request.user.labeler
    assert auditor is not None
    await service.call(audits.answer, project, piece, auditor, given.answer, service.now())


@post(
    "/v1/audit/work/{project:int}/{piece:int}/release",
    opt={"roles": AUDITORS, "returns": {204: None}},
    operation_id="release_second",
    tags=["auditing"],
    status_code=204,
)
async def release_second(request: Call, project: ProjectId, piece: PieceId) -> None:
    """Give a task back unanswered; somebody else answers it, since you know it by now."""
    auditor = request.user.labeler
    assert auditor is not None
    await service_of(request).call(audits.release, project, piece, auditor)


@get(
    "/v1/projects/{project:int}/filter",
    opt={"roles": WATCHERS, "returns": {200: wire.FilterChecks}},
    operation_id="list_filter_checks",
    tags=["auditing"],
)
async def list_filter_checks(
    request: Call,
    project: ProjectId,
    limit: Annotated[int, QueryParameter(ge=1, le=1000, description="Estimates at most.")] = 100,
) -> Response[bytes]:
    """List how often the filter erred by audits, with intervals, the latest estimate first."""
    found = await service_of(request).call(filter_checks.checks, project, limit)
    items = [wire.FilterCheck(at=one.at, audits=one.audits, found=dict(one.found)) for one in found]
    return replies.reply(wire.FilterChecks(items=items))


@post(
    "/v1/projects/{project:int}/labelers/{labeler:int}/ruling",
    opt={
        "roles": WATCHERS,
        "body": wire.Ruling,
        "returns": {204: None},
        "problems": {409: "it is so already"},
    },
    operation_id="rule",
    tags=["auditing"],
    status_code=204,
)
async def rule(
    request: Call,
    project: ProjectId,
    labeler: Annotated[int, PathParameter(ge=1, le=2**31 - 1, description="The labeler's id.")],
) -> None:
    """Let somebody in again who was dismissed, or dismiss somebody; the reason stands in the log.

    Who comes back delivers nothing before `min_benchmarks` were answered anew.
    """
    given = await bodies.body(request, _ruling)
    service = service_of(request)
    await service.call(
        rulings.rule, project, labeler, given.ruling, given.reason, service.now(), by=request.user.account,
        own=request.user.labeler,
    )  # fmt: skip


def _shown(found: Asked) -> wire.SecondAsked:
    return wire.SecondAsked(
        project=found.project,
        piece=found.id,
        instruction=found.instruction,
        type=found.type,
        input=dict(found.input),
        claimed_until=found.claimed_until,
        place="~".join(map(str, found.place)),
    )


def _place(cursor: str | None) -> Place:
    if cursor is None:
        return audits.FIRST
    try:
        place, project, piece = cursor.split("~")
        at = float(place), int(project), int(piece)
    except ValueError:
        at = math.nan, 0, 0
    if not (-1 <= at[0] <= 1 and 0 <= at[1] < 2**31 and 0 <= at[2] < 2**63):
        raise InvalidInput(
            f"after={cursor!r} is no cursor: send the `place` of the one to pass over",
            code="invalid_parameter",
            parameter="after",
        )
    return at
