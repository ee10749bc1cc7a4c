"""Models: states around the bar, a proper prior, and storage to the last bit."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldvein.stats.arrays import ShapeError, frozen
from goldvein.stats.model import Model, convert, make_model
from goldvein.stats.population import population_prior, solving_of, turns_of
from goldvein.stats.posterior import newcomer
from goldvein.stats.states import make_space
from tests.stats import worlds


def test_model_survives_json_to_the_last_bit() -> None:
    """Stored models replay exactly."""
    model = worlds.model(hazard=1 / 3000, lapse=0.1 / 3)
    back = Model.from_dict(json.loads(json.dumps(model.to_dict())))

    assert (back.prior == model.prior).all()
    assert (back.turns == model.turns).all()
    assert (back.solving == model.solving).all()
    assert (back.space.thetas == model.space.thetas).all()
    assert (back.answers.difficulties == model.answers.difficulties).all()
    assert back.to_dict() == model.to_dict()


def test_bar_lies_midway_between_two_abilities() -> None:
    """Off the midpoint, false rejections jump."""
    space = make_space(-1.234)
    below, above = space.thetas[~space.good[:20]].max(), space.thetas[space.good[:20]].min()

    assert (below + above) / 2 == pytest.approx(-1.234)


def test_no_shortcut_is_good() -> None:
    """Whatever share of the benchmarks it gets right."""
    space = make_space(0.0, ["longest", "overlap"])

    assert not space.good[space.n_abilities :].any()
    assert space.names[-1] == "overlap"


def test_prior_is_a_distribution_with_enough_shortcuts() -> None:
    """Somewhat more than a quarter of newcomers is expected to follow a shortcut."""
    model = worlds.model()

    assert newcomer(model).sum() == pytest.approx(1.0)
    assert model.prior[model.space.n_abilities :].sum() == pytest.approx(0.28)


def test_rule_named_twice_is_refused() -> None:
    """Two states of the same name could not be told apart in the log."""
    with pytest.raises(ShapeError, match="twice"):
        make_space(0.0, ["first"])


RULES = ("longest", "shortest", "most overlap", "most numbers")
rules = st.lists(st.sampled_from(RULES), unique=True, max_size=3)


@given(rules, st.floats(0.05, 0.9), st.floats(0, 1))
def test_four_jumps_in_five_end_in_a_shortcut(names: list[str], mass: float, share: float) -> None:
    """The rest ends anywhere; which shortcut it is is as likely as it is among newcomers."""
    space = make_space(0.3, names)
    prior = population_prior(space, shortcut_mass=mass)
    turns, grid = turns_of(space, prior, share), space.n_abilities

    assert turns.sum() == pytest.approx(1)
    assert (turns >= (1 - share) * prior).all()
    assert turns[grid:].sum() == pytest.approx(share + (1 - share) * mass)
    assert turns[:grid] == pytest.approx((1 - share) * prior[:grid])
    assert turns[grid:] / turns[grid:].sum() == pytest.approx(prior[grid:] / prior[grid:].sum())
    assert turns_of(space, prior)[grid:].sum() == pytest.approx(0.8 + 0.2 * mass)


def test_what_follows_from_the_population_follows_it_unless_it_is_told() -> None:
    """Left empty, ``turns`` and ``solving`` are reckoned from the prior; what is given is kept."""
    model = worlds.model(turns=frozen(np.full(26, 1 / 26)))
    prior = population_prior(model.space, shortcut_mass=0.5)
    learned = replace(model, prior=prior, turns=frozen([]), solving=frozen([]))

    assert (model.turns == 1 / 26).all()
    assert (learned.turns == turns_of(model.space, prior)).all()
    assert (learned.solving == solving_of(model.answers, model.space, prior)).all()
    assert (replace(model, prior=prior).turns == 1 / 26).all()


@given(rules, rules, st.integers(0, 2**32 - 1), st.floats(0, 3), st.floats(0, 3))
def test_conversion_is_linear(before: list[str], after: list[str], seed: int, x: float, y: float) -> None:
    """A mixture is converted as its parts are: so a held answer's joint stays part of its posterior."""
    old, new = (make_model(0.3, content_rules=names) for names in (before, after))
    p, q = np.random.default_rng(seed).dirichlet(np.ones(old.space.size), size=2)[:, :, None]
    together = convert(x * p + y * q, old, new)

    assert together == pytest.approx(x * convert(p, old, new) + y * convert(q, old, new))
    assert together.sum() == pytest.approx(x + y)
    assert convert(0 * p, old, new).sum() == 0


@given(rules, st.integers(0, 2**32 - 1))
def test_conversion_to_the_same_states_changes_nothing(names: list[str], seed: int) -> None:
    """To the last bit, so that a new version that only learned hazards moves nobody."""
    old, new = make_model(0.3, content_rules=names), make_model(0.3, content_rules=names, hazard=0.01)
    p = np.random.default_rng(seed).dirichlet(np.ones(old.space.size), size=3).T

    assert (convert(p, old, new) == p).all()


def test_conversion_to_another_bar_is_refused() -> None:
    """Abilities would not be the same."""
    with pytest.raises(ShapeError, match="grids do not match"):
        convert(newcomer(make_model(0.3)), make_model(0.3), make_model(0.4))
