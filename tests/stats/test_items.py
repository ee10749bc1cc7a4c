"""Benchmark tables: proper distributions, the whole key posterior, the shown order, and the bar."""

import numpy as np
import pytest

from goldvein.stats.arrays import ShapeError
from goldvein.stats.items import accuracy_curve, bar_theta, item_table, served_likelihoods, stack_tables
from goldvein.stats.mining import task_evidence
from goldvein.stats.model import make_answer_model
from tests.stats import worlds


@pytest.mark.parametrize("n_options", [2, 3, 4, 16])
def test_rows_sum_to_one(n_options: int) -> None:
    """Each state answers something."""
    table = worlds.table(worlds.model(), n_options)

    assert table.shape == (26, n_options + 1)
    assert table.sum(axis=1) == pytest.approx(1.0, abs=1e-12)


def test_accuracy_rises_with_ability_from_chance() -> None:
    """The curve starts at 1/K and rises towards one."""
    answers = make_answer_model()
    weights = task_evidence(answers, 4, [0] * 4).difficulty_weights(0)

    curve = accuracy_curve(answers, 4, weights, np.array([-50.0, -2.0, 0.0, 50.0]))

    assert curve[0] == pytest.approx(0.25)
    assert curve[-1] == pytest.approx(1.0)
    assert (np.diff(curve) > 0).all()


def test_doubtful_key_costs_less() -> None:
    """With a key that is only 90% sure, one dissent says less against a labeler."""
    model = worlds.model()
    weights = task_evidence(model.answers, 4, [0] * 4).difficulty_weights(0)
    best = model.space.n_abilities - 1
    sure = item_table(model, np.array([1.0, 0, 0, 0]), weights)
    doubtful = item_table(model, np.array([0.91, 0.03, 0.03, 0.03]), weights)

    assert doubtful[best, 1] > 2 * sure[best, 1]


def test_ties_split_a_shortcuts_answer() -> None:
    """Two options of the same length are chosen alike."""
    model = worlds.model()
    weights = task_evidence(model.answers, 4, [0] * 4).difficulty_weights(0)
    table = item_table(model, np.array([1.0, 0, 0, 0]), weights, {"longest": (1, 2)})
    row = table[model.space.state_of("longest")]

    assert row[1] == row[2] > 0.47
    assert table[model.space.state_of("shortest")] == pytest.approx(table[model.space.state_of("random")])


def test_shown_order_convicts_position_clickers() -> None:
    """The position rules answer by the order as shown under that lease."""
    model = worlds.model()
    table = worlds.table(model)
    likelihood = served_likelihoods(model, [table, table, table], [[2, 0, 1, 3]] * 3, [2, 3, 4], [0, 15, 0])
    first, last = (likelihood[model.space.state_of(rule)] for rule in ("first", "last"))

    assert first[0] > 0.9
    assert last[1] > 0.9
    assert max(first[1], first[2], last[0], last[2]) < 0.02


def test_position_rows_sum_to_one_over_choices() -> None:
    """Whatever the order, a position clicker answers something."""
    model = worlds.model()
    table = worlds.table(model)
    likelihood = served_likelihoods(model, [table] * 5, [[3, 1, 0, 2]] * 5, range(5), [7] * 5)

    assert likelihood.sum(axis=1) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("accuracy", [0.55, 0.70, 0.9])
def test_bar_is_where_mean_accuracy_is_the_policys(accuracy: float) -> None:
    """On a mix of item kinds, ability at the bar has exactly the wanted mean accuracy."""
    answers = make_answer_model()
    mix = [(2, 5), (4, 4), (4, 5), (16, 3)]
    weights = [task_evidence(answers, k, [0] * agreeing).difficulty_weights(0) for k, agreeing in mix]

    theta = bar_theta(accuracy, answers, [k for k, _ in mix], weights)

    curves = [
        accuracy_curve(answers, k, w, np.array([theta]))[0] for (k, _), w in zip(mix, weights, strict=True)
    ]
    assert np.mean(curves) == pytest.approx(accuracy, abs=1e-9)


def test_bar_under_chance_is_refused() -> None:
    """A bar that guessing passes is an error that says what would do."""
    answers = make_answer_model()
    weights = task_evidence(answers, 2, [0] * 4).difficulty_weights(0)

    with pytest.raises(ShapeError, match=r"lies between 0\.500"):
        bar_theta(0.4, answers, [2], [weights])


def test_bad_probabilities_are_refused() -> None:
    """What does not sum to one is named."""
    model = worlds.model()

    with pytest.raises(ShapeError, match="key_probs sums to"):
        item_table(model, np.array([0.5, 0.6]), model.answers.difficulty_prior)
    with pytest.raises(ShapeError, match="difficulty_weights has shape"):
        item_table(model, np.array([0.5, 0.5]), np.array([0.5, 0.5]))


def test_stack_fills_up_with_impossible_answers() -> None:
    """Items of different K share one pool."""
    model = worlds.model()
    pool = stack_tables([worlds.table(model, 2), worlds.table(model, 4)])

    assert pool.shape == (26, 2, 5)
    assert pool.sum(axis=2) == pytest.approx(1.0, abs=1e-12)
    assert (pool[:, 0, 3:] == 0).all()


def test_confusion_moves_wrong_answers() -> None:
    """Where classes are confused, wrong answers go where confusion says."""
    confusion = np.array([[0, 1.0, 0], [0.5, 0, 0.5], [0.5, 0.5, 0]])
    model = worlds.model(answers=make_answer_model(confusion=confusion))
    table = item_table(model, np.array([1.0, 0, 0]), model.answers.difficulty_prior)
    learned = np.array([0.2, 0, 0.8])
    own = item_table(model, np.array([1.0, 0, 0]), model.answers.difficulty_prior, None, learned)

    assert (own[: model.space.n_abilities, 1] == 0).all()
    assert (table[: model.space.n_abilities, 2] == 0).all()
    assert table.sum(axis=1) == pytest.approx(1.0, abs=1e-12)
