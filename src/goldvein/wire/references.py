"""Reference sets: the customer's own labelled sample, and what checks against it say."""

from datetime import date, datetime
from typing import Annotated, Any

import msgspec

from goldvein.wire.base import Content, Name, Request, Response
from goldvein.wire.benchmarks import Answer, Option
from goldvein.wire.tasks import Pushed

MAX_REFERENCE = 2_000
"""Tasks of a reference set."""


class ReferenceNew(Request):
    """A task with the customer's own answer: ``key`` is its option in the order sent (or the class), from 0.

    It may be given as ``expected_response`` instead: ``{"choice": KEY}``.
    """

    input: Content
    key: Option | None = None
    unique_id: Name | None = None
    expected_response: Answer | None = None


class ReferencePush(Request):
    """Tasks of a reference set."""

    tasks: Annotated[list[ReferenceNew], msgspec.Meta(min_length=1, max_length=MAX_REFERENCE)]


class RawReferences(Request):
    """Tasks of a reference set that are read one by one."""

    tasks: Annotated[list[msgspec.Raw], msgspec.Meta(min_length=1, max_length=MAX_REFERENCE)]


class ReferencePushed(Pushed):
    """What became of a push, and the set that is in force since: its version and its size."""

    version: int
    size: int


class ReferenceRun(Response):
    """One day's check. ``answered`` and ``counted`` are tasks so far; ``report`` follows once it has ended.

    An answer counts if it would have gone out, had it been given to an ordinary task.
    """

    due: date
    version: int
    begun_at: datetime
    ended_at: datetime | None
    asked: int
    answered: int
    counted: int
    report: dict[str, Any] | None


class Reference(Response):
    """A project's reference set, when it is checked next, and the latest checks, the latest first.

    ``version`` is null where no set was given, ``next_due`` where none is checked.
    """

    version: int | None
    size: int
    made_at: datetime | None
    next_due: date | None
    runs: list[ReferenceRun]
