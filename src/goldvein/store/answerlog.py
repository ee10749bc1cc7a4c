"""The log as estimation reads it: the latest steps of every labeler, page by page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from goldvein.store.database import Transaction
from goldvein.store.queries import load

_queries = load("answerlog")


@dataclass(frozen=True, slots=True)
class Given:
    """One step of a standing; ``choice`` -1: cannot be answered."""

    labeler: int
    n: int
    is_benchmark: bool
    task: int
    choice: int
    shown: Sequence[int]
    milliseconds: int | None
    p_benchmarks: float
    exposures: int | None


def labelers(tx: Transaction, project: int, page: int = 10_000) -> dict[int, int]:
    """Map each labeler who has answered anything to the number of answers."""
    found: dict[int, int] = {}
    while rows := tx.execute(
        _queries.labelers, {"project": project, "after": max(found, default=0), "limit": page}
    ).fetchall():
        found.update(rows)
    return found


def latest(
    tx: Transaction, project: int, firsts: Mapping[int, int], *, benchmarks_only: bool, page: int = 200
) -> Iterator[list[Given]]:
    """Read the steps of labelers from a version each on, some labelers at a time, in order of versions."""
    named = sorted(firsts)
    for start in range(0, len(named), page):
        some = named[start : start + page]
        values = {
            "project": project,
            "labelers": some,
            "firsts": [firsts[labeler] for labeler in some],
            "benchmarks_only": benchmarks_only,
        }
        yield [Given(*row) for row in tx.execute(_queries.latest, values)]


def first_keys(tx: Transaction, project: int) -> dict[int, tuple[Sequence[float], Sequence[float]]]:
    """Map each benchmark to the key probabilities and difficulty with which it began."""
    rows = tx.execute(_queries.first_keys, {"project": project})
    return {task: (keys, difficulty) for task, keys, difficulty in rows}


def opening_mix(tx: Transaction, project: int) -> list[int]:
    """List the benchmarks of the mix on which the bar stands."""
    row = tx.execute(_queries.opening_mix, {"project": project}).fetchone()
    return list(row[0]["benchmarks"]) if row else []
