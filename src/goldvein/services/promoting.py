"""Promoting: a policy that was tried goes to a project as a new version, and there is a way back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from goldvein.domain.errors import Conflict, NotFound
from goldvein.services import projects
from goldvein.store import projects as store
from goldvein.store.database import Database

_ALL = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Turned:
    """A new version of a policy, the one before, and what was turned: (before, after) by knob."""

    project: int
    version: int
    before: int
    knobs: Mapping[str, tuple[float, float]]


def promote(
    db: Database, project: int, changes: Mapping[str, float], now: datetime, account: int | None = None
) -> Turned:
    """Make a new version of a project's policy with these knobs turned; decisions follow it from now on.

    Raises
    ------
    Conflict
        If nothing would change, or somebody made another version meanwhile.
    InvalidInput
        If a value breaks a rule.
    NotFound
        If there is no such project.
    """
    found = projects.get(db, project, None)
    policy = projects.policy(db, project).to_dict()
    turned = {name: value for name, value in changes.items() if policy.get(name) != value}
    if not turned:
        raise Conflict(f"version {found.policy_version} of project {project} has these values already")
    after = projects.update(
        db, project, None, policy=turned, based_on=found.policy_version, account=account, now=now
    )
    then = projects.policy(db, project).to_dict()
    knobs = {name: (policy[name], then[name]) for name in turned}
    return Turned(project, after.policy_version, found.policy_version, knobs)


def revert(
    db: Database, project: int, now: datetime, version: int | None = None, account: int | None = None
) -> Turned:
    """Make a new version with the values of an earlier one: the last but one, unless another is named.

    Nothing is undone but the policy: labels that were delivered, and people who were dismissed, stay so.

    Raises
    ------
    Conflict
        If there is nothing to go back to, or somebody made another version meanwhile.
    NotFound
        If there is no such project or version.
    """
    found = projects.get(db, project, None)
    wanted = found.policy_version - 1 if version is None else version
    if version is None and not wanted:
        raise Conflict(f"project {project} has its first policy still: there is nothing to go back to")
    if wanted not in {one.version for one in versions(db, project)}:
        raise NotFound(f"the policy of project {project} has no version {wanted}", code="version_unknown")
    with db.connection() as tx:
        earlier = projects.policy_of(tx, project, wanted)
    return promote(db, project, earlier.to_dict(), now, account)


def versions(db: Database, project: int) -> list[store.PolicyVersion]:
    """List the versions of a project's policy, the latest first; raises ``NotFound`` without a project."""
    with db.connection() as tx:
        projects.read(tx, project, None)
        return store.policy_history(tx, project, before=_ALL, limit=_ALL)
