"""A start without anybody trusted: agreement counts, but not that of rules, guessers or cliques."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from itertools import product

import numpy as np
import pytest

from goldvein.sim.redundant import K, accuracy_on_clean, world
from goldvein.stats.arrays import ShapeError
from goldvein.stats.bootstrap import LEAST_ANSWERS, bootstrap, make_batch, rule_hits
from goldvein.stats.model import make_answer_model
from goldvein.stats.passing import THETAS, Batch, ability_curve, infer
from goldvein.stats.passing import _prior as prior_of  # the twin needs the same start

ANSWERS = make_answer_model()
SEEDS = 24


@dataclass
class Tally:
    """What became of many crowds of a kind."""

    promoted: int = 0
    wrong: int = 0
    claimed: float = 0.0
    trusted: int = 0
    bad: int = 0
    accuracy: list[float] = field(default_factory=list)
    refusals: Counter[str] = field(default_factory=Counter)


@cache
def tally(guessers: float = 0.0, longest: float = 0.0, clique: float = 0.0) -> Tally:
    """Bootstrap over many seeds."""
    total = Tally()
    for seed in range(SEEDS):
        crowd = world(seed, guessers=guessers, longest=longest, clique=clique)
        found = bootstrap(ANSWERS, crowd.batch)
        if found.refusal is not None:
            assert not found.trusted.any()
            assert not found.clean.any()
            total.refusals[found.refusal] += 1
            continue
        honest, clean = crowd.honest[: crowd.batch.n_labelers], found.clean
        total.promoted += int(clean.sum())
        total.wrong += int((found.best[clean] != crowd.key[clean]).sum())
        total.claimed += float((1 - found.answer_probs[clean].max(axis=1)).sum())
        total.trusted += int(found.trusted.sum())
        total.bad += int((found.trusted & ~honest).sum())
        chosen = crowd.ability[: len(honest)][found.trusted & honest]
        total.accuracy += accuracy_on_clean(chosen).tolist()
    return total


@pytest.mark.parametrize(
    ("guessers", "longest"), [(0.0, 0.0), (0.2, 0.0), (0.4, 0.0), (0.0, 0.2), (0.2, 0.2), (0.0, 0.4)]
)
def test_with_up_to_forty_percent_bad_labelers_keys_are_as_right_as_they_claim(
    guessers: float, longest: float
) -> None:
    """Wrong keys stay within what is claimed; nobody who guesses or follows a rule is trusted."""
    found = tally(guessers, longest)

    assert not found.refusals
    assert found.promoted > 20 * SEEDS
    assert found.wrong / found.promoted <= found.claimed / found.promoted + 0.005
    assert found.wrong / found.promoted <= 0.013
    assert found.bad == 0
    assert found.trusted >= 6 * SEEDS
    assert np.mean(np.array(found.accuracy) < 0.85) <= 0.02


@pytest.mark.parametrize("clique", [0.3, 0.4, 0.5, 0.6])
def test_two_camps_are_refused(clique: float) -> None:
    """Where a clique could be the majority as well, no arithmetic says who is right."""
    found = tally(clique=clique)

    assert found.promoted == 0
    assert sum(found.refusals.values()) == SEEDS
    assert all("appoint somebody" in why for why in found.refusals)


def test_a_small_clique_is_outvoted_or_refused() -> None:
    """A tenth of the crowd that answers alike gains nothing."""
    found = tally(clique=0.1)

    assert found.bad == 0
    assert found.wrong <= 0.013 * found.promoted


@pytest.mark.parametrize("bad", [{"guessers": 0.8}, {"longest": 0.6}])
def test_a_crowd_that_mostly_does_not_do_the_job_is_refused(bad: dict[str, float]) -> None:
    """The error names the way out."""
    found = tally(**bad)

    assert sum(found.refusals.values()) >= SEEDS - 1
    assert found.bad == 0
    assert all("appoint somebody" in why for why in found.refusals)


def test_agreement_that_a_rule_explains_earns_nothing() -> None:
    """Followers of the longest option are seen to be that."""
    crowd = world(3, longest=0.3)

    found = bootstrap(ANSWERS, crowd.batch)

    followers = ~crowd.honest[: crowd.batch.n_labelers]
    assert (found.explained[followers, 1] > 0.8).all()
    assert (found.lower[followers] <= 1 / K + 1e-9).all()
    assert (found.explained[~followers].sum(axis=1) < 0.5).all()


def test_few_answers_earn_no_trust() -> None:
    """Everybody gave fewer answers than are needed."""
    crowd = world(1, tasks=40, labelers=24, answers=8)
    few = np.bincount(crowd.batch.labeler) < LEAST_ANSWERS

    found = bootstrap(ANSWERS, crowd.batch)

    assert few.any()
    assert not found.trusted[few].any()


def test_the_order_of_labelers_and_tasks_does_not_matter() -> None:
    """Renumbering people and tasks renumbers the result."""
    crowd = world(5, tasks=40, guessers=0.2)
    batch, rng = crowd.batch, np.random.default_rng(0)
    people, tasks = rng.permutation(batch.n_labelers), rng.permutation(len(batch.n_options))
    rows = rng.permutation(len(batch.labeler))
    other = Batch(
        people[batch.labeler][rows], tasks[batch.task][rows], batch.choice[rows], batch.n_options,
        batch.rules, batch.hits[:, rows],
    )  # fmt: skip

    one, two = infer(ANSWERS, batch), infer(ANSWERS, other)

    np.testing.assert_allclose(two.people[people], one.people, atol=1e-6)
    np.testing.assert_allclose(two.joint[tasks], one.joint, atol=1e-6)


def test_beliefs_on_one_task_are_exact() -> None:
    """With one task the graph is a tree: what is passed equals the sum over everything."""
    choices = [0, 0, 1, 2, 0, K]
    batch = make_batch(np.arange(6), np.zeros(6, dtype=int), np.array(choices), np.array([K]))

    joint = infer(ANSWERS, batch).joint[0]

    np.testing.assert_allclose(joint, _exact_task(choices, prior_of(batch)), atol=1e-9)


def test_beliefs_about_one_labeler_are_exact() -> None:
    """With one labeler, whose tasks nobody else had, only the rules can be told from ability."""
    n = 5
    hits = {"longest": np.ones(n)}
    tasks = np.arange(n)
    batch = make_batch(np.zeros(n, dtype=int), tasks, np.zeros(n, dtype=int), np.full(n, K), hits)

    people = infer(ANSWERS, batch).people[0]

    by_ability = _chance_of_an_option()
    by_rule = np.array([0.98 / K, 0.95 + 0.05 * 0.98 / K])
    exact = prior_of(batch) * np.concatenate([by_ability**n, by_rule**n])
    np.testing.assert_allclose(people, exact / exact.sum(), atol=1e-9)


def _chance_of_an_option() -> np.ndarray:
    """P(option 0 | ability) of a task that nobody else answered: slow, state by state."""
    total = np.zeros(len(THETAS))
    for key, attractor in product(range(K + 1), range(K)):
        if key != attractor:
            total += _key_prior(key) @ np.array(_likelihoods(0, key, attractor)).T
    return total


def _key_prior(key: int) -> np.ndarray:
    none = ANSWERS.none_key_share
    share = none / K if key == K else (1 - none) / K / (K - 1)
    return share * ANSWERS.difficulty_prior


def _likelihoods(choice: int, key: int, attractor: int) -> np.ndarray:
    """P(choice | ability, difficulty) under one key and attractor."""
    curve = ability_curve(ANSWERS, K)
    other = (1 - ANSWERS.none_share) * 0.35 / (K - 1)
    if choice == key:
        return curve
    if choice == K:
        return (1 - curve) * ANSWERS.none_share
    pull = (1 - ANSWERS.none_share) * 0.65 if choice == attractor else 0.0
    return (1 - curve) * (other + pull)


def _exact_task(choices: list[int], prior: np.ndarray) -> np.ndarray:
    """P(key, difficulty) by enumeration of every key, attractor and labeler."""
    at_random: Callable[[int], float] = lambda choice: 0.02 if choice == K else 0.98 / K  # noqa: E731
    joint = np.zeros((K + 1, len(ANSWERS.difficulties)))
    for key, attractor in product(range(K + 1), range(K)):
        if key == attractor:
            continue
        likelihood = _key_prior(key)
        for choice in choices:
            said = prior[: len(THETAS)] @ _likelihoods(choice, key, attractor)
            likelihood = likelihood * (said + prior[len(THETAS)] * at_random(choice))
        joint[key] += likelihood
    normalised: np.ndarray = joint / joint.sum()
    return normalised


def test_what_does_not_fit_is_refused_with_the_rule() -> None:
    """A choice outside the options, or hits of another length."""
    with pytest.raises(ShapeError, match=r"0\.\.K"):
        make_batch(np.array([0]), np.array([0]), np.array([5]), np.array([4]))
    with pytest.raises(ShapeError, match="do not fit"):
        make_batch(np.array([0, 1]), np.array([0]), np.array([1]), np.array([4]))


def test_a_rule_that_ties_is_followed_at_random() -> None:
    """Ties share; a rule that finds no difference picks anything."""
    assert rule_hits(1, 4, [1, 2]) == 0.5
    assert rule_hits(0, 4, [1, 2]) == 0.0
    assert rule_hits(3, 4, []) == 0.25
    assert rule_hits(4, 4, []) == 0.0
