"""The labeler's page: what it is made of. The work itself goes over the API, by the page's own session."""

from importlib import resources
from typing import Annotated, Any, Final

from litestar import Response, get
from litestar.params import QueryParameter
from litestar.types import ControllerRouterHandler

from goldvein.api.access import LABELERS
from goldvein.api.service import Call, service_of
from goldvein.domain.errors import NotFound
from goldvein.services import cards
from goldvein.services import practice as practising
from goldvein.web.responses import page

ProjectWish = Annotated[int | None, QueryParameter(ge=1, le=2**31 - 1)]
_MODULES: Final = [
    "/static/task.js",
    *sorted(
        f"/static/work/{file.name}"
        for file in resources.files("goldvein.web").joinpath("static", "work").iterdir()
    ),
]
"""Fetched at once instead of one after the other as they import each other."""
SKIP_REASONS: Final = (
    "I cannot tell",
    "It is not in a language that I read well",
    "It does not show right",
    "I would rather not read this",
)
UNCLEAR_REASONS: Final = (
    "The instructions do not say what to do here",
    "Two options are equally good",
    "No option is any good",
    "The text is broken",
)


@get("/work", opt={"roles": LABELERS}, include_in_schema=False)
async def work(request: Call, project: ProjectWish = None) -> Response[Any]:
    """Show the page on which labelers work; ``project`` asks for work of one project only."""
    service, labeler = service_of(request), request.user.labeler
    assert labeler is not None
    done = await service.call(cards.done, labeler, service.now())
    return page(
        request, "work/page.html", project=project, modules=_MODULES, today=done.today, is_new=not done.ever,
        skip_reasons=SKIP_REASONS, unclear_reasons=UNCLEAR_REASONS,
    )  # fmt: skip


@get("/work/practice", opt={"roles": LABELERS}, include_in_schema=False)
async def practise(request: Call, project: ProjectWish = None) -> Response[Any]:
    """Show practice tasks of a project, with what is right after each answer."""
    offered = await service_of(request).call(practising.offered)
    chosen = next((one for one in offered if one.id == project), None)
    if project is not None and chosen is None:
        raise NotFound(f"project {project} is not under way: choose another one to practise")
    choices = [(one.id, one.name) for one in offered]
    return page(request, "work/practice.html", projects=choices, project=chosen)


HANDLERS: Final[tuple[ControllerRouterHandler, ...]] = (work, practise)
