"""Tasks and batches."""

from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec
from litestar import Response, get, post
from litestar.params import PathParameter, QueryParameter

from goldvein import wire
from goldvein.api import bodies, replies
from goldvein.api.access import CUSTOMERS, visible_project
from goldvein.api.files import CSV, reader
from goldvein.api.idempotent import Fingerprint, once
from goldvein.api.lines import Items, push_items
from goldvein.api.projects import ProjectId
from goldvein.api.pushing import Tally, read_task
from goldvein.api.service import Call, service_of
from goldvein.domain.records import ItemError, TaskDraft
from goldvein.services import intake

TaskId = Annotated[int, PathParameter(ge=1, le=2**63 - 1, description="The task's id.")]
BatchName = Annotated[
    str, PathParameter(min_length=1, max_length=200, pattern=wire.NO_NUL, description="The batch's name.")
]
Wait = Annotated[float, QueryParameter(ge=0, le=600, description="Seconds to wait at most.")]

_push = msgspec.json.Decoder(wire.RawPush)


@post(
    "/v1/projects/{project:int}/tasks",
    opt={
        "roles": CUSTOMERS,
        "body": wire.TaskPush,
        "lines": wire.TaskNew,
        "files": {CSV: "One task a row below a header: docs/files.md says which columns."},
        "returns": {201: wire.Pushed, 207: wire.Pushed},
        "problems": {409: "the one task's unique_id names another task"},
    },
    operation_id="push_tasks",
    tags=["tasks"],
    request_max_body_size=bodies.STREAM,
)
async def push_tasks(
    request: Call,
    project: ProjectId,
    batch: Annotated[
        str | None,
        QueryParameter(
            min_length=1,
            max_length=200,
            pattern=wire.NO_NUL_OR_SLASH,
            description="Name of the batch of a file; in a JSON push it may stand in the body.",
        ),
    ] = None,
    file_format: Annotated[
        Literal["label-studio"] | None,
        QueryParameter(name="format", description="What a JSON body is, if not a push: Label Studio's JSON."),
    ] = None,
    names: Annotated[
        Literal["content"] | None,
        QueryParameter(description="`content`: a task without a `unique_id` gets one made of its content."),
    ] = None,
) -> Response[bytes]:
    """Push tasks, as JSON (10,000 at most), or as a file (100,000 at most): NDJSON, CSV, Label Studio's JSON.

    A file is stored while it comes. Good tasks are kept and bad ones named by their index: 201 where all were
    taken, 207 where some were, 422 where none was (409 for a single task whose `unique_id` names another
    one). A task that is there already, with the same content under the same `unique_id`, counts as
    `existing`: a push may be sent again any time.
    """
    found = await visible_project(request, project)
    to = _Push(request, project, named_by_content=names is not None)
    file = reader(bodies.media_type(request), file_format, found.classes)
    if file is not None:
        read, where = file
        return await to.stream(read, Tally(batch, where))
    content = await bodies.read(request, bodies.PUSH)
    push = bodies.decode(content, _push)

    async def act() -> Response[bytes]:
        tally = Tally(push.batch or batch)
        await to.store([read_task(raw, n, f"/tasks/{n}") for n, raw in enumerate(push.tasks)], tally)
        return tally.reply()

    return await once(request, Fingerprint(request, content), act)


@dataclass(frozen=True, slots=True)
class _Push:
    """Where the tasks of a request go."""

    request: Call
    project: int
    named_by_content: bool

    async def stream(self, read: Items[TaskDraft], tally: Tally) -> Response[bytes]:
        return await push_items(self.request, tally, read, lambda items: self.store(items, tally), "task")

    async def store(self, items: list[TaskDraft | ItemError], tally: Tally) -> None:
        tally.refuse([item for item in items if isinstance(item, ItemError)])
        drafts = [item for item in items if isinstance(item, TaskDraft)]
        if drafts:
            service = service_of(self.request)
            pushed = await service.call(
                intake.push, self.project, drafts, tally.batch, service.now(),
                named_by_content=self.named_by_content,
            )  # fmt: skip
            tally.add(pushed)


@get(
    "/v1/projects/{project:int}/tasks/{task:int}",
    opt={"roles": CUSTOMERS, "returns": {200: wire.Task}},
    operation_id="get_task",
    tags=["tasks"],
)
async def get_task(request: Call, project: ProjectId, task: TaskId) -> Response[bytes]:
    """Read a task and, once there is one, its current label."""
    await visible_project(request, project)
    return replies.reply(replies.task(await service_of(request).call(intake.get_task, project, task)))


@post(
    "/v1/projects/{project:int}/tasks/{task:int}/cancel",
    opt={"roles": CUSTOMERS, "returns": {200: wire.Task}},
    operation_id="cancel_task",
    tags=["tasks"],
    status_code=200,
)
async def cancel_task(request: Call, project: ProjectId, task: TaskId) -> Response[bytes]:
    """Take a task back; a benchmark made of it retires."""
    await visible_project(request, project)
    service = service_of(request)

    async def act() -> Response[bytes]:
        return replies.reply(
            replies.task(await service.call(intake.cancel_task, project, task, service.now()))
        )

    return await once(request, Fingerprint(request), act)


@get(
    "/v1/projects/{project:int}/batches/{batch:str}",
    opt={"roles": CUSTOMERS, "returns": {200: wire.Batch}},
    operation_id="get_batch",
    tags=["batches"],
)
async def get_batch(request: Call, project: ProjectId, batch: BatchName, wait: Wait = 0) -> Response[bytes]:
    """Progress of a batch; with `wait`, the answer comes when the batch is done or time is up."""
    await visible_project(request, project)
    service = service_of(request)
    deadline = service.monotonic() + wait
    pause = 0.1
    while True:
        progress = await service.call(intake.batch_progress, project, batch, service.now())
        left = deadline - service.monotonic()
        if progress.done or left <= 0 or await service.pause(min(pause, left)):
            return replies.reply(replies.batch(progress))
        pause = min(pause * 1.5, 1.0)


@post(
    "/v1/projects/{project:int}/batches/{batch:str}/cancel",
    opt={"roles": CUSTOMERS, "returns": {200: wire.Batch}},
    operation_id="cancel_batch",
    tags=["batches"],
    status_code=200,
)
async def cancel_batch(request: Call, project: ProjectId, batch: BatchName) -> Response[bytes]:
    """Take back all tasks of a batch that have no label yet."""
    await visible_project(request, project)
    service = service_of(request)

    async def act() -> Response[bytes]:
        return replies.reply(
            replies.batch(await service.call(intake.cancel_batch, project, batch, service.now()))
        )

    return await once(request, Fingerprint(request), act)
