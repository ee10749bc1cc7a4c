"""The page on which a policy is tried: sandboxes beside the project itself, and the way to work and back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from litestar import Response, get, post
from litestar.types import ControllerRouterHandler

from goldvein.api.access import OPERATORS
from goldvein.api.projects import ProjectId
from goldvein.api.service import Call, service_of
from goldvein.domain.errors import GoldveinError, InvalidInput
from goldvein.domain.records import Project
from goldvein.services import promoting, sandboxes
from goldvein.services.sandboxes import Outcome, SandboxDraft
from goldvein.store.database import Database
from goldvein.store.sandboxes import Sandbox
from goldvein.web.forms import form, whole
from goldvein.web.projects import project_page, visible_project
from goldvein.web.responses import go

_MOST_KNOBS: Final = 50
_DONE: Final = {
    "made": "The sandbox is there: let simulated labelers work in it, or people who have nothing else to do.",
    "warm": "The budget is set. People get its work within seconds, while no real work waits for them.",
    "promoted": "What was tried is a new version of this project's policy.",
    "reverted": "The policy is that of an earlier version again, as a new version.",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A sandbox beside its original: knobs that differ, as (there, here), and what became of answers."""

    sandbox: Sandbox
    differences: dict[str, tuple[float, float]]
    outcome: Outcome


@get("/operate/{project:int}/sandboxes", opt={"roles": OPERATORS}, include_in_schema=False)
async def show(request: Call, project: ProjectId) -> Response[str]:
    """Show a project's sandboxes."""
    return await _shown(request, await visible_project(request, project))


@post("/operate/{project:int}/sandboxes", opt={"roles": OPERATORS}, include_in_schema=False, status_code=200)
async def make(request: Call, project: ProjectId) -> Response[Any]:
    """Make a sandbox in which some knobs are turned."""
    fields = await form(request)

    def act(db: Database, now: datetime) -> None:
        draft = SandboxDraft(
            fields.get("name", "").strip()[:200],
            whole(fields, "tasks", "the number of tasks", least=1, most=sandboxes.MOST_TASKS),
            whole(fields, "benchmarks", "the number of benchmarks", least=1, most=sandboxes.MOST_TASKS),
            _knobs(fields.get("knobs", "")),
        )
        sandboxes.create(db, project, draft, now)

    return await _done(request, project, "made", act, fields)


@post(
    "/operate/{project:int}/sandboxes/{sandbox:int}/warm",
    opt={"roles": OPERATORS},
    include_in_schema=False,
    status_code=200,
)
async def warm(request: Call, project: ProjectId, sandbox: ProjectId) -> Response[Any]:
    """Say how much of a sandbox's work people may get a day."""
    fields = await form(request)

    def act(db: Database, now: datetime) -> None:
        sandboxes.check_of(db, project, sandbox, now)
        per_day = whole(fields, f"per-day-{sandbox}", "a day's budget", least=0, most=sandboxes.MOST_PER_DAY)
        sandboxes.set_warm(db, sandbox, per_day, now)

    return await _done(request, project, "warm", act, {})


@post(
    "/operate/{project:int}/sandboxes/{sandbox:int}/promote",
    opt={"roles": OPERATORS},
    include_in_schema=False,
    status_code=200,
)
async def promote(request: Call, project: ProjectId, sandbox: ProjectId) -> Response[Any]:
    """Put to work what a sandbox tried."""
    await form(request)
    account = request.user.account

    def act(db: Database, now: datetime) -> None:
        sandboxes.check_of(db, project, sandbox, now)
        sandboxes.promote(db, sandbox, now, account)

    return await _done(request, project, "promoted", act, {})


@post(
    "/operate/{project:int}/sandboxes/revert",
    opt={"roles": OPERATORS},
    include_in_schema=False,
    status_code=200,
)
async def revert(request: Call, project: ProjectId) -> Response[Any]:
    """Give the project the policy of its last version but one again."""
    await form(request)
    account = request.user.account

    def act(db: Database, now: datetime) -> None:
        promoting.revert(db, project, now, account=account)

    return await _done(request, project, "reverted", act, {})


async def _done(
    request: Call, project: int, done: str, act: Callable[[Database, datetime], None], fields: dict[str, str]
) -> Response[Any]:
    service = service_of(request)
    try:
        await service.call(act, service.now())
    except GoldveinError as error:
        shown = await visible_project(request, project)
        return await _shown(request, shown, error=error.detail, fields=fields, status=error.status)
    return go(f"/operate/{project}/sandboxes?done={done}")


async def _shown(
    request: Call, project: Project, *, error: str = "", fields: dict[str, str] | None = None,
    status: int = 200,
) -> Response[str]:  # fmt: skip
    service = service_of(request)
    here, lines = await service.call(_read, project.id, service.now())
    return project_page(
        request, project, "operation/sandboxes.html", status=status, here=here, lines=lines, error=error,
        done=_DONE.get(request.query_params.get("done", ""), ""), days=sandboxes.DAYS,
        fields={"name": "", "knobs": "", "tasks": "1000", "benchmarks": "60", **(fields or {})},
    )  # fmt: skip


def _read(db: Database, project: int, now: datetime) -> tuple[Outcome, list[Line]]:
    lines = [
        Line(one, sandboxes.differences(db, one.id), sandboxes.outcome(db, one.id, now))
        for one in sandboxes.list_(db, project, now)
    ]
    return sandboxes.outcome(db, project, now), lines


def _knobs(text: str) -> dict[str, float]:
    """Read ``knob = value``, one a line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > _MOST_KNOBS:
        raise InvalidInput(f"at most {_MOST_KNOBS} knobs are tried at once")
    found: dict[str, float] = {}
    for line in lines:
        name, _, value = line.partition("=")
        try:
            found[name.strip()] = float(value)
        except ValueError:
            raise InvalidInput(
                f"{line[:60]!r} is no knob with a number, such as deliver_at = 0.95", code="policy_invalid"
            ) from None
    return found


HANDLERS: Final[tuple[ControllerRouterHandler, ...]] = (show, make, warm, promote, revert)
