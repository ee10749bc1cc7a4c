"""Warming: people for whom no real work waits get that of a sandbox, within a day's budget (ADR 0042).

Real projects come first, at every request, so it ends with the next answer once real tasks arrive. Nothing is
counted on the way of an answer: a loop reads the figures and says whether there is budget left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from goldvein.decisions.gate import State
from goldvein.services.matching import Seeker
from goldvein.services.views import View
from goldvein.store import sandboxes
from goldvein.store.database import Database
from goldvein.store.standings import Standing

WITHOUT_WORK: Final = "queue_empty"
"""Why somebody gets nothing who could get something: not dismissed, not held up, and let in."""
READY: Final = 500
"""Second servings that wait in a sandbox, so that it does not run out of work while a customer is silent."""


def may_seek(view: View, seeker: Seeker, standings: Mapping[tuple[int, int], Standing]) -> bool:
    """Whether a labeler may be given work of a project at all, by which of the projects was asked for.

    A simulated labeler works in its own sandbox. Anybody else gets a sandbox's work where it is warm, and
    after all real projects had none, if they are in the original.
    """
    project = view.project
    if seeker.hand.sandbox is not None:
        return project.id == seeker.hand.sandbox
    if not project.is_sandbox:
        return seeker.wanted_project in (None, project.id)
    if not project.warm_on or seeker.reason != WITHOUT_WORK:
        return False
    assert project.sandbox_of is not None
    real = standings.get((project.sandbox_of, seeker.labeler))
    is_in = real is not None and real.state != State.DISMISSED
    return is_in and seeker.wanted_project in (None, project.sandbox_of)


def keep_reasons(seekers: Sequence[Seeker], told: Sequence[str]) -> None:
    """Let people hear of real projects why there is no work, and nothing of sandboxes."""
    for seeker, reason in zip(seekers, told, strict=True):
        if seeker.hand.sandbox is None:
            seeker.reason = reason


def had_in(view: View) -> tuple[int, ...]:
    """Projects in which nobody may have had a task before: a sandbox has its original's, and the other way.

    Tasks of a sandbox have their label in the original; that may be withdrawn, and then they wait there too.
    """
    return (view.project.id, *(view.kin if view.project.is_sandbox else view.sandboxes))


def keep_warm(db: Database, now: datetime) -> int:
    """Turn sandboxes on and off by what is left of the day's budget, and fill them; return how many are on.

    What was answered is known within seconds (``services.metering``), so a budget may be passed by
    what people have in hand then.
    """
    with db.transaction() as tx:
        sandboxes.turn(tx, day_of(now))
        warm = sandboxes.warm(tx)
        for project in warm:
            sandboxes.refill(tx, project, READY)
    return len(warm)


def day_of(now: datetime) -> datetime:
    """When the day of a budget began: at midnight UTC."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
