"""Recorded answers through the loop: the record says who answers what, everything after that is real.

A recorded answer becomes a benchmark answer where its task is a benchmark that its labeler has not had, a
panel answer where its task is mined and its labeler trusted, and else an ordinary answer, as long as the task
has no label. It goes through the same submission as a live one. Several people may answer one task before it
has a label: the first answer that passes the gate is the label, and those of others that are still held are
discarded.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from goldvein.decisions.mining import Drop, settle
from goldvein.domain.records import UNANSWERABLE, NoWork, Work, WorkRequest
from goldvein.services.closing import drop_holds
from goldvein.services.dispatch import Desk, Given
from goldvein.services.matching import Seeker
from goldvein.services.panel import is_on_panel
from goldvein.services.sweeps import Sweeper
from goldvein.services.views import View, mark_seen
from goldvein.services.work import WorkGroup
from goldvein.store import answers, attempts, benchmarks, facts, labels, log, projects, standings, tasks
from goldvein.store.attempts import Attempt, Lease, OpenAttempt
from goldvein.store.log import Entry
from goldvein.tasktypes import choice

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    import numpy as np

    from goldvein.store.answers import StoredAnswer
    from goldvein.store.database import Database, Transaction
    from goldvein.store.standings import Standing

IGNORED = "ignored"


@dataclass(frozen=True, slots=True)
class RecordedRow:
    """One recorded answer in the service's own ids; ``only_mines`` keeps it from becoming a label."""

    labeler: int
    task: int
    choice: int
    focus_ms: int | None = None
    only_mines: bool = False


@dataclass(slots=True)
class Directions:
    """What the record asks of the next group, and how many panel answers it still holds for each task."""

    project: int
    rows: dict[int, RecordedRow] = field(default_factory=dict)
    panel_left: Counter[int] = field(default_factory=Counter)
    stages: dict[int, str] = field(default_factory=dict)


@dataclass(slots=True)
class RecordedDesk(Desk):
    """A desk that hands each labeler the task that the record names, options in the order of the file."""

    directions: Directions = field(default_factory=lambda: Directions(0))

    def hand_out(self, seekers: Sequence[Seeker]) -> dict[int, Given | NoWork]:
        """Give every labeler whose recorded answer can be used the lease for it."""
        view = self.by_project.get(self.directions.project)
        asked = [seeker for seeker in seekers if seeker.labeler in self.directions.rows]
        if view is not None and asked:
            places = _Places.read(self.tx, view, [self.directions.rows[s.labeler].task for s in asked])
            under_way = benchmarks.count_candidates(self.tx, view.project.id)
            for seeker in asked:
                row = self.directions.rows[seeker.labeler]
                if self._may_work(view, seeker) and (row.labeler, row.task) not in places.had:
                    stage = self._direct(view, seeker, row, places, under_way)
                    under_way += stage == "candidate"
                    self.directions.stages[seeker.labeler] = "panel" if stage == "candidate" else stage
        return {
            seeker.labeler: self.given.get(seeker.labeler) or NoWork("queue_empty", 1) for seeker in seekers
        }

    def _direct(self, view: View, seeker: Seeker, row: RecordedRow, places: _Places, under_way: int) -> str:
        """Turn one recorded answer into a lease; return what it serves."""
        on_panel = is_on_panel(self, view, seeker)
        waiting = places.waiting.get(row.task)
        if row.task in view.active:
            return self._direct_benchmark(view, seeker, row)
        if waiting is not None and waiting.stage == "panel":
            return self._lease(view, seeker, waiting, "panel") if on_panel else IGNORED
        if on_panel and waiting is not None and row.task not in places.held:
            missing = view.project.supply_target - len(view.active)
            if missing > 0 and under_way < 4 * missing and self._can_be_settled(view, row):
                benchmarks.insert_candidates(self.tx, [(view.project.id, row.task)], self.now)
                self._lease(view, seeker, waiting, "panel")
                return "candidate"
        if row.only_mines or view.project.state != "open" or not (waiting or row.task in places.held):
            return IGNORED
        if not self._admit(view, seeker) or self._standing(view, seeker).held >= view.policy.max_held:
            return IGNORED
        if waiting is not None:
            return self._lease(view, seeker, waiting, "label")
        self._lease_beside(view, seeker, places.held[row.task])
        return "label"

    def _direct_benchmark(self, view: View, seeker: Seeker, row: RecordedRow) -> str:
        """Serve a benchmark, if the project is open and the labeler can be let in."""
        item = view.items.get(row.task)
        if row.only_mines or view.project.state != "open" or item is None or not self._admit(view, seeker):
            return IGNORED
        standing: Standing = self._standing(view, seeker)
        self.writes.standings[standing.key] = replace(standing, seen=mark_seen(standing.seen, item.ordinal))
        seeker.rate = 1.0  # the record leaves no choice
        self._give_benchmark(view, seeker, item, 1.0, 1.0)
        return "benchmark"

    def _can_be_settled(self, view: View, row: RecordedRow) -> bool:
        """Whether the panel's answers to come could make the task a benchmark if they all agreed."""
        key = (view.project.id, row.task)
        content = self.views.contents(self.tx, [key])[key]
        options = len(choice.choices_of(content.input, view.project.classes))
        agreeing = [0] * min(1 + self.directions.panel_left[row.task], view.policy.panel_max)
        return not isinstance(settle(view.answers, options, agreeing, 0, view.policy), Drop)

    def _lease(self, view: View, seeker: Seeker, waiting: Attempt, stage: str) -> str:
        head = OpenAttempt(
            waiting.project,
            waiting.id,
            waiting.task,
            waiting.content,
            waiting.due_at,
            waiting.urgency,
            waiting.fence,
        )
        self._give(view, seeker, head, stage)
        return stage

    def _lease_beside(self, view: View, seeker: Seeker, held: Attempt) -> None:
        """Lease a task whose only answer so far is held: an attempt of this labeler's own."""
        key = (view.project.id, held.task)
        content = self.views.contents(self.tx, [key])[key]
        order = self._order(view, len(choice.choices_of(content.input, view.project.classes)))
        lease = Lease(
            view.project.id, None, held.task, held.content, "label", held.due_at, seeker.labeler, order,
            self._expiry(view),
        )  # fmt: skip
        self.given[seeker.labeler] = Given(lease, 1)

    def _order(self, view: View, options: int) -> list[int]:  # noqa: ARG002
        """Keep the order of the file: a record without a shown order is taken as shown in it."""
        return list(range(options))


