"""The auditors' queue: benchmarks in doubt, answered blindly."""

from datetime import UTC, datetime
from typing import Annotated

import msgspec
from litestar import Response, get, post
from litestar.params import QueryParameter

from goldvein import wire
from goldvein.api import bodies, replies
from goldvein.api.access import AUDITORS, WATCHERS
from goldvein.api.projects import ProjectId
from goldvein.api.service import Call, service_of
from goldvein.api.tasks import TaskId
from goldvein.domain.errors import InvalidInput
from goldvein.services import auditing

_answer = msgspec.json.Decoder(wire.AuditAnswer)
_next = msgspec.json.Decoder(wire.AuditNext)
_comment = msgspec.json.Decoder(wire.AuditComment)


@get(
    "/v1/audit/benchmarks",
    opt={"roles": WATCHERS, "returns": {200: wire.AuditQueue}},
    operation_id="list_doubts",
    tags=["auditing"],
)
async def list_doubts(
    request: Call,
    project: Annotated[
        int | None, QueryParameter(ge=1, le=2**31 - 1, description="Only those of one project.")
    ] = None,
    after: Annotated[
        str | None, QueryParameter(max_length=100, description="The cursor: `next` of the last page.")
    ] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=100, description="Benchmarks at most.")] = 20,
) -> Response[bytes]:
    """List benchmarks in doubt over all projects, oldest first, without those in other auditors' hands.

    What they show is their content alone: neither the key nor what others said of it.
    """
    service = service_of(request)
    found = await service.call(
        auditing.queue, request.user.labeler, service.now(), project=project, after=_place(after), limit=limit
    )
    last = replies.doubt_cursor(found[-1]) if len(found) == limit else None
    return replies.reply(wire.AuditQueue(items=[replies.audit_item(one) for one in found], next=last))


@post(
    "/v1/audit/benchmarks/{project:int}/{task:int}/claim",
    opt={
        "roles": AUDITORS,
        "returns": {200: wire.AuditItem},
        "problems": {409: "another auditor has it in hand"},
    },
    operation_id="claim_doubt",
    tags=["auditing"],
    status_code=200,
)
async def claim_doubt(request: Call, project: ProjectId, task: TaskId) -> Response[bytes]:
    """Take a benchmark in doubt in hand for 15 minutes, or keep it longer; nobody else gets it meanwhile."""
    service, auditor = service_of(request), request.user.labeler
    assert auditor is not None
    found = await service.call(auditing.claim, project, task, auditor, service.now())
    return replies.reply(replies.audit_item(found))


@post(
    "/v1/audit/benchmarks/{project:int}/{task:int}/answer",
    opt={
        "roles": AUDITORS,
        "body": wire.AuditAnswer,
        "returns": {200: wire.AuditVerdict},
        "problems": {409: "another auditor has it in hand, or the project is closed"},
    },
    operation_id="answer_doubt",
    tags=["auditing"],
    status_code=200,
)
async def answer_doubt(request: Call, project: ProjectId, task: TaskId) -> Response[bytes]:
    """Say what the right answer is, `{"answer": {"choice": PLACE}}`, or that the task is `{"unclear": true}`.

    The stored key is confirmed by the same answer, and replaced by another one; an unclear task retires. The
    reply tells what was hidden before.
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
    found = await service.call(
        auditing.answer, project, task, auditor, given.answer, service.now(), comment=given.comment
    )
    return replies.reply(replies.verdict(project, task, found))


@post(
    "/v1/audit/benchmarks/next",
    opt={
        "roles": AUDITORS,
        "body": wire.AuditNext,
        "returns": {200: wire.AuditItem, 204: None},
    },
    operation_id="next_doubt",
    tags=["auditing"],
    status_code=200,
)
async def next_doubt(request: Call) -> Response[bytes]:
    """Take the next benchmark in doubt in hand for 15 minutes, the oldest first; 204 where none is left.

    To pass one over, give it back and ask for the next one `after` its `place`.
    """
    asked = await bodies.body(request, _next)
    service, auditor = service_of(request), request.user.labeler
    assert auditor is not None
    found = await service.call(
        auditing.next_, auditor, service.now(), project=asked.project, after=_place(asked.after)
    )
    if found is None:
        return Response(b"", status_code=204, media_type="application/json")
    return replies.reply(replies.audit_item(found))


@post(
    "/v1/audit/benchmarks/{project:int}/{task:int}/release",
    opt={"roles": AUDITORS, "returns": {204: None}},
    operation_id="release_doubt",
    tags=["auditing"],
    status_code=204,
)
async def release_doubt(request: Call, project: ProjectId, task: TaskId) -> None:
    """Give a benchmark in doubt back unjudged; what is in nobody's or another auditor's hands stays so."""
    auditor = request.user.labeler
    assert auditor is not None
    await service_of(request).call(auditing.release, project, task, auditor)


@post(
    "/v1/audit/benchmarks/{project:int}/{task:int}/comment",
    opt={
        "roles": AUDITORS,
        "body": wire.AuditComment,
        "returns": {204: None},
        "problems": {409: "the contents of its project were erased"},
    },
    operation_id="comment_doubt",
    tags=["auditing"],
    status_code=204,
)
async def comment_doubt(request: Call, project: ProjectId, task: TaskId) -> None:
    """Add a word to a judgement of one's own, once all is known; it stands in the benchmark's life."""
    given = await bodies.body(request, _comment)
    service, auditor = service_of(request), request.user.labeler
    assert auditor is not None
    await service.call(auditing.comment, project, task, auditor, given.comment, service.now())


def _place(cursor: str | None) -> auditing.Cursor | None:
    if cursor is None:
        return None
    try:
        moment, project, task = cursor.split("~")
        at, place = datetime.fromisoformat(moment), (int(project), int(task))
    except ValueError:
        at, place = datetime.min.replace(tzinfo=UTC), (-1, -1)
    if at.tzinfo is None or not (0 <= place[0] < 2**31 and 0 <= place[1] < 2**63):
        raise InvalidInput(
            f"after={cursor!r} is no cursor: send the `next` of the last page",
            code="invalid_parameter",
            parameter="after",
        )
    return (at, *place)
