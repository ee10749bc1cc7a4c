"""The gate, dismissal, release and withdrawal."""

import pytest

from goldvein.decisions.gate import (
    Gate,
    State,
    dismisses,
    gate,
    hold_limit_seconds,
    next_state,
    releases,
    undecided_after,
)
from goldvein.domain.policy import Policy

POLICY = Policy()


@pytest.mark.parametrize(
    ("p_benchmarks", "p_all", "benchmarks", "state", "decided"),
    [
        (0.95, 0.95, 4, "admitted", Gate.DELIVER),
        (0.99, 0.99, 3, "admitted", Gate.HOLD),  # nobody is trusted before min_benchmarks
        (0.99, 0.94, 50, "admitted", Gate.HOLD),  # signals lower trust
        (0.94, 0.99, 50, "admitted", Gate.HOLD),  # and never raise it
        (0.9499999, 0.99, 50, "admitted", Gate.DELIVER),  # equal at six digits
        (0.949998, 0.99, 50, "admitted", Gate.HOLD),
        (0.6, 0.6, 200, "boundary", Gate.DELIVER),
        (0.49, 0.6, 200, "boundary", Gate.HOLD),
        (0.999, 0.999, 50, "dismissed", Gate.DISCARD),
    ],
)
def test_gate(p_benchmarks: float, p_all: float, benchmarks: int, state: str, decided: Gate) -> None:
    """Each row is a promise of the gate."""
    assert gate(p_benchmarks, p_all, benchmarks, state, POLICY) == decided


def test_policy_can_hold_at_the_boundary() -> None:
    """A policy that does not want boundary labels gets none."""
    strict = Policy(boundary_deliver_at=1.0)

    assert gate(0.94, 0.94, 300, "boundary", strict) == Gate.HOLD
    assert gate(0.96, 0.96, 300, "boundary", strict) == Gate.DELIVER


def test_release_looks_at_then_and_at_now() -> None:
    """A held answer leaves when its labeler was good then, is not suspect now, and has been tested enough."""
    assert releases(0.96, 0.96, 4, POLICY)
    assert not releases(0.96, 0.90, 4, POLICY)
    assert not releases(0.90, 0.99, 4, POLICY)
    assert not releases(0.99, 0.99, 3, POLICY)


def test_hold_limit_seconds_by_policy_or_deadline() -> None:
    """At most ten minutes, at most a quarter of the time left."""
    assert hold_limit_seconds(None, POLICY) == 600
    assert hold_limit_seconds(400, POLICY) == 100
    assert hold_limit_seconds(-5, POLICY) == 0


def test_dismissal_is_late_and_rests_on_benchmarks() -> None:
    """Doubt withholds; only near certainty dismisses."""
    assert dismisses(0.002, 4, POLICY)
    assert not dismisses(0.0021, 4, POLICY)
    assert not dismisses(0.0001, 3, POLICY)


def test_states_follow_the_verdict() -> None:
    """Undecided for long: boundary, until decided; dismissed stays dismissed."""
    assert next_state(0.8, 199, "admitted", POLICY, undecided=199) == State.ADMITTED
    assert next_state(0.8, 200, "admitted", POLICY, undecided=200) == State.BOUNDARY
    assert next_state(0.96, 230, "boundary", POLICY, undecided=0) == State.ADMITTED
    assert next_state(0.001, 230, "boundary", POLICY) == State.DISMISSED
    assert next_state(0.99, 230, "dismissed", POLICY) == State.DISMISSED


def test_a_veteran_who_turns_bad_is_not_at_the_boundary() -> None:
    """Only benchmarks since the last verdict count; a verdict starts the count anew."""
    undecided = 0
    for p in (0.8, 0.9, 0.97, 0.6):
        undecided = int(undecided_after(undecided, p, POLICY, is_benchmark=True))

    assert undecided == 1
    assert undecided_after(undecided, 0.6, POLICY, is_benchmark=False) == 1
    assert next_state(0.6, 400, "admitted", POLICY, undecided=undecided) == State.ADMITTED
