"""What a panel's answers say about key and difficulty."""

from math import prod

import numpy as np
import pytest

from goldvein.stats.arrays import ShapeError
from goldvein.stats.mining import labeler_curve, panel_curve, task_evidence
from goldvein.stats.model import make_answer_model
from goldvein.stats.posterior import newcomer
from tests.stats import worlds


def test_equals_the_definition() -> None:
    """Key by key and difficulty by difficulty, with the urn drawn out by hand."""
    answers = make_answer_model()
    right = panel_curve(answers, 3)
    alpha, none = answers.attraction, answers.none_share
    # Answers 0, 0, 1, "cannot be answered" under key 0: two right, urn's first draw, one none.
    under = {
        0: right**2 * (1 - right) ** 2 * (1 - none) * 0.5 * none,
        # Key 1: one right, two draws of the same wrong option, one none.
        1: right * (1 - right) ** 3 * (1 - none) ** 2 * 0.5 * (alpha / 2 + 1) / (alpha + 1) * none,
        2: (1 - right) ** 4
        * prod([1 - none] * 3)
        * 0.5
        * ((alpha / 2 + 1) / (alpha + 1))
        * ((alpha / 2) / (alpha + 2))
        * none,
        3: right * (1 - right) ** 3 * (1 / 3) * ((alpha / 3 + 1) / (alpha + 1)) * ((alpha / 3) / (alpha + 2)),
    }
    prior = [(1 - answers.none_key_share) / 3] * 3 + [answers.none_key_share]
    joint = np.array([under[key] * prior[key] for key in range(4)]) * answers.difficulty_prior

    evidence = task_evidence(answers, 3, [0, 0, 1, 3])

    assert evidence.joint == pytest.approx(joint / joint.sum(), rel=1e-9)


def test_order_of_answers_is_irrelevant() -> None:
    """The urn is exchangeable: what counts is who said what, not when."""
    answers = make_answer_model()
    one = task_evidence(answers, 4, [0, 1, 1, 2, 0, 4]).joint
    other = task_evidence(answers, 4, [4, 2, 1, 0, 0, 1]).joint

    assert one == pytest.approx(other, rel=1e-12)


def test_agreement_makes_key_and_ease_likelier() -> None:
    """Each further agreeing answer helps; a dissent hurts."""
    answers = make_answer_model()
    unanimous = [task_evidence(answers, 4, [2] * n).clean_probability(0.75) for n in range(1, 8)]

    assert unanimous == sorted(unanimous)
    assert task_evidence(answers, 4, [2, 2, 2, 1]).clean_probability(0.75) < unanimous[2]


def test_identical_mistakes_are_plausible() -> None:
    """Two against three on one attractor is not settled: the majority may be the attractor."""
    evidence = task_evidence(make_answer_model(), 4, [0, 0, 0, 1, 1])

    assert evidence.answer_probs[1] > 0.1


def test_cannot_be_answered_is_no_key() -> None:
    """A task that nobody can answer is recognised and never clean."""
    evidence = task_evidence(make_answer_model(), 4, [4, 4, 4])

    assert evidence.best == 4
    assert evidence.clean_probability(0.1) == 0.0


def test_hundreds_of_answers_do_not_underflow() -> None:
    """Upkeep re-estimates from all the answers a benchmark ever got."""
    evidence = task_evidence(make_answer_model(), 4, [0] * 900 + [1] * 100)

    assert evidence.joint.sum() == pytest.approx(1.0)
    assert evidence.best == 0


def test_better_labelers_weigh_more() -> None:
    """The answer of a proven labeler moves the key more than a newcomer's."""
    model = worlds.model()
    thetas = model.space.thetas
    expert = np.eye(len(thetas))[-1]
    learner = newcomer(model)[: len(thetas), 0]  # the rest of the mass guesses
    curves = [labeler_curve(model.answers, 4, thetas, weights) for weights in (expert, learner)]

    evidence = task_evidence(model.answers, 4, [0, 1], curves)

    assert evidence.answer_probs[0] > evidence.answer_probs[1]


def test_impossible_choice_is_refused() -> None:
    """A choice beyond the options is named."""
    with pytest.raises(ShapeError, match=r"must lie in 0\.\.4"):
        task_evidence(make_answer_model(), 4, [5])