@dataclass(frozen=True, slots=True)
class _Places:
    """Where some tasks stand: waiting for an answer, or answered and held; and who had them."""

    waiting: Mapping[int, Attempt]
    held: Mapping[int, Attempt]
    had: set[tuple[int, int]]

    @classmethod
    def read(cls, tx: Transaction, view: View, tasks: Sequence[int]) -> _Places:
        project = view.project.id
        waiting = {attempt.task: attempt for attempt in attempts.lock_of_tasks(tx, project, tasks)}
        holds = [(project, attempt) for attempt, task, _ in facts.holds(tx, project) if task in set(tasks)]
        held = {attempt.task: attempt for attempt in attempts.lock(tx, holds).values()}
        return cls(waiting, held, set(facts.had_by(tx, project, tasks)))


class RecordedWork:
    """Submits recorded answers of one project, group by group; one thread may call it.

    Parameters
    ----------
    db : Database
    project : int
    panel : iterable of int
        The trusted labelers.
    to_come : iterable of (int, int)
        Labeler and task of every row that will be submitted.
    """

    def __init__(
        self, db: Database, project: int, *, panel: Iterable[int], to_come: Iterable[tuple[int, int]]
    ) -> None:
        self._db = db
        self._panel = frozenset(panel)
        self._directions = Directions(project)
        self._directions.panel_left.update(task for labeler, task in to_come if labeler in self._panel)
        self._sweeper = Sweeper(db)
        self._held: dict[int, set[int]] = defaultdict(set)
        self._finished: set[int] = set()
        self._is_open = False
        directions = self._directions
        self._group = WorkGroup(
            db,
            desk=lambda tx, views, by_project, writes, now, rng: RecordedDesk(
                tx, views, by_project, writes, now, rng, directions=directions
            ),
            panel_left=lambda task: directions.panel_left[task],
        )

    def touches(self, row: RecordedRow) -> set[int]:
        """Tasks that may get their label by this row: its own, and those of its labeler's held answers.

        Rows of one group must touch different tasks, else two labels for one task could meet in it.
        """
        return {row.task} | self._held.get(row.labeler, set())

    def ignores(self, row: RecordedRow) -> bool:
        """Whether a row can serve nothing any more, which needs no transaction to find out."""
        if row.task in self._finished:
            return True
        return row.labeler not in self._panel and (row.only_mines or not self._is_open)

    def pass_over(self, row: RecordedRow) -> None:
        """Count a row that is not submitted as gone by."""
        if row.labeler in self._panel:
            self._directions.panel_left[row.task] -= 1

    def submit(self, rows: Sequence[RecordedRow], now: datetime, rng: np.random.Generator) -> list[str]:
        """Submit recorded answers of distinct labelers that touch different tasks.

        Returns
        -------
        list of str
            What each served: ``label``, ``benchmark``, ``panel`` or ``ignored``.
        """
        directions = self._directions
        directions.rows = {row.labeler: row for row in rows}
        directions.stages = {}
        for row in rows:
            self.pass_over(row)
        asks = [WorkRequest(row.labeler, "next", directions.project) for row in rows]
        leased = self._group.handle(asks, now, rng)
        directions.rows = {}
        requests = []
        for row, result in zip(rows, leased, strict=True):
            if isinstance(result, Exception):
                raise result
            if isinstance(result.next, Work):
                said = {"unanswerable": True} if row.choice == UNANSWERABLE else {"choice": row.choice}
                requests.append(
                    WorkRequest(
                        row.labeler, "answer", lease=result.next.lease, answer=said, focus_ms=row.focus_ms
                    )
                )
        for outcome in self._group.handle(requests, now, rng) if requests else []:
            if isinstance(outcome, Exception):
                raise outcome
        self._supersede([row.task for row in rows], now)
        answered = {request.labeler for request in requests}
        return [
            directions.stages.get(row.labeler, IGNORED) if row.labeler in answered else IGNORED
            for row in rows
        ]

    def sweep(self, now: datetime) -> None:
        """End what is due by ``now``; a task is in the queue once, however many held answers it loses.

        A task whose label was withdrawn takes answers again: those that are still to come.
        """
        held = {task for own in self._held.values() for task in own}
        swept, project = self._sweeper.sweep(now), self._directions.project
        with self._db.transaction(durable=False) as tx:
            _close_spares(tx, project, held, set())
            if swept.withdrawn:
                self._finished -= tasks.queued_among(tx, project, sorted(self._finished))

    def _supersede(self, tasks: Sequence[int], now: datetime) -> None:
        """Discard held answers, and end open attempts, of tasks that have their label by now."""
        project = self._directions.project
        with self._db.transaction(durable=False) as tx:
            touched = {*tasks, *(task for held in self._held.values() for task in held)}
            current = labels.current_for_tasks(tx, project, sorted(touched))
            labelled = set(current)
            # What the panel has labelled may be a benchmark; what a labeler has, never.
            self._finished |= {task for task, label in current.items() if label.basis == "labeler"}
            gone = drop_holds(
                tx, standings.holds_of_tasks(tx, [(project, task) for task in sorted(labelled)])
            )
            stored = answers.by_attempts(tx, [(project, attempt) for _, _, attempt, _ in gone])
            log.append(tx, [_superseded(answer) for answer in stored.values()], now)
            _close_spares(tx, project, touched, labelled)
            if not self._is_open:
                found = projects.find(tx, project)
                self._is_open = found is not None and found.opened_at is not None
            self._held = defaultdict(set)
            for _, task, labeler in facts.holds(tx, project):
                self._held[labeler].add(task)


def _close_spares(tx: Transaction, project: int, tasks: Iterable[int], labelled: set[int]) -> None:
    """Close the open attempts of labelled tasks, and all but one of each other task."""
    seen: set[int] = set(labelled)
    spares = {}
    for attempt in attempts.lock_of_tasks(tx, project, sorted(tasks)):
        if attempt.task in seen:
            spares[project, attempt.id] = "closed"
        seen.add(attempt.task)
    attempts.end(tx, spares)


def _superseded(answer: StoredAnswer) -> Entry:
    """Somebody else's answer to the task passed the gate first."""
    return Entry(
        answer.project, "discard", labeler=answer.labeler, attempt=answer.attempt, task=answer.task,
        choice=answer.choice, decision="superseded",
    )  # fmt: skip
