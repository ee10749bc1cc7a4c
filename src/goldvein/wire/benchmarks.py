"""Benchmarks: by hand and from files, looked at, changed, and judged blindly by auditors."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

from goldvein.wire.base import (
    MAX_PUSH,
    NO_NUL,
    BigId,
    Content,
    Id,
    Name,
    Note,
    Probability,
    Request,
    Response,
)

BenchmarkState = Literal["candidate", "active", "frozen", "retired"]
BenchmarkBasis = Literal["panel", "manual", "bootstrap", "reused"]
Option = Annotated[int, msgspec.Meta(ge=0, le=1_000)]
Answer = dict[str, Any]


class BenchmarkNew(Request):
    """A benchmark by hand: ``key`` is the right option in the order sent (or the class), from 0.

    The key may be given as ``expected_response`` instead: ``{"choice": KEY}``. Together with
    ``initial_response``, an answer to start from, it tests those who review the answers of others.
    ``explanation`` says why the key is right, to those who practise with it once it is out of use.
    """

    input: Content
    key: Option | None = None
    key_right: Probability = 0.98
    unique_id: Name | None = None
    expected_response: Answer | None = None
    initial_response: Answer | None = None
    explanation: Note | None = None


class BenchmarkPush(Request):
    """Benchmarks by hand."""

    benchmarks: Annotated[list[BenchmarkNew], msgspec.Meta(min_length=1, max_length=MAX_PUSH)]


class RawBenchmarks(Request):
    """Benchmarks that are read one by one."""

    benchmarks: Annotated[list[msgspec.Raw], msgspec.Meta(min_length=1, max_length=MAX_PUSH)]


class BenchmarkLine(Response):
    """A benchmark in a list: ``exposures`` counts servings, ``flag`` says why an auditor should look.

    ``pass_rate`` is the share of right answers as upkeep counted them last, since the key was last settled by
    hand.

    To an auditor, who is tested as labelers are, one in use shows neither key, name, nor counts, and one in
    doubt not the reason either: it is judged blindly.
    """

    task: int
    unique_id: str | None
    state: BenchmarkState
    basis: BenchmarkBasis
    key: int | None
    key_right: float | None
    exposures: int | None
    pass_rate: float | None
    created_at: datetime
    promoted_at: datetime | None
    ended_at: datetime | None
    reason: str | None
    flag: str | None
    flagged_at: datetime | None


class BenchmarkPage(Response):
    """Benchmarks in the order of their tasks; ``next`` is the cursor of the next page, null at the end."""

    benchmarks: list[BenchmarkLine]
    next: int | None


class BenchmarkVersion(Response):
    """What was believed of a benchmark since ``made_at``."""

    version: int
    key: int
    key_right: float
    made_at: datetime


class BenchmarkStep(Response):
    """One step in the life of a benchmark."""

    at: datetime
    step: str
    choice: int | None
    detail: dict[str, Any]


class Word(Response):
    """What one person said of a task, an answer or a dispute (without a choice); customers read no names."""

    at: datetime
    labeler: str | None
    choice: int | None
    text: str | None


class Benchmark(BenchmarkLine):
    """A benchmark with its content, what became of its servings, its life and its versions.

    ``choices`` counts the crowd's answers by option; those that name the key are ``passed``. ``catches``
    lists the shortcuts that would answer it wrongly.
    """

    input: Content
    expected_response: Answer | None
    initial_response: Answer | None
    explanation: str | None
    source_project: int | None
    source_task: int | None
    passed: int
    missed: int
    choices: list[int]
    unanswerable: int
    skipped: int
    panel: list[Word]
    disputes: list[Word]
    catches: list[str]
    life: list[BenchmarkStep]
    versions: list[BenchmarkVersion]


class BenchmarkChange(Request):
    """Either another ``key``, or an ``action``: it is right, or shall rest, or is not served any more.

    ``explanation`` goes with a key: why it is right, to those who practise with it some day.
    """

    key: Option | None = None
    key_right: Probability | None = None
    explanation: Note | None = None
    action: Literal["confirm", "freeze", "retire"] | None = None
    reason: Note | None = None


class BenchmarkFilter(Request):
    """Which benchmarks are meant: those to which all of it applies."""

    state: Literal["active", "frozen"] | None = None
    basis: BenchmarkBasis | None = None
    flagged: bool | None = None
    exposures_at_least: Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)] | None = None


class BenchmarkRetirement(Request):
    """Benchmarks to retire: by their ``tasks``, or all to which a ``filter`` applies."""

    tasks: Annotated[list[BigId], msgspec.Meta(min_length=1, max_length=MAX_PUSH)] | None = None
    filter: BenchmarkFilter | None = None
    reason: Note | None = None


class BenchmarksRetired(Response):
    """The benchmarks that were retired; with ``more``, others are left: send it again."""

    retired: list[int]
    more: bool


class AuditItem(Response):
    """A benchmark in doubt, for a blind answer: neither its key nor what others said is shown.

    The options stand in an order of this auditor's own; an answer names the place in it. ``place`` is the
    cursor after which the others come.
    """

    project: int
    task: int
    instruction: str
    type: str
    input: Content
    flagged_at: datetime
    claimed_until: datetime | None
    place: str


class AuditNext(Request):
    """A wish for the next benchmark in doubt: of one ``project``, or ``after`` the place of another one."""

    project: Id | None = None
    after: Annotated[str, msgspec.Meta(max_length=100)] | None = None


class AuditComment(Request):
    """What an auditor has to say of a benchmark that it judged."""

    comment: Annotated[str, msgspec.Meta(min_length=1, max_length=500, pattern=NO_NUL)]


class AuditQueue(Response):
    """Benchmarks in doubt, oldest first, without those that another auditor has in hand."""

    items: list[AuditItem]
    next: str | None


class AuditAnswer(Request):
    """What an auditor makes of a benchmark: an ``answer``, or that it is ``unclear``."""

    answer: Answer | None = None
    unclear: bool = False
    comment: Note | None = None


class AuditVerdict(Response):
    """What an auditor's answer came to, with all that was hidden before.

    ``choice``, ``key_before`` and ``choices`` (the crowd's answers) are in content order, and so are those of
    the panel; ``shown`` is the order in which this auditor saw the options.
    """

    project: int
    task: int
    verdict: Literal["confirmed", "rekeyed", "ambiguous"]
    choice: int | None
    key_before: int
    key_right: float | None
    state: BenchmarkState
    flag: str
    shown: list[int]
    choices: list[int]
    unanswerable: int
    skipped: int
    panel: list[Word]
    disputes: list[Word]
