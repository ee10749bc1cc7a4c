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
from goldvein.store.curated import Doubt

_answer = msgspec.json.Decoder(wire.AuditAnswer)


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
    last = _cursor(found[-1]) if len(found) == limit else None
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
    return replies.reply(
        wire.AuditVerdict(
            project=project,
            task=task,
            verdict=found.verdict,
            choice=found.choice,
            key_before=found.key_before,
            key_right=found.key_right,
            state=found.state,  # type: ignore[arg-type]  # one of the states
            flag=found.flag,
            choices=list(found.choices),
        )
    )


def _cursor(last: Doubt) -> str:
    return f"{last.flagged_at.isoformat()}~{last.project}~{last.task}"


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
