"""What can happen when benchmarks are served, against the functions that the service judges with."""

import itertools

import numpy as np
import pytest

from goldvein.stats.arrays import Array, ShapeError
from goldvein.stats.items import item_table, served_likelihoods
from goldvein.stats.mining import task_evidence
from goldvein.stats.servings import (
    accuracies,
    counter_example_share,
    harder,
    make_servings,
    outcomes,
    with_counter_examples,
)
from tests.stats.worlds import model, random_tables, table


@pytest.mark.parametrize(("options", "shuffled"), [(2, True), (4, True), (3, False)])
def test_outcomes_are_the_served_likelihoods_of_all_orders_together(options: int, shuffled: bool) -> None:
    """Summed over the orders that show an option at a place, each as likely; and nothing is left over."""
    of = model()
    tables = random_tables(of, np.random.default_rng(1), 3, options)
    exposures = [0, 5, 40]
    found = outcomes(of, make_servings(tables, exposures, [0, 0, 0], shuffled=shuffled))
    orders = list(itertools.permutations(range(options))) if shuffled else [tuple(range(options))]
    slow = np.zeros((of.space.size, 3, 3, options + 1))
    for item, order, choice in itertools.product(range(3), orders, range(options + 1)):
        place = 0 if order[0] == choice else 1 if order[-1] == choice else 2
        got = served_likelihoods(of, [tables[item]], [order], [choice], [exposures[item]])[:, 0]
        slow[:, item, place, choice] += got / len(orders)
    assert np.allclose(found, slow.reshape(of.space.size, 3, -1), atol=1e-12)
    assert np.allclose(found.sum(axis=2), 1)


def test_items_with_fewer_options_lie_beside_others() -> None:
    """No outcome is given to an option that an item does not have."""
    of = model()
    found = outcomes(of, make_servings([table(of, 2), table(of, 5)], [0, 0], [0, 0]))
    assert np.allclose(found.sum(axis=2), 1)
    assert (found.reshape(of.space.size, 2, 3, 6)[:, 0, :, 3:] == 0).all()


def test_no_benchmarks_are_refused() -> None:
    """There is nothing to serve."""
    with pytest.raises(ShapeError, match="at least one benchmark"):
        make_servings([], [], [])


def test_accuracy_takes_the_serving_in() -> None:
    """A position rule is right once in K; a leaker knows keys the more they were served."""
    of = model()
    tables = random_tables(of, np.random.default_rng(2), 40)
    keys = [int(np.argmax(one[of.space.n_abilities - 1, :4])) for one in tables]
    fresh, worn = (accuracies(of, make_servings(tables, [seen] * 40, keys)) for seen in (0, 200))
    at = of.space.state_of
    assert fresh[at("first")] == pytest.approx(0.25, abs=0.01)
    assert fresh[at("leaker")] == pytest.approx(fresh[at("random")])
    assert worn[at("leaker")] > 0.85
    assert (np.diff(fresh[: of.space.n_abilities]) > 0).all()


def _shifted(of_table: Array, steps: int) -> Array:
    return np.concatenate([of_table[steps:], np.repeat(of_table[-1:], steps, axis=0)])


@pytest.mark.parametrize("logits", [-1.0, 0.5, 1.0])
def test_harder_benchmarks_are_those_of_a_shifted_difficulty(logits: float) -> None:
    """The same as tables made from difficulties moved along their grid, away from the grids' ends."""
    of = model()
    answers = of.answers
    evidence = task_evidence(answers, 4, [1] * 5)
    weights = evidence.difficulty_weights(1)
    steps = round(logits / (answers.difficulties[1] - answers.difficulties[0]))
    moved = np.zeros_like(weights)
    for place, weight in enumerate(weights):
        moved[min(max(place + steps, 0), len(weights) - 1)] += weight
    before = make_servings([item_table(of, evidence.key_probs, weights)], [0], [1])
    wanted = item_table(of, evidence.key_probs, moved)
    found = harder(of, before, logits).tables[:, 0]
    inner = slice(5, of.space.n_abilities - 5)
    assert np.allclose(found[inner], wanted[inner], atol=0.02)
    assert np.array_equal(found[of.space.n_abilities :], before.tables[of.space.n_abilities :, 0])
    assert np.allclose(found.sum(axis=1), 1)


def test_counter_examples_are_made_where_they_are_wanting() -> None:
    """The share is reached, other states keep their answers, and what is there already stays."""
    of = model()
    tables = [table(of, key=key % 4, longest=(key if key % 5 else key + 1) % 4) for key in range(50)]
    before = make_servings(tables, [0] * 50, [key % 4 for key in range(50)])
    assert counter_example_share(of, before, "longest") == pytest.approx(0.2)
    after = with_counter_examples(of, before, "longest", 0.6)
    assert counter_example_share(of, after, "longest") == pytest.approx(0.6)
    others = np.arange(of.space.size) != of.space.state_of("longest")
    assert np.array_equal(before.tables[others], after.tables[others])
    assert np.allclose(after.tables.sum(axis=2), 1)
    same = with_counter_examples(of, before, "longest", 0.1)
    assert np.array_equal(same.tables, before.tables)
