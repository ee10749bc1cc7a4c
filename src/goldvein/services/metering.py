"""Metering: rolls the log up into figures, roster and days, and samples what no log says (ADR 0031).

Each rollup reads the log in the order of its ids and notes how far it came in the transaction that adds to
the sums, under the lock of its row: every row of the log counts once, however many processes meter and
whichever are killed. An id is given out before its row can be seen, so a rollup reads only up to an id below
which nobody writes any more: it notes the last id given out, then who is writing, and reads up to there once
all of those have ended. Nobody waits for it, and an answer's transaction does nothing for it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from psycopg.errors import LockNotAvailable

from goldvein.decisions.gate import State, suspicion, threshold
from goldvein.domain.metrics import Point
from goldvein.domain.policy import Policy
from goldvein.services import series, shortcuts, supply, why_empty
from goldvein.services.views import View, Views
from goldvein.store import attempts, benchmarks, days, figures, gauges, pairs, roster
from goldvein.store.database import Database, Transaction
from goldvein.store.figures import Rollup, Written
from goldvein.store.gauges import Sample

ROWS_AT_ONCE: Final = 20_000
"""Ids of the log in one transaction of a rollup."""
_AT_WORK: Final = (State.ADMITTED, State.BOUNDARY)
"""Standings whose answers may be delivered."""
_STEPS_AT_ONCE: Final = 10
"""Transactions of a rollup before the other one has its turn."""
ROSTER_EVERY: Final = timedelta(seconds=10)
"""A line of the roster stands in many indexes, so what happens to a labeler meanwhile is written once;
a labeler's day is one row, however many answers it has; pairs of answers nobody waits for."""
SAMPLE_EVERY: Final = timedelta(seconds=5)
LOOK_EVERY: Final = timedelta(minutes=1)
"""What takes a look at all benchmarks or standings of a project is sampled less often."""
ACTIVE: Final = timedelta(minutes=5)
"""Who may work and was seen so lately is at work."""
PACE: Final = timedelta(minutes=15)
"""The pace of a project is what it delivered in this time."""
QUEUE_BOUND: Final = 20_000
"""So many waiting tasks are counted, and looked at for their deadlines."""
KEPT: Final = {1: timedelta(days=2), 10: timedelta(days=30)}
"""How long figures of minutes and ten minutes are kept; those of hours are kept for ever."""

_ROLLS: Final[Mapping[Rollup, Callable[[Transaction, int, int], None]]] = {
    "figures": figures.roll,
    "roster": roster.roll,
    "days": days.roll,
    "pairs": pairs.roll,
}


@dataclass(frozen=True, slots=True)
class _Look:
    """What was seen when last all benchmarks and standings of a project were looked at."""

    at: datetime
    revision: int
    shortcuts: Mapping[str, Any]
    supply: Mapping[str, Any]
    standings: Mapping[str, Any]
    metrics: Sequence[Mapping[str, Any]]


