"""Benchmarks, candidates and item versions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from goldvein.store.database import Transaction
from goldvein.store.queries import load

_queries = load("benchmarks")


@dataclass(frozen=True, slots=True)
class ItemVersion:
    """What is known of one benchmark; ``likelihoods`` holds float64 (states, options + 1).

    ``wrong`` says where wrong answers go; null where that is not learned. Answers to a ``struck`` one say
    nothing.
    """

    task: int
    version: int
    key: int
    key_right: float
    key_probabilities: Sequence[float]
    difficulty: Sequence[float]
    model_version: int | None
    likelihoods: bytes | None
    wrong: Sequence[float] | None = None
    struck: bool = False


@dataclass(frozen=True, slots=True)
class Life:
    """Where a candidate or benchmark stands in its life, and by which item versions its answers count."""

    state: str
    item_version: int | None
    counts_as: int | None
    counted_as: int | None


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A benchmark with the item version in force."""

    task: int
    state: str
    ordinal: int
    exposures: int
    item: ItemVersion
    content: int
    basis: str


@dataclass(frozen=True, slots=True)
class PanelAnswer:
    """One trusted labeler's answer to a candidate; ``choice`` -1: cannot be answered."""

    labeler: int
    choice: int
    received_at: datetime


def insert_candidates(tx: Transaction, keys: Sequence[tuple[int, int]], now: datetime) -> None:
    """Start mining some tasks, given by project and task."""
    if keys:
        values = {"projects": [p for p, _ in keys], "tasks": [t for _, t in keys], "now": now}
        tx.execute(_queries.insert_candidates, values)


def lock_state(tx: Transaction, project: int, task: int) -> str | None:
    """Lock one candidate or benchmark and return its state; null if the task is neither."""
    row = tx.execute(_queries.lock_state, {"project": project, "task": task}).fetchone()
    return row[0] if row else None


def state_of(tx: Transaction, project: int, task: int) -> str | None:
    """Read the state of one candidate or benchmark; null if the task is neither."""
    row = tx.execute(_queries.state_of, {"project": project, "task": task}).fetchone()
    return row[0] if row else None


def promote(
    tx: Transaction, project: int, task: int, *, ordinal: int, item_version: int, revision: int, now: datetime
) -> None:
    """Make a candidate a benchmark."""
    tx.execute(
        _queries.promote,
        {
            "project": project,
            "task": task,
            "ordinal": ordinal,
            "item_version": item_version,
            "revision": revision,
            "now": now,
        },
    )


def lock_life(tx: Transaction, project: int, task: int) -> Life | None:
    """Lock one candidate or benchmark and read where it stands; null if the task is neither."""
    row = tx.execute(_queries.lock_life, {"project": project, "task": task}).fetchone()
    return Life(*row) if row else None


def change_life(
    tx: Transaction, project: int, task: int, life: Life, *, reason: str | None, revision: int,
    ended_at: datetime | None, recount: bool,
) -> None:  # fmt: skip
    """Write where a benchmark stands from now on; ``recount``: its past answers count otherwise."""
    tx.execute(
        _queries.change_life,
        {
            "project": project, "task": task, "state": life.state, "item_version": life.item_version,
            "counts_as": life.counts_as, "counted_as": life.counted_as, "reason": reason,
            "revision": revision, "ended_at": ended_at, "recount": recount,
        },
    )  # fmt: skip


def end(
    tx: Transaction, project: int, tasks: Sequence[int], *, reason: str, revision: int, now: datetime
) -> list[int]:
    """Retire those of some candidates and benchmarks that are not retired yet; return which."""
    values = {"project": project, "tasks": sorted(tasks), "reason": reason, "revision": revision, "now": now}
    return sorted(row[0] for row in tx.execute(_queries.end, values))


def living(tx: Transaction, project: int, tasks: Sequence[int]) -> list[int]:
    """List those of some tasks that are candidates or benchmarks not retired yet."""
    values = {"project": project, "tasks": sorted(tasks)}
    return [row[0] for row in tx.execute(_queries.living, values)]


def ended(tx: Transaction, project: int, task: int) -> tuple[str | None, datetime | None]:
    """Read why and when a benchmark was frozen or retired."""
    row = tx.execute(_queries.ended, {"project": project, "task": task}).fetchone()
    assert row is not None
    return row[0], row[1]


def item_version(tx: Transaction, project: int, task: int, version: int) -> ItemVersion:
    """Read one item version."""
    row = tx.execute(_queries.item_version, {"project": project, "task": task, "version": version}).fetchone()
    assert row is not None
    return ItemVersion(*row)


def set_flag(tx: Transaction, project: int, task: int, why: str | None, now: datetime) -> bool:
    """Put a benchmark into the auditor's queue, or take it out; false if it was so already."""
    values = {"project": project, "task": task, "why": why, "now": now}
    return tx.execute(_queries.set_flag, values).rowcount > 0


def retire(
    tx: Transaction,
    project: int,
    tasks: Sequence[int],
    *,
    reason: str,
    revision: int,
    now: datetime | None = None,
) -> None:
    """Take candidates or benchmarks out of use; ``now`` is for those that were in use."""
    values = {"project": project, "tasks": list(tasks), "reason": reason, "revision": revision, "now": now}
    tx.execute(_queries.retire, values)


