"""Tasks and batches."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

from goldvein.wire.base import MAX_PUSH, BatchName, Content, Name, Request, Response
from goldvein.wire.labels import Label
from goldvein.wire.problems import ItemProblem

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
Priority = Annotated[int, msgspec.Meta(ge=-1_000_000, le=1_000_000)]


class TaskNew(Request):
    """One task: for a choice with options, ``input`` is ``{"prompt": ..., "options": [..., ...]}``."""

    input: Content
    unique_id: Name | None = None
    metadata: dict[str, Any] | None = None
    priority: Priority = 0
    deadline: Moment | None = None


class TaskPush(Request):
    """Tasks that belong together: ``batch`` names the round."""

    tasks: Annotated[list[TaskNew], msgspec.Meta(min_length=1, max_length=MAX_PUSH)]
    batch: BatchName | None = None


class RawPush(Request):
    """A push whose items are read one by one, so that a bad one does not take the others with it."""

    tasks: Annotated[list[msgspec.Raw], msgspec.Meta(min_length=1, max_length=MAX_PUSH)]
    batch: BatchName | None = None


class PushedTask(Response):
    """A task that is stored; ``created`` is false where the same task was there already."""

    index: int
    id: int
    unique_id: str | None
    created: bool


class Pushed(Response):
    """What became of a push, item by item in the order sent."""

    batch: str | None
    created: int
    existing: int
    refused: int
    tasks: list[PushedTask]
    errors: list[ItemProblem]


class Task(Response):
    """A task and, once there is one, its current label."""

    id: int
    project: int
    unique_id: str | None
    batch: str | None
    input: Content
    metadata: dict[str, Any] | None
    state: Literal["queued", "labelled", "cancelled", "expired", "benchmark", "reference"]
    priority: int
    deadline: datetime | None
    created_at: datetime
    finished_at: datetime | None
    label: Label | None


class Money(Response):
    """An amount, as a decimal number in a text: nothing of it is rounded."""

    amount: str
    currency: str


class Batch(Response):
    """Progress of a batch; seconds count from push to label; ``done`` when nothing is left to wait for.

    ``cost``: its labels delivered and not withdrawn, each at the price of its delivery; null without prices.
    """

    name: str
    created_at: datetime
    total: int
    queued: int
    labelled: int
    cancelled: int
    expired: int
    p50_seconds: float | None
    p95_seconds: float | None
    eta: datetime | None
    done: bool
    cost: Money | None
