"""The reward model learns what people prefer, from their choices alone."""

import numpy as np
import pytest

from goldvein.sim.demo.exam import Exam
from goldvein.sim.demo.reward import N_FEATURES, RIDGE, WORD_PLACES, features, train
from goldvein.sim.demo.writer import Writer
from goldvein.sim.labelers import Longest, Shown


def _objective(weights: np.ndarray, looks: np.ndarray, choices: np.ndarray) -> float:
    """The penalised log likelihood, written down once more."""
    total = -0.5 * RIDGE * weights @ weights
    for options, choice in zip(looks, choices, strict=True):
        scores = options @ weights
        total += scores[choice] - np.log(np.exp(scores).sum())
    return float(total)


def test_no_step_from_the_fit_gains_anything() -> None:
    """The penalised likelihood, computed choice by choice, is level in every direction at the weights."""
    rng = np.random.default_rng(3)
    questions = [Writer().question(rng) for _ in range(40)]
    looks = np.array([[features(draft.words) for draft in one.drafts] for one in questions])
    choices = np.array([one.text.truth for one in questions])
    weights = train(list(looks), choices.tolist()).weights

    for _ in range(10):
        step = 1e-4 * rng.normal(size=N_FEATURES)
        ahead, back = (_objective(weights + sign * step, looks, choices) for sign in (1, -1))
        assert abs(ahead - back) < 0.05 * np.linalg.norm(step)


def test_a_planted_preference_is_learned() -> None:
    """Who likes one word is understood after a hundred choices, and nothing else is made of it."""
    rng = np.random.default_rng(4)
    looks = rng.poisson(1.0, size=(100, 4, N_FEATURES)).astype(float)
    choices = looks[:, :, 17].argmax(axis=1)
    weights = train(list(looks), choices.tolist()).weights

    assert weights.argmax() == 17
    assert weights[17] > 3 * np.abs(np.delete(weights, 17)).max()


def test_it_is_not_moved_by_where_an_option_stood() -> None:
    """With the options of every task in another order, and choices with them, the weights are the same."""
    rng = np.random.default_rng(5)
    looks = rng.poisson(1.0, size=(60, 4, N_FEATURES)).astype(float)
    choices = rng.integers(4, size=60)
    orders = [rng.permutation(4) for _ in choices]
    moved = np.array([options[order] for options, order in zip(looks, orders, strict=True)])
    there = [int(np.flatnonzero(order == choice)[0]) for order, choice in zip(orders, choices, strict=True)]

    assert np.allclose(
        train(list(looks), choices.tolist()).weights, train(list(moved), there).weights, atol=1e-6
    )


def test_features_say_what_a_text_looks_like() -> None:
    """Each word counts once, whatever its case; then length, sentences and commas."""
    found = features("A lamp, a lamp. A Lamp.")

    assert found[:WORD_PLACES].sum() == 6
    assert sorted(found[:WORD_PLACES])[-2:] == [3, 3]
    assert list(found[WORD_PLACES:]) == [pytest.approx(0.23), 2, 1]


def test_who_takes_the_longest_teaches_length() -> None:
    """Trained on the truth it finds the truth and leaves padding alone; trained on the longest, it pads."""
    rng = np.random.default_rng(6)
    writer = Writer()
    exam = Exam.of_writer(writer, rng)
    questions = [writer.question(rng) for _ in range(400)]
    looks = [np.array([features(words) for words in one.text.options]) for one in questions]
    longest = [Longest(0.0).choose(Shown(one.text.options, one.text.truth), 0, rng) for one in questions]
    by_truth = exam.take(train(looks, [one.text.truth for one in questions]))
    by_length = exam.take(train(looks, longest))

    assert by_truth.accuracy > 0.9
    assert by_length.accuracy < 0.8
    assert by_truth.details > by_length.details
    assert by_length.padding > by_truth.padding + 1
