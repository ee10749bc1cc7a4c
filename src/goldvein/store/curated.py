"""Benchmarks as people look after them: given by hand, listed, looked at, carried on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from goldvein.store.database import Transaction
from goldvein.store.queries import load

_queries = load("curated")


@dataclass(frozen=True, slots=True)
class Known:
    """A task that has some content; ``made`` where a benchmark was made of it, with its key."""

    content: int
    task: int
    state: str
    unique_id: str | None
    life: str | None
    made: bool
    key: int | None


@dataclass(frozen=True, slots=True)
class Given:
    """A benchmark about to be stored; the source is where a reused one was made."""

    task: int
    exposures: int
    promoted_at: datetime
    expected: Mapping[str, Any] | None = None
    initial: Mapping[str, Any] | None = None
    source_project: int | None = None
    source_task: int | None = None
    explanation: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A benchmark in a list.

    ``choices`` counts answers by option as upkeep counted them last, those since the key was last settled by
    hand; the last place is "cannot be answered". None while it has not looked. ``exposures`` counts servings;
    None where the reader may not know.
    """

    task: int
    unique_id: str | None
    state: str
    basis: str
    key: int | None
    key_right: float | None
    exposures: int | None
    created_at: datetime
    promoted_at: datetime | None
    ended_at: datetime | None
    reason: str | None
    flag: str | None
    flagged_at: datetime | None
    choices: Sequence[int] | None

    @property
    def pass_rate(self) -> float | None:
        """The share of the answers counted that name the key in force; None where there is none."""
        if self.key is None or not self.choices or not sum(self.choices):
            return None
        return self.choices[self.key] / sum(self.choices)


@dataclass(frozen=True, slots=True)
class Whole(Line):
    """A benchmark with its content."""

    input: Mapping[str, Any]
    expected_response: Mapping[str, Any] | None
    initial_response: Mapping[str, Any] | None
    source_project: int | None
    source_task: int | None
    explanation: str | None
    rules: Mapping[str, Sequence[int]]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a life, as the log has it."""

    at: datetime
    kind: str
    choice: int | None
    decision: str | None
    detail: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Word:
    """What one person said of a task: an answer, or a dispute, which has no choice."""

    at: datetime
    labeler: str | None
    choice: int | None
    text: str | None


@dataclass(frozen=True, slots=True)
class Version:
    """What was believed since a time."""

    version: int
    key: int
    key_right: float
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Belief:
    """What is believed of a benchmark."""

    key: int
    key_right: float
    key_probabilities: Sequence[float]


@dataclass(frozen=True, slots=True)
class Carried:
    """A benchmark that may go on in a copy of its project."""

    task: int
    exposures: int
    promoted_at: datetime
    input: Mapping[str, Any]
    metadata: Mapping[str, Any] | None
    rules: Mapping[str, Sequence[int]]
    content: int
    key_probabilities: Sequence[float]
    difficulty: Sequence[float]
    expected: Mapping[str, Any] | None
    initial: Mapping[str, Any] | None
    explanation: str | None


def by_contents(tx: Transaction, project: int, contents: Sequence[int]) -> list[Known]:
    """List the tasks that have any of these contents, oldest first; a hundred of each at most."""
    values = {"project": project, "contents": sorted(set(contents))}
    return [Known(*row) for row in tx.execute(_queries.by_contents, values)]


def insert(
    tx: Transaction, project: int, given: Sequence[Given], *, basis: str, revision: int, now: datetime
) -> None:
    """Store benchmarks whose keys are given; their item versions follow."""
    last = _take_ordinals(tx, project, len(given))
    tx.execute(
        _queries.insert,
        {
            "project": project,
            "basis": basis,
            "revision": revision,
            "now": now,
            "tasks": [one.task for one in given],
            "ordinals": list(range(last - len(given) + 1, last + 1)),
            "exposures": [one.exposures for one in given],
            "promoted": [one.promoted_at for one in given],
            "expected": [None if one.expected is None else Jsonb(one.expected) for one in given],
            "initial": [None if one.initial is None else Jsonb(one.initial) for one in given],
            "source_projects": [one.source_project for one in given],
            "source_tasks": [one.source_task for one in given],
            "explanations": [one.explanation for one in given],
        },
    )


def _take_ordinals(tx: Transaction, project: int, count: int) -> int:
    row = tx.execute(_queries.take_ordinals, {"project": project, "count": count}).fetchone()
    assert row is not None
    return int(row[0])


def page(
    tx: Transaction,
    project: int,
    *,
    state: str | None,
    basis: str | None,
    flagged: bool,
    after: int,
    limit: int,
) -> list[Line]:
    """List benchmarks after a task; each filter has an index of its own."""
    if flagged:
        query = _queries.list_flagged
    elif state is not None:
        query = _queries.list_state
    elif basis is not None:
        query = _queries.list_basis
    else:
        query = _queries.list_all
    values = {"project": project, "state": state, "basis": basis, "after": after, "limit": limit}
    return [Line(*row) for row in tx.execute(query, values)]


def latest(tx: Transaction, project: int, before: int, limit: int) -> list[Line]:
    """List benchmarks before a task, those of the latest tasks first."""
    values = {"project": project, "after": before, "limit": limit}
    return [Line(*row) for row in tx.execute(_queries.list_latest, values)]


def excerpts(tx: Transaction, project: int, tasks: Sequence[int], length: int = 100) -> dict[int, str]:
    """Map some tasks to how their prompts begin."""
    values = {"project": project, "tasks": list(tasks), "length": length}
    return dict(tx.execute(_queries.excerpts, values).fetchall())


def find(tx: Transaction, project: int, task: int) -> Whole | None:
    """Read one benchmark, or candidate."""
    row = tx.execute(_queries.one, {"project": project, "task": task}).fetchone()
    return Whole(*row) if row else None


def servings(tx: Transaction, project: int, task: int) -> dict[int | None, int]:
    """Count a benchmark's servings that are over by the choice they ended with; None: by none."""
    return dict(tx.execute(_queries.servings, {"project": project, "task": task}).fetchall())


