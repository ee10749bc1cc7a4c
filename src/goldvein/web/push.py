"""Pushing tasks by hand: a file or some pasted lines, looked at as labelers will see them, then sent.

The page sends parts of the file to the API's own address with the session, so a push by hand and one by a
program are the same.
"""

from datetime import datetime
from typing import Any, Final

from litestar import Response, get, post
from litestar.types import ControllerRouterHandler

from goldvein.api import bodies, replies
from goldvein.api.access import CUSTOMERS, visible_project
from goldvein.api.files import reader
from goldvein.api.projects import ProjectId
from goldvein.api.service import Call, service_of
from goldvein.domain.errors import GoldveinError
from goldvein.domain.records import ItemError, Project, TaskDraft
from goldvein.services import intake
from goldvein.tasktypes import choice
from goldvein.web.projects import project_page

SHOWN: Final = 5
"""Tasks that are shown before a push."""
_PREVIEWED: Final = 4 * bodies.LINE


@get("/projects/{project:int}/push", opt={"roles": CUSTOMERS}, include_in_schema=False)
async def show(request: Call, project: ProjectId) -> Response[str]:
    """Show the page."""
    found, service = await visible_project(request, project), service_of(request)
    return project_page(
        request, found, "push.html",
        round=f"round-{service.now():%Y-%m-%d-%H%M}",
        base=service.public_url or str(request.base_url).rstrip("/"),
    )  # fmt: skip


@post(
    "/projects/{project:int}/push/preview", opt={"roles": CUSTOMERS}, include_in_schema=False, status_code=200
)
async def preview(request: Call, project: ProjectId) -> Response[bytes]:
    """Read the first rows of a file as a push would, and store nothing."""
    found, service = await visible_project(request, project), service_of(request)
    kind = bodies.media_type(request)
    file = reader(kind, request.query_params.get("format"), found.classes)
    if file is None:
        raise bodies.UnsupportedMediaType(f"a file of type {kind!r} is none that is read here")
    content = await bodies.read(request, _PREVIEWED, kind=kind)

    async def chunks() -> Any:
        yield content

    read, where = file
    rows: list[dict[str, Any]] = []
    async for item in read(chunks()):
        if len(rows) == SHOWN:
            break
        rows.append(_row(item, found, service.now()))
        if "error" in rows[-1]:
            rows[-1]["error"] |= {"facts": where(rows[-1].pop("item"))}
    return replies.reply({"rows": rows})


def _row(item: TaskDraft | ItemError, project: Project, now: datetime) -> dict[str, Any]:
    """Show one row: as a task that a labeler gets, or what is wrong with it."""
    if isinstance(item, TaskDraft):
        try:
            intake.check(item, project, now)
        except GoldveinError as error:
            item = bodies.item_error(error, item.index, "")
    if isinstance(item, ItemError):
        return {"error": {"code": item.code, "detail": item.detail, "pointer": item.pointer}, "item": item}
    options = list(choice.choices_of(item.input, project.classes))
    return {
        "unique_id": item.unique_id,
        "task": {"type": project.type, "input": {**item.input, "options": options}},
    }


HANDLERS: Final[tuple[ControllerRouterHandler, ...]] = (show, preview)
