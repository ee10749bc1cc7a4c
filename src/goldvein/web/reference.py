"""The page of reference checks: how the workforce does on the customer's own sample, and what to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from math import floor
from typing import Annotated, Any, Final

from litestar import Response, get, post
from litestar.params import QueryParameter
from litestar.types import ControllerRouterHandler

from goldvein import wire
from goldvein.api import bodies
from goldvein.api.access import CUSTOMERS
from goldvein.api.projects import ProjectId
from goldvein.api.references import push
from goldvein.api.service import Call, service_of
from goldvein.domain.errors import GoldveinError, InvalidInput
from goldvein.domain.records import Project
from goldvein.services import checking
from goldvein.services.checking import Checks
from goldvein.store import references
from goldvein.store.database import Database
from goldvein.tasktypes import choice
from goldvein.web.charts import Chart, Series
from goldvein.web.projects import project_page, visible_project
from goldvein.web.responses import CHARTS, go
from goldvein.web.uploads import upload

_RUNS: Final = 60
_LISTED: Final = 14
_DOUBTFUL: Final = 10
_LISTED_ERRORS: Final = 100
CAUSES: Final = {
    "some": (
        "The crowd: some labelers do not do the job",
        "look at the labelers near the bar, and audit them",
    ),
    "all": (
        "The instructions, or harder texts: everybody gets less right",
        "read the instructions again, and look at what your tasks were like since that day",
    ),
    "keys": ("The keys: people now agree on other answers", "look at the answers below that they agree on"),
    "chance": ("Chance: nothing changed", "wait for another day or two"),
}
"""What a drop comes from, and what to do about it."""


@dataclass(frozen=True, slots=True)
class DoubtfulKey:
    """A task of the sample of which labelers agree on another answer than the customer's."""

    name: str
    prompt: str
    key: str
    said: str
    for_key: int
    for_said: int


@get("/projects/{project:int}/reference", opt={"roles": CUSTOMERS}, include_in_schema=False)
async def show(
    request: Call,
    project: ProjectId,
    version: Annotated[int | None, QueryParameter(ge=1, le=2**31 - 1)] = None,
) -> Response[str]:
    """Show the checks, and the form by which the sample is given."""
    return await _shown(request, await visible_project(request, project), done=version)


@post(
    "/projects/{project:int}/reference",
    opt={"roles": CUSTOMERS},
    include_in_schema=False,
    status_code=200,
    request_max_body_size=bodies.PUSH,
)
async def give(request: Call, project: ProjectId) -> Response[Any]:
    """Take a file of tasks with the customer's own answers."""
    shown = await visible_project(request, project)
    try:
        file = await upload(request, bodies.PUSH)
        if file.kind == "label-studio":
            raise InvalidInput('send {"tasks": [...]}, JSON Lines or CSV', code="invalid_input")
        pushed = await push(request, shown, file.content, file.kind, whole="whole" in file.fields)
    except GoldveinError as error:
        if error.status not in (400, 409, 422):
            raise
        refused = error.facts.get("errors", ())
        return await _shown(request, shown, error=error.detail, refused=refused, status=error.status)
    if pushed.errors:
        return await _shown(request, shown, done=pushed.version, refused=pushed.errors)
    return go(f"/projects/{project}/reference?version={pushed.version}")


async def _shown(
    request: Call, project: Project, *, done: int | None = None, error: str = "",
    refused: Sequence[wire.ItemProblem] = (), status: int = 200,
) -> Response[str]:  # fmt: skip
    service = service_of(request)
    checks: Checks = await service.call(checking.look, project.id, service.now(), limit=_RUNS)
    report = checks.last.report if checks.last is not None else None
    keys = await service.call(_doubtful, project, report["doubtful"][:_DOUBTFUL]) if report else []
    return project_page(
        request, project, "projects/reference.html", status=status, headers=CHARTS, checks=checks,
        report=report, keys=keys, causes=_causes(report), cause_words=CAUSES,
        charts=_charts(checks) if report else [], runs=checks.runs[:_LISTED], done=done, error=error,
        refused=refused[:_LISTED_ERRORS], most=wire.MAX_REFERENCE, is_operated=request.user.customer is None,
    )  # fmt: skip


def _doubtful(db: Database, project: Project, found: Sequence[dict[str, Any]]) -> list[DoubtfulKey]:
    """Put doubtful keys into words."""
    with db.connection() as tx:
        inputs = references.inputs(tx, project.id, [int(one["task"]) for one in found])
    keys = []
    for one in found:
        content = inputs[int(one["task"])]
        options = choice.choices_of(content, project.classes)
        keys.append(
            DoubtfulKey(
                one["unique_id"] or one["task"], str(content.get("prompt", "")), options[one["key"]],
                options[one["said"]], one["for_key"], one["for_said"],
            )
        )  # fmt: skip
    return keys


def _causes(report: Any) -> list[tuple[str, float]]:
    """Causes of a drop, the likeliest first."""
    if not report or not report["blame"]:
        return []
    found = [(cause, report["blame"][cause]) for cause in CAUSES]
    return sorted(found, key=lambda one: -one[1])


def _charts(checks: Checks) -> list[Chart]:
    """Accuracy by day, with the range that days can be compared by."""
    told = [seen.run for seen in reversed(checks.runs) if seen.run.report and seen.run.report["counted"]]
    days = [datetime.combine(run.due, time(12), UTC) for run in told]
    reports = [run.report or {} for run in told]
    lows = [one["paired_low"] for one in reports]
    return [
        Chart(
            "accuracy", "Accuracy on the sample, by day",
            "Of answers that would have gone out. The range is what chance alone does on these very tasks: "
            "a day outside the ranges of the others is a change.",
            days,
            [
                Series("accuracy", [one["accuracy"] for one in reports], "accent"),
                Series("at least", lows, "ink-soft", "bound"),
                Series("at most", [one["paired_high"] for one in reports], "ink-soft", "bound"),
                Series("all answers", [one["all"]["accuracy"] for one in reports], "gold", "points"),
            ],
            unit="percent", x_name="Day", least=floor(10 * max(0, min(lows, default=0) - 0.05)) / 10,
        )
    ]  # fmt: skip


HANDLERS: Final[tuple[ControllerRouterHandler, ...]] = (show, give)
