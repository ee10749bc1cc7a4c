"""Sandboxes: copies of projects on which a change is tried before it goes to work (ADR 0042).

A sandbox belongs to the house, a customer for whom nobody can sign in and no key is made: so nothing of it
reaches a customer. It holds tasks that were labelled in the original already, and its most worn benchmarks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from goldvein.domain.errors import Conflict, InvalidInput, NotFound
from goldvein.domain.records import Project, ProjectDraft
from goldvein.services import promoting, reuse
from goldvein.services.contents import check_kept
from goldvein.services.projects import checked_policy, make, policy_of, read
from goldvein.services.promoting import Turned
from goldvein.services.warming import day_of
from goldvein.store import figures, log, projects, sandboxes, tallies
from goldvein.store.database import Database, Transaction
from goldvein.store.log import Entry
from goldvein.store.sandboxes import Sandbox

MOST_TASKS: Final = 10_000
MOST_PER_DAY: Final = 1_000_000
DAYS: Final = 30
_AT_ONCE: Final = 1_000
_NOT_TRIED: Final = {"audit_labelers": 0, "reference_days": 0}
"""Auditors' time, and the customer's sample, are for real work."""


@dataclass(frozen=True, slots=True)
class SandboxDraft:
    """What is wanted of a sandbox.

    Attributes
    ----------
    tasks : int
        Tasks that were labelled last, copied: those first whose labels cannot be withdrawn any more.
    benchmarks : int
        The most worn ones in use, carried. Whoever meets one here does not meet it in the original any more.
    policy : mapping
        Knobs to be tried; the others are the original's.
    """

    name: str = ""
    tasks: int = 1_000
    benchmarks: int = 60
    policy: Mapping[str, Any] = field(default_factory=dict)


def create(db: Database, original: int, draft: SandboxDraft, now: datetime) -> Project:
    """Make a sandbox of a project.

    Raises
    ------
    Conflict
        If the project is a sandbox itself, has not opened, or has too little to copy, or its contents were
        erased.
    InvalidInput
        If a count is out of range, or the policy breaks a rule.
    NotFound
        If there is no such project.
    """
    if not (1 <= draft.tasks <= MOST_TASKS and 1 <= draft.benchmarks <= MOST_TASKS):
        raise InvalidInput(
            f"a sandbox holds 1 to {MOST_TASKS:,} tasks, and as many benchmarks", code="sandbox_size"
        )
    with db.transaction() as tx:
        found = read(tx, original, None)
        check_kept(found)
        chosen = _benchmarks(tx, found, draft)
        within = policy_of(tx, original, found.policy_version).withdraw_window_seconds
        settled = now - timedelta(seconds=within)
        sources = sandboxes.labelled(tx, original, settled=settled, limit=draft.tasks)
        if not sources:
            raise Conflict(
                f"project {original} has no labels yet: there is nothing to copy", code="sandbox_empty"
            )
        made = _make(tx, found, draft, now)
        for start in range(0, len(sources), _AT_ONCE):
            sandboxes.copy_tasks(tx, made.id, sources[start : start + _AT_ONCE], now)
        tallies.note(tx, made.id, pushed={None: len(sources)})
        reuse.carry_these(tx, found, made, chosen, now)
        check_kept(read(tx, original, None))  # still: some of what was read may have said nothing
        return read(tx, made.id, None)


def _benchmarks(tx: Transaction, original: Project, draft: SandboxDraft) -> list[int]:
    """Choose the benchmarks to carry; refuse where a sandbox could not open."""
    if original.sandbox_of is not None:
        raise Conflict(
            f"project {original.id} is a sandbox of {original.sandbox_of}: copy that",
            code="sandbox_of_sandbox",
        )
    wanted = checked_policy({**projects.get_policy(tx, original.id, original.policy_version), **draft.policy})
    chosen = sandboxes.worn(tx, original.id, limit=max(draft.benchmarks, wanted.open_at))
    if original.opened_at is None or len(chosen) < wanted.open_at:
        raise Conflict(
            f"project {original.id} has {len(chosen)} benchmarks in use, and a sandbox needs "
            f"{wanted.open_at} (`open_at`) to open: wait until more are mined",
            code="sandbox_unsupplied",
        )
    return chosen


def _make(tx: Transaction, original: Project, draft: SandboxDraft, now: datetime) -> Project:
    policy = {**projects.get_policy(tx, original.id, original.policy_version), **_NOT_TRIED, **draft.policy}
    whole = ProjectDraft(
        draft.name or original.name, original.instruction, original.type, original.classes, None, policy
    )
    made = make(tx, sandboxes.house(tx, now), whole, now, state="mining", copy_of=original.id)
    sandboxes.mark(tx, made.id, original.id)
    return read(tx, made.id, None)


def list_(db: Database, original: int | None, now: datetime) -> list[Sandbox]:
    """List the sandboxes of a project, or of all, the latest first."""
    with db.connection() as tx:
        return sandboxes.list_(tx, original, day_of(now))


def find(db: Database, sandbox: int, now: datetime) -> Sandbox:
    """Read one sandbox; raises ``NotFound`` if the project is none."""
    with db.connection() as tx:
        found = sandboxes.find(tx, sandbox, day_of(now))
    if found is None:
        raise NotFound(f"project {sandbox} is no sandbox, or is closed", code="no_sandbox")
    return found


def check_of(db: Database, project: int, sandbox: int, now: datetime) -> None:
    """Check that one project is a sandbox of another; raises ``NotFound`` if it is none of that one."""
    if find(db, sandbox, now).of != project:
        raise NotFound(f"project {sandbox} is no sandbox of {project}", code="no_sandbox")


def set_warm(db: Database, sandbox: int, per_day: int, now: datetime) -> None:
    """Say how many pieces of work people without any may get a day of a sandbox; 0: none.

    Raises
    ------
    InvalidInput
        If the number is out of range.
    NotFound
        If the project is no sandbox.
    """
    if not 0 <= per_day <= MOST_PER_DAY:
        raise InvalidInput(f"a day's budget is 0 to {MOST_PER_DAY:,} pieces of work", code="warm_budget")
    with db.transaction() as tx:
        if not sandboxes.set_budget(tx, sandbox, per_day):
            raise NotFound(f"project {sandbox} is no sandbox", code="no_sandbox")
        log.append(tx, [Entry(sandbox, "state", decision="warm", detail={"warm_per_day": per_day})], now)


def differences(db: Database, sandbox: int) -> dict[str, tuple[float, float]]:
    """Map knobs that a sandbox tries to (value in the original, value here).

    One that was turned in the original alone, since the sandbox was made, is not tried here.
    """
    with db.connection() as tx:
        here = _read(tx, sandbox)
        real = read(tx, here.sandbox_of or 0, None)
        tried = policy_of(tx, here.id, here.policy_version).to_dict()
        before = policy_of(tx, real.id, real.policy_version).to_dict()
        copied = projects.policy_at(tx, real.id, here.created_at)
    return {
        name: (before[name], value)
        for name, value in tried.items()
        if value not in (before[name], copied.get(name)) and name not in _NOT_TRIED
    }


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the answers in one project lately: shares are None where nothing was answered.

    Attributes
    ----------
    delivered_share : float or None
        Of answers to ordinary tasks, those that went out, at once or after a hold.
    benchmark_share : float or None
        Of all that was served to the crowd, benchmarks.
    pass_rate : float or None
        Of benchmarks, those answered with the key.
    """

    answers: int
    delivered_share: float | None
    benchmark_share: float | None
    pass_rate: float | None
    dismissals: int


