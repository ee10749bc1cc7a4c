"""Blinding: auditors also work, so what they see of a benchmark is never asked of them, nor told too early.

Whoever has seen a content as a benchmark is not tested with it. One that is in an auditor's hands as work is
not shown meanwhile, and one in doubt is judged before anything is told of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from goldvein.domain.errors import Conflict
from goldvein.store import doubts
from goldvein.store.curated import Line
from goldvein.store.database import Transaction


def note_seen(tx: Transaction, project: int, tasks: Iterable[int], auditor: int, now: datetime) -> None:
    """Note that an auditor has seen some tasks as what they are, in content order."""
    doubts.note_seen(tx, [(project, task, ()) for task in tasks], labeler=auditor, now=now)


def check_not_at_work(tx: Transaction, project: int, task: int, auditor: int) -> None:
    """Refuse to show an auditor what is in the same person's hands as work.

    Raises
    ------
    Conflict
        ``benchmark_in_hand``.
    """
    if doubts.at_work(tx, project, task, auditor):
        raise Conflict(
            f"task {task} is in your hands as work: answer it there, or give it back, and come again",
            code="benchmark_in_hand",
        )


def check_judged(line: Line) -> None:
    """Refuse to tell an auditor anything of a benchmark in doubt but by its blind judgement.

    Raises
    ------
    Conflict
        ``benchmark_in_doubt``.
    """
    if is_in_doubt(line):
        raise Conflict(
            f"benchmark {line.task} is in doubt: judge it blindly first, in the auditors' queue",
            code="benchmark_in_doubt",
        )


def is_in_doubt(line: Line) -> bool:
    """Say whether a benchmark waits for an auditor's judgement."""
    return line.flagged_at is not None and line.state in ("active", "frozen")


def blinded(line: Line) -> Line:
    """A line as an auditor may read it, who is tested as everybody is with what is in use.

    Neither its key, nor how often it was served, which would tell by its rise that it is in the reader's own
    hands, nor its name, which may be made of its content. Of one in doubt nor why it is.
    """
    if line.state == "retired":
        return line
    told = replace(line, unique_id=None, key=None, key_right=None, exposures=None, choices=None)
    return replace(told, flag=None, reason=None) if is_in_doubt(line) else told
