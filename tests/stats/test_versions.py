"""What is laid on one model version, or believed in one project, on the states of another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldvein.stats.items import item_table
from goldvein.stats.model import Model, convert, make_model
from goldvein.stats.posterior import good_mass
from goldvein.stats.versions import ELSEWHERE, belief, carried_table, prior_from_elsewhere

RULES = ("longest", "shortest", "most overlap", "least overlap", "most numbers")
some_rules = st.lists(st.sampled_from(RULES), unique=True, max_size=4)
weights = st.lists(st.floats(0.01, 1), min_size=30, max_size=30)


def model_with(rules: Sequence[str], bar: float = 0.4) -> Model:
    return make_model(bar, content_rules=rules)


def vector(values: Sequence[float], size: int) -> np.ndarray:
    p = np.resize(np.array(values), size)
    normed: np.ndarray = p / p.sum()
    return normed


@given(some_rules, some_rules, st.permutations(range(4)))
def test_a_carried_table_keeps_every_row_that_has_a_name(
    old_rules: list[str], new_rules: list[str], order: list[int]
) -> None:
    """Rows are copied bit for bit; an unknown shortcut answers at random until the item is laid anew."""
    old, new = model_with(old_rules), model_with(new_rules)
    difficulty = old.answers.difficulty_prior
    picks = {rule: (order[place % 4],) for place, rule in enumerate(RULES)}
    keys = np.array([0.9, 0.05, 0.03, 0.02])
    table, laid = (item_table(model, keys, difficulty, picks) for model in (old, new))
    carried = carried_table(table, old, new)
    np.testing.assert_allclose(carried.sum(axis=1), 1)
    for name in new.space.shortcuts:
        row = carried[new.space.state_of(name)]
        known = name if name in old.space.shortcuts else "random"
        assert (row == table[old.space.state_of(known)]).all()
        if name in old.space.shortcuts:
            assert (row == laid[new.space.state_of(name)]).all()
    assert (carried[: new.space.n_abilities] == table[: old.space.n_abilities]).all()


@given(some_rules, some_rules, weights)
def test_conversion_moves_no_mass_and_treats_each_column_alone(
    old_rules: list[str], new_rules: list[str], values: list[float]
) -> None:
    """The sum of a held answer's joint is what is known of it: a new model version does not change it."""
    old, new = model_with(old_rules), model_with(new_rules)
    one = vector(values, old.space.size)[:, None]
    many = np.hstack([one, 0.3 * one[::-1], one])
    converted = convert(many, old, new)
    assert converted.sum(axis=0) == pytest.approx(many.sum(axis=0))
    assert (converted[:, :1] == convert(one, old, new)).all()
    fresh = set(new_rules) - set(old_rules)
    kept = 1 - sum(float(new.prior[new.space.state_of(name)]) for name in fresh)
    assert good_mass(converted, new) == pytest.approx(kept * good_mass(many, old))


@given(some_rules, some_rules, st.lists(weights, max_size=3))
def test_a_start_from_elsewhere_is_a_distribution(
    here: list[str], there: list[str], standings: list[list[float]]
) -> None:
    """Whatever is said in other projects, and of whichever shortcuts, half of the start is the population."""
    model, other = model_with(here), model_with(there, bar=-1.0)
    beliefs = [belief(other, vector(values, other.space.size)) for values in standings]
    assert all(sum(one.values()) == pytest.approx(1) for one in beliefs)
    start = prior_from_elsewhere(model, beliefs)
    assert start.sum() == pytest.approx(1)
    assert (start >= (1 - ELSEWHERE) * model.prior - 1e-15).all()
    if not beliefs:
        assert (start == model.prior).all()


def test_what_is_said_elsewhere_moves_the_start_that_way() -> None:
    """Good people start higher, guessers and followers of a shortcut lower; an unknown one is random."""
    model, other = model_with(("longest",)), model_with(("most numbers", "longest"), bar=1.0)
    sure = np.zeros((5, other.space.size))
    sure[0, other.space.n_abilities - 1] = 1
    sure[1, 0] = 1
    for row, name in ((2, "random"), (3, "longest"), (4, "most numbers")):
        sure[row, other.space.state_of(name)] = 1
    starts = [prior_from_elsewhere(model, [belief(other, p)])[:, None] for p in sure]
    good = [float(good_mass(start, model)[0]) for start in starts]
    before = float(good_mass(model.prior[:, None], model)[0])
    assert good[0] > before
    assert max(good[1:]) < 0.6 * before
    assert starts[3][model.space.state_of("longest"), 0] > 0.4
    assert starts[4][model.space.state_of("random"), 0] > 0.4
    both = prior_from_elsewhere(model, [belief(other, sure[0]), belief(other, sure[2])])[:, None]
    assert good[2] < good_mass(both, model)[0] < good[0]
