"""Reuse: a project made as a copy of an earlier one, with its benchmarks if wanted.

What is carried keeps its age and its exposures, so that budgets go on, and its key is believed a little less.
The projects are one family from then on: nobody gets a benchmark whose content they had in any of them, then
or later. Benchmarks carried count towards opening like others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np

from goldvein.decisions.reuse import carried_key, most_exposures
from goldvein.domain.errors import Forbidden, InvalidInput
from goldvein.domain.policy import Policy
from goldvein.domain.records import Project, ProjectDraft, ProjectState, TaskDraft
from goldvein.services.contents import check_kept
from goldvein.services.items import make_item
from goldvein.services.opening import open_if_ready
from goldvein.services.projects import make, read
from goldvein.services.views import STARTING_ANSWERS
from goldvein.store import benchmarks, curated, log, projects, tasks
from goldvein.store.curated import Carried, Given
from goldvein.store.database import Database, Transaction
from goldvein.store.log import Entry
from goldvein.store.tasks import Content, NewTask

_PAGE: Final = 1_000


@dataclass(frozen=True, slots=True)
class CopyDraft:
    """What a customer says of a copy; what is left out is as in the original."""

    name: str
    instruction: str | None = None
    classes: tuple[str, ...] | None = None
    deadline_seconds: int | None = None
    policy: Mapping[str, Any] = field(default_factory=dict)
    carries: bool = False


def copy(
    db: Database, source: int, customer: int | None, draft: CopyDraft, now: datetime, *,
    state: ProjectState = "mining", owner: int | None = None,
) -> Project:  # fmt: skip
    """Make a project as a copy of an earlier one of the same customer.

    Parameters
    ----------
    customer : int or None
        Who asks; None is an operator.
    owner : int, optional
        Whose project the copy shall be: the original's owner, and nobody else.

    Raises
    ------
    NotFound
        If there is no such project, or it is another customer's.
    Conflict
        If benchmarks are to be carried whose contents were erased.
    Forbidden
        If the copy is for somebody else.
    InvalidInput
        If benchmarks are to be carried to another instruction or other classes, or the policy breaks a rule.
    """
    with db.transaction() as tx:
        original = read(tx, source, customer)
        if owner not in (None, original.customer):
            raise Forbidden(
                f"project {source} is another customer's: a copy belongs to the same one", pointer="/customer"
            )
        _check_same(original, draft)
        if draft.carries:
            check_kept(original)
        before = projects.get_policy(tx, source, original.policy_version)
        whole = ProjectDraft(
            draft.name, draft.instruction or original.instruction, original.type,
            draft.classes or original.classes, draft.deadline_seconds or original.deadline_seconds,
            {**before, **draft.policy},
        )  # fmt: skip
        made = make(tx, original.customer, whole, now, state=state, copy_of=source)
        if draft.carries:
            _carry(tx, original, made, now)
            check_kept(read(tx, source, customer))  # still: some of what was read may have said nothing
        return read(tx, made.id, customer)


def _check_same(original: Project, draft: CopyDraft) -> None:
    if not draft.carries:
        return
    if draft.instruction not in (None, original.instruction):
        raise InvalidInput(
            "under another instruction the keys may be others: leave `instruction` or `carry_benchmarks` out",
            code="instruction_differs",
            pointer="/instruction",
        )
    if draft.classes not in (None, original.classes):
        raise InvalidInput(
            "with other classes the keys mean something else: leave `classes` or `carry_benchmarks` out",
            code="classes_differ",
            pointer="/classes",
        )


def carry_these(
    tx: Transaction, original: Project, made: Project, chosen: Sequence[int], now: datetime
) -> None:
    """Carry some benchmarks into a copy, which counts exposures of its own; they may open it."""
    policy = Policy.from_dict(projects.get_policy(tx, made.id, made.policy_version))
    projects.find_locked(tx, made.id)
    page = [replace(one, exposures=0) for one in curated.carried_of(tx, original.id, chosen)]
    _store(tx, original, made, page, policy, now)
    projects.join_family(tx, original.id, made.id, carried=len(page))
    open_if_ready(tx, made.id, policy, STARTING_ANSWERS, now)


def _carry(tx: Transaction, original: Project, made: Project, now: datetime) -> None:
    policy = Policy.from_dict(projects.get_policy(tx, made.id, made.policy_version))
    most = most_exposures(list(benchmarks.exposures(tx, original.id).values()), policy)
    since = now - timedelta(seconds=policy.age_budget_seconds)
    after, total = 0, 0
    projects.find_locked(tx, made.id)
    while page := curated.carried(tx, original.id, exposures=most, since=since, after=after, limit=_PAGE):
        _store(tx, original, made, page, policy, now)
        after, total = page[-1].task, total + len(page)
    if not total:
        return
    projects.join_family(tx, original.id, made.id, carried=total)
    open_if_ready(tx, made.id, policy, STARTING_ANSWERS, now)


def _store(
    tx: Transaction, original: Project, made: Project, page: Sequence[Carried], policy: Policy, now: datetime
) -> None:
    ids = tasks.reserve_ids(tx, len(page))
    new = [
        NewTask(task, TaskDraft(place, one.input, metadata=one.metadata), one.content, one.rules, None)
        for place, (task, one) in enumerate(zip(ids, page, strict=True))
    ]
    tasks.insert_many(tx, made.id, new, batch=None, state="benchmark", now=now)
    revision = projects.next_revision(tx, made.id)
    given = [
        Given(
            task,
            one.exposures,
            one.promoted_at,
            one.expected,
            one.initial,
            original.id,
            one.task,
            one.explanation,
        )
        for task, one in zip(ids, page, strict=True)
    ]
    curated.insert(tx, made.id, given, basis="reused", revision=revision, now=now)
    items = [
        make_item(
            None, made, task, 1, carried_key(
                one.key_probabilities, (now - one.promoted_at).total_seconds(), one.exposures, policy
            ), np.array(one.difficulty), Content(one.input, one.rules),
        )
        for task, one in zip(ids, page, strict=True)
    ]  # fmt: skip
    benchmarks.insert_item_versions(tx, made.id, items, now)
    entries = [
        Entry(
            made.id, "promote", task=item.task, choice=item.key, exposures=one.exposures, decision="reused",
            detail={"project": original.id, "task": one.task, "key_right": item.key_right},
        )
        for item, one in zip(items, page, strict=True)
    ]  # fmt: skip
    log.append(tx, entries, now)
