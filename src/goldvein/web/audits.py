"""Pages of audits: second answers given blindly, and what they say of the filter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final

from litestar import Response, get
from litestar.params import QueryParameter
from litestar.types import ControllerRouterHandler

from goldvein.api.access import AUDITORS, OPERATORS
from goldvein.api.projects import ProjectId
from goldvein.api.service import Call, service_of
from goldvein.services import audits, filter_checks, projects
from goldvein.store.audits import Check
from goldvein.web.charts import Chart, Colour, Series
from goldvein.web.projects import project_page, visible_project
from goldvein.web.responses import CHARTS, page

_SHOWN: Final = 200
"""Estimates that the chart shows."""


@get("/audit/work", opt={"roles": AUDITORS}, include_in_schema=False)
async def second(
    request: Call, project: Annotated[int | None, QueryParameter(ge=1, le=2**31 - 1)] = None
) -> Response[str]:
    """Answer labelers' tasks a second time, one after the other; a script asks for them and sends answers."""
    found = await service_of(request).call(projects.get, project, None) if project is not None else None
    return page(request, "audit/second.html", project=found)


@get("/operate/{project:int}/filter", opt={"roles": OPERATORS}, include_in_schema=False)
async def filter_(request: Call, project: ProjectId) -> Response[str]:
    """Show how often the filter errs, over time, and what another bar would do."""
    service, found = service_of(request), await visible_project(request, project)
    checks = await service.call(filter_checks.checks, project, _SHOWN)
    return project_page(
        request, found, "operation/filter.html", headers=CHARTS, latest=checks[0] if checks else None,
        chart=over_time(checks), audits=await service.call(audits.latest, project),
        pairs=await service.call(audits.pairs, project, service.now()),
    )  # fmt: skip


def over_time(checks: Sequence[Check]) -> Chart:
    """Draw both shares with their intervals, estimate by estimate."""
    rows = list(reversed(checks))
    series: list[Series] = []
    kinds: tuple[tuple[str, str, Colour], ...] = (
        ("bad_delivering", "Bad among those who deliver", "bad"),
        ("good_kept_out", "Good among those kept out", "accent"),
    )
    for name, words, colour in kinds:
        for end, said in (("estimate", words), ("low", f"{words}: at least"), ("high", f"{words}: at most")):
            values = [_end(check, name, end) for check in rows]
            series.append(Series(said, values, colour, "line" if end == "estimate" else "bound"))
    return Chart(
        "filter", "How often the filter errs", "Estimates by audits, each with its 90% interval.",
        [check.at for check in rows], series, "percent",
    )  # fmt: skip


def _end(check: Check, name: str, end: str) -> float | None:
    found: dict[str, Any] | None = check.found.get(name)
    return None if found is None else float(found[end])


HANDLERS: Final[tuple[ControllerRouterHandler, ...]] = (second, filter_)
