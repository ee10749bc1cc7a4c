"""Alerts, the rules that open them, and who is told."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

from goldvein.wire.base import NO_NUL, Id, Request, Response
from goldvein.wire.labels import AlertKind

Metric = Annotated[str, msgspec.Meta(min_length=1, max_length=100, pattern=NO_NUL)]


class AlertNotice(Response):
    """What a channel was told of an alert; it is tried again ``next_try_at``, or never where that is null."""

    channel: int
    target: str
    event: Literal["opened", "resolved"]
    tries: int
    next_try_at: datetime | None
    told_at: datetime | None
    error: str | None


class WatchedAlert(Response):
    """An alert with its project, its meaning, and who looks after it."""

    id: int
    project: int
    project_name: str
    kind: AlertKind
    subject: str
    title: str
    meaning: str
    action: str
    detail: dict[str, Any]
    opened_at: datetime
    resolved_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    muted_until: datetime | None
    page: str


class WatchedAlerts(Response):
    """Alerts, the latest first; ``next`` is what to ask with for those before."""

    alerts: list[WatchedAlert]
    next: int | None


class AlertLook(Response):
    """One alert and whom it was told to."""

    alert: WatchedAlert
    notices: list[AlertNotice]


class AlertMute(Request):
    """For how long nobody is told of alerts like this one; 0 ends it."""

    hours: Annotated[float, msgspec.Meta(ge=0, le=720)]


class AlertRule(Response):
    """A rule in force; ``source`` says what its range rests upon."""

    metric: str
    on: bool
    sides: list[Literal["low", "high"]]
    low: float | None
    high: float | None
    source: str


class AlertRules(Response):
    """The rules of a project; ``overrides``, of that ``version``, are where they are not the default."""

    version: int
    rules: list[AlertRule]
    overrides: dict[str, dict[str, Any]]


class RuleChange(Request):
    """What a rule shall be; what is left out is as the default.

    ``range`` is ``learned``, or ``fixed`` with ``low``, ``high`` or both. ``learned_since`` (a moment, or
    ``now``) says that what was before teaches nothing any more.
    """

    on: bool | None = None
    range: Literal["learned", "fixed"] | None = None
    low: Annotated[float, msgspec.Meta(ge=0, le=1e12)] | None = None
    high: Annotated[float, msgspec.Meta(ge=0, le=1e12)] | None = None
    learned_since: Annotated[str, msgspec.Meta(max_length=40, pattern=NO_NUL)] | None = None


class RuleChanges(Request):
    """Changes by metric, null for the default again; ``version`` is the one that they were made to."""

    rules: Annotated[dict[Metric, RuleChange | None], msgspec.Meta(min_length=1, max_length=100)]
    version: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)] | None = None


class ChannelCreate(Request):
    """Somebody to be told of a project's alerts, or, without a project, of those of all."""

    kind: Literal["email", "apprise"]
    target: Annotated[str, msgspec.Meta(min_length=3, max_length=500, pattern=NO_NUL)]
    project: Id | None = None


class Channel(Response):
    """A channel; ``target`` without its secrets."""

    id: int
    project: int | None
    kind: Literal["email", "apprise"]
    target: str
    made_at: datetime
    made_by: str


class Channels(Response):
    """All channels."""

    channels: list[Channel]


class ChannelTest(Response):
    """What came of a test message; ``error`` is null where it was taken."""

    error: str | None
