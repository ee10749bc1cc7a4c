"""Submission: finds the lease an answer is for, and decides whether the answer counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from goldvein.domain.errors import Conflict, GoldveinError, LeaseLost, NotFound
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
    """An answer or skip that was taken before, or its deferral: it changes nothing."""


NOBODY_WAITS: Final = ("benchmark", "decoy", "reference")
"""Stages whose tasks wait for nobody: what becomes of their leases must look as it does for ordinary work."""

Outcome = Accepted | Repeated | Attempt | GoldveinError
"""A plain attempt is a lease to skip, renew or defer."""


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
    tx: Transaction,
    request: WorkRequest,
    fence: int,
    attempt: Attempt | None,
    writes: Writes,
    *,
    closed: bool,
) -> Outcome:
    """Decide what a request about a lease comes to, and note what it writes.

    Parameters
    ----------
    closed : bool
        Whether the attempt's project takes no answers any more.
    """
    if attempt is None or attempt.labeler != request.labeler or attempt.shown is None:
        return NotFound("there is no such lease of yours: ask for the next task", code="lease_unknown")
    done = {"answer": "answered", "skip": "skipped", "renew": "", "defer": "answered"}[request.kind]
    if attempt.state == done:
        return Repeated()
    if request.kind != "answer":
        return attempt if attempt.state == "leased" and attempt.fence == fence else LeaseLost()
    if closed:
        detail = f"project {attempt.project} is closed: drop this answer"
        return Conflict(detail, code="project_closed")
    try:  # before the lease is looked at: an answer that cannot count must not tell whether it would have
        picked = choice.read_answer(request.answer or {}, attempt.shown)
    except GoldveinError as error:
        return error
    waits_again = _waits_again(tx, attempt, writes)
    if waits_again is None or attempt.fence != fence:
        return LeaseLost()
    writes.ended.update(dict.fromkeys(waits_again, "closed"))
    writes.ended[attempt.project, attempt.id] = "answered"
    writes.answers.append(_stored(request, attempt, picked))
    return Accepted(attempt, request.labeler, picked)


def _waits_again(tx: Transaction, attempt: Attempt, writes: Writes) -> list[Key] | None:
    """Where the task of a lease waits again: a late answer takes it from there; null once it is too late.

    Another late answer of the same group may have been quicker.
    """
    if attempt.state == "leased":
        return []
    if attempt.state != "lapsed" or attempt.expires_at is None:
        return None
    if attempt.stage in NOBODY_WAITS:  # as if the task had gone to the next who came
        return None if attempts.taken_since(tx, attempt.project, attempt.expires_at) else []
    others = attempts.lock_of_tasks(tx, attempt.project, [attempt.task])
    if len(others) == 1 and others[0].state == "open" and others[0].stage == attempt.stage:
        place = (attempt.project, others[0].id)
        return [place] if place not in writes.ended else None
    return None


def _stored(request: WorkRequest, attempt: Attempt, picked: int) -> NewAnswer:
    assert attempt.seen_at is not None
    return NewAnswer(
        attempt.project, attempt.id, attempt.task, request.labeler, dict(request.answer or {}), picked,
        attempt.seen_at, request.focus_ms, request.comment,
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
