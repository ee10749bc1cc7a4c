"""Current labels as files, streamed page by page."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from typing import Annotated, Literal
from urllib.parse import urlencode

from litestar import get
from litestar.params import PathParameter, QueryParameter
from litestar.response import Stream

from goldvein import wire
from goldvein.api.access import CUSTOMERS, visible_project
from goldvein.api.moments import zoned
from goldvein.api.projects import ProjectId
from goldvein.api.service import Call, Service, service_of
from goldvein.domain.records import Project
from goldvein.services import labelled
from goldvein.services.exporting import FORMATS, Format, Layout, Writer, format_for
from goldvein.store.labelled import Labelled, Wanted

LabelId = Annotated[int, PathParameter(ge=1, le=2**63 - 1, description="The label's id.")]
Basis = Literal["labeler", "panel", "auditor", "manual"]
FormatName = Annotated[str, QueryParameter(max_length=40, description=f"One of {', '.join(FORMATS)}.")]
BatchName = Annotated[
    str | None,
    QueryParameter(
        min_length=1, max_length=200, pattern=wire.NO_NUL_OR_SLASH, description="Only its labels."
    ),
]
Since = Annotated[datetime | None, QueryParameter(description="Only labels delivered then or later.")]
Until = Annotated[datetime | None, QueryParameter(description="Only labels delivered earlier.")]
Confidence = Annotated[
    float | None,
    QueryParameter(ge=0, le=1, description="Only labels whose confidence is known, and as large."),
]
Evidence = Annotated[
    float | None,
    QueryParameter(ge=0, le=1, description="Of labels by one labeler, only those with such evidence."),
]
WithContent = Annotated[
    bool, QueryParameter(description="`jsonl` alone: each label with its task's input, metadata and batch.")
]
Pairs = Annotated[
    Literal["all", "one"],
    QueryParameter(description="`trl` alone: what was chosen against each other option, or against one."),
]
After = Annotated[
    int,
    QueryParameter(ge=0, le=2**63 - 1, description="The last label that you have: those behind it follow."),
]
Limit = Annotated[
    int | None,
    QueryParameter(ge=1, le=10_000, description="Labels at most; `Link` (rel `next`) then names the rest."),
]


@get(
    "/v1/projects/{project:int}/labels/export",
    opt={
        "roles": CUSTOMERS,
        "streams": tuple(dict.fromkeys(one.media_type for one in FORMATS.values())),
        "problems": {
            409: "the format needs contents that were erased",
            501: "this server lacks an extra that the format needs",
        },
    },
    operation_id="export_labels",
    tags=["labels"],
)
async def export_labels(
    request: Call,
    project: ProjectId,
    format: FormatName = "jsonl",  # noqa: A002 - the name of the parameter in the address
    batch: BatchName = None,
    since: Since = None,
    until: Until = None,
    basis: Annotated[Basis | None, QueryParameter(description="Only labels that rest on this.")] = None,
    confidence_at_least: Confidence = None,
    p_at_least: Evidence = None,
    content: WithContent = False,  # noqa: FBT002  (a query parameter)
    pairs: Pairs = "all",
    after: After = 0,
    limit: Limit = None,
) -> Stream:
    """Stream the current labels as a file.

    With `limit` it comes in parts: the header `Link` names the next one, so that a download can be resumed in
    any format. Parts of JSON Lines, CSV and TRL are put one behind the other; JSON lists are joined.
    """
    found = await visible_project(request, project)
    kind, service = format_for(format, found), service_of(request)
    wanted = Wanted(
        basis=basis, since=zoned("since", since), until=zoned("until", until),
        confidence=confidence_at_least, p=p_at_least,
    )  # fmt: skip
    wanted = await service.call(labelled.of_batch, project, wanted, batch)
    content = content or kind.needs_content
    layout = Layout(found.classes, continued=after > 0, content=content, every_pair=pairs == "all")
    writer = await service.run(lambda: kind.make(layout))
    headers = {
        "Content-Disposition": f'attachment; filename="{file_name(found, kind, service.now())}"',
        "Cache-Control": "no-store",
    }
    pages, last = await _pages(service, project, wanted, after, limit, content=content)
    if last is not None:
        headers["Link"] = f'<{_next(request, last)}>; rel="next"'
    first = await service.run(lambda: next(pages, None))  # what is wrong with the request shows here
    return Stream(_written(service, writer, first, pages), media_type=kind.media_type, headers=headers)


async def _pages(
    service: Service, project: int, wanted: Wanted, after: int, limit: int | None, *, content: bool
) -> tuple[Iterator[list[Labelled]], int | None]:
    """The labels, page by page; and the last of them, if the limit leaves some for another part."""
    if limit is None:
        return labelled.export(service.db, project, wanted, after=after, content=content), None
    ids, more = await service.call(labelled.choose, project, wanted, after=after, limit=limit)
    pages = labelled.chosen(service.db, project, ids, wanted, content=content)
    return pages, ids[-1] if more else None


def _next(request: Call, after: int) -> str:
    given = {name: value for name, value in request.query_params.items() if name != "after"}
    return f"{request.url.path}?{urlencode({**given, 'after': after})}"


def file_name(project: Project, kind: Format, now: datetime) -> str:
    """Name a file after its project, the day and what it holds."""
    slug = re.sub(r"[^a-z0-9]+", "-", project.name.lower()).strip("-")[:60] or f"project-{project.id}"
    return f"{slug}-labels-{now:%Y-%m-%d}{kind.suffix}"


async def _written(
    service: Service, writer: Writer, first: list[Labelled] | None, pages: Iterator[list[Labelled]]
) -> AsyncIterator[bytes]:
    def write(page: list[Labelled]) -> bytes:
        return writer.page(page)

    def read_and_write() -> bytes | None:
        page = next(pages, None)
        return None if page is None else writer.page(page)

    yield writer.begin()
    part = await service.run(lambda: write(first)) if first is not None else None
    while part is not None:
        if part:
            yield part
            await asyncio.sleep(0)
        part = await service.run(read_and_write)
    yield await service.run(writer.end)
