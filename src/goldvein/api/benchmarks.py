"""Benchmarks: given by hand and from files, looked at, changed and retired."""

import itertools
from collections.abc import Awaitable, Callable, Iterable
from typing import Annotated, Literal

import msgspec
from litestar import Response, get, patch, post
from litestar.params import QueryParameter

from goldvein import wire
from goldvein.api import bodies, replies
from goldvein.api.access import AUDITORS, CURATORS, OPERATORS, visible_project
from goldvein.api.files import CSV, NDJSON
from goldvein.api.idempotent import Fingerprint, once
from goldvein.api.lines import CHUNK, by_line, push_items
from goldvein.api.projects import ProjectId
from goldvein.api.pushing import FileKind, Tally, read_benchmark, read_file, read_push
from goldvein.api.service import Call, service_of
from goldvein.api.tasks import TaskId
from goldvein.domain.errors import InvalidInput
from goldvein.domain.records import ItemError, Project
from goldvein.services import benchmarks, curating
from goldvein.services.benchmarks import ManualBenchmark

Read = ManualBenchmark | ItemError
After = Annotated[int, QueryParameter(ge=0, le=2**63 - 1, description="The cursor: `next` of the last page.")]
Limit = Annotated[int, QueryParameter(ge=1, le=1_000, description="Benchmarks at most.")]

_change = msgspec.json.Decoder(wire.BenchmarkChange)
_retirement = msgspec.json.Decoder(wire.BenchmarkRetirement)


@post(
    "/v1/projects/{project:int}/benchmarks",
    opt={
        "roles": CURATORS,
        "body": wire.BenchmarkPush,
        "lines": wire.BenchmarkNew,
        "files": {CSV: "One benchmark a row below a header: docs/benchmarks.md says which columns."},
        "returns": {201: wire.Pushed, 207: wire.Pushed},
        "problems": {409: "the one benchmark's unique_id names another task"},
    },
    operation_id="add_benchmarks",
    tags=["benchmarks"],
    request_max_body_size=bodies.STREAM,
)
async def add_benchmarks(
    request: Call,
    project: ProjectId,
    file_format: Annotated[
        Literal["label-studio"] | None,
        QueryParameter(
            name="format", description="What a JSON body is, if not a push: Label Studio's export."
        ),
    ] = None,
) -> Response[bytes]:
    """Add benchmarks: JSON, NDJSON (one a line), CSV, or Label Studio's JSON (`?format=label-studio`).

    They answer like a push of tasks: good ones are kept, bad ones named by their index. What is a benchmark
    already counts as `existing`, so a file may be sent again. A task of yours, named by its `unique_id` (or
    by its content, where none is given), becomes a benchmark itself; if it waits, the key is its label.
    """
    found = await visible_project(request, project)
    kind = bodies.media_type(request)
    if kind == NDJSON:
        tally = Tally()
        read = by_line(read_benchmark, "benchmark")
        return await push_items(
            request, tally, read, lambda items: _add(request, project, items, tally), "benchmark"
        )
    if kind == CSV:
        content = await bodies.read(request, bodies.PUSH, kind=CSV)
        return await _add_file(request, found, content, "csv")
    content = await bodies.read(request, bodies.PUSH)
    if file_format is not None:
        return await _add_file(request, found, content, file_format)
    adding = _adding(request, found, read_push(content))
    return await once(request, Fingerprint(request, content), adding)


async def _add_file(request: Call, project: Project, content: bytes, kind: FileKind) -> Response[bytes]:
    read = read_file(kind, content, project.classes)
    return await once(request, Fingerprint(request, content), _adding(request, project, read))


def _adding(
    request: Call, project: Project, items: Iterable[Read]
) -> Callable[[], Awaitable[Response[bytes]]]:

    async def act() -> Response[bytes]:
        return (await add_all(request, project.id, items)).reply()

    return act


async def add_all(request: Call, project: int, items: Iterable[Read]) -> Tally:
    """Read and store items some at a time, and say what became of each."""
    rest, tally = iter(items), Tally()
    while part := await service_of(request).run(lambda: list(itertools.islice(rest, CHUNK))):
        await _add(request, project, part, tally)
    return tally


async def _add(request: Call, project: int, items: list[Read], tally: Tally) -> None:
    tally.refuse([item for item in items if isinstance(item, ItemError)])
    good = [item for item in items if not isinstance(item, ItemError)]
    if good:
        service, by = service_of(request), request.user.labeler
        tally.add(await service.call(benchmarks.add_manual, project, good, service.now(), by=by))


