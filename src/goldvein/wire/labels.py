"""Labels, and the events by which they reach the customer."""

from datetime import datetime
from typing import Any, Literal

import msgspec

from goldvein.wire.base import Response

EventName = Literal[
    "label.created",
    "label.withdrawn",
    "task.expired",
    "batch.drained",
    "alert.opened",
    "alert.resolved",
]


AlertKind = Literal[
    "shortcut", "taste", "benchmarks", "leak", "low", "high", "silent", "webhook", "filter", "reference"
]


class Evidence(Response):
    """What was known of the labeler when the label went out; null for a panel's label."""

    p_benchmarks: float | None
    p_all: float | None
    benchmarks: int | None
    state: str | None
    policy: int


class Label(Response):
    """One task's answer as delivered; ``labeler`` is a pseudonym.

    ``withdrawn_at`` is null while the label is current; ``replaces`` is the id of the withdrawn label of the
    same task that this one stands in for.
    """

    id: int
    task: int
    unique_id: str | None
    answer: dict[str, Any]
    basis: Literal["labeler", "panel", "auditor", "manual"]
    labeler: str | None
    confidence: float | None
    evidence: Evidence
    answered_at: datetime
    delivered_at: datetime
    replaces: int | None
    withdrawn_at: datetime | None


class Alert(Response):
    """Something that somebody should look at: ``subject`` says what it is about, ``detail`` why."""

    id: int
    kind: AlertKind
    subject: str
    detail: dict[str, Any]
    opened_at: datetime
    resolved_at: datetime | None


class Event(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Something that happened, once, at ``position`` of its project."""

    position: int
    event: EventName
    created_at: datetime
    task: int | None = None
    unique_id: str | None = None
    batch: str | None = None
    label: Label | None = None
    alert: Alert | None = None


class Events(Response):
    """Events after a cursor; ``next`` is the cursor to ask with next time."""

    events: list[Event]
    next: int