class Meter:
    """Meters all projects; any number of processes may, one at a time does."""

    def __init__(self, db: Database, *, rows_at_once: int = ROWS_AT_ONCE) -> None:
        self._db = db
        self._rows_at_once = rows_at_once
        self._views = Views()
        self._noted: Written | None = None
        self._settled = 0
        self._summarized_at: datetime | None = None
        self._rostered_at: datetime | None = None
        self._sampled_at: datetime | None = None
        self._looks: dict[int, _Look] = {}

    def step(self, now: datetime) -> None:
        """Roll up what is new, and sample what is due."""
        if _is_due(self._summarized_at, LOOK_EVERY, now):
            self._summarize()
            self._summarized_at = now
        self._settle()
        self._roll("figures")
        if _is_due(self._rostered_at, ROSTER_EVERY, now):
            more = [self._roll("roster"), self._roll("days"), self._roll("pairs")]
            self._rostered_at = self._rostered_at if any(more) else now
        if _is_due(self._sampled_at, SAMPLE_EVERY, now):
            self._sample(now)
            self._sampled_at = now

    def catch_up(self) -> None:
        """Roll up all that is settled, however much that is."""
        self._settle()
        while any(self._roll(rollup) for rollup in _ROLLS):
            pass

    # --- rollups -------------------------------------------------------------------------------------------

    def _summarize(self) -> None:
        with contextlib.suppress(LockNotAvailable), self._db.transaction(durable=False) as tx:
            figures.summarize(tx)

    def _settle(self) -> None:
        """Find up to which id the log is whole: all that was given out then is committed or gone."""
        with self._db.connection() as tx:
            if self._noted is None:
                self._noted = figures.written_upto(tx)
            if not figures.any_writing(tx, self._noted.transactions):
                self._settled, self._noted = self._noted.last, None

    def _roll(self, rollup: Rollup) -> bool:
        """Take some steps, each a transaction; return whether more is left."""
        return all(self._roll_once(rollup) for _ in range(_STEPS_AT_ONCE))

    def _roll_once(self, rollup: Rollup) -> bool:
        """Read the next rows; return whether more is left for us to do."""
        with self._db.transaction(
            durable=False
        ) as tx:  # the sums and how far they go are lost together, or not
            after = figures.take(tx, rollup)
            if after is None or after >= self._settled:
                return False
            upto = min(self._settled, after + self._rows_at_once)
            figures.by_index(tx)
            _ROLLS[rollup](tx, after, upto)
            figures.move(tx, rollup, upto)
            return upto < self._settled

    # --- samples -------------------------------------------------------------------------------------------

    def _sample(self, now: datetime) -> None:
        with self._db.connection() as tx:
            living = dict(self._views.refresh(tx))
            paces = figures.recent(tx, list(living), now - PACE)
        self._looks = {project: look for project, look in self._looks.items() if project in living}
        for project, view in living.items():
            with self._db.transaction(durable=False) as tx:
                delivered = paces.get(project, (0, 0))[1]
                gauges.save(tx, project, self._look_at(tx, view, delivered / PACE.total_seconds(), now))

    def _look_at(self, tx: Transaction, view: View, pace: float, now: datetime) -> Sample:
        project = view.project.id
        look = self._looks.get(project)
        if look is None or look.revision != view.project.revision or _is_due(look.at, LOOK_EVERY, now):
            self._looks[project] = look = _look(tx, view, now)
        _, reasons = why_empty.tell(tx, view.project, view.policy, look.supply)
        queue = gauges.queue(tx, project, pace=pace, bound=QUEUE_BOUND, now=now)
        return Sample(
            now, queue.queued, queue.oldest_seconds, queue.late_seconds,
            leased=attempts.count_leased(tx, project),
            active=roster.at_work(tx, [project], now - ACTIVE).get(project, 0),
            admitted=view.project.admitted,
            benchmarks=len(view.active),
            candidates=benchmarks.count_candidates(tx, project),
            shortcuts=look.shortcuts, supply=look.supply, why_empty=reasons, standings=look.standings,
            metrics=look.metrics,
        )  # fmt: skip


def forget(db: Database, now: datetime) -> int:
    """Drop figures of short spans that are older than anybody looks at; return how many."""
    with db.transaction() as tx:
        for span, kept in KEPT.items():
            pairs.forget(tx, span, now - kept)
        return sum(figures.forget(tx, span, now - kept) for span, kept in KEPT.items())


def _look(tx: Transaction, view: View, now: datetime) -> _Look:
    """Look at all benchmarks and standings of a project."""
    states: dict[str, int] = {}
    twentieths, delivering = [0] * 20, 0
    for state, place, count, passing in roster.distribution(tx, view.project.id, _bars(view.policy)):
        states[state] = states.get(state, 0) + count
        twentieths[place - 1] += count
        delivering += passing
    return _Look(
        now,
        view.project.revision,
        shortcuts.report(tx, view),
        supply.report(tx, view, now),
        {
            "states": states,
            "p_all": twentieths,
            "judged": sum(states.get(state, 0) for state in _AT_WORK),
            "delivering": delivering,
        },
        [_told(point) for point in series.lately(tx, view.project.id, now)],
    )


def _told(point: Point) -> dict[str, Any]:
    return {
        "metric": point.metric, "part": point.part, "value": point.value, "evidence": point.evidence,
        "low": point.low, "high": point.high,
    }  # fmt: skip


def _bars(policy: Policy) -> list[roster.Bar]:
    asked = zip(_AT_WORK, threshold(_AT_WORK, policy), suspicion(_AT_WORK, policy), strict=True)
    return [
        roster.Bar(str(state), policy.min_benchmarks, float(shown), float(least))
        for state, shown, least in asked
    ]


def _is_due(last: datetime | None, every: timedelta, now: datetime) -> bool:
    return last is None or not timedelta(0) <= now - last < every
