"""Forgetting by age: once a day what was kept long enough goes, in batches.

No proof reads any of it. The log itself, and the times in it, are kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from goldvein.services import contents
from goldvein.settings import Settings
from goldvein.store import figures, forgetting, upkeep
from goldvein.store.database import Database, Transaction
from goldvein.store.forgetting import What

_AT_ONCE: Final = 5_000


@dataclass(frozen=True, slots=True)
class Spans:
    """For how many days what is kept; 0: until somebody asks for it to be erased."""

    deliveries: int = 30
    invitations: int = 90
    focus: int = 90
    comments: int = 0
    contents: int = 0

    @classmethod
    def of(cls, settings: Settings) -> Spans:
        """Read them from the settings."""
        return cls(
            settings.keep_deliveries, settings.keep_invitations, settings.keep_focus, settings.keep_comments,
            settings.keep_contents,
        )  # fmt: skip


def forget(db: Database, now: datetime, spans: Spans) -> dict[str, int]:
    """Forget what is older than the spans say; return how many of each."""
    done = {"deliveries": 0, "invitations": 0, "focus": 0, "comments": 0, "contents": 0}
    rows: dict[str, Callable[[Transaction, datetime], int]] = {
        "deliveries": lambda tx, before: upkeep.purge_deliveries(tx, before, limit=_AT_ONCE),
        "invitations": lambda tx, before: forgetting.invitations(tx, before, limit=_AT_ONCE),
    }
    for what, delete in rows.items():
        if days := getattr(spans, what):
            done[what] = _delete(db, delete, now - timedelta(days=days))
    whats: tuple[What, What] = ("focus", "comments")
    for what in whats:
        if days := getattr(spans, what):
            done[what] = _blank(db, what, now - timedelta(days=days))
    if spans.contents:
        done["contents"] = contents.ask_old(db, now - timedelta(days=spans.contents), now)
    return done


def _delete(db: Database, delete: Callable[[Transaction, datetime], int], before: datetime) -> int:
    """Delete rows, a batch in a transaction."""
    gone = 0
    while True:
        with db.transaction() as tx:
            count = delete(tx, before)
        gone += count
        if not count:
            return gone


def _blank(db: Database, what: What, before: datetime) -> int:
    """Follow the log up to what is not old enough, a stretch in a transaction."""
    gone = 0
    while True:
        with db.transaction() as tx:
            taken = forgetting.take(tx, what)
            if taken is None or taken[0] >= taken[1]:
                return gone
            after, upto = taken[0], min(taken[0] + _AT_ONCE, taken[1])
            figures.by_index(tx)
            young = forgetting.first_young(tx, after, upto, before)
            if young is not None:
                upto = young - 1
            if upto > after:
                gone += forgetting.forget(tx, what, after, upto, before)
        if young is not None:
            return gone
