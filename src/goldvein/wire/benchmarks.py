"""Benchmarks: by hand and from files, looked at, changed, and judged blindly by auditors."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

from goldvein.wire.base import MAX_PUSH, BigId, Content, Name, Note, Probability, Request, Response

BenchmarkState = Literal["candidate", "active", "frozen", "retired"]
BenchmarkBasis = Literal["panel", "manual", "bootstrap", "reused"]
Option = Annotated[int, msgspec.Meta(ge=0, le=1_000)]
Answer = dict[str, Any]


class BenchmarkNew(Request):
    """A benchmark by hand: ``key`` is the right option in the order sent (or the class), from 0.

    The key may be given as ``expected_response`` instead: ``{"choice": KEY}``. Together with
    ``initial_response``, an answer to start from, it tests those who review the answers of others.
    """

    input: Content
    key: Option | None = None
    key_right: Probability = 0.98
    unique_id: Name | None = None
    expected_response: Answer | None = None
    initial_response: Answer | None = None


class BenchmarkPush(Request):
    """Benchmarks by hand."""

    benchmarks: Annotated[list[BenchmarkNew], msgspec.Meta(min_length=1, max_length=MAX_PUSH)]


class RawBenchmarks(Request):
    """Benchmarks that are read one by one."""

    benchmarks: Annotated[list[msgspec.Raw], msgspec.Meta(min_length=1, max_length=MAX_PUSH)]


class BenchmarkLine(Response):
    """A benchmark in a list: ``exposures`` counts servings, ``flag`` says why an auditor should look."""

    task: int
    unique_id: str | None
    state: BenchmarkState
    basis: BenchmarkBasis
    key: int | None
    key_right: float | None
    exposures: int
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


class Benchmark(BenchmarkLine):
    """A benchmark with its content, what became of its servings, its life and its versions.

    ``choices`` counts the crowd's answers by option; those that name the key are ``passed``.
    """

    input: Content
    expected_response: Answer | None
    initial_response: Answer | None
    source_project: int | None
    source_task: int | None
    passed: int
    missed: int
    choices: list[int]
    unanswerable: int
    skipped: int
    life: list[BenchmarkStep]
    versions: list[BenchmarkVersion]


class BenchmarkChange(Request):
    """Either another ``key``, or an ``action``: it is right, or shall rest, or is not served any more."""

    key: Option | None = None
    key_right: Probability | None = None
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

    The options stand in an order of this auditor's own; an answer names the place in it.
    """

    project: int
    task: int
    instruction: str
    type: str
    input: Content
    flagged_at: datetime
    claimed_until: datetime | None


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

    ``choice``, ``key_before`` and ``choices`` (the crowd's answers) are in content order.
    """

    project: int
    task: int
    verdict: Literal["confirmed", "rekeyed", "ambiguous"]
    choice: int | None
    key_before: int
    key_right: float | None
    state: BenchmarkState
    flag: str
    choices: list[int]
