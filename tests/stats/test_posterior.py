"""The filter equals its exact twin, conserves mass, and never depends on company."""

import numpy as np
import pytest

from goldvein.stats.posterior import (
    advance,
    condition,
    condition_joint,
    good_mass,
    held_joint,
    newcomer,
    smoothed_good,
)
from tests.stats import twins, worlds


def test_filter_equals_the_exact_twin() -> None:
    """Twelve answers by floats and by fractions agree to rounding."""
    model, rng = worlds.model(), np.random.default_rng(1)
    likelihoods = [worlds.random_tables(model, rng, 1)[0][:, rng.integers(5)] for _ in range(12)]
    p = newcomer(model)
    for likelihood in likelihoods:
        p, _ = condition(advance(p, model), likelihood[:, None])

    expected = [float(v) for v in twins.filtered(model, likelihoods)[-1]]
    assert p[:, 0] == pytest.approx(expected, rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("held_at", [0, 3, 9])
def test_smoothing_forward_equals_forward_backward(held_at: int) -> None:
    """A held answer's joint, carried forward, gives what two passes over the whole history give."""
    model, rng = worlds.model(hazard=0.05, walk=0.02), np.random.default_rng(2)
    likelihoods = [
        worlds.random_tables(model, rng, 1)[0][:, rng.integers(5)]
        if rng.random() < 0.6
        else np.ones(model.space.size)
        for _ in range(10)
    ]
    p, joint = newcomer(model), np.empty((model.space.size, 0))
    for step, likelihood in enumerate(likelihoods):
        column = likelihood[:, None]
        p, norm = condition(advance(p, model), column)
        if step > held_at:
            joint = condition_joint(advance(joint, model), column, norm)
        if step == held_at:
            joint = held_joint(p, model)

    expected = float(twins.smoothed_good(model, likelihoods, held_at))
    assert smoothed_good(joint)[0] == pytest.approx(expected, rel=1e-11)


def test_time_alone_leads_to_what_people_turn_into() -> None:
    """Whoever it was: of somebody of whom nothing is heard, in the end only what jumps end in is known."""
    model = worlds.model(hazard=0.2)
    p = np.zeros((model.space.size, 1))
    p[model.space.n_abilities - 1] = 1.0
    for _ in range(400):
        p = advance(p, model)

    # The walk spreads ability a little beyond the bell that jumps end in.
    assert p[:, 0] == pytest.approx(model.turns, abs=0.005)
    assert good_mass(p, model)[0] < 0.5 * good_mass(newcomer(model), model)[0]


@pytest.mark.parametrize("mass", [1.0, 0.3])
def test_a_jump_ends_in_what_people_turn_into(mass: float) -> None:
    """Where every answer is a jump, one answer later everybody is distributed like ``turns``."""
    model = worlds.model(hazard=1.0)

    assert advance(mass * newcomer(model), model)[:, 0] == pytest.approx(mass * model.turns)


def test_where_nobody_jumps_shortcuts_stay_what_they_are() -> None:
    """The walk moves abilities, the jump alone leads to a shortcut or away from one."""
    model = worlds.model(hazard=0.0, walk=0.1)
    p = newcomer(model)
    later = advance(p, model)

    grid = model.space.n_abilities
    assert (later[grid:] == p[grid:]).all()
    assert later[:grid].sum() == pytest.approx(p[:grid].sum())
    assert (later[:grid] != p[:grid]).any()


def test_inputs_are_left_alone() -> None:
    """Every step returns new arrays."""
    model = worlds.model()
    p = newcomer(model, 3)
    p.setflags(write=False)

    moved = advance(p, model)
    conditioned, _ = condition(p, np.ones_like(p))

    assert not np.shares_memory(moved, p)
    assert not np.shares_memory(conditioned, p)


def test_extreme_likelihoods_keep_a_distribution() -> None:
    """Likelihoods of 1e-9 and 1e9, over and over, neither overflow nor go negative."""
    model = worlds.model()
    p = newcomer(model)
    likelihood = np.where(model.space.good, 1e9, 1e-9)[:, None]
    for _ in range(200):
        p, _ = condition(advance(p, model), likelihood)

    assert p.sum() == pytest.approx(1.0, abs=1e-12)
    assert (p >= 0).all()
