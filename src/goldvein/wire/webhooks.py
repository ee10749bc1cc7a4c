"""Webhooks, signed by Standard Webhooks."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from goldvein.wire.base import NO_NUL, Id, Request, Response
from goldvein.wire.labels import EventName

Url = Annotated[str, msgspec.Meta(min_length=8, max_length=2_000, pattern=NO_NUL)]


class WebhookCreate(Request):
    """Where events of a project shall be sent; all kinds where ``events`` is left out."""

    project: Id
    url: Url
    events: Annotated[list[EventName], msgspec.Meta(min_length=1, max_length=6)] | None = None


class Webhook(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A webhook; ``secret`` is shown once, when it is made."""

    id: int
    project: int
    url: str
    events: list[str]
    state: Literal["enabled", "disabled"]
    position: int
    created_at: datetime
    reason: str | None = None
    secret: str | None = None


class Webhooks(Response):
    """The webhooks of a project."""

    webhooks: list[Webhook]


class WebhookReplay(Request):
    """Send again what came after this position."""

    after: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class Delivery(Response):
    """One try to deliver a message."""

    id: int
    message: str
    from_position: int
    to_position: int
    tries: int
    status: int | None
    error: str | None
    duration_ms: int
    sent_at: datetime


class Deliveries(Response):
    """The latest tries, newest first."""

    deliveries: list[Delivery]
