"""A project that is open and has work, for tests of the labeler's page, and what such tests look up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from playwright.sync_api import Page

from goldvein.domain.records import ProjectDraft, TaskDraft
from goldvein.services import accounts, benchmarks, intake, keys, projects
from goldvein.services.benchmarks import ManualBenchmark
from goldvein.store.database import Database

INSTRUCTION = "Which continuation is the most descriptive?"


@dataclass(frozen=True)
class Workplace:
    """An open project of one customer."""

    db: Database
    customer: int
    project: int

    def push(self, inputs: Sequence[dict[str, Any]]) -> None:
        """Push tasks."""
        drafts = [TaskDraft(index, content) for index, content in enumerate(inputs)]
        assert not intake.push(self.db, self.project, drafts, None, datetime.now(UTC)).errors

    def hire(self, login: str) -> int:
        """Make a labeler's account."""
        return accounts.create(self.db, login, None, "labeler", datetime.now(UTC))

    def answers(self, account: int) -> list[tuple[int, int | None]]:
        """What somebody answered, in order: the choice in content order, and the time in focus."""
        query = """SELECT a.choice, a.focus_ms FROM answers a JOIN accounts c ON c.labeler = a.labeler
                   WHERE c.id = %s ORDER BY a.shown_at, a.attempt"""
        with self.db.connection() as tx:
            return [(row[0], row[1]) for row in tx.execute(query, (account,))]

    def wait_for_answers(self, account: int, count: int, page: Page) -> list[tuple[int, int | None]]:
        """Wait until so many answers are stored."""
        for _ in range(100):
            if len(found := self.answers(account)) >= count:
                return found
            page.wait_for_timeout(100)
        raise AssertionError(f"{len(found)} answers instead of {count}")


def open_workplace(db: Database, name: str, *, tasks: int = 50) -> Workplace:
    """Open a project by benchmarks made by hand, with room for many people, and push some tasks."""
    now, policy = datetime.now(UTC), {"benchmarks_per_labeler": 1}
    customer = keys.create_customer(db, name, now)
    project = projects.create(db, customer, ProjectDraft(name, INSTRUCTION, policy=policy), now)
    items = [ManualBenchmark(n, _text(10**6 + n), n % 4) for n in range(40)]
    assert not benchmarks.add_manual(db, project.id, items, now).errors
    made = Workplace(db, customer, project.id)
    made.push([_text(number) for number in range(tasks)])
    return made


def _text(number: int) -> dict[str, Any]:
    return {
        "prompt": f"It rained on harbour {number}, and",
        "options": [f"ending {number}-{k}" for k in range(4)],
    }
