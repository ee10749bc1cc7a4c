"""Metrics of a project as series."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Annotated, Final

from litestar import Response, get
from litestar.params import QueryParameter

from goldvein import wire
from goldvein.api import replies
from goldvein.api.access import CUSTOMERS, visible_project
from goldvein.api.moments import zoned
from goldvein.api.projects import ProjectId
from goldvein.api.service import Call, service_of
from goldvein.domain.metrics import METRICS, Point
from goldvein.services import series
from goldvein.store.figures import begin as begin_of_span

_WINDOW: Final = timedelta(days=1)
_EARLIEST: Final = datetime(1970, 1, 2, tzinfo=UTC)
"""Nothing is told of earlier times, and no arithmetic goes beyond the calendar."""


@get(
    "/v1/projects/{project:int}/metrics",
    opt={"roles": CUSTOMERS, "returns": {200: wire.Metrics}},
    operation_id="get_metrics",
    tags=["projects"],
)
async def get_metrics(
    request: Call,
    project: ProjectId,
    names: Annotated[
        str | None, QueryParameter(max_length=1_000, description="Metrics, with commas between; else all.")
    ] = None,
    since: Annotated[
        datetime | None, QueryParameter(description="From the span that this lies in; else for a day.")
    ] = None,
    until: Annotated[
        datetime | None, QueryParameter(description="Spans that begin earlier; else now.")
    ] = None,
    span: Annotated[
        int, QueryParameter(ge=1, le=series.LONGEST_SPAN, description="Minutes that a point stands for.")
    ] = 60,
) -> Response[bytes]:
    """Read metrics over time, each point with the count that is behind it."""
    await visible_project(request, project)
    service = service_of(request)
    end = _end(zoned("until", until), span, service.now())
    begin = zoned("since", since) or end - _WINDOW
    wanted = list(METRICS) if names is None else [name.strip() for name in names.split(",")]
    points = await service.call(series.of_project, project, wanted, begin, end, span)
    return replies.reply(wire.Metrics(since=begin, until=end, span=span, series=_series(points)))


def _end(until: datetime | None, span: int, now: datetime) -> datetime:
    """The end of the last span that begins before a moment, or now where that has not ended."""
    if until is None or until >= now:
        return now
    last = begin_of_span(max(until, _EARLIEST) - timedelta(microseconds=1), span)
    return min(now, last + timedelta(minutes=span))


def _series(points: Sequence[Point]) -> list[wire.MetricSeries]:
    return [
        wire.MetricSeries(
            metric=name, part=part, unit=METRICS[name].unit, kind=METRICS[name].kind,
            meaning=METRICS[name].meaning, better=METRICS[name].better,
            points=[
                wire.MetricPoint(at=p.at, value=p.value, evidence=p.evidence, low=p.low, high=p.high)
                for p in own
            ],
        )
        for (name, part), own in groupby(points, key=lambda point: (point.metric, point.part))
    ]  # fmt: skip
