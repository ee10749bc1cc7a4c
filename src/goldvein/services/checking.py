"""Reference checks: the customer's own sample labelled anew, once for each day on which that is due.

A run is a row with its day as its key, so it is begun once, whoever begins it and however often; one that
was missed is begun when somebody is back. Its tasks wait in a queue of their own, of which dispatch hands
out a share; answers are collected from the log, and what they say is reckoned when the run is over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

import numpy as np

from goldvein.decisions.reference import due_day, is_over
from goldvein.domain.policy import Policy
from goldvein.domain.records import Project
from goldvein.services import check_reports
from goldvein.services.alarms import open_alarm, resolve_alarm
from goldvein.services.check_reports import COUNTS
from goldvein.store import attempts, projects, references
from goldvein.store.attempts import NO_DEADLINE, Wanted
from goldvein.store.database import Database, Transaction
from goldvein.store.references import ReferenceSet, Run

DROPPED: Final = "drop"
TOO_LOW: Final = "too_low"
"""Subjects of alerts: accuracy has fallen, and accuracy is lower than is wanted."""


def step(db: Database, project: int, now: datetime) -> None:
    """Bring a project's checks up to date: end what is over, say what it came to, begin what is due.

    Safe to repeat, to kill at any moment, and to run in several processes at once.
    """
    _end(db, project, now)
    _report(db, project, now)
    _begin(db, project, now)


@dataclass(frozen=True, slots=True)
class Seen:
    """A run as people see it, with how many of its tasks were answered, and answered so that it counts."""

    run: Run
    answered: int
    counted: int


@dataclass(frozen=True, slots=True)
class Checks:
    """A project's set, the day of its next check, and its latest checks, the latest first."""

    set: ReferenceSet | None
    next_due: date | None
    runs: Sequence[Seen]
    policy: Policy

    @property
    def last(self) -> Run | None:
        """The latest check that has ended and was reckoned."""
        return next((seen.run for seen in self.runs if seen.run.report is not None), None)


def look(db: Database, project: int, now: datetime, *, limit: int) -> Checks:
    """Read what is known of a project's checks."""
    with db.connection() as tx:
        found, policy = _read(tx, project)
        latest, first = references.latest_set(tx, project), references.first_made(tx, project)
        runs = references.runs(tx, project, limit=limit)
        seen = [Seen(run, *_so_far(tx, project, run)) for run in runs]
    due = None
    if first is not None and latest is not None and latest.tasks and found.state == "open":
        today = now.astimezone(UTC).date()
        due = due_day(first.astimezone(UTC).date(), policy.reference_days, today)
        if due is not None and any(run.due == due for run in runs):
            due += timedelta(days=policy.reference_days)
    return Checks(latest, due, seen, policy)


def _so_far(tx: Transaction, project: int, run: Run) -> tuple[int, int]:
    if run.report is not None:
        return run.report["answered"], run.report["counted"]
    return references.count_answers(tx, project, run.due)[1:]


def with_sets(db: Database) -> list[int]:
    """List the projects under way that have a reference set."""
    with db.connection() as tx:
        return references.projects(tx)


def _begin(db: Database, project: int, now: datetime) -> None:
    with db.transaction() as tx:
        found, policy = _read(tx, project)
        latest, first = references.latest_set(tx, project), references.first_made(tx, project)
        if found.state != "open" or latest is None or first is None or not latest.tasks:
            return
        due = due_day(first.astimezone(UTC).date(), policy.reference_days, now.astimezone(UTC).date())
        if due is None or references.has_run(tx, project, due):
            return
        items = references.items(tx, project, latest.version)
        if not references.begin_run(tx, project, due, latest.version, len(items), now):
            return
        references.close_left(tx, project)
        # In an order of the day's own: a run of which only a part is answered is a random part.
        order = np.random.default_rng([project, due.toordinal()]).permutation(len(items))
        wanted = [
            Wanted(project, items[place].task, items[place].content, "reference", NO_DEADLINE, 0)
            for place in order.tolist()
        ]
        attempts.insert_open(tx, wanted)
        projects.next_revision(tx, project)  # every process hands out of it from now on


def _end(db: Database, project: int, now: datetime) -> None:
    with db.transaction() as tx:
        run = references.under_way(tx, project, lock=True)
        if run is None:
            return
        tasks = [item.task for item in references.items(tx, project, run.version)]
        done = not references.is_wanted(tx, project)
        references.collect(tx, project, run, tasks, COUNTS)
        found, policy = _read(tx, project)
        if done or found.state == "closed" or is_over(run.due, run.begun_at, policy.reference_days, now):
            references.close_left(tx, project)
            references.end_run(tx, project, run.due, now)
            projects.next_revision(tx, project)


def _report(db: Database, project: int, now: datetime) -> None:
    """Say what ended runs came to, each with what was known then; open and resolve alerts by that."""
    with db.connection() as tx:
        waiting = references.unreported(tx, project)
    for run in waiting:
        with db.connection() as tx:
            material = check_reports.read(tx, *_read(tx, project), run)
        report = check_reports.make(material)  # which may take seconds: nothing is held meanwhile
        with db.transaction() as tx:
            if references.save_report(tx, project, run.due, report):
                _tell(tx, project, report, now)


def _tell(tx: Transaction, project: int, report: check_reports.Report, now: datetime) -> None:
    for subject in (DROPPED, TOO_LOW):
        detail = report[subject]
        if detail is not None:
            open_alarm(tx, project, "reference", subject, check_reports.in_brief(report, subject), now)
        elif subject == DROPPED or report["back_up"]:
            resolve_alarm(tx, project, "reference", subject, now)


def _read(tx: Transaction, project: int) -> tuple[Project, Policy]:
    found = projects.find(tx, project)
    assert found is not None
    return found, Policy.from_dict(projects.get_policy(tx, project, found.policy_version))
