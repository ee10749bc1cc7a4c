"""Rounds: the batches of a project, how far each is, and how to call one off."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from litestar import Response, get, post
from litestar.types import ControllerRouterHandler

from goldvein.api.access import CUSTOMERS, visible_project
from goldvein.api.projects import ProjectId
from goldvein.api.service import Call, service_of
from goldvein.api.tasks import BatchName
from goldvein.domain.records import Project, Tally
from goldvein.services import intake, tallying
from goldvein.store import tasks
from goldvein.store.database import Database
from goldvein.store.tasks import Batch
from goldvein.web.forms import form
from goldvein.web.projects import project_page, whole_number
from goldvein.web.responses import go, path_of

_PAGE: Final = 25
_LATEST: Final = 2**31 - 1
_TIMED: Final = 10_000
"""Tasks of a round up to which the list tells how fast it was; of larger ones only their own page does."""


@dataclass(frozen=True, slots=True)
class Line:
    """One round of the list; ``speed`` is the median and 95% of seconds from push to label."""

    batch: Batch
    tally: Tally
    speed: tuple[float, float] | None

    @property
    def address(self) -> str:
        """The last part of the round's address."""
        return path_of(self.batch.name)


@get("/projects/{project:int}/rounds", opt={"roles": CUSTOMERS}, include_in_schema=False)
async def list_(request: Call, project: ProjectId) -> Response[str]:
    """List the rounds of a project, the latest first."""
    found = await visible_project(request, project)
    before = whole_number(request.query_params.get("before"), most=_LATEST) or _LATEST
    lines = await service_of(request).call(_lines, found, before)
    more = lines[_PAGE - 1].batch.id if len(lines) > _PAGE else None
    return project_page(
        request, found, "projects/rounds.html", lines=lines[:_PAGE], more=more, is_first=before == _LATEST
    )


def _lines(db: Database, project: Project, before: int) -> Sequence[Line]:
    with db.connection() as tx:
        batches = tasks.batches_page(tx, project.id, before=before, limit=_PAGE + 1)
    tallied = tallying.of_batches(db, project.id, [batch.id for batch in batches])
    with db.connection() as tx:
        small = [batch for batch, tally in tallied.items() if tally.pushed <= _TIMED]
        speeds = tasks.speeds(tx, project.id, small)
    return [Line(batch, tallied[batch.id], speeds.get(batch.id)) for batch in batches]


@get("/projects/{project:int}/rounds/{batch:str}", opt={"roles": CUSTOMERS}, include_in_schema=False)
async def show(request: Call, project: ProjectId, batch: BatchName) -> Response[str]:
    """Show how far a round is; a script keeps it up to date."""
    found, service = await visible_project(request, project), service_of(request)
    progress = await service.call(intake.batch_progress, project, batch, service.now())
    return project_page(
        request, found, "projects/round.html", batch=progress, address=path_of(batch),
        cancelled=request.query_params.get("cancelled") == "1",
    )  # fmt: skip


@post(
    "/projects/{project:int}/rounds/{batch:str}/cancel",
    opt={"roles": CUSTOMERS}, include_in_schema=False, status_code=200,
)  # fmt: skip
async def cancel(request: Call, project: ProjectId, batch: BatchName) -> Response[Any]:
    """Call a round off: what waits is cancelled, labels stay."""
    await form(request)
    await visible_project(request, project)
    service = service_of(request)
    await service.call(intake.cancel_batch, project, batch, service.now())
    return go(f"/projects/{project}/rounds/{path_of(batch)}?cancelled=1")


HANDLERS: Final[tuple[ControllerRouterHandler, ...]] = (list_, show, cancel)
