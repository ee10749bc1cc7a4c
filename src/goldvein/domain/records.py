"""The nouns of the loop as frozen records: what rooms hand to each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

Role = Literal["customer", "labeler", "trusted", "auditor", "operator", "admin"]
ProjectState = Literal["draft", "mining", "open", "paused", "closed"]
Contents = Literal["kept", "erasing", "erased"]
TaskState = Literal["queued", "labelled", "cancelled", "expired", "benchmark", "reference"]
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
UNANSWERABLE = -1
"""The choice of a labeler who says that none of the options can be picked."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who makes a request: the owner of a valid key or session.

    ``key`` is the API key's id, or, for a session, the account's with a minus before it.
    """

    key: int
    role: Role
    customer: int | None = None
    labeler: int | None = None
    account: int | None = None
    login: str | None = None


@dataclass(frozen=True, slots=True)
class Project:
    """Instruction, task type, pipeline and quality policy."""

    id: int
    customer: int
    name: str
    instruction: str
    type: str
    classes: tuple[str, ...] | None
    deadline_seconds: int | None
    state: ProjectState
    revision: int
    policy_version: int
    model_version: int | None
    admitted: int
    supply_target: int
    created_at: datetime
    opened_at: datetime | None
    copy_of: int | None = None
    carried: int = 0
    family: int | None = None
    sandbox_of: int | None = None
    warm_per_day: int = 0
    warm_on: bool = False
    closed_at: datetime | None = None
    contents: Contents = "kept"

    @property
    def is_sandbox(self) -> bool:
        """Whether this is a copy in which changes are tried: no customer sees it."""
        return self.sandbox_of is not None


@dataclass(frozen=True, slots=True)
class ProjectDraft:
    """What a customer says of a new project; ``policy`` overrides the default policy's fields."""

    name: str
    instruction: str
    type: str = "choice"
    classes: tuple[str, ...] | None = None
    deadline_seconds: int | None = None
    policy: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TaskDraft:
    """One task as pushed; ``index`` is its place in the request."""

    index: int
    input: Mapping[str, Any]
    unique_id: str | None = None
    metadata: Mapping[str, Any] | None = None
    priority: int = 0
    deadline: datetime | None = None


@dataclass(frozen=True, slots=True)
class PushedTask:
    """A stored task; ``created`` is false where the same task was there already."""

    index: int
    id: int
    unique_id: str | None
    created: bool


@dataclass(frozen=True, slots=True)
class ItemError:
    """Why one item of a list was refused; ``pointer`` is a JSON pointer into the request."""

    index: int
    code: str
    detail: str
    pointer: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PushResult:
    """Tasks stored and tasks refused, in the order of the request."""

    tasks: Sequence[PushedTask]
    errors: Sequence[ItemError]
    batch: str | None


@dataclass(frozen=True, slots=True)
class Task:
    """One task with its content and, once labelled, its current label."""

    id: int
    project: int
    unique_id: str | None
    batch: str | None
    input: Mapping[str, Any]
    metadata: Mapping[str, Any] | None
    state: TaskState
    priority: int
    deadline: datetime | None
    created_at: datetime
    finished_at: datetime | None
    label: Label | None


@dataclass(frozen=True, slots=True)
class Label:
    """What the customer receives for a task."""

    id: int
    task: int
    unique_id: str | None
    answer: Mapping[str, Any]
    basis: Literal["labeler", "panel", "auditor", "manual"]
    labeler: str | None
    confidence: float | None
    p_benchmarks: float | None
    p_all: float | None
    benchmarks: int | None
    standing_state: str | None
    policy_version: int
    answered_at: datetime
    delivered_at: datetime
    replaces: int | None
    withdrawn_at: datetime | None


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that somebody should look at; ``subject`` says what it is about, ``detail`` why."""

    id: int
    kind: AlertKind
    subject: str
    detail: Mapping[str, Any]
    opened_at: datetime
    resolved_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One numbered event of a project; ``label`` for label events, ``task`` where one is meant."""

    position: int
    event: EventName
    created_at: datetime
    task: int | None
    unique_id: str | None
    batch: str | None
    label: Label | None
    alert: Alert | None = None


@dataclass(frozen=True, slots=True)
class BatchProgress:
    """Counts of a batch, and when it should be done."""

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
    cost: Money | None = None


@dataclass(frozen=True, slots=True)
class Price:
    """What a delivered label costs, since when."""

    per_label: Decimal
    currency: str
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Money:
    """An amount of one currency."""

    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Tally:
    """Sums of a batch or a project: tasks pushed, how they ended, and labels that were taken back.

    ``labels`` are current ones. ``cost`` is what they cost at the prices of their deliveries; None where no
    price was ever set.
    """

    pushed: int
    labels: int
    cancelled: int
    expired: int
    withdrawn: int
    cost: Money | None

    @property
    def waiting(self) -> int:
        """Tasks that wait for their label."""
        return max(0, self.pushed - self.labels - self.cancelled - self.expired)

    @property
    def ended(self) -> int:
        """Tasks that wait no longer."""
        return self.pushed - self.waiting


@dataclass(frozen=True, slots=True)
class WorkRequest:
    """One thing a labeler asks for: work, or to answer, skip, renew or defer a lease."""

    labeler: int
    kind: Literal["next", "answer", "skip", "renew", "defer"]
    project: int | None = None
    lease: str | None = None
    answer: Mapping[str, Any] | None = None
    focus_ms: int | None = None
    reason: str | None = None
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """A lease and the task in the order in which this labeler sees it."""

    lease: str
    expires_at: datetime
    project: int
    name: str
    instruction: str
    type: str
    input: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class NoWork:
    """Why nothing is handed out now, and when to ask again."""

    reason: str
    retry_after_seconds: int


@dataclass(frozen=True, slots=True)
class WorkResult:
    """The outcome of one work request; ``next`` is null after a renewal."""

    accepted: bool
    next: Work | NoWork | None
    expires_at: datetime | None = None
