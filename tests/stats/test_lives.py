"""Lives of a crowd, fitted to what people of known kinds answered."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from goldvein.sim import calibration
from goldvein.stats.arrays import Array, IntArray, ShapeError, frozen
from goldvein.stats.lives import fit_lives
from goldvein.stats.model import Model, make_model
from goldvein.stats.states import LEAKER, POSITION_RULES, RANDOM

STEPS, SIZE = 120, 300
TURN_AT = 60


@dataclass(frozen=True)
class Crowd:
    """What people answered, and the shares of those who guess from the start and from the middle on."""

    evidence: Array
    answers: IntArray
    bad: float
    turning: float


def crowd(rng: np.random.Generator, model: Model, *, bad: float, turning: float) -> Crowd:
    """Able people, some who guess from the start, and some who guess from answer 60 on."""
    tables = np.array(calibration.make_tables(rng, model, 60))
    able, guessing = model.space.n_abilities - 2, model.space.state_of(RANDOM)
    kinds = rng.random(SIZE)
    evidence = np.ones((STEPS, model.space.size, SIZE))
    for step in range(STEPS):
        turned = (kinds < bad) | ((kinds < bad + turning) & (step >= TURN_AT))
        states = np.where(turned, guessing, able)
        items = rng.integers(len(tables), size=SIZE)
        rolls = rng.random((SIZE, 1))
        choices = (rolls >= tables[items, states].cumsum(axis=1)[:, :-1]).sum(axis=1)
        evidence[step] = tables[items, :, choices].T
    shares = (kinds < bad).mean(), ((kinds >= bad) & (kinds < bad + turning)).mean()
    return Crowd(evidence, np.full(SIZE, STEPS), *map(float, shares))


def without_leakers() -> Model:
    """A model in which next to nobody leaks: exposures are not told here, so they look like able people."""
    model = make_model(-2.5)
    prior = model.prior.copy()
    prior[model.space.state_of(LEAKER)] = 1e-9
    return replace(model, prior=frozen(prior / prior.sum()), turns=frozen([]))


def test_shares_and_turns_are_found() -> None:
    """Who guesses from the start, how many begin to, and when, comes out of answers alone."""
    model, rng = without_leakers(), np.random.default_rng(3)
    people = crowd(rng, model, bad=0.2, turning=0.1)
    lives = fit_lives(model, people.evidence, people.answers)
    grid = model.space.n_abilities
    guessing = slice(grid, grid + 1 + len(POSITION_RULES))  # where orders are not told, all of these guess
    assert lives.start[guessing].sum() == pytest.approx(people.bad, abs=0.05)
    turned = lives.turned[:, guessing].sum(axis=1)
    assert turned.sum() / SIZE == pytest.approx(people.turning, abs=0.05)
    near = turned[TURN_AT - 8 : TURN_AT + 8].sum()
    assert near > 0.8 * turned.sum()
    assert lives.at_work[0] / SIZE == pytest.approx(1 - people.bad, abs=0.05)


def test_the_bound_never_falls() -> None:
    """Each round of the fit makes answers and priors together more probable, or leaves them as they are."""
    model, rng = make_model(-2.5), np.random.default_rng(4)
    people = crowd(rng, model, bad=0.3, turning=0.2)
    lives = fit_lives(replace(model, hazard=0.01), people.evidence, people.answers)
    assert (np.diff(lives.bounds) > -1e-6).all()


def test_what_lies_beyond_the_last_answer_is_not_looked_at() -> None:
    """Histories of different lengths are fitted as they are, whatever fills them up."""
    model, rng = make_model(-2.5), np.random.default_rng(5)
    evidence = crowd(rng, model, bad=0.2, turning=0.0).evidence
    answers = rng.integers(10, STEPS, size=SIZE)
    other = evidence.copy()
    other[np.broadcast_to((np.arange(STEPS)[:, None] >= answers)[:, None], other.shape)] = 0.5
    one, two = (fit_lives(model, given, answers, rounds=3) for given in (evidence, other))
    np.testing.assert_array_equal(one.start, two.start)
    np.testing.assert_array_equal(one.turned, two.turned)


def test_shapes_must_fit() -> None:
    """Nobody, or evidence of another state space, is refused."""
    model = make_model(-2.5)
    with pytest.raises(ShapeError):
        fit_lives(model, np.ones((3, model.space.size, 0)), np.zeros(0, dtype=np.int64))
    with pytest.raises(ShapeError):
        fit_lives(model, np.ones((3, 2, 4)), np.full(4, 3))