def life(tx: Transaction, project: int, task: int, limit: int = 200) -> list[Step]:
    """List the latest steps of a benchmark's life."""
    rows = tx.execute(_queries.life, {"project": project, "task": task, "limit": limit})
    return [Step(*row) for row in rows]


def versions(tx: Transaction, project: int, task: int, limit: int = 50) -> list[Version]:
    """List the latest item versions of a benchmark."""
    rows = tx.execute(_queries.versions, {"project": project, "task": task, "limit": limit})
    return [Version(*row) for row in rows]


def beliefs(tx: Transaction, project: int, tasks: Sequence[int]) -> dict[int, Belief]:
    """What is believed of some benchmarks now, or was before they were struck out."""
    rows = tx.execute(_queries.believed, {"project": project, "tasks": sorted(tasks)})
    return {row[0]: Belief(*row[1:]) for row in rows}


def follow_key(tx: Transaction, project: int, task: int, expected: Mapping[str, Any]) -> None:
    """Let the expected response, where there is one, say what a new key says."""
    tx.execute(_queries.follow_key, {"project": project, "task": task, "expected": Jsonb(expected)})


def worn(
    tx: Transaction, project: int, *, state: str, basis: str | None, flagged: bool | None, exposures: int,
    after: int, limit: int,
) -> list[int]:  # fmt: skip
    """List benchmarks in one state that a filter means, from after a task on."""
    values = {
        "project": project, "state": state, "basis": basis, "flagged": flagged, "exposures": exposures,
        "after": after, "limit": limit,
    }  # fmt: skip
    return [row[0] for row in tx.execute(_queries.worn, values)]


def explain(tx: Transaction, project: int, task: int, explanation: str | None) -> None:
    """Store why the key is right, or that nobody has said so."""
    tx.execute(_queries.explain, {"project": project, "task": task, "explanation": explanation})


def panel_words(tx: Transaction, project: int, task: int, limit: int = 50) -> list[Word]:
    """List what the panel said of a task."""
    rows = tx.execute(_queries.panel_words, {"project": project, "task": task, "limit": limit})
    return [Word(*row) for row in rows]


def dispute_words(tx: Transaction, project: int, task: int, limit: int = 50) -> list[Word]:
    """List the latest disputes of a task."""
    rows = tx.execute(_queries.dispute_words, {"project": project, "task": task, "limit": limit})
    return [Word(*row) for row in rows]


def carried(
    tx: Transaction, project: int, *, exposures: int, since: datetime, after: int, limit: int
) -> list[Carried]:
    """List benchmarks that may go on elsewhere, from after a task on."""
    values = {"project": project, "exposures": exposures, "since": since, "after": after, "limit": limit}
    return [Carried(*row) for row in tx.execute(_queries.carried, values)]


def carried_of(tx: Transaction, project: int, chosen: Sequence[int]) -> list[Carried]:
    """List some benchmarks as they may go on elsewhere."""
    values = {"project": project, "tasks": list(chosen)}
    return [Carried(*row) for row in tx.execute(_queries.carried_of, values)]


def retirable(tx: Transaction, project: int, tasks: Sequence[int]) -> list[int]:
    """Find those of some benchmarks that are in use, or frozen."""
    return [row[0] for row in tx.execute(_queries.retirable, {"project": project, "tasks": list(tasks)})]


def ordinals_seen_in(tx: Transaction, project: int, others: Sequence[int], labeler: int) -> list[int]:
    """List the ordinals of active benchmarks whose content a labeler has had in other projects."""
    values = {"project": project, "projects": list(others), "labeler": labeler}
    return [row[0] for row in tx.execute(_queries.ordinals_seen_in, values)]
