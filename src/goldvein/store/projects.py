"""Projects and the versions of their policies and models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from goldvein.domain.records import Project, ProjectDraft
from goldvein.store.database import Transaction
from goldvein.store.queries import load

_queries = load("projects")


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """A version of a policy: its knobs as stored, and the login of who made it on a page, if anybody."""

    version: int
    policy: Mapping[str, Any]
    made_at: datetime
    login: str | None


def _project(row: tuple[Any, ...]) -> Project:
    values = list(row)
    values[5] = tuple(values[5]) if values[5] is not None else None
    return Project(*values)


def insert(
    tx: Transaction, customer: int, draft: ProjectDraft, *, state: str, supply_target: int, now: datetime,
    copy_of: int | None = None,
) -> int:  # fmt: skip
    """Store a new project and return its id."""
    row = tx.execute(
        _queries.insert,
        {
            "customer": customer,
            "name": draft.name,
            "instruction": draft.instruction,
            "type": draft.type,
            "classes": Jsonb(list(draft.classes)) if draft.classes is not None else None,
            "deadline_seconds": draft.deadline_seconds,
            "state": state,
            "supply_target": supply_target,
            "copy_of": copy_of,
            "now": now,
        },
    ).fetchone()
    assert row is not None
    return int(row[0])


def find(tx: Transaction, project: int) -> Project | None:
    """Read one project."""
    row = tx.execute(_queries.get, {"project": project}).fetchone()
    return _project(row) if row else None


def find_locked(tx: Transaction, project: int) -> Project | None:
    """Read one project and keep others from changing it until the transaction ends."""
    row = tx.execute(_queries.lock, {"project": project}).fetchone()
    return _project(row) if row else None


def list_all(tx: Transaction, customer: int | None) -> list[Project]:
    """List the projects of one customer, or of all."""
    return [_project(row) for row in tx.execute(_queries.list_all, {"customer": customer})]


def list_working(tx: Transaction, *, limit: int) -> list[Project]:
    """List the latest projects in which somebody may be at work."""
    return [_project(row) for row in tx.execute(_queries.list_working, {"limit": limit})]


def count_under_way(tx: Transaction, customer: int, bound: int) -> int:
    """Count a customer's projects that are neither drafts nor closed, up to a bound."""
    row = tx.execute(_queries.count_under_way, {"customer": customer, "bound": bound}).fetchone()
    assert row is not None
    return int(row[0])


def page(
    tx: Transaction, customer: int | None, *, state: str | None, before: int, limit: int
) -> list[tuple[Project, str]]:
    """List the latest projects before one, each with its customer's name; None is every customer or state."""
    values = {"customer": customer, "state": state, "before": before, "limit": limit}
    return [(_project(row[:-1]), row[-1]) for row in tx.execute(_queries.page, values)]


def kin(tx: Transaction, project: Project) -> tuple[int, ...]:
    """List the other projects that share benchmarks with one."""
    if project.family is None:
        return ()
    return tuple(row[0] for row in tx.execute(_queries.kin, {"project": project.id}))


def sandboxes_of(tx: Transaction, project: Project) -> tuple[int, ...]:
    """List the sandboxes of a project: they share its benchmarks."""
    if project.family is None:
        return ()
    return tuple(row[0] for row in tx.execute(_queries.sandboxes_of, {"project": project.id}))


def join_family(tx: Transaction, project: int, copy: int, *, carried: int) -> None:
    """Let a copy and its original share benchmarks: nobody is given one of them twice."""
    tx.execute(_queries.join_family, {"project": project, "copy": copy, "carried": carried})


def revisions(tx: Transaction) -> dict[int, int]:
    """Map each living project to its revision."""
    return dict(tx.execute(_queries.revisions).fetchall())


def update(tx: Transaction, project: Project, now: datetime) -> None:
    """Store new values of the fields that a customer may change."""
    tx.execute(
        _queries.update,
        {
            "project": project.id,
            "name": project.name,
            "instruction": project.instruction,
            "state": project.state,
            "policy_version": project.policy_version,
            "deadline_seconds": project.deadline_seconds,
            "now": now,
        },
    )


