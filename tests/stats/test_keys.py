"""What the crowd's answers say about a key: exact, unmoved by those who do not do the job, and calibrated."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goldvein.stats.arrays import ShapeError
from goldvein.stats.items import item_table, served_likelihoods
from goldvein.stats.keys import MISLED, UNCLEAR, Said, given_start, key_evidence, panel_start, said_by
from goldvein.stats.mining import panel_curve, task_evidence
from goldvein.stats.model import make_answer_model
from goldvein.stats.posterior import newcomer
from tests.stats import worlds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from goldvein.stats.arrays import Array
    from goldvein.stats.model import AnswerModel

ANSWERS = make_answer_model()


def prior(n_options: int) -> Array:
    """Nothing known: every key alike, a small share without one."""
    keys = np.append(np.full(n_options, (1 - ANSWERS.none_key_share) / n_options), ANSWERS.none_key_share)
    return np.outer(keys, ANSWERS.difficulty_prior)


def said(choices: Sequence[int], p_able: Sequence[float], n_options: int = 4) -> Said:
    """Answers of people who are as good as the panel, if they do the job, and else answer at random."""
    n = len(choices)
    curves = np.tile(panel_curve(ANSWERS, n_options), (n, 1))
    return Said(np.array(choices, dtype=np.int64), np.array(p_able), curves, np.full(n, 1 / (n_options + 1)))


def slow_twin(answers: AnswerModel, n_options: int, start: Array, crowd: Said) -> Array:
    """Every set of people who do the job, one after the other, mistakes drawn from the urn one by one."""
    joint = np.zeros_like(start)
    for able in product((True, False), repeat=len(crowd)):
        for key in range(n_options + 1):
            for place in range(start.shape[1]):
                joint[key, place] += start[key, place] * _chance(answers, n_options, crowd, able, key, place)
    normalised: Array = joint / joint.sum()
    return normalised


def _chance(
    answers: AnswerModel, n_options: int, crowd: Said, able: Sequence[bool], key: int, place: int
) -> float:
    urn = n_options if key == n_options else n_options - 1
    seen = [0] * n_options
    total = 1.0
    for one, choice in enumerate(crowd.choices.tolist()):
        if not able[one]:
            total *= (1 - crowd.p_able[one]) * crowd.otherwise[one]
            continue
        right = crowd.curves[one, place]
        total *= crowd.p_able[one]
        if choice == key:
            total *= right
        elif choice == n_options:
            total *= (1 - right) * answers.none_share
        else:
            share = (answers.attraction / urn + seen[choice]) / (answers.attraction + sum(seen))
            total *= (1 - right) * share * (1.0 if key == n_options else 1 - answers.none_share)
            seen[choice] += 1
    return float(total)


@settings(max_examples=25)
@given(
    n_options=st.integers(2, 4),
    told=st.lists(st.tuples(st.integers(0, 4), st.floats(0, 1)), min_size=0, max_size=5),
)
def test_equals_the_sum_over_who_does_the_job(n_options: int, told: list[tuple[int, float]]) -> None:
    """The fast form is the definition: a sum over all sets of people, with the urn drawn out."""
    crowd = said([min(choice, n_options) for choice, _ in told], [p for _, p in told], n_options)
    start = panel_start(ANSWERS, n_options, [0, 0, 1])

    fast = key_evidence(ANSWERS, n_options, start, crowd).joint

    assert fast == pytest.approx(slow_twin(ANSWERS, n_options, start, crowd), rel=1e-9, abs=1e-15)


def test_people_known_for_certain_count_as_a_panel() -> None:
    """With everybody at work for sure it is the evidence of mining."""
    choices = [0, 1, 1, 2, 0, 4, 3, 3]

    crowd = key_evidence(ANSWERS, 4, prior(4), said(choices, [1.0] * 8))
    panel = task_evidence(ANSWERS, 4, choices)

    assert crowd.joint == pytest.approx(panel.joint, rel=1e-9, abs=1e-15)
    assert crowd.log_chance == pytest.approx(panel.log_chance, abs=1e-9)


def test_those_who_do_not_do_the_job_say_nothing() -> None:
    """A hundred followers of a shortcut move neither key nor difficulty."""
    start = panel_start(ANSWERS, 4, [2] * 5)

    after = key_evidence(ANSWERS, 4, start, said([1] * 100, [0.0] * 100)).joint

    assert after == pytest.approx(start, rel=1e-9)


@settings(max_examples=20)
@given(st.permutations([(0, 0.9), (1, 0.8), (1, 0.3), (4, 0.7), (2, 0.99), (0, 0.1)]))
def test_order_is_irrelevant(told: list[tuple[int, float]]) -> None:
    """What counts is who said what, not when."""
    start = panel_start(ANSWERS, 4, [0, 0])
    one = key_evidence(ANSWERS, 4, start, said([c for c, _ in told], [p for _, p in told])).joint
    other = key_evidence(ANSWERS, 4, start, said([0, 1, 1, 4, 2, 0], [0.9, 0.8, 0.3, 0.7, 0.99, 0.1])).joint

    assert one == pytest.approx(other, rel=1e-9, abs=1e-15)


def test_a_panel_can_be_outweighed() -> None:
    """However many of a panel agree, a crowd that agrees on something else is heard in the end."""
    start = panel_start(ANSWERS, 4, [0] * 30)
    assert 1 - start[0].sum() == pytest.approx(MISLED, rel=0.1)

    crowd = key_evidence(ANSWERS, 4, start, said([1] * 12 + [0, 2], [0.9] * 14))

    assert crowd.best == 1
    assert crowd.answer_probs[1] > 0.95


def test_one_crowd_wide_mistake_makes_no_key() -> None:
    """Where many miss a benchmark, but as many find the key, it is hard, not wrong."""
    start = panel_start(ANSWERS, 4, [0] * 5)

    crowd = key_evidence(ANSWERS, 4, start, said([0] * 8 + [1] * 7, [0.95] * 15))

    assert crowd.answer_probs[0] > 0.9
    assert crowd.clean_probability(0.75) < 0.2


def test_hundreds_of_answers_do_not_underflow() -> None:
    """A benchmark may be served a thousand times, and its answers may contradict each other."""
    rng = np.random.default_rng(3)

    evidence = key_evidence(ANSWERS, 4, prior(4), said(rng.integers(0, 4, 900).tolist(), [1.0] * 900))

    assert np.isfinite(evidence.joint).all()
    assert evidence.joint.sum() == pytest.approx(1.0)


def test_given_keys_start_as_given() -> None:
    """A key given by hand starts with its probability and difficulty, and some doubt that there is any."""
    weights = np.eye(len(ANSWERS.difficulties))[3]

    start = given_start(ANSWERS, [0.01, 0.98, 0.01], weights)

    there = 1 - UNCLEAR
    assert start.sum(axis=1) == pytest.approx([0.01 * there, 0.98 * there, 0.01 * there, UNCLEAR])
    assert start[1] / start[1].sum() == pytest.approx(weights)


def test_what_does_not_fit_is_refused() -> None:
    """Errors name the value and the rule."""
    start = prior(4)
    with pytest.raises(ShapeError, match=r"must lie in 0\.\.4"):
        key_evidence(ANSWERS, 4, start, said([5], [0.5]))
    with pytest.raises(ShapeError, match="one of each for every answer"):
        key_evidence(ANSWERS, 4, start, Said(np.array([1]), np.array([]), np.zeros((1, 19)), np.array([0.2])))
    with pytest.raises(ShapeError, match="probabilities"):
        key_evidence(ANSWERS, 4, start, said([1], [1.5]))


def test_an_answer_does_not_vouch_for_itself() -> None:
    """Dividing an answer out of a standing gives the standing as it would be without it."""
    model = worlds.model()
    keys, weights = np.array([0.97, 0.01, 0.01, 0.01]), model.answers.difficulty_prior
    table = item_table(model, keys, weights, {"longest": (1,)})
    likelihood = served_likelihoods(model, [table] * 2, [(2, 0, 1, 3)] * 2, [0, 1], [3, 3])
    before = newcomer(model, 2)
    now = before * likelihood
    now /= now.sum(axis=0)

    crowd = said_by(model, 4, np.array([0, 1]), likelihood, now)
    without = said_by(model, 4, np.array([0, 1]), np.ones_like(likelihood), before)

    assert crowd.p_able == pytest.approx(without.p_able)
    assert crowd.curves == pytest.approx(without.curves)
    assert crowd.otherwise[1] > 1.5 * crowd.otherwise[0]  # who is not at work takes the longest more often


def test_probabilities_of_keys_mean_what_they_say() -> None:
    """Where tasks are as the model takes them to be, keys are right as often as claimed."""
    rng = np.random.default_rng(8)
    claimed, right = [], []
    for _ in range(800):
        crowd, key = _drawn(rng)
        probs = key_evidence(ANSWERS, 4, prior(4), crowd).answer_probs
        claimed.append(probs.max())
        right.append(int(probs.argmax()) == key)
    bins = np.digitize(claimed, [0.5, 0.7, 0.9, 0.98])
    for place in range(1, 5):
        at = bins == place
        gap = np.mean(np.array(claimed)[at]) - np.mean(np.array(right)[at])
        assert abs(gap) < 3.5 * np.sqrt(0.25 / at.sum()), (place, gap)
    assert abs(np.mean(claimed) - np.mean(right)) < 0.03


def _drawn(rng: np.random.Generator) -> tuple[Said, int]:
    """A task of the prior, and six people each of whom does the job with a known probability."""
    place = int(rng.choice(len(ANSWERS.difficulties), p=ANSWERS.difficulty_prior))
    key = 4 if rng.random() < ANSWERS.none_key_share else int(rng.integers(4))
    options = [k for k in range(4) if k != key]
    spread = rng.dirichlet(np.full(len(options), ANSWERS.attraction / len(options)))
    p_able = rng.uniform(0.2, 1.0, 6)
    choices = []
    for p in p_able:
        if rng.random() >= p:
            choices.append(int(rng.integers(5)))
        elif rng.random() < panel_curve(ANSWERS, 4)[place]:
            choices.append(key)
        elif key < 4 and rng.random() < ANSWERS.none_share:
            choices.append(4)
        else:
            choices.append(int(rng.choice(options, p=spread)))
    return said(choices, p_able.tolist()), key
