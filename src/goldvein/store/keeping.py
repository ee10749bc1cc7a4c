"""What upkeep reads of benchmarks and of the log, and the mark that it leaves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from goldvein.store.database import Transaction
from goldvein.store.queries import load

_queries = load("keeping")
Known = tuple[Sequence[float], Sequence[float]]
"""Key probabilities, and weights over difficulties."""


@dataclass(frozen=True, slots=True)
class Due:
    """A benchmark to be looked at; ``since``: in use since then."""

    task: int
    exposures: int
    since: datetime
    item_version: int
    counts_as: int | None
    basis: str


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of the crowd to a benchmark; ``choice`` -1: cannot be answered."""

    task: int
    labeler: int
    choice: int
    shown: Sequence[int]
    exposures: int
    item_version: int
    at: datetime
    attempt: int


@dataclass(frozen=True, slots=True)
class Settled:
    """When somebody settled a key by hand, and in which item version."""

    task: int
    at: datetime
    item_version: int


def due(
    tx: Transaction,
    project: int,
    *,
    grown_by: int,
    grown_share: float,
    budget: int,
    too_old: datetime,
    limit: int,
) -> list[Due]:
    """List active benchmarks that are to be looked at."""
    values = {
        "project": project, "grown_by": grown_by, "grown_share": grown_share, "budget": budget,
        "too_old": too_old, "limit": limit,
    }  # fmt: skip
    return [Due(*row) for row in tx.execute(_queries.due, values)]


def answers(tx: Transaction, project: int, tasks: Sequence[int]) -> dict[int, list[Answer]]:
    """Read the crowd's answers to some benchmarks, each in the order given."""
    found: dict[int, list[Answer]] = {task: [] for task in tasks}
    for row in tx.execute(_queries.answers, {"project": project, "tasks": list(tasks)}):
        found[row[0]].append(Answer(*row))
    return found


def settled(tx: Transaction, project: int, tasks: Sequence[int]) -> dict[int, Settled]:
    """Map those of some benchmarks whose key somebody settled by hand to the last time."""
    rows = tx.execute(_queries.settled, {"project": project, "tasks": list(tasks)})
    return {row[0]: Settled(*row) for row in rows}


def first_versions(tx: Transaction, project: int, tasks: Sequence[int]) -> dict[int, Known]:
    """Map benchmarks to what was known of them at first."""
    rows = tx.execute(_queries.first_versions, {"project": project, "tasks": list(tasks)})
    return {task: (keys, difficulty) for task, keys, difficulty in rows}


def some_versions(
    tx: Transaction, project: int, wanted: Iterable[tuple[int, int]]
) -> dict[tuple[int, int], Known]:
    """Map some (task, item version) to what they know."""
    keys = sorted(set(wanted))
    values = {"project": project, "tasks": [t for t, _ in keys], "versions": [v for _, v in keys]}
    rows = tx.execute(_queries.some_versions, values) if keys else ()
    return {(task, version): (probs, difficulty) for task, version, probs, difficulty in rows}


def posteriors(tx: Transaction, project: int, labelers: Iterable[int]) -> dict[int, tuple[int, bytes]]:
    """Map labelers to the model version on which they stand, and where; float64 (2, states)."""
    values = {"project": project, "labelers": sorted(set(labelers))}
    return {row[0]: (row[1], row[2]) for row in tx.execute(_queries.posteriors, values)}


def looked(
    tx: Transaction, project: int, exposures: Mapping[int, int], choices: Mapping[int, Sequence[int]]
) -> None:
    """Note at how many servings benchmarks were looked at, and how many answers named each option then."""
    if exposures:
        tasks = sorted(exposures)
        values = {
            "project": project, "tasks": tasks, "exposures": [exposures[task] for task in tasks],
            "choices": [",".join(map(str, choices[task])) for task in tasks],
        }  # fmt: skip
        tx.execute(_queries.lock, {"project": project, "tasks": tasks})
        tx.execute(_queries.looked, values)


@dataclass(frozen=True, slots=True)
class Aged:
    """An active benchmark and when its task was pushed."""

    task: int
    pushed_at: datetime
    exposures: int
    basis: str


def ages(tx: Transaction, project: int) -> list[Aged]:
    """List the active benchmarks with their ages."""
    return [Aged(*row) for row in tx.execute(_queries.ages, {"project": project})]


def latest_tasks(tx: Transaction, project: int, limit: int) -> list[tuple[int, datetime]]:
    """List the latest tasks that were pushed, with when, the latest first."""
    return tx.execute(_queries.latest_tasks, {"project": project, "limit": limit}).fetchall()
