"""Pages of auditors: where they begin, benchmarks in doubt judged blindly, labelers at the boundary."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Final

from litestar import Response, get, post
from litestar.params import PathParameter, QueryParameter
from litestar.types import ControllerRouterHandler

from goldvein.api.access import AUDITORS, WATCHERS
from goldvein.api.service import Call, service_of
from goldvein.domain.errors import Forbidden, GoldveinError
from goldvein.services import boundary as people
from goldvein.services import cards, projects
from goldvein.store import audits, boundary, doubts
from goldvein.store.database import Database
from goldvein.web.forms import form
from goldvein.web.responses import go, page

LATELY: Final = timedelta(hours=24)
_AUDITS: Final = 2_000
"""Judgements of a day that are counted; of more the page says that there are more."""
BOUND: Final = 1_000
"""Doubts, and people, that are counted."""
_SHOWN: Final = 20
_PEOPLE: Final = 50
_LOOKS: Final = 50
ProjectQuery = Annotated[int | None, QueryParameter(ge=1, le=2**31 - 1)]


@get("/audit", opt={"roles": WATCHERS}, include_in_schema=False)
async def begin(request: Call) -> Response[str]:
    """Say what waits for auditors, and what they did of late."""
    service, auditor = service_of(request), request.user.labeler
    now = service.now()

    def read(db: Database) -> dict[str, Any]:
        with db.connection() as tx:
            return {
                "doubts": doubts.count(tx, now, BOUND),
                "boundary": boundary.counts(tx, BOUND),
                "second": audits.waiting(tx, BOUND),
                "audits": doubts.audits(tx, now - LATELY, _AUDITS),
            }

    found = await service.call(read)
    looks = await service.call(cards.looks_waiting, limit=_LOOKS)
    own = [one for one in found["audits"] if one.auditor == auditor]
    return page(
        request,
        "audit/begin.html",
        **found,
        own=own,
        looks=len(looks),
        most_looks=_LOOKS,
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
    replied: Annotated[bool, QueryParameter()] = False,  # noqa: FBT002  (a query parameter)
) -> Response[str]:
    """List who asked for another look, and labelers at the boundary with what is known of each in words."""
    return await _people(request, project=project, after=(after_project, after), replied=replied)


@post("/audit/looks/{look:int}", opt={"roles": WATCHERS}, include_in_schema=False, status_code=200)
async def settle_look(
    request: Call, look: Annotated[int, PathParameter(ge=1, le=2**63 - 1)]
) -> Response[Any]:
    """Reply to somebody who asked for another look."""
    fields, service, account = await form(request), service_of(request), request.user.account
    if account is None:
        raise Forbidden("a reply is somebody's: sign in")
    lets_in = fields.get("readmit") == "1"
    try:
        await service.call(
            cards.settle_look, look, account, fields.get("reply", ""), service.now(), lets_in=lets_in,
            own=request.user.labeler,
        )  # fmt: skip
    except GoldveinError as error:
        said = fields.get("reply", "")[: cards.WORDS]
        return await _people(request, status=error.status, wrong={look: error.detail}, said=said)
    return go("/audit/labelers?replied=1")


async def _people(
    request: Call, *, project: int | None = None, after: tuple[int, int] = (0, 0), replied: bool = False,
    status: int = 200, wrong: Mapping[int, str] | None = None, said: str = "",
) -> Response[str]:  # fmt: skip
    service = service_of(request)
    found = await service.call(
        people.cases, project=project, after=after, limit=_PEOPLE + 1, own=request.user.labeler
    )
    looks = await service.call(cards.looks_waiting, limit=_LOOKS)
    gone = [words for look, words in (wrong or {}).items() if look not in {one.id for one in looks}]
    return page(
        request,
        "audit/labelers.html",
        status=status,
        cases=found[:_PEOPLE],
        more=len(found) > _PEOPLE,
        project=project,
        looks=looks,
        most_looks=_LOOKS,
        replied=replied,
        wrong=wrong or {},
        gone=gone,
        said=said,
    )


@get("/audit/write", opt={"roles": WATCHERS}, include_in_schema=False)
async def write(request: Call) -> Response[str]:
    """Choose the project to write benchmarks for."""
    found = await service_of(request).call(projects.list_, None)
    return page(request, "audit/write.html", projects=[one for one in found if one.state != "closed"])


HANDLERS: Final[tuple[ControllerRouterHandler, ...]] = (begin, judge, labelers, settle_look, write)
