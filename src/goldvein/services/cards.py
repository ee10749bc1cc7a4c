"""Cards: refreshed once a day, read by their labelers; whoever was dismissed may ask for another look.

What is shown of a standing is ``decisions.cards``'s. A dismissal is shown as soon as work says it too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from goldvein.decisions.cards import EVERY, OVER, SLACK, is_due, level
from goldvein.domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from goldvein.services import rulings
from goldvein.services.views import Views
from goldvein.store import cards, days
from goldvein.store.cards import Line, Look, OwnDispute, WaitingLook
from goldvein.store.database import Database
from goldvein.store.days import Done

_AT_ONCE: Final = 1_000
_SHOWN: Final = 20
WORDS: Final = 1_000
"""Characters of a wish for another look, and of the reply to it."""


@dataclass(frozen=True, slots=True)
class Card:
    """What a labeler is shown of itself."""

    done: Done
    projects: Sequence[Line]
    disputes: Sequence[OwnDispute]
    looks: Sequence[Look]

    def look_at(self, project: int) -> Look | None:
        """The latest wish for another look in one project."""
        return next((look for look in self.looks if look.project == project), None)


def refresh(db: Database, now: datetime) -> int:
    """Refresh the cards that are due in all projects under way; return how many."""
    with db.connection() as tx:
        living = {id_: view for id_, view in Views().refresh(tx).items() if not view.project.is_sandbox}
    after, count = (0, 0), 0
    while True:
        with db.transaction() as tx:
            page = cards.standings(tx, list(living), OVER, after=after, limit=_AT_ONCE)
            due = [
                (
                    one,
                    level(one.p_benchmarks, one.p_all, one.benchmarks, one.state, living[one.project].policy),
                )
                for one in page
                if is_due(one.benchmarks, one.benchmarks_then, one.refreshed_at, now)
            ]
            count += cards.save(tx, due, before=now - EVERY + SLACK, now=now)
        if len(page) < _AT_ONCE:
            return count
        after = (page[-1].project, page[-1].labeler)


def done(db: Database, labeler: int, now: datetime) -> Done:
    """Count what a labeler did, up to a few seconds ago."""
    with db.connection() as tx:
        return days.of_labeler(tx, labeler, now.date())


def read(db: Database, labeler: int, now: datetime) -> Card:
    """Read a labeler's card."""
    with db.connection() as tx:
        return Card(
            days.of_labeler(tx, labeler, now.date()),
            cards.of_labeler(tx, labeler, _SHOWN),
            cards.disputes_of(tx, labeler, _SHOWN),
            cards.looks_of(tx, labeler, _SHOWN),
        )


def ask_for_look(db: Database, project: int, labeler: int, words: str, now: datetime) -> None:
    """Ask that somebody look again at one's work in a project, after a dismissal.

    Raises
    ------
    InvalidInput
        ``look_without_words``.
    NotFound
        If the labeler was not dismissed there.
    Conflict
        ``look_waiting``: one at a time.
    """
    said = _words(words)
    with db.transaction() as tx:
        if not cards.is_out(tx, project, labeler):
            raise NotFound("you were not dismissed in that project: there is nothing to look at again")
        if cards.ask(tx, project, labeler, said, now) is None:
            raise Conflict("you have asked already: wait for the reply", code="look_waiting")


def looks_waiting(
    db: Database, *, after: tuple[datetime, int] | None = None, limit: int = 50
) -> list[WaitingLook]:
    """List wishes for another look that wait, the oldest first, from after a (time, id) on."""
    with db.connection() as tx:
        return list(cards.waiting(tx, after or (datetime.min.replace(tzinfo=UTC), 0), limit))


def settle_look(
    db: Database, look: int, account: int, reply: str, now: datetime, *, lets_in: bool = False,
    own: int | None = None,
) -> None:  # fmt: skip
    """Say what came of another look; the labeler reads it on the card, and is let in again if that is so.

    Parameters
    ----------
    own : int, optional
        Whoever replies as a labeler: an auditor works, too.

    Raises
    ------
    Forbidden
        If it is one's own wish.
    InvalidInput
        ``look_without_words``.
    NotFound
        If no such wish waits.
    Conflict
        ``ruling_needless``: the labeler is in already.
    """
    said = _words(reply)
    with db.transaction() as tx:
        whose = cards.settle(tx, look, account, said, now)
        if whose is None:
            raise NotFound("no such wish waits for a look")
        if whose[1] == own:
            raise Forbidden("nobody settles their own wish for another look: ask another auditor")
        if lets_in:
            rulings.rule_in(tx, *whose, "readmit", said[: rulings.WORDS], now, by=account)


def _words(text: str) -> str:
    said = text.strip()
    if not 1 <= len(said) <= WORDS:
        raise InvalidInput(
            f"say it in 1 to {WORDS:,} characters", code="look_without_words", pointer="/words"
        )
    return said