@get(
    "/v1/projects/{project:int}/benchmarks",
    opt={"roles": CURATORS, "returns": {200: wire.BenchmarkPage}},
    operation_id="list_benchmarks",
    tags=["benchmarks"],
)
async def list_benchmarks(
    request: Call,
    project: ProjectId,
    in_state: Annotated[
        wire.BenchmarkState | None, QueryParameter(name="state", description="Only those in this state.")
    ] = None,
    basis: Annotated[wire.BenchmarkBasis | None, QueryParameter(description="Only those made so.")] = None,
    flagged: Annotated[  # noqa: FBT002  (a query parameter)
        bool, QueryParameter(description="Only those at which an auditor should look.")
    ] = False,
    after: After = 0,
    limit: Limit = 100,
) -> Response[bytes]:
    """List benchmarks, and candidates on their way to become some, in the order of their tasks."""
    await visible_project(request, project)
    found = await service_of(request).call(
        curating.page, project, state=in_state, basis=basis, flagged=flagged, after=after, limit=limit,
        blind=request.user.role in AUDITORS,
    )  # fmt: skip
    last = found[-1].task if len(found) == limit else None
    return replies.reply(
        wire.BenchmarkPage(benchmarks=[replies.benchmark_line(line) for line in found], next=last)
    )


@get(
    "/v1/projects/{project:int}/benchmarks/{task:int}",
    opt={
        "roles": CURATORS,
        "returns": {200: wire.Benchmark},
        "problems": {409: "an auditor judges it blindly first, or has it in hand as work"},
    },
    operation_id="get_benchmark",
    tags=["benchmarks"],
)
async def get_benchmark(request: Call, project: ProjectId, task: TaskId) -> Response[bytes]:
    """Read a benchmark: content, key, what people said of it, its life and its versions.

    An auditor who reads it is never tested on it.
    """
    await visible_project(request, project)
    return await _shown(request, project, task)


@patch(
    "/v1/projects/{project:int}/benchmarks/{task:int}",
    opt={
        "roles": CURATORS,
        "body": wire.BenchmarkChange,
        "returns": {200: wire.Benchmark},
        "problems": {409: "the benchmark's state does not allow it, or an auditor judges it blindly first"},
    },
    operation_id="change_benchmark",
    tags=["benchmarks"],
)
async def change_benchmark(request: Call, project: ProjectId, task: TaskId) -> Response[bytes]:
    """Give a benchmark another key, or confirm, freeze or retire it.

    A changed key counts for what was answered before: every standing that it touched is computed anew within
    seconds, and the label of its task is withdrawn and delivered anew. Confirming puts a frozen one back to
    use and ends all doubt. What is retired is served no more; its answers stay as they count.
    """
    await visible_project(request, project)
    change = await bodies.body(request, _change)
    if (change.key is None) == (change.action is None) or (
        change.key is None and (change.key_right is not None or change.explanation is not None)
    ):
        raise InvalidInput(
            "send a `key` (with `key_right`, if you like) or an `action`: one of the two",
            code="change_ambiguous",
            pointer="/action",
        )
    service, by = service_of(request), request.user.labeler
    if change.key is not None:
        await service.call(
            curating.change_key, project, task, change.key, service.now(),
            key_right=change.key_right, reason=change.reason, by=by, explanation=change.explanation,
        )  # fmt: skip
    elif change.action is not None:
        await service.call(
            curating.act, project, task, change.action, service.now(), reason=change.reason, by=by
        )
    return await _shown(request, project, task)


@post(
    "/v1/projects/{project:int}/benchmarks/retire",
    opt={"roles": CURATORS, "body": wire.BenchmarkRetirement, "returns": {200: wire.BenchmarksRetired}},
    operation_id="retire_benchmarks",
    tags=["benchmarks"],
    status_code=200,
)
async def retire_benchmarks(request: Call, project: ProjectId) -> Response[bytes]:
    """Retire benchmarks by their `tasks`, or those to which all of a `filter` applies; 10,000 at once.

    Only those in use or frozen: candidates are the panel's. With `more`, others are left: send it again.
    """
    await visible_project(request, project)
    content = await bodies.read(request)
    asked = bodies.decode(content, _retirement)
    meant = _meant(asked)
    service = service_of(request)

    async def act() -> Response[bytes]:
        gone, more = await service.call(
            curating.retire_some, project, meant, service.now(), reason=asked.reason
        )
        return replies.reply(wire.BenchmarksRetired(retired=gone, more=more))

    return await once(request, Fingerprint(request, content), act)


def _meant(asked: wire.BenchmarkRetirement) -> list[int] | curating.Meant:
    if (asked.tasks is None) == (asked.filter is None):
        raise InvalidInput(
            "name the benchmarks by `tasks` or by a `filter`: one of the two; an empty filter means all",
            code="retirement_ambiguous",
            pointer="/filter",
        )
    if asked.tasks is not None:
        return asked.tasks
    wanted = asked.filter or wire.BenchmarkFilter()
    return curating.Meant(wanted.state, wanted.basis, wanted.flagged, wanted.exposures_at_least or 0)


async def _shown(request: Call, project: int, task: int) -> Response[bytes]:
    return replies.reply(replies.benchmark(await look(request, project, task)))


async def look(request: Call, project: int, task: int) -> curating.Look:
    """Read a benchmark as its reader may: auditors blindly, customers without names."""
    service, auditor = service_of(request), request.user.labeler
    if auditor is not None:
        return await service.call(curating.look_as, project, task, auditor, service.now())
    return await service.call(curating.look, project, task, names=request.user.role in OPERATORS)
