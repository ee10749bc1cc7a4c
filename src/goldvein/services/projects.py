"""Projects: made, read and changed by their customers and by operators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from goldvein.decisions.admission import supply_target
from goldvein.domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from goldvein.domain.policy import Policy, PolicyError
from goldvein.domain.records import Price, Project, ProjectDraft, ProjectState
from goldvein.services.opening import open_if_ready
from goldvein.services.views import STARTING_ANSWERS
from goldvein.store import log, projects, tallies
from goldvein.store.database import Database, Transaction
from goldvein.store.log import Entry
from goldvein.tasktypes import choice

MOST_UNDER_WAY: Final = 1_000
"""Projects of one customer: each is looked at whenever somebody asks for work, whoever's it is."""
_MOVES: dict[str, set[str]] = {
    "draft": {"mining", "closed"},
    "mining": {"paused", "closed"},
    "open": {"paused", "closed"},
    "paused": {"mining", "open", "closed"},
    "closed": set(),
}


def create(
    db: Database, customer: int, draft: ProjectDraft, now: datetime, *, state: ProjectState = "mining"
) -> Project:
    """Store a new project; it mines benchmarks from the first task pushed, unless it starts as a draft.

    Raises
    ------
    InvalidInput
        If the type, the classes or the policy break a rule.
    NotFound
        If there is no such customer.
    Conflict
        ``too_many_projects``.
    """
    with db.transaction() as tx:
        return make(tx, customer, draft, now, state=state)


def make(
    tx: Transaction, customer: int, draft: ProjectDraft, now: datetime, *, state: ProjectState,
    copy_of: int | None = None,
) -> Project:  # fmt: skip
    """Store a new project inside a transaction; raises what ``create`` does."""
    if draft.type != "choice":
        raise InvalidInput(
            f"type {draft.type!r} is not known: use 'choice'", code="type_unknown", pointer="/type"
        )
    if draft.classes is not None:
        choice.check_classes(draft.classes)
    policy = checked_policy(draft.policy)
    if state not in ("draft", "mining"):
        raise InvalidInput(
            f"a project starts as draft or mining, not {state!r}", code="state_invalid", pointer="/state"
        )
    if not projects.customer_exists(tx, customer):
        raise NotFound(f"there is no customer {customer}", code="customer_unknown")
    if state != "draft":
        _check_room(tx, customer)
    target = supply_target(0, 0, policy)
    project = projects.insert(
        tx, customer, draft, state=state, supply_target=target, now=now, copy_of=copy_of
    )
    projects.insert_policy(tx, project, 1, policy.to_dict(), now)
    detail = None if copy_of is None else {"copy_of": copy_of}
    log.append(tx, [Entry(project, "state", decision=state, policy_version=1, detail=detail)], now)
    return read(tx, project, customer)


def _check_room(tx: Transaction, customer: int) -> None:
    if projects.count_under_way(tx, customer, MOST_UNDER_WAY) >= MOST_UNDER_WAY:
        raise Conflict(
            f"customer {customer} has {MOST_UNDER_WAY:,} projects under way: close those that are done",
            code="too_many_projects",
        )


def get(db: Database, project: int, customer: int | None) -> Project:
    """Read a project; ``customer`` None sees all.

    Raises
    ------
    NotFound
        If there is none, or it is another customer's.
    """
    with db.connection() as tx:
        return read(tx, project, customer)


def read(tx: Transaction, project: int, customer: int | None) -> Project:
    """Read a project inside a transaction; raises ``NotFound`` as ``get`` does."""
    found = projects.find(tx, project)
    if found is None or customer not in (None, found.customer):
        raise NotFound(f"there is no project {project} here", code="project_unknown")
    return found


def list_(db: Database, customer: int | None) -> list[Project]:
    """List a customer's projects, or all."""
    with db.connection() as tx:
        return projects.list_all(tx, customer)


def policy(db: Database, project: int) -> Policy:
    """Read the policy in force."""
    return terms(db, project)[0]


def terms(db: Database, project: int) -> tuple[Policy, Price | None]:
    """Read the policy and the price in force; None where no price was set."""
    with db.connection() as tx:
        found = read(tx, project, None)
        in_force = policy_of(tx, project, found.policy_version)
        return in_force, tallies.price(tx, project)


def policy_of(tx: Transaction, project: int, version: int) -> Policy:
    """Read a version of a project's policy, which must exist."""
    return Policy.from_dict(projects.get_policy(tx, project, version))


