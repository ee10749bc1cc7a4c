"""Audits of labelers: what auditors answer a second time, and what it says of the filter."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

from goldvein.wire.base import NO_NUL, Content, Id, Request, Response

Answer = dict[str, Any]


class SecondNext(Request):
    """A wish for the next task to answer a second time: of one ``project``, or ``after`` another's place."""

    project: Id | None = None
    after: Annotated[str, msgspec.Meta(max_length=100)] | None = None


class SecondAsked(Response):
    """A task that a labeler has answered, for a blind second answer.

    Neither whose work it is nor what was picked is shown. The options stand in an order of this auditor's
    own; an answer names the place in it.
    """

    project: int
    piece: int
    instruction: str
    type: str
    input: Content
    claimed_until: datetime
    place: str


class SecondAnswer(Request):
    """What an auditor makes of a task: an ``answer``, or that it is ``unclear``."""

    answer: Answer | None = None
    unclear: bool = False


class SecondRenewed(Response):
    """Until when a piece is in this auditor's hands now."""

    claimed_until: datetime


class FilterCheck(Response):
    """How often the filter errs, as estimated at a time: shares and their 90% intervals.

    ``found`` holds ``bad_delivering`` and ``good_kept_out`` (each ``estimate``, ``low`` and ``high``) beside
    what the filter itself says of them, ``harder`` (logits), ``auditor_right``, ``overlap`` (agreed, of),
    and ``bars``: what other values of ``deliver_at`` would do, with the one that is ``recommended``.
    """

    at: datetime
    audits: int
    found: dict[str, Any]


class FilterChecks(Response):
    """Estimates over time, the latest first."""

    items: list[FilterCheck]


class Ruling(Request):
    """A decision on a labeler of a project, with its reason: it stands in the log."""

    ruling: Literal["readmit", "dismiss"]
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=500, pattern=NO_NUL)]