def insert_item_version(tx: Transaction, project: int, item: ItemVersion, now: datetime) -> None:
    """Store a version of what is known of a benchmark."""
    tx.execute(
        _queries.insert_item_version,
        {
            "project": project,
            "task": item.task,
            "version": item.version,
            "key": item.key,
            "key_right": item.key_right,
            "key_probabilities": list(item.key_probabilities),
            "difficulty": list(item.difficulty),
            "wrong": None if item.wrong is None else list(item.wrong),
            "model_version": item.model_version,
            "likelihoods": item.likelihoods,
            "struck": item.struck,
            "now": now,
        },
    )


def insert_item_versions(tx: Transaction, project: int, items: Sequence[ItemVersion], now: datetime) -> None:
    """Store new versions of many benchmarks."""
    if items:
        tx.execute(
            _queries.insert_item_versions,
            {
                "project": project,
                "tasks": [item.task for item in items],
                "versions": [item.version for item in items],
                "keys": [item.key for item in items],
                "keys_right": [item.key_right for item in items],
                "key_probabilities": [_listed(item.key_probabilities) for item in items],
                "difficulties": [_listed(item.difficulty) for item in items],
                "wrongs": [None if item.wrong is None else _listed(item.wrong) for item in items],
                "model_versions": [item.model_version for item in items],
                "likelihoods": [item.likelihoods for item in items],
                "now": now,
            },
        )


def _listed(values: Sequence[float]) -> str:
    """Numbers as text that keeps every bit: one column of arrays of several lengths."""
    return ",".join(repr(float(value)) for value in values)


def set_item_versions(tx: Transaction, project: int, items: Sequence[ItemVersion], *, revision: int) -> None:
    """Serve many benchmarks by these item versions from now on."""
    if items:
        ordered = sorted(items, key=lambda item: item.task)
        values = {"tasks": [item.task for item in ordered], "versions": [item.version for item in ordered]}
        tx.execute(_queries.set_item_versions, {"project": project, "revision": revision, **values})


def set_item_version(tx: Transaction, project: int, task: int, *, version: int, revision: int) -> None:
    """Serve a benchmark by another item version from now on."""
    tx.execute(
        _queries.set_item_version,
        {"project": project, "task": task, "version": version, "revision": revision},
    )


def changed_since(tx: Transaction, project: int, revision: int) -> list[Benchmark]:
    """List benchmarks that changed after a revision."""
    rows = tx.execute(_queries.changed_since, {"project": project, "revision": revision})
    return [
        Benchmark(row[0], row[1], row[2], row[3], ItemVersion(row[0], *row[4:13]), row[13], row[14])
        for row in rows
    ]


def likelihoods(
    tx: Transaction, project: int, keys: Iterable[tuple[int, int]]
) -> dict[tuple[int, int], tuple[int, bytes | None]]:
    """Map some (task, item version) to the model version that each is laid on, and its likelihoods.

    Those that are struck out have none.
    """
    wanted = sorted(set(keys))
    values = {"project": project, "tasks": [t for t, _ in wanted], "versions": [v for _, v in wanted]}
    rows = tx.execute(_queries.likelihoods, values) if wanted else ()
    return {(task, version): (laid_on, table) for task, version, laid_on, table in rows}


def count_exposures(tx: Transaction, servings: Mapping[tuple[int, int], int]) -> None:
    """Count servings of benchmarks, given by project and task."""
    if servings:
        keys = sorted(servings)
        tx.execute(
            _queries.count_exposures,
            {
                "projects": [p for p, _ in keys],
                "tasks": [t for _, t in keys],
                "counts": [servings[key] for key in keys],
            },
        )


def exposures(tx: Transaction, project: int) -> dict[int, int]:
    """Map each active benchmark of a project to its servings."""
    return dict(tx.execute(_queries.exposures, {"project": project}).fetchall())


def count_by_state(tx: Transaction, project: int) -> dict[str, int]:
    """Count a project's benchmarks by their state."""
    return dict(tx.execute(_queries.count_by_state, {"project": project}).fetchall())


def count_candidates(tx: Transaction, project: int, bound: int = 1_000) -> int:
    """Count the candidates under way, up to a bound."""
    row = tx.execute(_queries.count_candidates, {"project": project, "bound": bound}).fetchone()
    assert row is not None
    return int(row[0])


def panel_answers(tx: Transaction, project: int, tasks: Sequence[int]) -> dict[int, list[PanelAnswer]]:
    """List what the panel has said of some candidates."""
    found: dict[int, list[PanelAnswer]] = {task: [] for task in tasks}
    for task, labeler, choice, received_at in tx.execute(
        _queries.panel_choices, {"project": project, "tasks": list(tasks)}
    ):
        found[task].append(PanelAnswer(labeler, choice, received_at))
    return found


def ordinals_seen(tx: Transaction, project: int, labeler: int) -> list[int]:
    """List the ordinals of active benchmarks whose content a labeler has had in other work."""
    return [row[0] for row in tx.execute(_queries.ordinals_seen, {"project": project, "labeler": labeler})]
