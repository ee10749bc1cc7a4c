"""The gate: deliver, hold or discard an answer; dismiss a labeler; release what was held.

Probabilities are compared rounded to 1e-6, so that two machines whose sums differ in the last bits decide
alike.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from goldvein.domain.policy import Policy

DIGITS = 6


class Gate(StrEnum):
    """What happens to an ordinary answer."""

    DELIVER = "deliver"
    HOLD = "hold"  # -> release or discard, when the verdict is in
    DISCARD = "discard"  # the task is requeued, first in line


class State(StrEnum):
    """Where a standing is in its life in one project."""

    ADMITTED = "admitted"
    BOUNDARY = "boundary"  # admitted -> boundary after max_benchmarks without a verdict, and back
    DISMISSED = "dismissed"  # until an auditor or a probation readmits


def at_least(p: float, threshold: float) -> bool:
    """``p >= threshold`` at the precision at which all decisions compare."""
    return round(float(p), DIGITS) >= round(threshold, DIGITS)


def gate(p_benchmarks: float, p_all: float, benchmarks: int, state: str, policy: Policy) -> Gate:
    """Decide one ordinary answer.

    Parameters
    ----------
    p_benchmarks, p_all : float
        P(at or over the bar) after this answer's step. Signals can only lower trust: the smaller counts.
    benchmarks : int
        Benchmarks answered in this project since the last admission.
    state : str
        A ``State``.
    policy : Policy

    Returns
    -------
    Gate
    """
    if state == State.DISMISSED:
        return Gate.DISCARD
    if benchmarks >= policy.min_benchmarks and at_least(min(p_benchmarks, p_all), threshold(state, policy)):
        return Gate.DELIVER
    return Gate.HOLD


def threshold(state: str, policy: Policy) -> float:
    """P(at or over the bar) that the gate asks of a standing in this state."""
    if state == State.BOUNDARY:
        return min(policy.boundary_deliver_at, policy.deliver_at)
    return policy.deliver_at


def releases(smoothed: float, p_all: float, benchmarks: int, policy: Policy) -> bool:
    """Whether a held answer goes out: its labeler was good *then*, and nothing speaks against it now.

    Parameters
    ----------
    smoothed : float
        P(good at the held answer | everything until now).
    p_all : float
        Today's P(at or over the bar), signals included.
    benchmarks : int
        Benchmarks answered since the last admission; held answers wait for ``min_benchmarks`` too.
    policy : Policy
    """
    enough = benchmarks >= policy.min_benchmarks
    return enough and at_least(min(smoothed, p_all), policy.deliver_at)


def hold_limit_seconds(seconds_to_deadline: float | None, policy: Policy) -> float:
    """How long an answer may be held: ``hold_seconds``, or a quarter of the time that is left.

    Parameters
    ----------
    seconds_to_deadline : float or None
        Time from the holding to the task's deadline; None for a task without one.
    policy : Policy
    """
    limit = float(policy.hold_seconds)
    return limit if seconds_to_deadline is None else max(0.0, min(limit, seconds_to_deadline / 4))


def dismisses(p_benchmarks: float, benchmarks: int, policy: Policy) -> bool:
    """Whether a labeler goes: on benchmarks alone, and late, since withholding already protects."""
    return benchmarks >= policy.min_benchmarks and not at_least(p_benchmarks, policy.dismiss_at + 10**-DIGITS)


def undecided_after(undecided: int, p_benchmarks: float, policy: Policy, *, is_benchmark: bool) -> int:
    """Benchmarks spent since the standing was last good enough to deliver, one step later.

    Parameters
    ----------
    undecided : int
        The count before this answer; 0 at admission.
    p_benchmarks : float
        P(at or over the bar) after it.
    policy : Policy
    is_benchmark : bool
    """
    return 0 if at_least(p_benchmarks, policy.deliver_at) else undecided + is_benchmark


def next_state(
    p_benchmarks: float, benchmarks: int, state: str, policy: Policy, *, undecided: int = 0
) -> State:
    """State of a standing after a step; a dismissal ends only by readmission.

    A standing is at the boundary once ``max_benchmarks`` were spent on it without a verdict. All benchmarks
    ever answered would be the wrong count: a veteran whose work turns bad would then be at the boundary at
    the first dip, hardly tested any more and delivered at half certainty.

    Parameters
    ----------
    p_benchmarks : float
    benchmarks : int
        Benchmarks answered since the last admission.
    state : str
        The ``State`` before.
    policy : Policy
    undecided : int
        From ``undecided_after``.
    """
    if state == State.DISMISSED or dismisses(p_benchmarks, benchmarks, policy):
        return State.DISMISSED
    return State.BOUNDARY if undecided >= policy.max_benchmarks else State.ADMITTED
