"""The gate: deliver, hold or discard an answer; dismiss a labeler; release what was held.

Every rule takes the standings of n labelers at once, one number being the short case: the service decides for
a group, a simulation for a whole crowd. Probabilities are compared rounded to 1e-6, so that two machines
whose sums differ in the last bits decide alike.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from goldvein.stats.arrays import Array, BoolArray, IntArray

if TYPE_CHECKING:
    from goldvein.domain.policy import Policy

Names: TypeAlias = NDArray[np.str_]
"""Values of ``Gate`` or ``State``, one for each labeler."""

DIGITS = 6
RANK_DIGITS = 9
"""What is only ranked is rounded finer. Not rounded, what is alike would be ranked by rounding errors, which
differ from one make of processor to another."""


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


def at_least(p: ArrayLike, threshold: ArrayLike) -> BoolArray:
    """``p >= threshold`` at the precision at which all decisions compare, elementwise."""
    enough: BoolArray = np.round(np.asarray(p), DIGITS) >= np.round(np.asarray(threshold), DIGITS)
    return enough


def gate(
    p_benchmarks: ArrayLike, p_all: ArrayLike, benchmarks: ArrayLike, state: ArrayLike, policy: Policy
) -> Names:
    """Decide an ordinary answer of each of n labelers.

    Parameters
    ----------
    p_benchmarks, p_all : (n,) float
        P(at or over the bar) after this answer's step.
    benchmarks : (n,) int
        Benchmarks answered in this project since the last admission.
    state : (n,) names
        Of ``State``.
    policy : Policy

    Returns
    -------
    (n,) names of ``Gate``
    """
    passed = passes(p_benchmarks, p_all, benchmarks, state, policy)
    kept = np.where(passed, Gate.DELIVER, Gate.HOLD)
    return np.where(np.asarray(state) == State.DISMISSED, Gate.DISCARD, kept)


def passes(
    p_benchmarks: ArrayLike, p_all: ArrayLike, benchmarks: ArrayLike, state: ArrayLike, policy: Policy
) -> BoolArray:
    """Whether standings are good enough: shown on enough benchmarks, and not under suspicion: (n,).

    Signals never stand in for benchmarks: these alone must show ``deliver_at``.
    """
    enough = np.asarray(benchmarks) >= policy.min_benchmarks
    shown = at_least(p_benchmarks, threshold(state, policy))
    return enough & shown & ~suspects(p_all, state, policy)


def threshold(state: ArrayLike, policy: Policy) -> Array:
    """P(at or over the bar), on benchmarks alone, that the gate asks of standings in these states."""
    return _at_boundary_less(policy.deliver_at, state, policy)


def suspicion(state: ArrayLike, policy: Policy) -> Array:
    """P(at or over the bar), on all evidence, under which standings in these states are under suspicion."""
    return _at_boundary_less(policy.suspect_below, state, policy)


def suspects(p_all: ArrayLike, state: ArrayLike, policy: Policy) -> BoolArray:
    """Whether all that is known speaks against delivering, whatever benchmarks alone say: (n,)."""
    return ~at_least(p_all, suspicion(state, policy))


def _at_boundary_less(usual: float, state: ArrayLike, policy: Policy) -> Array:
    at_boundary = np.asarray(state) == State.BOUNDARY
    return np.where(at_boundary, min(policy.boundary_deliver_at, usual), usual)


def releases(smoothed: ArrayLike, p_all: ArrayLike, benchmarks: ArrayLike, policy: Policy) -> BoolArray:
    """Whether held answers go out: the labeler was good *then*, and nothing speaks against it now.

    Parameters
    ----------
    smoothed : (n,) float
        P(good at the held answer | everything until now).
    p_all : (n,) float
        Today's P(at or over the bar) of its labeler, signals included.
    benchmarks : (n,) int
        Benchmarks answered since the last admission; held answers wait for ``min_benchmarks`` too.
    policy : Policy
    """
    return passes(smoothed, p_all, benchmarks, State.ADMITTED, policy)


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


def dismisses(p_benchmarks: ArrayLike, benchmarks: ArrayLike, policy: Policy) -> BoolArray:
    """Whether labelers go: on benchmarks alone, and late, since withholding already protects."""
    enough = np.asarray(benchmarks) >= policy.min_benchmarks
    return enough & ~at_least(p_benchmarks, policy.dismiss_at + 10**-DIGITS)


def undecided_after(
    undecided: ArrayLike,
    p_benchmarks: ArrayLike,
    p_all: ArrayLike,
    policy: Policy,
    *,
    is_benchmark: ArrayLike,
    is_exhausted: ArrayLike = False,
) -> IntArray:
    """Benchmarks spent since a standing was last good enough to deliver, one step later.

    Parameters
    ----------
    undecided : (n,) int
        The count before this answer; 0 at admission.
    p_benchmarks, p_all : (n,) float
        P(at or over the bar) after it.
    policy : Policy
    is_benchmark : (n,) bool
    is_exhausted : (n,) bool
        Whether a benchmark was due and none was left that this labeler has not seen: as good as all of
        ``max_benchmarks`` spent.
    """
    spent = np.where(is_exhausted, np.maximum(undecided, policy.max_benchmarks), undecided)
    more: IntArray = spent + np.asarray(is_benchmark, dtype=np.int64)
    decided = at_least(p_benchmarks, policy.deliver_at) & ~suspects(p_all, State.ADMITTED, policy)
    return np.where(decided, 0, more)


def next_state(
    p_benchmarks: ArrayLike,
    benchmarks: ArrayLike,
    state: ArrayLike,
    policy: Policy,
    *,
    undecided: ArrayLike = 0,
) -> Names:
    """State of standings after a step; a dismissal ends only by readmission.

    A standing is at the boundary once ``max_benchmarks`` were spent on it without a verdict. All benchmarks
    ever answered would be the wrong count: a veteran whose work turns bad would then be at the boundary at
    the first dip, hardly tested any more and delivered at half certainty.

    Parameters
    ----------
    p_benchmarks : (n,) float
    benchmarks : (n,) int
        Benchmarks answered since the last admission.
    state : (n,) names
        Of ``State``, before.
    policy : Policy
    undecided : (n,) int
        From ``undecided_after``.

    Returns
    -------
    (n,) names of ``State``
    """
    gone = (np.asarray(state) == State.DISMISSED) | dismisses(p_benchmarks, benchmarks, policy)
    kept = np.where(np.asarray(undecided) >= policy.max_benchmarks, State.BOUNDARY, State.ADMITTED)
    return np.where(gone, State.DISMISSED, kept)
