"""What labelers learn by, and what they object to: practice tasks with feedback, disputes."""

from typing import Annotated, Final

import msgspec
import numpy as np
from litestar import Response, post
from litestar.params import PathParameter

from goldvein import wire
from goldvein.api import bodies, replies
from goldvein.api.access import LABELERS
from goldvein.api.service import Call, service_of
from goldvein.services import practice as practising

LIMIT: Final = 64_000
"""Bytes of a body."""
Token = Annotated[
    str, PathParameter(pattern="^[A-Za-z0-9_-]{1,64}$", description="The task or lease, as it was given.")
]

_ask = msgspec.json.Decoder(wire.PracticeAsk)
_answer = msgspec.json.Decoder(wire.PracticeAnswer)
_dispute = msgspec.json.Decoder(wire.Dispute)


@post(
    "/v1/practice/next",
    opt={"roles": LABELERS, "body": wire.PracticeAsk, "returns": {200: wire.Practice, 204: None}},
    operation_id="next_practice",
    tags=["practice"],
    status_code=200,
)
async def next_practice(request: Call) -> Response[bytes]:
    """Get a task of a project to learn by: a benchmark out of use, with its key told after the answer.

    204 says that none is left that you have not had. Practice counts for nothing and is not work.
    """
    asked = bodies.decode(await bodies.read(request, LIMIT), _ask)
    service, labeler = service_of(request), request.user.labeler
    assert labeler is not None
    rng = np.random.default_rng()
    shown = await service.call(practising.practise, asked.project, labeler, service.now(), rng)
    if shown is None:
        return Response(b"", status_code=204)
    project = shown.project
    return replies.reply(
        wire.Practice(
            practice=shown.token,
            project=wire.WorkProject(id=project.id, name=project.name, instructions=project.instruction),
            task=wire.WorkTask(type=project.type, input=dict(shown.input)),
        )
    )


@post(
    "/v1/practice/{practice:str}/answer",
    opt={"roles": LABELERS, "body": wire.PracticeAnswer, "returns": {200: wire.Feedback}},
    operation_id="answer_practice",
    tags=["practice"],
    status_code=200,
)
async def answer_practice(request: Call, practice: Token) -> Response[bytes]:
    """Answer a practice task and hear what is right, and why, in the words of those who found it."""
    said = bodies.decode(await bodies.read(request, LIMIT), _answer)
    service, labeler = service_of(request), request.user.labeler
    assert labeler is not None
    found = await service.call(practising.answer, labeler, practice, said.answer, service.now())
    return replies.reply(wire.Feedback(right=found.right, choice=found.position, reasons=found.reasons))


@post(
    "/v1/work/{lease:str}/dispute",
    opt={
        "roles": LABELERS,
        "body": wire.Dispute,
        "returns": {200: wire.Disputed},
        "problems": {409: "the contents of its project were erased"},
    },
    operation_id="dispute_work",
    tags=["work"],
    status_code=200,
)
async def dispute_work(request: Call, lease: Token) -> Response[bytes]:
    """Say what is wrong with a task that you have or had in hand: it was unclear, say.

    The reply is the same whatever the task is for; the first dispute of each lease stands.
    """
    said = bodies.decode(await bodies.read(request, LIMIT), _dispute)
    service, labeler = service_of(request), request.user.labeler
    assert labeler is not None
    await service.call(practising.dispute, labeler, lease, said.reason, service.now())
    return replies.reply(wire.Disputed(noted=True))
