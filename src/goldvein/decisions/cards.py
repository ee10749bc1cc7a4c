"""What a labeler's card says of a standing: few words, seldom, and over many benchmarks at once.

A card that followed the standing would tell which task was a benchmark: the one after which it changed. So
it is refreshed once a day at most, and only once many benchmarks were answered since.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from goldvein.decisions.gate import State, at_least, passes

if TYPE_CHECKING:
    from goldvein.domain.policy import Policy

EVERY: Final = timedelta(days=1)
OVER: Final = 20
"""Benchmarks answered since the last refresh."""
IN_DOUBT: Final = 0.5
"""P(at or over the bar), on all evidence, under which more speaks against a labeler than for."""
SLACK: Final = timedelta(hours=1)
"""A daily job does not begin on the same second every day."""


class Level(StrEnum):
    """All that a card can say of a standing that is not over."""

    ON_COURSE = "on_course"
    TRUSTED = "trusted"  # what is answered goes to the customer
    LOOKED_AT = "looked_at"  # something speaks against it, or nothing was decided after many benchmarks


def level(p_benchmarks: float, p_all: float, benchmarks: int, state: str, policy: Policy) -> Level:
    """Word for a standing.

    Parameters
    ----------
    p_benchmarks, p_all : float
        P(at or over the bar), by benchmarks alone and by all evidence.
    benchmarks : int
        Answered since the last admission.
    state : str
        Of ``gate.State``, not dismissed.
    policy : Policy
    """
    if state == State.BOUNDARY or not bool(at_least(p_all, IN_DOUBT)):
        return Level.LOOKED_AT
    return Level.TRUSTED if bool(passes(p_benchmarks, p_all, benchmarks, state, policy)) else Level.ON_COURSE


def is_due(benchmarks: int, benchmarks_then: int, refreshed_at: datetime | None, now: datetime) -> bool:
    """Whether a card may say something new.

    Parameters
    ----------
    benchmarks : int
        Answered since the last admission, by now.
    benchmarks_then : int
        The same when the card was last refreshed; 0 before that, and after another admission.
    refreshed_at : datetime or None
    now : datetime
    """
    rested = refreshed_at is None or now - refreshed_at >= EVERY - SLACK
    return rested and benchmarks - benchmarks_then >= OVER
