"""Reads for `verify`: sums that must be empty, and the log as replay needs it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from goldvein.store.database import Transaction
from goldvein.store.queries import load

_queries = load("proofs")

SUMS = (
    "answers_without_decision", "decisions_without_answer", "attempts_out_of_step", "labels_without_decision",
    "decisions_without_label", "panel_labels_without_decision", "tasks_out_of_step", "tasks_left_alone",
    "tasks_in_two_hands", "labels_without_event", "positions_with_gaps", "holds_miscounted",
    "labels_in_other_words", "expired_without_event", "servings_out_of_step", "times_out_of_step",
    "withdrawals_without_decision", "decisions_without_withdrawal", "withdrawals_without_event",
    "replacements_out_of_step", "models_without_decision", "alerts_out_of_step", "audits_out_of_step",
    "leases_out_of_hand", "candidates_left_alone", "lives_out_of_step", "items_struck_in_silence",
)  # fmt: skip
"""Statements that list rows which break a promise; each says in its description which."""


@dataclass(frozen=True, slots=True)
class Step:
    """A log row that moved a standing."""

    labeler: int
    n: int
    kind: str
    attempt: int | None
    task: int | None
    stage: str | None
    choice: int | None
    shown: Sequence[int] | None
    item_version: int | None
    model_version: int
    policy_version: int
    p_benchmarks: float
    p_all: float
    benchmarks: int
    decision: str | None
    draw: float | None = None
    exposures: int | None = None
    milliseconds: int | None = None
    detail: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Release:
    """A log row that let a held answer out."""

    labeler: int
    n: int
    attempt: int
    smoothed: float
    benchmarks: int
    policy_version: int
    p_all: float


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A log row that took a labeler's label back, standing on the steps ``first`` to ``last``."""

    labeler: int
    label: int
    attempt: int
    smoothed: float
    benchmarks_after: int
    policy_version: int
    first: int
    last: int
    seconds_delivered: float


@dataclass(frozen=True, slots=True)
class Stored:
    """A standing as it is stored."""

    labeler: int
    state: str
    n: int
    posterior: bytes
    p_benchmarks: float
    p_all: float
    benchmarks: int
    model_version: int
    undecided: int


@dataclass(frozen=True, slots=True)
class Kept:
    """A held answer as it is stored."""

    labeler: int
    attempt: int
    joint: bytes


def broken(tx: Transaction, name: str, limit: int) -> list[tuple[int, int]]:
    """List rows (project, id) that break the promise of one of ``SUMS``."""
    return tx.execute(getattr(_queries, name), {"limit": limit}).fetchall()


def count_rows(tx: Transaction) -> dict[str, int]:
    """Count what the proofs cover."""
    row = tx.execute(_queries.count_rows).fetchone()
    assert row is not None
    return dict(zip(("log", "answers", "labels", "tasks"), row, strict=True))


def versions(tx: Transaction, project: int) -> tuple[dict[int, dict[str, Any]], dict[int, dict[str, Any]]]:
    """Read every model and every policy version of a project."""
    found: dict[str, dict[int, dict[str, Any]]] = {"model": {}, "policy": {}}
    for kind, version, values in tx.execute(_queries.versions, {"project": project}):
        found[kind][version] = values
    return found["model"], found["policy"]


def labelers_of(tx: Transaction, project: int, after: int, limit: int) -> list[int]:
    """List the next labelers of a project."""
    rows = tx.execute(_queries.labelers_of, {"project": project, "after": after, "limit": limit})
    return [row[0] for row in rows]


def steps(tx: Transaction, project: int, labelers: Sequence[int]) -> dict[int, list[Step]]:
    """Read the steps of some standings, oldest first."""
    found: dict[int, list[Step]] = {labeler: [] for labeler in labelers}
    for row in tx.execute(_queries.steps, {"project": project, "labelers": list(labelers)}):
        found[row[0]].append(Step(*row))
    return found


def steps_after(tx: Transaction, project: int, labeler: int, n: int) -> list[Step]:
    """Read the steps of one standing after a version, oldest first."""
    values = {"project": project, "labeler": labeler, "n": n}
    return [Step(*row) for row in tx.execute(_queries.steps_after, values)]


def counted_as(tx: Transaction, project: int) -> dict[int, int]:
    """Map benchmarks to the item versions by which answers by earlier ones count, where not as served."""
    return dict(tx.execute(_queries.counted_as, {"project": project}).fetchall())


def recounts_decided(tx: Transaction, project: int) -> set[tuple[int, int]]:
    """List the item versions, with their tasks, by which the log says that past answers were to count."""
    return set(tx.execute(_queries.recounts_decided, {"project": project}).fetchall())


def recent_steps(tx: Transaction, project: int, labeler: int, since: datetime, before: int) -> list[Step]:
    """Read the steps of one standing since a time, and so many before that, oldest first."""
    values = {"project": project, "labeler": labeler, "since": since, "before": before}
    return [Step(*row) for row in tx.execute(_queries.recent_steps, values)]


def withdrawals(tx: Transaction, project: int, labelers: Sequence[int]) -> dict[int, list[Withdrawn]]:
    """Read the withdrawals of some labelers' labels."""
    found: dict[int, list[Withdrawn]] = {labeler: [] for labeler in labelers}
    for row in tx.execute(_queries.withdrawals, {"project": project, "labelers": list(labelers)}):
        found[row[0]].append(Withdrawn(*row))
    return found


def releases(tx: Transaction, project: int, labelers: Sequence[int]) -> list[Release]:
    """Read the releases of some labelers' held answers."""
    return [
        Release(*row)
        for row in tx.execute(_queries.releases, {"project": project, "labelers": list(labelers)})
    ]


def stored(tx: Transaction, project: int, labelers: Sequence[int]) -> list[Stored]:
    """Read some standings."""
    return [
        Stored(*row) for row in tx.execute(_queries.stored, {"project": project, "labelers": list(labelers)})
    ]


def kept(tx: Transaction, project: int, labelers: Sequence[int]) -> list[Kept]:
    """Read some labelers' held answers."""
    rows = tx.execute(_queries.kept, {"project": project, "labelers": list(labelers)})
    return [Kept(*row) for row in rows]
