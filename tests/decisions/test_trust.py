"""Who may make keys: earned slowly, lost sooner than forgotten, never by signals, never by a shortcut."""

from datetime import UTC, datetime, timedelta
from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldvein.decisions.gate import State
from goldvein.decisions.trust import (
    Shown,
    keeps_trust,
    lower_elsewhere,
    margin_below,
    panel_after,
    panel_basis,
    takes_turn,
    trusted_elsewhere,
    trusted_mass,
)
from goldvein.domain.policy import Policy, PolicyError
from goldvein.stats.model import make_model

MODEL = make_model(-0.4, 0.6)
POLICY = Policy()
NOW = datetime(2026, 1, 5, tzinfo=UTC)
ABLE = np.flatnonzero(MODEL.space.thetas >= MODEL.trust_theta)


def standing(able: float) -> np.ndarray:
    """A posterior with this much mass on abilities over the trust bar, the rest on the shortcuts."""
    posterior = np.zeros(MODEL.space.size)
    posterior[ABLE] = able / len(ABLE)
    posterior[MODEL.space.n_abilities :] = (1 - able) / len(MODEL.space.shortcuts)
    return posterior


def after(able: float, benchmarks: int, before: str | None, state: str = State.ADMITTED) -> str | None:
    """What the panel says after a benchmark."""
    return panel_after(MODEL, standing(able), benchmarks, state, POLICY, before=before, is_benchmark=True)


def test_trust_is_earned_high_and_ends_low() -> None:
    """Between the two thresholds it stays as it is."""
    assert after(0.91, 25, None) == "earned"
    assert after(0.91, 24, None) is None
    assert after(0.80, 25, None) is None
    assert after(0.80, 25, "earned") == "earned"
    assert after(0.74, 25, "earned") is None


@given(st.floats(0, 1), st.integers(0, 100), st.sampled_from(["earned", None]))
def test_who_earns_trust_would_keep_it(able: float, benchmarks: int, before: str | None) -> None:
    """No answer both gives and takes; and what is earned is never under what is kept."""
    found = after(able, benchmarks, before)
    if before is None and found == "earned":
        assert after(able, benchmarks, "earned") == "earned"


@pytest.mark.parametrize("state", [State.DISMISSED, State.BOUNDARY])
def test_only_the_admitted_are_trusted(state: State) -> None:
    """A dismissal ends earned trust, and a boundary standing never had it."""
    assert after(1.0, 50, "earned", state) is None
    assert after(1.0, 50, None, state) is None
    assert after(0.0, 50, "appointed", state) == "appointed"


def test_trust_brought_along_is_on_probation() -> None:
    """It outlives a newcomer's doubt, and ends once benchmarks speak against it."""
    prior = trusted_mass(MODEL, MODEL.prior)
    assert prior < POLICY.trust_below
    assert keeps_trust(MODEL, MODEL.prior, 0, State.ADMITTED, POLICY)
    assert not keeps_trust(MODEL, standing(0.4 * prior), 3, State.ADMITTED, POLICY)
    assert not keeps_trust(MODEL, MODEL.prior, POLICY.trust_benchmarks, State.ADMITTED, POLICY)


def test_ordinary_answers_earn_nothing() -> None:
    """Only a benchmark can."""
    found = panel_after(MODEL, standing(1.0), 50, State.ADMITTED, POLICY, before=None, is_benchmark=False)
    assert found is None


@pytest.mark.parametrize(
    ("role", "basis", "panel", "has_standing", "expected"),
    [
        ("labeler", None, None, False, None),
        ("labeler", "elsewhere", None, False, "earned"),
        ("labeler", "bootstrap", None, False, "earned"),
        ("labeler", "elsewhere", None, True, None),  # the standing here knows better
        ("labeler", None, "earned", True, "earned"),
        ("labeler", "appointed", None, True, "appointed"),
        ("trusted", None, None, True, "appointed"),
        ("labeler", None, "appointed", True, None),  # the role was taken back
        ("trusted", "barred", "appointed", True, None),
        ("labeler", "barred", "earned", True, None),
    ],
)
def test_why_somebody_is_on_the_panel(
    role: str, basis: str | None, panel: str | None, has_standing: bool, expected: str | None
) -> None:
    """A bar comes first, then appointments, then what was earned here, then elsewhere."""
    assert panel_basis(role, basis, panel, has_standing=has_standing) == expected


def test_the_share_of_turns_is_the_policy_s() -> None:
    """Drawn anew each time; who was appointed always looks for candidates first."""
    rng = np.random.default_rng(1)
    policy = Policy.from_dict({"panel_share": 0.3})
    turns = np.mean([takes_turn(rng, "earned", policy) for _ in range(20_000)])
    assert turns == pytest.approx(0.3, abs=0.01)
    assert all(takes_turn(rng, "appointed", policy) for _ in range(100))
    assert not any(takes_turn(rng, None, policy) for _ in range(100))


def test_the_margin_is_a_lower_bound() -> None:
    """So much ability has at least this probability; shortcuts are no ability."""
    posterior = standing(0.95)
    margin = margin_below(MODEL, posterior, 0.9)
    grid = MODEL.space.n_abilities
    assert posterior[:grid][MODEL.space.thetas >= MODEL.trust_theta + margin - 1e-9].sum() >= 0.9
    assert posterior[:grid][MODEL.space.thetas > MODEL.trust_theta + margin + 1e-9].sum() < 0.9
    assert margin_below(MODEL, standing(0.89), 0.9) == -inf


def shown(*margins: float, days: float = 0) -> float:
    """The bound from projects that show these margins, so long ago."""
    at = NOW - timedelta(days=days)
    return lower_elsewhere([Shown(place, one, 30, at) for place, one in enumerate(margins)], NOW)


def test_trust_elsewhere_needs_more_than_trust_there() -> None:
    """Projects differ, so one that is just passed is not enough; several, and a margin, are."""
    assert not trusted_elsewhere(shown(0.0), before=False)
    assert trusted_elsewhere(shown(0.6), before=False)
    assert shown(0.4, 0.4, 0.4) > shown(0.4)
    assert not trusted_elsewhere(shown(1.0, -inf), before=True)
    assert shown() == -inf


def test_trust_elsewhere_decays_with_age_and_does_not_flicker() -> None:
    """Somebody who showed it half a year ago is asked to show it again."""
    bounds = [shown(0.6, days=days) for days in (0, 30, 90, 180, 360)]
    assert bounds == sorted(bounds, reverse=True)
    assert trusted_elsewhere(bounds[0], before=False)
    assert not trusted_elsewhere(bounds[-1], before=False)
    assert trusted_elsewhere(-0.2, before=True)
    assert not trusted_elsewhere(-0.2, before=False)


def test_trust_cannot_end_over_where_it_is_earned() -> None:
    """The policy says so."""
    with pytest.raises(PolicyError, match="trust_below"):
        Policy.from_dict({"trust_below": 0.95})
