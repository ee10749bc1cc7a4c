"""The gate, dismissal, release and withdrawal."""

import numpy as np
import pytest

from goldvein.decisions.gate import (
    Gate,
    State,
    dismisses,
    gate,
    hold_limit_seconds,
    next_state,
    passes,
    releases,
    suspects,
    suspicion,
    threshold,
    undecided_after,
)
from goldvein.domain.policy import Policy

POLICY = Policy()


@pytest.mark.parametrize(
    ("p_benchmarks", "p_all", "benchmarks", "state", "decided"),
    [
        (0.90, 0.95, 4, "admitted", Gate.DELIVER),  # at both thresholds
        (0.99, 0.99, 3, "admitted", Gate.HOLD),  # nobody is trusted before min_benchmarks
        (0.99, 0.94, 50, "admitted", Gate.HOLD),  # signals lower trust
        (0.92, 0.92, 50, "admitted", Gate.HOLD),  # shown on benchmarks, and still under suspicion
        (0.89, 0.99, 50, "admitted", Gate.HOLD),  # and never stand in for benchmarks
        (0.8999999, 0.99, 50, "admitted", Gate.DELIVER),  # equal at six digits
        (0.899998, 0.99, 50, "admitted", Gate.HOLD),
        (0.99, 0.9499999, 50, "admitted", Gate.DELIVER),
        (0.99, 0.949998, 50, "admitted", Gate.HOLD),
        (0.5, 0.5, 200, "boundary", Gate.DELIVER),  # half certainty is enough of both
        (0.49, 0.6, 200, "boundary", Gate.HOLD),
        (0.6, 0.49, 200, "boundary", Gate.HOLD),
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
    assert gate(0.89, 0.96, 300, "boundary", strict) == Gate.HOLD
    assert gate(0.90, 0.95, 300, "boundary", strict) == Gate.DELIVER


@pytest.mark.parametrize("boundary_deliver_at", [0.3, 0.5, 0.92, 0.97, 1.0])
def test_the_boundary_is_never_asked_more_than_the_rest(boundary_deliver_at: float) -> None:
    """Of either threshold the lower counts: that of the boundary, or the usual one."""
    policy = Policy(boundary_deliver_at=boundary_deliver_at)
    states = ["admitted", "boundary"]

    assert threshold(states, policy).tolist() == [0.9, min(0.9, boundary_deliver_at)]
    assert suspicion(states, policy).tolist() == [0.95, min(0.95, boundary_deliver_at)]


def test_what_passes_is_shown_and_not_suspect() -> None:
    """Over a grid of both certainties: enough benchmarks, at both thresholds, and nothing else matters."""
    certain = np.array([0.0, 0.49, 0.5, 0.89, 0.9, 0.94, 0.95, 1.0])
    shown, known = (side.ravel() for side in np.meshgrid(certain, certain))
    for state, asked, suspect in (("admitted", 0.9, 0.95), ("boundary", 0.5, 0.5)):
        assert (suspects(known, state, POLICY) == (known < suspect)).all()
        for benchmarks in (3, 4):
            passed = passes(shown, known, benchmarks, state, POLICY)
            assert (passed == ((shown >= asked) & (known >= suspect) & (benchmarks >= 4))).all()


def test_more_trust_never_costs_an_admitted_labeler_the_gate() -> None:
    """Whoever passes still does with more benchmarks, or more certainty on either side."""
    certain = np.linspace(0.8, 1.0, 41)
    shown, known = np.meshgrid(certain, certain)
    passed = passes(shown, known, 4, "admitted", POLICY)

    assert (passed[:, 1:] >= passed[:, :-1]).all()
    assert (passed[1:] >= passed[:-1]).all()
    assert (passes(shown, known, 5, "admitted", POLICY) >= passed).all()


def test_release_looks_at_then_and_at_now() -> None:
    """A held answer leaves when its labeler was good then, is not suspect now, and has been tested enough."""
    assert releases(0.90, 0.95, 4, POLICY)
    assert not releases(0.96, 0.94, 4, POLICY)
    assert not releases(0.89, 0.99, 4, POLICY)
    assert not releases(0.99, 0.99, 3, POLICY)


def test_hold_limit_seconds_by_policy_or_deadline() -> None:
    """At most ten minutes, at most a quarter of the time left."""
    assert hold_limit_seconds(None, POLICY) == 600
    assert hold_limit_seconds(400, POLICY) == 100
    assert hold_limit_seconds(-5, POLICY) == 0


def test_dismissal_is_late_and_rests_on_benchmarks() -> None:
    """Doubt withholds; only near certainty dismisses."""
    assert dismisses(0.0005, 4, POLICY)
    assert not dismisses(0.000502, 4, POLICY)
    assert not dismisses(0.0001, 3, POLICY)


def test_states_follow_the_verdict() -> None:
    """Undecided for long: boundary, until decided; dismissed stays dismissed."""
    assert next_state(0.8, 199, "admitted", POLICY, undecided=199) == State.ADMITTED
    assert next_state(0.8, 200, "admitted", POLICY, undecided=200) == State.BOUNDARY
    assert next_state(0.96, 230, "boundary", POLICY, undecided=0) == State.ADMITTED
    assert next_state(0.0004, 230, "boundary", POLICY) == State.DISMISSED
    assert next_state(0.99, 230, "dismissed", POLICY) == State.DISMISSED


def test_a_veteran_who_turns_bad_is_not_at_the_boundary() -> None:
    """Only benchmarks since the last verdict count; a verdict starts the count anew."""
    undecided = 0
    for p in (0.8, 0.89, 0.97, 0.6):
        undecided = int(undecided_after(undecided, p, p, POLICY, is_benchmark=True))

    assert undecided == 1
    assert undecided_after(undecided, 0.6, 0.6, POLICY, is_benchmark=False) == 1
    assert next_state(0.6, 400, "admitted", POLICY, undecided=undecided) == State.ADMITTED


def test_who_has_seen_all_benchmarks_is_as_if_all_were_spent() -> None:
    """Nothing more can be learned: doubt leads to the boundary at once, a verdict stands, counts stay."""
    undecided = undecided_after(
        [3, 3, 250, 3],
        [0.6, 0.97, 0.6, 0.6],
        [0.6, 0.97, 0.97, 0.6],
        POLICY,
        is_benchmark=False,
        is_exhausted=[True, True, True, False],
    )

    assert undecided.tolist() == [200, 0, 250, 3]
    states = next_state([0.6, 0.97, 0.6, 0.6], 20, "admitted", POLICY, undecided=undecided)
    assert states.tolist() == ["boundary", "admitted", "boundary", "admitted"]
    assert next_state(0.0001, 20, "admitted", POLICY, undecided=undecided[0]) == State.DISMISSED


def test_a_new_benchmark_does_not_end_the_boundary_of_the_exhausted() -> None:
    """Only a verdict does."""
    exhausted = undecided_after(3, 0.6, 0.6, POLICY, is_benchmark=False, is_exhausted=True)
    tested = undecided_after(exhausted, 0.7, 0.7, POLICY, is_benchmark=True)

    assert next_state(0.7, 21, "boundary", POLICY, undecided=tested) == State.BOUNDARY
    assert undecided_after(tested, 0.97, 0.97, POLICY, is_benchmark=True) == 0


def test_a_standing_is_undecided_as_long_as_its_answers_are_kept_back() -> None:
    """Shown on benchmarks but still under suspicion is no verdict, and neither is the reverse."""
    undecided = undecided_after(
        5, [0.9, 0.92, 0.99, 0.89], [0.95, 0.92, 0.949998, 0.99], POLICY, is_benchmark=True
    )

    assert undecided.tolist() == [0, 6, 6, 6]


def test_more_trust_never_costs_the_boundary_the_gate() -> None:
    """Who leaves the boundary for certainty is delivered on: rising trust holds no answer."""
    certain = np.linspace(0.5, 1.0, 51)
    shown, known = np.meshgrid(certain, certain)
    undecided = undecided_after(200, shown, known, POLICY, is_benchmark=True)
    state = next_state(shown, 200, "boundary", POLICY, undecided=undecided)

    assert set(np.unique(state)) == {State.ADMITTED, State.BOUNDARY}
    assert (gate(shown, known, 200, state, POLICY) == Gate.DELIVER).all()
