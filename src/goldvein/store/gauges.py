"""Gauges: what was the case when last looked at, kept for each minute, ten minutes and hour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Final

from psycopg.types.json import Jsonb

from goldvein.store.database import Transaction
from goldvein.store.figures import SPANS
from goldvein.store.queries import load

_queries = load("gauges")
_SUMS: Final = ("samples", "sum_queued", "sum_active", "sum_admitted", "sum_standings", "sum_delivering")


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits; ``late_seconds``: by how much the latest task will miss its deadline, negative: by none."""

    queued: int
    oldest_seconds: float | None
    late_seconds: float | None


@dataclass(frozen=True, slots=True)
class Sample:
    """One look at a project; what has parts is for JSON."""

    sampled_at: datetime
    queued: int
    oldest_seconds: float | None
    late_seconds: float | None
    leased: int
    active: int
    admitted: int
    benchmarks: int
    candidates: int
    shortcuts: Mapping[str, Any]
    supply: Mapping[str, Any]
    why_empty: Sequence[Mapping[str, str]]
    standings: Mapping[str, Any]
    metrics: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Gauge:
    """What was sampled in one span: the oldest task's age at its most, sums, all else as it was last."""

    at: datetime
    queued: int
    oldest_seconds: float | None
    leased: int
    active: int
    admitted: int
    benchmarks: int
    candidates: int
    samples: int
    sum_queued: int
    sum_active: int
    sum_admitted: int
    sum_standings: int
    sum_delivering: int
    least_supply_hours: float | None
    standings: Mapping[str, Any]

    def __add__(self, later: Gauge) -> Gauge:
        """What was sampled in two spans, from the begin of this one."""
        sums = {name: getattr(self, name) + getattr(later, name) for name in _SUMS}
        ages = [one.oldest_seconds for one in (self, later) if one.oldest_seconds is not None]
        supplies = [one.least_supply_hours for one in (self, later) if one.least_supply_hours is not None]
        return replace(
            later, at=self.at, **sums,
            oldest_seconds=max(ages, default=None), least_supply_hours=min(supplies, default=None),
        )  # fmt: skip


def queue(tx: Transaction, project: int, *, pace: float, bound: int, now: datetime) -> Queue:
    """Look at the first ``bound`` tasks that wait; ``pace`` is in tasks a second."""
    row = tx.execute(_queries.queue, {"project": project, "pace": pace, "bound": bound, "now": now})
    found = row.fetchone()
    assert found is not None
    return Queue(*found)


def save(tx: Transaction, project: int, sample: Sample) -> None:
    """Keep a sample for the spans that it falls into."""
    values = asdict(sample)
    values |= {
        "judged": sample.standings["judged"], "delivering": sample.standings["delivering"],
        "supply_hours": sample.supply["runs_out_in_hours"],
    }  # fmt: skip
    for name in ("shortcuts", "supply", "why_empty", "standings", "metrics"):
        values[name] = Jsonb(values[name])
    tx.execute(_queries.save, {**values, "project": project, "now": sample.sampled_at, "spans": list(SPANS)})


def series(tx: Transaction, project: int, span: int, since: datetime, until: datetime) -> list[Gauge]:
    """List what was sampled of a project between two moments, the oldest first."""
    values = {"project": project, "span": span, "since": since, "until": until}
    return [Gauge(*row) for row in tx.execute(_queries.series, values)]


def latest(tx: Transaction, projects: Sequence[int]) -> dict[int, Sample]:
    """Map projects to their last sample; those of which there is none are left out."""
    rows = tx.execute(_queries.latest, {"projects": list(projects)})
    return {row[0]: Sample(*row[1:]) for row in rows}
