"""Figures: what the log tells, summed by minutes, ten minutes and hours; and how far each rollup has read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Final, Literal

from goldvein.stats.spread import FIRST, LAST
from goldvein.store.database import Transaction
from goldvein.store.queries import load

_queries = load("figures")
Rollup = Literal["figures", "roster", "days", "pairs"]
Measure = Literal["task", "label", "due"]
"""Seconds on task; seconds from push to label; the time from push to end, by the time to the deadline."""
Spread = dict[int, int]
"""How many durations fell into each bucket (``stats.spread``)."""
SPANS: Final = (1, 10, 60)
"""Minutes over which figures are summed, each for itself."""


@dataclass(frozen=True, slots=True)
class Written:
    """The last id that was given out in the log, and the transactions that may still write up to it."""

    last: int
    transactions: Sequence[str]


@dataclass(frozen=True, slots=True)
class Figures:
    """The sums of one span; ``seconds`` on task."""

    at: datetime
    entries: int
    answers: int
    benchmark_answers: int
    benchmarks_right: int
    panel_answers: int
    decoy_answers: int
    reference_answers: int
    skips: int
    delivered: int
    held: int
    released: int
    discarded: int
    withdrawn: int
    promotions: int
    admissions: int
    dismissals: int
    seconds: float

    def __add__(self, later: Figures) -> Figures:
        """The sums of two spans, from the begin of this one."""
        names = [field.name for field in fields(Figures) if field.name != "at"]
        return Figures(self.at, *[getattr(self, name) + getattr(later, name) for name in names])


def written_upto(tx: Transaction) -> Written:
    """Look how far the log is written, and then, in this order, by whom it is being written."""
    row = tx.execute(_queries.last_given_out).fetchone()
    assert row is not None
    return Written(int(row[0]), [transaction for (transaction,) in tx.execute(_queries.writers)])


def any_writing(tx: Transaction, transactions: Sequence[str]) -> bool:
    """Tell whether any of these transactions is still under way."""
    row = tx.execute(_queries.any_writing, {"transactions": list(transactions)}).fetchone()
    assert row is not None
    return bool(row[0])


def take(tx: Transaction, rollup: Rollup) -> int | None:
    """Keep others from a rollup and return up to where it has read; None while another process has it."""
    row = tx.execute(_queries.take, {"name": rollup}).fetchone()
    return int(row[0]) if row else None


def move(tx: Transaction, rollup: Rollup, upto: int) -> None:
    """Note that a rollup has read up to here."""
    tx.execute(_queries.move, {"name": rollup, "upto": upto})


def by_index(tx: Transaction) -> None:
    """Find new rows of the log by its index, until the transaction ends."""
    tx.execute(_queries.by_index)


def summarize(tx: Transaction) -> None:
    """Bring the log's index up to date, as vacuums do when they come by.

    Raises
    ------
    psycopg.errors.LockNotAvailable
        While a vacuum is at the log.
    """
    tx.execute(_queries.patience)
    tx.execute(_queries.summarize)


def roll(tx: Transaction, after: int, upto: int) -> None:
    """Add the rows of the log with ids in (after, upto] to all sums."""
    values = {"after": after, "upto": upto, "spans": list(SPANS), "first": FIRST, "last": LAST}
    tx.execute(_queries.roll, values)


def series(tx: Transaction, project: int, span: int, since: datetime, until: datetime) -> list[Figures]:
    """List a project's sums by spans, the oldest first; spans in which nothing happened are left out."""
    values = {"project": project, "span": span, "since": since, "until": until}
    return [Figures(*row) for row in tx.execute(_queries.series, values)]


def spread(
    tx: Transaction, project: int, span: int, since: datetime, until: datetime, measure: Measure
) -> dict[datetime, Spread]:
    """Map spans to how what is measured spread in them."""
    values = {"project": project, "span": span, "since": since, "until": until, "measure": measure}
    found: dict[datetime, Spread] = defaultdict(dict)
    for at, bucket, count in tx.execute(_queries.spread, values):
        found[at][bucket] = count
    return found


def recent(tx: Transaction, projects: Sequence[int], since: datetime) -> dict[int, tuple[int, int]]:
    """Map projects to their answers of the crowd, and labels delivered, since a moment."""
    rows = tx.execute(_queries.recent, {"projects": list(projects), "since": since})
    return {project: (answers, delivered) for project, answers, delivered in rows}


def recent_spread(tx: Transaction, projects: Sequence[int], since: datetime) -> dict[int, Spread]:
    """Map projects to how long their labels took since a moment."""
    found: dict[int, Spread] = defaultdict(dict)
    rows = tx.execute(_queries.recent_spread, {"projects": list(projects), "since": since})
    for project, bucket, count in rows:
        found[project][bucket] = count
    return found


def forget(tx: Transaction, span: int, before: datetime) -> int:
    """Drop figures and gauges of one length of span that are older; return how many sums that were."""
    values = {"span": span, "before": before}
    tx.execute(_queries.forget_spreads, values)
    tx.execute(_queries.forget_gauges, values)
    return tx.execute(_queries.forget_figures, values).rowcount


def begin(at: datetime, span: int) -> datetime:
    """The begin of the span that a moment lies in."""
    seconds = int(at.timestamp())
    return at.replace(microsecond=0) - timedelta(seconds=seconds % (60 * span))
