"""Reference sets: pushed by customers, and what checks against them say."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Final

import msgspec
from litestar import Response, get, post
from litestar.params import QueryParameter

from goldvein import wire
from goldvein.api import bodies, replies
from goldvein.api.access import CUSTOMERS, visible_project
from goldvein.api.files import CSV, NDJSON
from goldvein.api.idempotent import Fingerprint, once
from goldvein.api.projects import ProjectId
from goldvein.api.pushing import FileKind, Tally, read_benchmark, read_file
from goldvein.api.service import Call, service_of
from goldvein.domain.records import ItemError, Project
from goldvein.services import checking, references
from goldvein.services.benchmarks import ManualBenchmark

_push = msgspec.json.Decoder(wire.RawReferences)
_KINDS: Final[dict[str, FileKind]] = {NDJSON: "jsonl", CSV: "csv"}


@post(
    "/v1/projects/{project:int}/reference",
    opt={
        "roles": CUSTOMERS,
        "body": wire.ReferencePush,
        "lines": wire.ReferenceNew,
        "files": {CSV: "One task a row below a header: docs/reference.md says which columns."},
        "returns": {201: wire.ReferencePushed, 207: wire.ReferencePushed},
    },
    operation_id="push_reference",
    tags=["reference"],
    request_max_body_size=bodies.PUSH,
)
async def push_reference(
    request: Call,
    project: ProjectId,
    whole: Annotated[  # noqa: FBT002  (a query parameter)
        bool, QueryParameter(description="This is the whole set: tasks that are not in it leave it.")
    ] = False,
) -> Response[bytes]:
    """Give tasks with your own answers: JSON, NDJSON (one a line) or CSV.

    The workforce labels them anew every day, disguised as ordinary work, and none of these labels is
    delivered or charged. A content that is in the set keeps its place; with another answer, that one holds
    from now on. Whatever changes the set makes a new version of it; sent again, nothing changes.
    """
    found = await visible_project(request, project)
    kind = bodies.media_type(request)
    content = await bodies.read(request, bodies.PUSH, kind=kind if kind in _KINDS else "application/json")

    async def act() -> Response[bytes]:
        pushed = await push(request, found, content, _KINDS.get(kind, "json"), whole=whole)
        return replies.reply(pushed, 207 if pushed.errors else 201)

    return await once(request, Fingerprint(request, content), act)


async def push(
    request: Call, project: Project, content: bytes, kind: FileKind, *, whole: bool
) -> wire.ReferencePushed:
    """Read and store the tasks of a body or a file."""
    service = service_of(request)
    read = await service.run(lambda: list(_read(content, kind, project.classes)))
    tally = Tally()
    tally.refuse([item for item in read if isinstance(item, ItemError)])
    good = [item for item in read if not isinstance(item, ItemError)]
    got = await service.call(
        references.push, project.id, good, service.now(), whole=whole and not tally.errors
    )
    tally.add(got.result)
    pushed = tally.pushed()
    return wire.ReferencePushed(
        batch=None, created=pushed.created, existing=pushed.existing, refused=pushed.refused,
        tasks=pushed.tasks, errors=pushed.errors, version=got.set.version, size=got.set.tasks,
    )  # fmt: skip


def _read(
    content: bytes, kind: FileKind, classes: Sequence[str] | None
) -> Iterator[ManualBenchmark | ItemError]:
    if kind != "json":
        return read_file(kind, content, classes)
    items = bodies.decode(content, _push).tasks
    return (read_benchmark(raw, index, f"/tasks/{index}") for index, raw in enumerate(items))


@get(
    "/v1/projects/{project:int}/reference",
    opt={"roles": CUSTOMERS, "returns": {200: wire.Reference}},
    operation_id="get_reference",
    tags=["reference"],
)
async def get_reference(
    request: Call,
    project: ProjectId,
    limit: Annotated[int, QueryParameter(ge=1, le=120, description="Checks at most.")] = 30,
) -> Response[bytes]:
    """Read how the workforce does on your own sample.

    Of each check: accuracy with its interval, what a sample like this can see, drops of accuracy with the
    probabilities of their causes, and keys that labelers agree against.
    """
    await visible_project(request, project)
    service = service_of(request)
    seen = await service.call(checking.look, project, service.now(), limit=limit)
    return replies.reply(
        wire.Reference(
            version=seen.set.version if seen.set else None,
            size=seen.set.tasks if seen.set else 0,
            made_at=seen.set.made_at if seen.set else None,
            next_due=seen.next_due,
            runs=[_run(one) for one in seen.runs],
        )
    )


def _run(one: checking.Seen) -> wire.ReferenceRun:
    run = one.run
    return wire.ReferenceRun(
        due=run.due, version=run.version, begun_at=run.begun_at, ended_at=run.ended_at, asked=run.asked,
        answered=one.answered, counted=one.counted, report=dict(run.report) if run.report else None,
    )  # fmt: skip