def outcome(db: Database, project: int, now: datetime) -> Outcome:
    """Sum up what became of a project's answers in the last ``DAYS`` days."""
    until = now + timedelta(hours=1)
    with db.connection() as tx:
        spans = figures.series(tx, project, 60, now - timedelta(days=DAYS), until)
    total = {
        name: sum(getattr(span, name) for span in spans)
        for name in (
            "answers",
            "benchmark_answers",
            "benchmarks_right",
            "delivered",
            "dismissals",
        )
    }
    served = total["answers"] + total["benchmark_answers"]
    return Outcome(
        total["answers"], _share(total["delivered"], total["answers"]),
        _share(total["benchmark_answers"], served),
        _share(total["benchmarks_right"], total["benchmark_answers"]), total["dismissals"],
    )  # fmt: skip


def _share(part: int, of: int) -> float | None:
    return part / of if of else None


def promote(db: Database, sandbox: int, now: datetime, account: int | None = None) -> Turned:
    """Give the original what a sandbox tried, as a new version of its policy.

    Raises
    ------
    Conflict
        If nothing would change, or somebody made another version meanwhile.
    NotFound
        If the project is no sandbox.
    """
    changes = {name: value for name, (_, value) in differences(db, sandbox).items()}
    with db.connection() as tx:
        original = _read(tx, sandbox).sandbox_of
    assert original is not None
    return promoting.promote(db, original, changes, now, account)


def _read(tx: Transaction, sandbox: int) -> Project:
    found = projects.find(tx, sandbox)
    if found is None or found.sandbox_of is None:
        raise NotFound(f"project {sandbox} is no sandbox", code="no_sandbox")
    return found