def update(
    db: Database,
    project: int,
    customer: int | None,
    *,
    name: str | None = None,
    instruction: str | None = None,
    state: ProjectState | None = None,
    policy: Mapping[str, Any] | None = None,
    deadline_seconds: int | None = None,
    price: Price | None = None,
    account: int | None = None,
    based_on: int | None = None,
    now: datetime,
) -> Project:
    """Change a project; a changed policy becomes a new version, another price is for labels from now on.

    Parameters
    ----------
    customer : int or None
        Who asks; None is an operator, and only operators set a price.
    account : int, optional
        Who makes the new version of the policy, or sets the price, on a page.
    based_on : int, optional
        The version of the policy that whoever changes it has seen.

    Raises
    ------
    Conflict
        If the project's life does not allow the new state, or its policy is not the version seen any more.
    Forbidden
        If a customer sets a price.
    InvalidInput
        If a value of the policy breaks a rule, or the price is of another currency than before.
    """
    if price is not None and customer is not None:
        raise Forbidden("prices are set by operators: leave `price` out", pointer="/price")
    with db.transaction() as tx:
        before = _locked(tx, project, customer, based_on)
        after = replace(
            before,
            name=name or before.name,
            instruction=instruction or before.instruction,
            deadline_seconds=deadline_seconds or before.deadline_seconds,
        )
        if state is not None and state != before.state:
            after = replace(after, state=_move(tx, before, state, now))
        if policy:
            after = replace(after, policy_version=_turn(tx, before, policy, now, account))
        if price is not None:
            _set_price(tx, project, price, now, account)
        projects.update(tx, after, now)
        _catch_up(tx, after, now)
        return read(tx, project, customer)


def _locked(tx: Transaction, project: int, customer: int | None, based_on: int | None) -> Project:
    """Lock a project that somebody may change, if its policy is the one that they have seen."""
    found = projects.find_locked(tx, project)
    if found is None or customer not in (None, found.customer):
        raise NotFound(f"there is no project {project} here", code="project_unknown")
    if based_on not in (None, found.policy_version):
        raise Conflict(
            f"somebody has made version {found.policy_version} of the policy meanwhile: look at it",
            code="version_stale",
        )
    return found


def _move(tx: Transaction, before: Project, state: str, now: datetime) -> ProjectState:
    """Say in the log where a project's life goes on."""
    after = _next_state(before, state)
    if before.state == "draft" and after != "closed":
        _check_room(tx, before.customer)
    log.append(tx, [Entry(before.id, "state", decision=after)], now)
    return after


def _turn(
    tx: Transaction, before: Project, knobs: Mapping[str, Any], now: datetime, account: int | None
) -> int:
    """Make the next version of a project's policy, say so in the log, and give its number."""
    version = before.policy_version + 1
    values = {**projects.get_policy(tx, before.id, before.policy_version), **knobs}
    projects.insert_policy(tx, before.id, version, checked_policy(values).to_dict(), now, account)
    log.append(tx, [Entry(before.id, "policy", policy_version=version, detail=dict(knobs))], now)
    return version


def _set_price(tx: Transaction, project: int, price: Price, now: datetime, account: int | None) -> None:
    before = tallies.price(tx, project)
    if before is not None and before.currency != price.currency:
        raise InvalidInput(
            f"labels of project {project} are paid in {before.currency}: only a copy may have another",
            code="currency_differs",
            pointer="/price/currency",
        )
    tallies.insert_price(tx, project, price, now, account)


def _catch_up(tx: Transaction, project: Project, now: datetime) -> None:
    """What a new state or policy asks of mining: more benchmarks, or to open, if there are enough by now."""
    policy = policy_of(tx, project.id, project.policy_version)
    projects.raise_supply_target(tx, project.id, supply_target(project.admitted, 0, policy))
    if project.state == "mining":
        open_if_ready(tx, project.id, policy, STARTING_ANSWERS, now)


def _next_state(project: Project, state: str) -> ProjectState:
    wanted = "open" if state in ("mining", "open") and project.opened_at else state
    reachable = _MOVES[project.state] - (set() if project.opened_at else {"open"})
    if wanted not in reachable:
        allowed = sorted(reachable) or ["nothing: a closed project stays closed"]
        raise Conflict(
            f"a project that is {project.state} cannot become {wanted}; it can become: {', '.join(allowed)}",
            code="state_not_reachable",
        )
    return wanted  # type: ignore[return-value]  # one of the keys of _MOVES


def checked_policy(values: Mapping[str, Any]) -> Policy:
    """Give a policy of what a request says; raises ``InvalidInput`` where it breaks a rule."""
    try:
        return Policy.from_dict(values)
    except PolicyError as error:
        raise InvalidInput(str(error), code="policy_invalid", pointer="/policy") from error
