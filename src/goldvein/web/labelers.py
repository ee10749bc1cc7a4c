"""The operator's pages of labelers: all of a project, in any order, and one with its history."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.params import PathParameter
from litestar.types import ControllerRouterHandler

from goldvein.api.access import OPERATORS
from goldvein.api.projects import ProjectId
from goldvein.api.service import Call, service_of
from goldvein.domain.errors import GoldveinError, InvalidInput
from goldvein.services import following, listing, rulings, trusting
from goldvein.services.listing import Asked
from goldvein.services.rulings import Ruling
from goldvein.store.database import Database
from goldvein.store.roster import STATES
from goldvein.web.forms import form
from goldvein.web.portrait import history
from goldvein.web.projects import project_page, visible_project
from goldvein.web.responses import CHARTS, go

LabelerId = Annotated[int, PathParameter(ge=1, le=2**31 - 1, description="The labeler's id.")]
_COLUMNS: Final = (
    ("name", "Labeler", ""),
    ("p_benchmarks", "P(good)", "on benchmarks"),
    ("p_all", "P(good)", "on all evidence"),
    ("benchmarks", "Benchmarks", "answered"),
    ("right_share", "Right", "of benchmarks"),
    ("answers", "Answers", "ordinary"),
    ("delivered", "Delivered", ""),
    ("held", "Held", "ever"),
    ("withdrawn", "Withdrawn", ""),
    ("skips", "Skipped", ""),
    ("panel_answers", "Panel", "answers"),
    ("median_seconds", "Time", "median"),
    ("seen_at", "Last seen", ""),
)
_DONE: Final = {
    "appoint": "is on the panel from now on",
    "bar": "is barred from the panel",
    "leave": "is judged by benchmarks again",
    "readmit": "is let in again",
    "dismiss": "is dismissed",
}
_RULINGS: Final[dict[str, Ruling]] = {"readmit": "readmit", "dismiss": "dismiss"}
_ACTIONS: Final = {"appoint": trusting.appoint, "bar": trusting.bar, "leave": trusting.leave}


@get("/operate/{project:int}/labelers", opt={"roles": OPERATORS}, include_in_schema=False)
async def labelers(request: Call, project: ProjectId) -> Response[str]:
    """List the project's labelers."""
    asked = listing.ask(**{name: request.query_params.get(name, "") for name in _ASKED})
    found = await visible_project(request, project)
    shown = await service_of(request).call(listing.labelers, project, asked)
    return project_page(
        request, found, "operation/labelers.html", listing=shown, columns=_COLUMNS, states=STATES,
        address=partial(_address, shown.asked),
    )  # fmt: skip


@get("/operate/{project:int}/labelers/{labeler:int}", opt={"roles": OPERATORS}, include_in_schema=False)
async def labeler(request: Call, project: ProjectId, labeler: LabelerId) -> Response[str]:
    """Show one labeler and how the standing came about."""
    return await _shown(request, project, labeler, done=_DONE.get(request.query_params.get("done", ""), ""))


@post(
    "/operate/{project:int}/labelers/{labeler:int}/panel",
    opt={"roles": OPERATORS},
    include_in_schema=False,
    status_code=200,
)
async def change_panel(request: Call, project: ProjectId, labeler: LabelerId) -> Response[Any]:
    """Put the labeler on the panel, keep them from it, or take back what was said of them."""
    fields, service = await form(request), service_of(request)
    action, reason = fields.get("action", ""), fields.get("reason", "")

    def change(db: Database, now: datetime) -> None:
        if action not in _ACTIONS:
            raise InvalidInput(f"there is no action {action!r}: use {', '.join(_ACTIONS)}")
        _ACTIONS[action](
            db, project, labeler, f"{request.user.login}: {reason}" if reason.strip() else "", now
        )

    try:
        await service.call(change, service.now())
    except GoldveinError as error:
        return await _shown(request, project, labeler, error=error.detail, reason=reason, status=error.status)
    return go(f"/operate/{project}/labelers/{labeler}?done={action}")


@post(
    "/operate/{project:int}/labelers/{labeler:int}/ruling",
    opt={"roles": OPERATORS},
    include_in_schema=False,
    status_code=200,
)
async def rule(request: Call, project: ProjectId, labeler: LabelerId) -> Response[Any]:
    """Let the labeler in again, or dismiss them."""
    fields, service = await form(request), service_of(request)
    ruling, reason = fields.get("ruling", ""), fields.get("ruling-reason", "")

    def change(db: Database, now: datetime) -> None:
        if ruling not in _RULINGS:
            raise InvalidInput(f"there is no ruling {ruling!r}: use {', '.join(_RULINGS)}")
        rulings.rule(db, project, labeler, _RULINGS[ruling], reason, now, by=request.user.account)

    try:
        await service.call(change, service.now())
    except GoldveinError as error:
        return await _shown(
            request, project, labeler, error=error.detail, ruling_reason=reason, status=error.status
        )
    return go(f"/operate/{project}/labelers/{labeler}?done={ruling}")


async def _shown(
    request: Call, project: int, labeler: int, *, done: str = "", error: str = "", reason: str = "",
    ruling_reason: str = "", status: int = 200,
) -> Response[str]:  # fmt: skip
    service, before = service_of(request), request.query_params.get("before", "")
    found = await visible_project(request, project)
    portrait = await service.call(following.portray, project, labeler, before)
    return project_page(
        request, found, "operation/labeler.html", status=status, headers=CHARTS, portrait=portrait,
        chart=history(portrait), done=done, error=error, reason=reason,
        ruling_reason=ruling_reason,
    )  # fmt: skip


_ASKED: Final = ("state", "sort", "way", "prefix", "after")


def _address(asked: Asked, **changes: str) -> str:
    """The query of a link that asks for something else; what does not fit it any more is left out."""
    way = "down" if asked.descending else "up"
    now = {"state": asked.state, "sort": asked.sort, "way": way, "prefix": asked.prefix}
    if changes.get("sort") == asked.sort:
        changes["way"] = "up" if asked.descending else "down"
    elif "sort" in changes:
        now |= {"way": "", "prefix": ""}
    return "?" + urlencode({name: value for name, value in {**now, **changes}.items() if value})


HANDLERS: Final[tuple[ControllerRouterHandler, ...]] = (labelers, labeler, change_panel, rule)