def open_(tx: Transaction, project: int, *, model_version: int, now: datetime) -> None:
    """Let the crowd in."""
    tx.execute(_queries.open, {"project": project, "model_version": model_version, "now": now})


def lead_model(tx: Transaction, project: int, *, model_version: int) -> None:
    """Judge by another model version from now on; every process sees the new revision."""
    tx.execute(_queries.lead_model, {"project": project, "model_version": model_version})


def take_estimation(tx: Transaction, project: int) -> bool:
    """Take the right to estimate a project until the transaction ends; false while another has it."""
    row = tx.execute(_queries.take_estimation, {"project": project}).fetchone()
    assert row is not None
    return bool(row[0])


def next_revision(tx: Transaction, project: int) -> int:
    """Tell every process that the project's benchmarks changed; locks the project's row."""
    row = tx.execute(_queries.next_revision, {"project": project}).fetchone()
    assert row is not None
    return int(row[0])


def next_ordinal(tx: Transaction, project: int) -> int:
    """Give the next benchmark its place in the bitmaps; locks the project's row."""
    row = tx.execute(_queries.next_ordinal, {"project": project}).fetchone()
    assert row is not None
    return int(row[0])


def count_admission(tx: Transaction, project: int, *, change: int, capacity: int) -> bool:
    """Count one labeler in or out; false where the capacity is used up."""
    row = tx.execute(
        _queries.count_admission, {"project": project, "change": change, "capacity": capacity}
    ).fetchone()
    return row is not None


def raise_supply_target(tx: Transaction, project: int, target: int) -> None:
    """Ask mining for more benchmarks."""
    tx.execute(_queries.raise_supply_target, {"project": project, "target": target})


def insert_policy(
    tx: Transaction, project: int, version: int, policy: Mapping[str, Any], now: datetime,
    account: int | None = None,
) -> None:  # fmt: skip
    """Store a version of the policy, and who made it on a page, if anybody did."""
    values = {
        "project": project, "version": version, "policy": Jsonb(policy), "now": now, "account": account,
    }  # fmt: skip
    tx.execute(_queries.insert_policy, values)


def policy_history(tx: Transaction, project: int, *, before: int, limit: int) -> list[PolicyVersion]:
    """List the versions of the policy before one, the latest first."""
    values = {"project": project, "before": before, "limit": limit}
    return [PolicyVersion(*row) for row in tx.execute(_queries.policy_history, values)]


def policy_at(tx: Transaction, project: int, at: datetime) -> dict[str, Any]:
    """Read the policy that was in force at a moment; nothing where there was none yet."""
    row = tx.execute(_queries.policy_at, {"project": project, "at": at}).fetchone()
    return dict(row[0]) if row else {}


def get_policy(tx: Transaction, project: int, version: int) -> dict[str, Any]:
    """Read a version of the policy."""
    row = tx.execute(_queries.get_policy, {"project": project, "version": version}).fetchone()
    assert row is not None, f"project {project} has no policy version {version}"
    return dict(row[0])


def insert_model(
    tx: Transaction, project: int, version: int, model: Mapping[str, Any], now: datetime
) -> None:
    """Store a version of everything learned."""
    tx.execute(
        _queries.insert_model, {"project": project, "version": version, "model": Jsonb(model), "now": now}
    )


def get_model(tx: Transaction, project: int, version: int) -> dict[str, Any]:
    """Read a version of everything learned."""
    row = tx.execute(_queries.get_model, {"project": project, "version": version}).fetchone()
    assert row is not None, f"project {project} has no model version {version}"
    return dict(row[0])


def customer_exists(tx: Transaction, customer: int) -> bool:
    """Say whether there is such a customer."""
    return tx.execute(_queries.customer_exists, {"customer": customer}).fetchone() is not None


def lease_key(tx: Transaction) -> bytes:
    """Read the AES key of the lease tokens."""
    row = tx.execute(_queries.get_lease_key).fetchone()
    assert row is not None
    return bytes(row[0])
