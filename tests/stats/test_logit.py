"""The conditional logit: its optimum, its closed forms, and what it must not depend on."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goldvein.stats.arrays import ShapeError
from goldvein.stats.logit import conditional_logit, indicators_of, leans


def draw(
    rng: np.random.Generator, n: int, n_options: int, coefficients: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Rules that each pick one option, and choices that follow them as the coefficients say."""
    picks = rng.integers(n_options, size=(n, len(coefficients)))
    marks = np.arange(n_options)[None, :, None] == picks[:, None, :]
    utility = marks @ coefficients + rng.gumbel(size=(n, n_options))
    return marks, utility.argmax(axis=1)


def slow_gradient(
    marks: np.ndarray, choices: np.ndarray, weights: np.ndarray, b: np.ndarray, ridge: float
) -> np.ndarray:
    """The gradient, answer by answer."""
    total = -ridge * b
    for answer, choice, weight in zip(marks.astype(float), choices, weights, strict=True):
        shares = np.exp(answer @ b)
        shares /= shares.sum()
        total = total + weight * (answer[choice] - shares @ answer)
    return total


@settings(max_examples=30)
@given(seed=st.integers(0, 10**6), n_options=st.integers(2, 6), n_rules=st.integers(1, 5))
def test_the_gradient_is_zero_at_the_optimum(seed: int, n_options: int, n_rules: int) -> None:
    """At the fitted coefficients a gradient that is computed answer by answer is zero."""
    rng = np.random.default_rng(seed)
    marks, choices = draw(rng, 200, n_options, rng.normal(size=n_rules))
    weights = rng.random(200)
    fit = conditional_logit(marks, choices, weights=weights, ridge=0.1)
    assert fit.converged
    assert np.abs(slow_gradient(marks, choices, weights, fit.coefficients, 0.1)).max() < 1e-3


def test_one_rule_has_a_closed_form() -> None:
    """With one rule the odds are those of its share of the answers against its share of the options."""
    rng = np.random.default_rng(1)
    marks, choices = draw(rng, 4000, 4, np.array([0.7]))
    followed = marks[np.arange(4000), choices, 0].mean()
    fit = conditional_logit(marks, choices, ridge=1e-9)
    assert np.exp(fit.coefficients[0]) == pytest.approx(3 * followed / (1 - followed), rel=1e-6)
    assert fit.errors[0] == pytest.approx((4000 * followed * (1 - followed)) ** -0.5, rel=1e-4)


@settings(max_examples=20)
@given(seed=st.integers(0, 10**6))
def test_the_order_of_the_options_says_nothing(seed: int) -> None:
    """Options that change places, each answer's in its own way, leave the fit as it was."""
    rng = np.random.default_rng(seed)
    marks, choices = draw(rng, 150, 4, np.array([1.0, -0.5, 0.2]))
    orders = np.array([rng.permutation(4) for _ in range(150)])
    places = np.argmax(orders == choices[:, None], axis=1)
    one = conditional_logit(marks, choices)
    other = conditional_logit(marks[np.arange(150)[:, None], orders], places)
    assert other.coefficients == pytest.approx(one.coefficients, abs=1e-6)


def test_an_absent_option_is_as_if_it_were_not_there() -> None:
    """Tasks with fewer options, filled up, give what they give alone."""
    rng = np.random.default_rng(2)
    marks, choices = draw(rng, 500, 3, np.array([0.8, -0.3]))
    wide = np.concatenate([marks, np.ones((500, 2, 2), dtype=bool)], axis=1)
    present = np.arange(5)[None, :] < np.full((500, 1), 3)
    one = conditional_logit(marks, choices)
    other = conditional_logit(wide, choices, present=present)
    assert other.coefficients == pytest.approx(one.coefficients, abs=1e-9)
    assert other.log_likelihood == pytest.approx(one.log_likelihood)


def test_a_weight_counts_answers() -> None:
    """An answer with weight 2 counts like two answers, one with weight 0 like none."""
    rng = np.random.default_rng(3)
    marks, choices = draw(rng, 300, 4, np.array([1.0, 0.5]))
    weights = rng.integers(0, 3, size=300)
    fit = conditional_logit(marks, choices, weights=weights)
    repeated = conditional_logit(np.repeat(marks, weights, axis=0), np.repeat(choices, weights))
    assert fit.coefficients == pytest.approx(repeated.coefficients, abs=1e-6)
    assert fit.errors == pytest.approx(repeated.errors, rel=1e-6)


def test_what_is_known_already_is_not_found_again() -> None:
    """With an offset of the true leanings nothing is left to find."""
    rng = np.random.default_rng(4)
    true = np.array([0.9, -0.4])
    marks, choices = draw(rng, 20_000, 4, true)
    fit = conditional_logit(marks, choices, offset=marks @ true)
    assert np.all(np.abs(fit.coefficients) < 4 * fit.errors)
    assert np.all(np.abs(fit.coefficients) < 0.1)


def test_perfect_followers_do_not_break_the_fit() -> None:
    """Where a rule is always followed, the ridge keeps its coefficient finite."""
    marks = np.arange(4)[None, :, None] == np.zeros((50, 1, 1), dtype=int)
    fit = conditional_logit(marks, np.zeros(50, dtype=int), ridge=0.1)
    assert fit.converged
    assert 2 < fit.coefficients[0] < 20


def test_leanings_are_those_of_good_labelers_only() -> None:
    """Leanings come from answers by P(good), stay at one without data, and pass over unanswerable tasks."""
    rng = np.random.default_rng(5)
    rules = ("longest", "most overlap")
    marks, choices = draw(rng, 6000, 4, np.log([2.0, 0.5]))
    choices[4000:] = marks[4000:, :, 0].argmax(axis=1)  # people who always take the longest one
    choices[0] = -1
    good = np.where(np.arange(6000) < 4000, 1.0, 0.0)
    found = leans(marks, choices, good, rules)
    assert found["longest"] == pytest.approx(2.0, rel=0.15)
    assert found["most overlap"] == pytest.approx(0.5, rel=0.15)
    few = leans(marks[:5], choices[:5], good[:5], rules)
    assert all(0.4 < odds < 2.5 for odds in few.values())
    assert leans(marks[:0], choices[:0], good[:0], rules) == {"longest": 1.0, "most overlap": 1.0}
    assert leans(marks[..., :0], choices, good, ()) == {}


def test_indicators_mark_every_option_that_ties() -> None:
    """Options that tie for a rule are all marked; a rule that picks nothing marks none."""
    marks = indicators_of(
        [{"longest": (0, 2)}, {"shortest": (1,), "longest": ()}], ("longest", "shortest"), 3
    )
    assert marks[0].T.tolist() == [[True, False, True], [False, False, False]]
    assert marks[1].T.tolist() == [[False, False, False], [False, True, False]]


def test_an_impossible_choice_is_refused() -> None:
    """A choice among options that are not there is an error, not a fit."""
    with pytest.raises(ShapeError, match="did not have"):
        conditional_logit(np.zeros((2, 3, 1)), [0, 3])


def test_it_is_quick() -> None:
    """200,000 answers to tasks with 4 options and 6 rules take a good second at most."""
    rng = np.random.default_rng(6)
    marks, choices = draw(rng, 200_000, 4, rng.normal(size=6))
    started = time.process_time()
    assert conditional_logit(marks, choices).converged
    assert time.process_time() - started < 4
