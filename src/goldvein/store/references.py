"""Reference sets, the runs that check the workforce against them, and what was answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from psycopg.types.json import Jsonb

from goldvein.store.database import Transaction
from goldvein.store.queries import load

_queries = load("references")


@dataclass(frozen=True, slots=True)
class ReferenceSet:
    """A version of a project's sample."""

    version: int
    made_at: datetime
    tasks: int


@dataclass(frozen=True, slots=True)
class Item:
    """A task of a set with the customer's answer, in content order.

    ``options`` counts them where they stand in the task, not in the project.
    """

    task: int
    key: int
    unique_id: str | None
    content: int
    options: int | None


@dataclass(frozen=True, slots=True)
class Run:
    """One day's check; ``asked`` counts tasks, ``report`` says what it came to once it has ended."""

    due: date
    version: int
    begun_at: datetime
    ended_at: datetime | None
    asked: int
    report: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of a run; one that ``counts`` would have gone out, had it been ordinary work."""

    due: date
    task: int
    labeler: int
    choice: int
    counts: bool


def latest_set(tx: Transaction, project: int) -> ReferenceSet | None:
    """Read the version of a set that is in force; None if the project has none."""
    row = tx.execute(_queries.latest_set, {"project": project}).fetchone()
    return ReferenceSet(*row) if row else None


def first_made(tx: Transaction, project: int) -> datetime | None:
    """Since when a project has a set."""
    row = tx.execute(_queries.first_made, {"project": project}).fetchone()
    return row[0] if row else None


def insert_set(tx: Transaction, project: int, version: int, tasks: int, now: datetime) -> None:
    """Put another version in force; its items are written beside."""
    values = {"project": project, "version": version, "tasks": tasks, "now": now}
    tx.execute(_queries.insert_set, values)


def items(tx: Transaction, project: int, version: int) -> list[Item]:
    """List the tasks of one version of a set."""
    return [Item(*row) for row in tx.execute(_queries.items, {"project": project, "version": version})]


def inputs(tx: Transaction, project: int, tasks: Sequence[int]) -> dict[int, Mapping[str, Any]]:
    """Read the contents of a few tasks."""
    return dict(tx.execute(_queries.inputs, {"project": project, "tasks": list(tasks)}).fetchall())


def end_items(tx: Transaction, project: int, version: int, tasks: Sequence[int]) -> None:
    """Take tasks, or their present keys, out of a set from a version on."""
    if tasks:
        tx.execute(_queries.end_items, {"project": project, "version": version, "tasks": list(tasks)})


def insert_items(
    tx: Transaction, project: int, version: int, given: Sequence[tuple[int, int, str | None]]
) -> None:
    """Take tasks with their keys and names into a set from a version on."""
    if given:
        values = {
            "project": project, "version": version, "tasks": [task for task, _, _ in given],
            "keys": [key for _, key, _ in given], "unique_ids": [name for _, _, name in given],
        }  # fmt: skip
        tx.execute(_queries.insert_items, values)


def projects(tx: Transaction) -> list[int]:
    """List the projects that may be checked, or of which a run is to be ended or reckoned."""
    return [row[0] for row in tx.execute(_queries.projects)]


def under_way(tx: Transaction, project: int, *, lock: bool = False) -> Run | None:
    """Find the run that is under way."""
    query = _queries.lock_under_way if lock else _queries.under_way
    row = tx.execute(query, {"project": project}).fetchone()
    return Run(*row) if row else None


def unreported(tx: Transaction, project: int) -> list[Run]:
    """List the runs that have ended and wait for their report, the oldest first."""
    return [Run(*row) for row in tx.execute(_queries.unreported, {"project": project})]


def has_run(tx: Transaction, project: int, due: date) -> bool:
    """Say whether the run of a day has begun."""
    row = tx.execute(_queries.has_run, {"project": project, "due": due}).fetchone()
    assert row is not None
    return bool(row[0])


def runs(tx: Transaction, project: int, *, upto: date = date.max, limit: int) -> list[Run]:
    """List the latest runs up to a day, the latest first."""
    values = {"project": project, "due": upto, "limit": limit}
    return [Run(*row) for row in tx.execute(_queries.runs, values)]


def begin_run(tx: Transaction, project: int, due: date, version: int, asked: int, now: datetime) -> bool:
    """Begin the run of a day; false if it has begun before, or another is under way."""
    values = {"project": project, "due": due, "version": version, "asked": asked, "now": now}
    return tx.execute(_queries.begin_run, values).fetchone() is not None


def end_run(tx: Transaction, project: int, due: date, now: datetime) -> None:
    """End a run."""
    tx.execute(_queries.end_run, {"project": project, "due": due, "now": now})


def save_report(tx: Transaction, project: int, due: date, report: Mapping[str, Any]) -> bool:
    """Keep what a run came to; false if somebody has before."""
    values = {"project": project, "due": due, "report": Jsonb(dict(report))}
    return tx.execute(_queries.save_report, values).rowcount == 1


def close_left(tx: Transaction, project: int) -> None:
    """Let what still waits of runs wait no longer."""
    tx.execute(_queries.close_left, {"project": project})


def is_wanted(tx: Transaction, project: int) -> bool:
    """Say whether anything of a run still waits or is in hand."""
    row = tx.execute(_queries.is_wanted, {"project": project}).fetchone()
    assert row is not None
    return bool(row[0])


def collect(tx: Transaction, project: int, run: Run, tasks: Sequence[int], counts: str) -> None:
    """Keep the answers that came since a run began; those whose decision is ``counts`` count."""
    values = {
        "project": project, "due": run.due, "begun_at": run.begun_at, "tasks": list(tasks), "counts": counts,
    }  # fmt: skip
    tx.execute(_queries.collect, values)


def count_answers(tx: Transaction, project: int, due: date) -> tuple[int, int, int]:
    """Count a run's answers, its tasks that have any, and its tasks with one that counts."""
    row = tx.execute(_queries.count_answers, {"project": project, "due": due}).fetchone()
    assert row is not None
    return int(row[0]), int(row[1]), int(row[2])


def answers(tx: Transaction, project: int, first: date, last: date) -> list[Answer]:
    """List the answers of the runs of some days in the order in which they came."""
    rows = tx.execute(_queries.answers, {"project": project, "first": first, "last": last})
    return [Answer(*row) for row in rows]


def benchmark_days(
    tx: Transaction, project: int, since: datetime, until: datetime
) -> dict[date, tuple[int, int]]:
    """Map days to answers on benchmarks, and right ones."""
    rows = tx.execute(_queries.benchmark_days, {"project": project, "since": since, "until": until})
    return {day: (answers, right) for day, answers, right in rows}
