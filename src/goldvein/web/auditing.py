"""Pages of auditors: where they begin, benchmarks in doubt judged blindly, labelers at the boundary."""

from datetime import timedelta
from typing import Annotated, Any, Final

from litestar import Response, get
from litestar.params import QueryParameter
from litestar.types import ControllerRouterHandler

from goldvein.api.access import AUDITORS, WATCHERS
from goldvein.api.service import Call, service_of
from goldvein.services import boundary as people
from goldvein.services import projects
from goldvein.store import boundary, curated
from goldvein.store.database import Database
from goldvein.web.responses import page

LATELY: Final = timedelta(hours=24)
_AUDITS: Final = 2_000
"""Judgements of a day that are counted; of more the page says that there are more."""
BOUND: Final = 5_000
"""Doubts, and people, that are counted."""
_SHOWN: Final = 20
_PEOPLE: Final = 50
ProjectQuery = Annotated[int | None, QueryParameter(ge=1, le=2**31 - 1)]


@get("/audit", opt={"roles": WATCHERS}, include_in_schema=False)
async def begin(request: Call) -> Response[str]:
    """Say what waits for auditors, and what they did of late."""
    service, auditor = service_of(request), request.user.labeler
    now = service.now()

    def read(db: Database) -> dict[str, Any]:
        with db.connection() as tx:
            return {
                "doubts": curated.count_doubts(tx, now, BOUND),
                "boundary": boundary.counts(tx, BOUND),
                "audits": curated.audits(tx, now - LATELY, _AUDITS),
            }

    found = await service.call(read)
    own = [one for one in found["audits"] if one.auditor == auditor]
    return page(
        request,
        "audit/begin.html",
        **found,
        own=own,
        shown=_SHOWN,
        most_audits=_AUDITS,
        most=BOUND,
        judges=request.user.role in AUDITORS,
    )


@get("/audit/benchmarks", opt={"roles": AUDITORS}, include_in_schema=False)
async def judge(
    request: Call,
    project: ProjectQuery = None,
    task: Annotated[int | None, QueryParameter(ge=1, le=2**63 - 1)] = None,
) -> Response[str]:
    """Judge benchmarks in doubt, one after the other; a script asks for them and sends what is said."""
    found = await service_of(request).call(projects.get, project, None) if project is not None else None
    return page(request, "audit/judge.html", project=found, task=task if found else None)


@get("/audit/labelers", opt={"roles": WATCHERS}, include_in_schema=False)
async def labelers(
    request: Call,
    project: ProjectQuery = None,
    after_project: Annotated[int, QueryParameter(ge=0, le=2**31 - 1)] = 0,
    after: Annotated[int, QueryParameter(ge=0, le=2**31 - 1)] = 0,
) -> Response[str]:
    """List labelers at the boundary, with what is known of each in words."""
    service = service_of(request)
    found = await service.call(people.cases, project=project, after=(after_project, after), limit=_PEOPLE + 1)
    return page(
        request, "audit/labelers.html", cases=found[:_PEOPLE], more=len(found) > _PEOPLE, project=project
    )


@get("/audit/write", opt={"roles": WATCHERS}, include_in_schema=False)
async def write(request: Call) -> Response[str]:
    """Choose the project to write benchmarks for."""
    found = await service_of(request).call(projects.list_, None)
    return page(request, "audit/write.html", projects=[one for one in found if one.state != "closed"])


HANDLERS: Final[tuple[ControllerRouterHandler, ...]] = (begin, judge, labelers, write)
