"""Deferral: a labeler who may think better of an answer keeps it back, with the next task in hand already."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from goldvein.domain.errors import Conflict
from goldvein.services.submission import Repeated, lapse
from goldvein.services.writes import Writes
from goldvein.store.attempts import Attempt, Key
from goldvein.store.labelers import Hand


def defer(
    hand: Hand, attempt: Attempt, locked: Mapping[Key, Attempt], writes: Writes, now: datetime
) -> Attempt | Repeated | Conflict:
    """Let a lease out of its labeler's hand; it stays a lease until it is answered, skipped or runs out.

    A lease can be deferred again, after a second thought: the labeler is done with it only now, and turns to
    the one in hand only now. Another one stands in the way while it runs, so that nobody gathers leases. One
    that ran out unseen ends here: neither in hand nor deferred any more, it must not be renewed.

    Parameters
    ----------
    locked : mapping
        Attempts of projects under way, among them the one that was deferred last.
    writes : Writes
        Where the answer to that one may stand already: the group that brings it can bring this deferral too.
    """
    key = (attempt.project, attempt.id)
    if key in writes.ended:
        return Repeated()
    if key == hand.deferred:
        _turn_to(hand.lease, locked, writes)
    earlier = locked.get(hand.deferred) if hand.deferred not in (None, key) else None
    is_ended = hand.deferred in writes.ended
    if earlier is not None and earlier.state == "leased" and not is_ended:
        assert earlier.expires_at is not None
        if earlier.expires_at > now:
            return Conflict("you keep another answer back: send that one first", code="answer_first")
        lapse(earlier, writes)
    writes.deferred[hand.labeler] = key
    return attempt


def _turn_to(lease: Key | None, locked: Mapping[Key, Attempt], writes: Writes) -> None:
    """Let the time on a task begin that was in hand before its labeler was done with the one before it."""
    if lease is None or lease in writes.ended:
        return
    if lease in locked and locked[lease].state == "leased":
        writes.begun.append(lease)
