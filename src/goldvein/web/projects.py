"""The list of projects, and what all pages of one project share."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, get_args

from litestar import Response, get
from litestar.types import ControllerRouterHandler

from goldvein.api.access import CUSTOMERS, visible_project
from goldvein.api.service import Call, service_of
from goldvein.domain.records import Project, ProjectState, Tally
from goldvein.services.tallying import NOTHING
from goldvein.store import figures, projects, tallies
from goldvein.store.database import Database
from goldvein.web.navigation import project_tabs
from goldvein.web.responses import page

__all__ = ["HANDLERS", "project_page", "visible_project", "whole_number"]

_PAGE: Final = 50
_LATEST: Final = 2**31 - 1
"""Over every project's id."""


@dataclass(frozen=True, slots=True)
class Line:
    """One project of the list, as last counted beside the way; ``hourly`` are labels of the last hour."""

    project: Project
    customer: str
    tally: Tally
    hourly: int


@get("/projects", opt={"roles": CUSTOMERS}, include_in_schema=False)
async def list_(request: Call) -> Response[str]:
    """List the projects that the person may see, the latest first."""
    asked = request.query_params
    state = asked.get("state") if asked.get("state") in get_args(ProjectState) else None
    before = whole_number(asked.get("before"), most=_LATEST) or _LATEST
    service = service_of(request)
    lines = await service.call(_lines, request.user.customer, state, before, service.now())
    more = lines[_PAGE - 1].project.id if len(lines) > _PAGE else None
    return page(
        request, "projects/list.html", lines=lines[:_PAGE], state=state, states=get_args(ProjectState),
        more=more, is_first=before == _LATEST,
    )  # fmt: skip


def _lines(
    db: Database, customer: int | None, state: str | None, before: int, now: datetime
) -> Sequence[Line]:
    with db.connection() as tx:
        found = projects.page(tx, customer, state=state, before=before, limit=_PAGE + 1)
        shown = [project.id for project, _ in found]
        counted = tallies.of_projects(tx, shown)
        recent = figures.recent(tx, shown, now - timedelta(hours=1))
    return [
        Line(project, owner, counted.get(project.id, NOTHING), recent.get(project.id, (0, 0))[1])
        for project, owner in found
    ]


def project_page(
    request: Call, project: Project, template: str, *, status: int = 200, **context: Any
) -> Response[str]:
    """Fill in a page of one project, a template that extends ``projects/base.html``.

    Parameters
    ----------
    request : Call
    project : Project
        From ``visible_project``: what the sender may not see is not found.
    template : str
    status : int
    context
        What the template asks for, beside ``project``, ``tabs`` and ``tab``.
    """
    tabs, path = project_tabs(request.user, project), request.url.path
    over = [address for address, _ in tabs if path == address or path.startswith(f"{address}/")]
    return page(
        request, template, status=status, project=project, tabs=tabs, tab=max(over, key=len, default=""),
        **context,
    )  # fmt: skip


def whole_number(text: str | None, *, least: int = 1, most: int = 2**63 - 1) -> int | None:
    """Read a whole number within bounds; None where there is none."""
    plain = (text or "").strip()
    if not plain.isascii() or not plain.isdigit() or len(plain) > 19:
        return None
    return int(plain) if least <= int(plain) <= most else None


HANDLERS: Final[tuple[ControllerRouterHandler, ...]] = (list_,)
