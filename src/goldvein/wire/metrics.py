"""Metrics of a project over time."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from goldvein.wire.base import Response


class MetricPoint(Response):
    """One value of a metric, over the span that begins ``at``."""

    at: datetime
    value: float
    evidence: Annotated[float, msgspec.Meta(description="The count behind the value.")]
    low: float | None
    high: Annotated[float | None, msgspec.Meta(description="Of agreement: an interval of 90%.")]


class MetricSeries(Response):
    """One metric of a project, or of a part of it."""

    metric: str
    part: Annotated[str, msgspec.Meta(description="Empty: the whole project.")]
    unit: str
    kind: str
    meaning: str
    better: Literal["higher", "lower"] | None
    points: list[MetricPoint]


class Metrics(Response):
    """Series of a project, each point over a span of so many minutes."""

    since: datetime
    until: datetime
    span: int
    series: list[MetricSeries]
