"""Submission: finds the lease an answer is for, and decides whether the answer counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from goldvein.domain.errors import GoldveinError, LeaseLost, NotFound
from goldvein.domain.records import WorkRequest
from goldvein.services.leases import LeaseTokens
from goldvein.services.writes import Writes
from goldvein.store import attempts
from goldvein.store.answers import NewAnswer
from goldvein.store.attempts import Attempt, Key
from goldvein.store.database import Transaction
from goldvein.tasktypes import choice


@dataclass(frozen=True, slots=True)
class Accepted:
    """A new answer to an attempt; ``choice`` is the content option, -1: cannot be answered."""

    attempt: Attempt
    labeler: int
    choice: int


@dataclass(frozen=True, slots=True)
class Repeated:
    """An answer or skip that was taken before: it changes nothing."""


Outcome = Accepted | Repeated | Attempt | GoldveinError
"""A plain attempt is a lease to skip or renew."""


def open_tokens(
    tokens: LeaseTokens, requests: Sequence[WorkRequest]
) -> list[tuple[Key, int] | GoldveinError | None]:
    """Read the lease that each request names: its key and fence."""
    opened: list[tuple[Key, int] | GoldveinError | None] = []
    for request in requests:
        try:
            project, attempt, fence = tokens.open(request.lease) if request.lease is not None else (0, 0, 0)
            opened.append(((project, attempt), fence) if request.lease is not None else None)
        except NotFound as error:
            opened.append(error)
    return opened


def resolve(
    tx: Transaction, request: WorkRequest, fence: int, attempt: Attempt | None, writes: Writes
) -> Outcome:
    """Decide what a request about a lease comes to, and note what it writes."""
    if attempt is None or attempt.labeler != request.labeler or attempt.shown is None:
        return NotFound("there is no such lease of yours: ask for the next task", code="lease_unknown")
    done = {"answer": "answered", "skip": "skipped", "renew": ""}[request.kind]
    if attempt.state == done:
        return Repeated()
    if attempt.fence != fence or not (attempt.state == "leased" or _taken_back(tx, attempt, writes)):
        return LeaseLost()
    if request.kind != "answer":
        return attempt
    try:
        picked = choice.read_answer(request.answer or {}, attempt.shown)
    except GoldveinError as error:
        return error
    writes.ended[attempt.project, attempt.id] = "answered"
    writes.answers.append(_stored(request, attempt, picked))
    return Accepted(attempt, request.labeler, picked)


def _taken_back(tx: Transaction, attempt: Attempt, writes: Writes) -> bool:
    """Whether a lapsed lease still counts: nobody else has the task, so its place in the queue is closed."""
    if attempt.state != "lapsed":
        return False
    if attempt.stage == "benchmark":
        return True
    others = attempts.lock_of_tasks(tx, attempt.project, [attempt.task])
    free = [other for other in others if other.state == "open" and other.stage == attempt.stage]
    if len(others) != 1 or not free:
        return False
    writes.ended[attempt.project, free[0].id] = "closed"
    return True


def _stored(request: WorkRequest, attempt: Attempt, picked: int) -> NewAnswer:
    assert attempt.shown_at is not None
    return NewAnswer(
        attempt.project, attempt.id, attempt.task, request.labeler, dict(request.answer or {}), picked,
        attempt.shown_at, request.focus_ms,
    )  # fmt: skip


def end_skips(skipped: Mapping[int, Attempt], writes: Writes) -> None:
    """End the leases that labelers gave back; their tasks are wanted again, first in line."""
    for attempt in skipped.values():
        writes.ended[attempt.project, attempt.id] = "skipped"
        if attempt.stage != "benchmark":
            writes.wanted.append(attempt.again())


def lapse(attempt: Attempt, writes: Writes) -> None:
    """End a lease that ran out."""
    writes.ended[attempt.project, attempt.id] = "lapsed"
    if attempt.stage != "benchmark":
        writes.wanted.append(attempt.again())
