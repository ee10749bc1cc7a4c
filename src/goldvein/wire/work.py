"""What a labeler's client sends and receives."""

from datetime import datetime
from typing import Annotated, Any

import msgspec

from goldvein.wire.base import Content, Id, Note, Request, Response


class WorkAsk(Request):
    """A wish for work; ``project`` where the labeler wants one in particular."""

    project: Id | None = None


class WorkAnswer(Request):
    """An answer: ``{"choice": POSITION}`` as shown, from 0, or ``{"unanswerable": true}``.

    ``comment`` says why, in the labeler's words; a panel member's is read by those who practise later.
    """

    answer: dict[str, Any]
    focus_ms: Annotated[int, msgspec.Meta(ge=0, le=86_400_000)] | None = None
    comment: Note | None = None


class WorkSkip(Request):
    """A task handed back."""

    reason: Note | None = None


class KeptAnswer(WorkAnswer, kw_only=True):
    """An answer that was kept back until now, and the lease that it is for."""

    lease: Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_-]{1,64}$")]


class WorkDefer(Request):
    """A lease kept back; ``kept`` brings the answer along that was kept back before."""

    kept: KeptAnswer | None = None


class Lease(Response):
    """A task in one labeler's hands."""

    id: str
    expires_at: datetime


class WorkProject(Response):
    """What the labeler is asked to do."""

    id: int
    name: str
    instructions: str


class WorkTask(Response):
    """The task in the order in which this labeler sees it."""

    type: str
    input: Content


class Work(Response):
    """The next piece of work."""

    lease: Lease
    project: WorkProject
    task: WorkTask


class Answered(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Answer, skip or deferral is noted; ``next`` is the next piece of work, or null with the reason.

    ``refused`` is the code that says why the answer which a deferral brought along was not taken.
    """

    accepted: bool
    next: Work | None
    reason: str | None = None
    retry_after: int | None = None
    refused: str | None = None


class Renewed(Response):
    """The lease lasts longer."""

    lease: Lease
