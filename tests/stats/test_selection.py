"""Which benchmark tells most."""

import numpy as np
import pytest

from goldvein.stats.items import stack_tables
from goldvein.stats.posterior import newcomer
from goldvein.stats.selection import remaining_variance
from tests.stats import worlds


def by_definition(p: np.ndarray, good: np.ndarray, table: np.ndarray) -> float:
    """Expected p(1-p) after the answer to an item that nobody has seen, answer by answer."""
    space = worlds.model().space
    table = table.copy()
    table[space.state_of("leaker")] = table[space.state_of("random")]
    total = 0.0
    for column in table.T:
        seen = float((p * column).sum())
        if seen > 0:
            after = float((p * column)[good].sum()) / seen
            total += seen * after * (1 - after)
    return total


def test_equals_the_definition() -> None:
    """The fast form is the expected posterior variance."""
    model, rng = worlds.model(), np.random.default_rng(3)
    tables = worlds.random_tables(model, rng, 6)
    tables.append(worlds.table(model, 2))
    p = rng.dirichlet(np.ones(model.space.size), size=4).T
    candidates = rng.integers(len(tables), size=(4, 5))

    remaining = remaining_variance(
        p, model, stack_tables(tables), candidates, np.zeros(len(tables), dtype=np.int64)
    )

    expected = [
        [by_definition(p[:, i], model.space.good, tables[c]) for c in candidates[i]] for i in range(4)
    ]
    assert remaining == pytest.approx(np.array(expected), rel=1e-12)


def test_never_more_than_before() -> None:
    """On average an answer never adds doubt."""
    model, rng = worlds.model(), np.random.default_rng(4)
    pool = stack_tables(worlds.random_tables(model, rng, 10))
    p = rng.dirichlet(np.ones(model.space.size), size=20).T
    prior = p[model.space.good].sum(axis=0)

    remaining = remaining_variance(
        p, model, pool, np.tile(np.arange(10), (20, 1)), np.zeros(10, dtype=np.int64)
    )

    assert (remaining <= (prior * (1 - prior))[:, None] + 1e-12).all()


def test_anti_shortcut_items_tell_most_about_a_suspect() -> None:
    """For a suspect of picking the longest option, an item whose key is not the longest comes first."""
    model = worlds.model()
    suspect = 0.5 * newcomer(model)
    suspect[model.space.state_of("longest")] += 0.5
    pool = stack_tables([worlds.table(model, longest=0), worlds.table(model, longest=2)])

    usual, anti = remaining_variance(suspect, model, pool, np.array([[0, 1]]), np.zeros(2, dtype=np.int64))[0]

    assert anti < 0.7 * usual


def test_whoever_may_know_the_keys_is_asked_what_nobody_has_seen() -> None:
    """Against a leaker a fresh benchmark tells more than one that was served a hundred times."""
    model = worlds.model()
    pool = stack_tables([worlds.table(model)] * 2)
    suspect = np.zeros((model.space.size, 1))
    suspect[[model.space.n_abilities - 5, model.space.state_of("leaker")], 0] = 0.5
    exposed, fresh = remaining_variance(suspect, model, pool, np.array([[0, 1]]), np.array([100, 0]))[0]

    assert fresh < 0.75 * exposed
