"""Estimates over a whole log: recovery, honest uncertainty, exact limits, and a bound that is one."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goldvein.stats.arrays import ShapeError
from goldvein.stats.estimation import AnswerLog, Benchmarks, Estimates, Shrinkage, estimate, stretches
from goldvein.stats.estimation_items import items_of
from goldvein.stats.estimation_people import people_of
from goldvein.stats.gather import group_sums
from goldvein.stats.items import accuracy_curve, item_table
from goldvein.stats.model import Model, make_model
from goldvein.stats.special import digamma, fitted_bell, log_gamma
from tests.stats.answer_logs import FIRST, LONGEST, RANDOM, Truth, simulate

if TYPE_CHECKING:
    from goldvein.stats.arrays import Array

BAR = -2.5
NAMES = {RANDOM: "random", LONGEST: "longest", FIRST: "first"}


def difficulty_quantiles(model: Model, estimates: Estimates, truth: Array) -> Array:
    """Where the true difficulty lies in each item's posterior: uniform if the posterior is honest."""
    grid, step = model.answers.difficulties, np.diff(model.answers.difficulties)[0]
    edges = np.concatenate([[grid[0] - step / 2], grid + step / 2])
    below = np.cumsum(np.pad(estimates.difficulty_weights, ((0, 0), (1, 0))), axis=1)
    return np.array([np.interp(b, edges, row) for b, row in zip(truth, below, strict=True)])


def mean_abilities(model: Model, estimates: Estimates) -> Array:
    ability = estimates.posteriors[:, : model.space.n_abilities]
    return np.asarray(ability @ model.space.thetas / np.maximum(ability.sum(axis=1), 1e-9))


@pytest.fixture(scope="module")
def crowd() -> tuple[Model, Truth, Estimates]:
    truth = simulate(3, labelers=1500, items=400, each=60)
    truth = replace(truth, benchmarks=replace(truth.benchmarks, level=float(truth.difficulty.mean())))
    model = make_model(BAR)
    return model, truth, estimate(truth.log, truth.benchmarks, model)


def test_difficulties_are_found(crowd: tuple[Model, Truth, Estimates]) -> None:
    """In a crowd with 30% shortcuts and 5% wrong keys, estimated difficulty correlates with the true one."""
    model, truth, estimates = crowd
    means = estimates.difficulty_weights @ model.answers.difficulties
    assert np.corrcoef(means, truth.difficulty)[0, 1] > 0.955
    assert np.sqrt(((means - truth.difficulty) ** 2).mean()) < 0.32
    assert (
        np.corrcoef(mean_abilities(model, estimates)[truth.honest], truth.ability[truth.honest])[0, 1] > 0.86
    )


def test_intervals_of_difficulty_cover(crowd: tuple[Model, Truth, Estimates]) -> None:
    """90% credible intervals of difficulty hold the true one in about 90% of 400 items."""
    model, truth, estimates = crowd
    at = difficulty_quantiles(model, estimates, truth.difficulty)
    assert 0.85 <= ((at > 0.05) & (at < 0.95)).mean() <= 0.95


def test_few_answers_per_item_are_shrunk_and_cover() -> None:
    """With 200 labelers and a panel, intervals still cover, and the panel fixes the scale."""
    truth = simulate(4, labelers=220, items=400, each=60, panel=20)
    model = make_model(BAR)
    estimates = estimate(truth.log, replace(truth.benchmarks, keys_from_trusted=False), model)
    at = difficulty_quantiles(model, estimates, truth.difficulty)
    means = estimates.difficulty_weights @ model.answers.difficulties
    assert 0.83 <= ((at > 0.05) & (at < 0.95)).mean() <= 0.96
    assert np.corrcoef(means, truth.difficulty)[0, 1] > 0.75
    assert abs((means - truth.difficulty).mean()) < 0.3


def test_the_population_is_recovered(crowd: tuple[Model, Truth, Estimates]) -> None:
    """Shares of shortcuts are found within two points, and labelers are sorted into what they are."""
    model, truth, estimates = crowd
    for kind, name in NAMES.items():
        share = (truth.kind == kind).mean()
        assert estimates.prior[model.space.state_of(name)] == pytest.approx(share, abs=0.02)
    able = estimates.posteriors[:, : model.space.n_abilities].sum(axis=1)
    assert ((able > 0.5) == truth.honest).mean() > 0.99
    assert estimates.prior.sum() == pytest.approx(1)
    leaker = model.space.state_of("leaker")
    assert estimates.prior[leaker] == pytest.approx(model.prior[leaker])


def test_wrong_keys_are_detected(crowd: tuple[Model, Truth, Estimates]) -> None:
    """5% stored keys that are wrong are found out, and no right key is doubted."""
    _, truth, estimates = crowd
    assert (truth.stored != truth.key).sum() > 10
    np.testing.assert_array_equal(estimates.key_probs.argmax(axis=1), truth.key)
    assert (estimates.key_probs[np.arange(len(truth.key)), truth.key] > 0.95).mean() > 0.98


def test_a_misled_panel_is_outvoted_by_the_crowd() -> None:
    """Where trusted labelers agreed on a wrong key, the crowd's answers still find the right one."""
    truth = simulate(9, labelers=220, items=400, each=60, panel=20)
    trusted = np.arange(220)[truth.log.labeler] < 20
    misled = trusted & (truth.log.choice == truth.key[truth.log.item])
    choice = np.where(misled, truth.stored[truth.log.item], truth.log.choice)
    log = replace(truth.log, choice=choice)
    estimates = estimate(log, truth.benchmarks, make_model(BAR))
    wrong = truth.stored != truth.key
    assert wrong.sum() > 10
    assert (estimates.key_probs.argmax(axis=1) == truth.key)[wrong].mean() > 0.85
    assert (estimates.key_probs.argmax(axis=1) == truth.key)[~wrong].mean() > 0.995
    counted_twice = replace(truth.benchmarks, keys_from_trusted=False)
    twice = estimate(log, counted_twice, make_model(BAR))
    assert (twice.key_probs.argmax(axis=1) == truth.key)[wrong].mean() < 0.9


def test_the_attractive_mistake_is_learned(crowd: tuple[Model, Truth, Estimates]) -> None:
    """Where wrong answers go is near the share among honest mistakes where there were 30 of them or more."""
    _, truth, estimates = crowd
    honest = truth.honest[truth.log.labeler] & ~truth.right & (truth.log.choice < 4)
    items, choices = truth.log.item[honest], truth.log.choice[honest]
    seen = np.bincount(items * 4 + choices, minlength=1600).reshape(400, 4)
    many = seen.sum(axis=1) >= 30
    rows = np.arange(400)
    learned = estimates.wrong.copy()
    learned[rows, truth.key] = 0
    learned /= learned.sum(axis=1, keepdims=True)
    gap = np.abs(learned - seen / np.maximum(seen.sum(axis=1, keepdims=True), 1))[many]
    assert many.sum() > 50
    assert gap.mean() < 0.05


def test_estimates_are_ready_for_item_tables(crowd: tuple[Model, Truth, Estimates]) -> None:
    """Every row is a distribution that ``item_table`` takes."""
    model, _, estimates = crowd
    for key_probs, weights, wrong in zip(
        estimates.key_probs[:20], estimates.difficulty_weights[:20], estimates.wrong[:20], strict=True
    ):
        table = item_table(model, key_probs, weights, wrong=wrong)
        np.testing.assert_allclose(table.sum(axis=1), 1)


def test_the_level_holds_the_scale(crowd: tuple[Model, Truth, Estimates]) -> None:
    """Items keep the mean difficulty that is given, whatever the model's priors think."""
    model, truth, _ = crowd
    for level in (-2.9, -2.1):
        estimates = estimate(truth.log, replace(truth.benchmarks, level=level), model)
        mean = float((estimates.difficulty_weights @ model.answers.difficulties).mean())
        assert mean == pytest.approx(level, abs=0.06)


@settings(max_examples=15)
@given(
    seed=st.integers(0, 10_000),
    n_options=st.integers(2, 6),
    labelers=st.integers(2, 40),
    each=st.integers(1, 15),
    classes=st.booleans(),
    panel=st.integers(0, 2),
)
def test_the_bound_never_falls(
    seed: int, n_options: int, labelers: int, each: int, classes: bool, panel: int
) -> None:
    """Every round of estimation raises the lower bound of the log marginal likelihood."""
    truth = simulate(seed, labelers=labelers, items=15, each=each, n_options=n_options, panel=panel)
    shrinkage = Shrinkage(iterations=12, tolerance=0)
    estimates = estimate(truth.log, truth.benchmarks, make_model(BAR), shrinkage, classes=classes)
    assert np.diff(estimates.bounds).min(initial=0) > -2e-5 * len(truth.log.item)


def tiny(seed: int = 0) -> tuple[Model, AnswerLog, Benchmarks]:
    """Three labelers, four items with three options, every answer given."""
    rng = np.random.default_rng(seed)
    labeler, item = np.divmod(np.arange(12), 4)
    key = rng.integers(3, size=4)
    choice = np.where(rng.random(12) < 0.6, key[item], rng.integers(4, size=12))
    log = AnswerLog(labeler, item, choice, rng.integers(3, size=12), None)
    keys = rng.dirichlet([2, 2, 2], size=4)
    return make_model(BAR), log, Benchmarks(keys, np.full(4, 3), {"longest": (key + 1) % 3})


def wrong_urn(model: Model, wrong: list[int], n_options: int, key: int) -> float:
    """Polya urn of the wrong options, one answer after the other."""
    seen, total = [0] * n_options, 1.0
    for choice in wrong:
        if choice == n_options:
            total *= model.answers.none_share
            continue
        attraction = model.answers.attraction
        total *= 1 - model.answers.none_share
        total *= (attraction / (n_options - 1) + seen[choice]) / (attraction + sum(seen))
        seen[choice] += 1
    return total


def exact(model: Model, log: AnswerLog, benchmarks: Benchmarks, prior: Array) -> tuple[float, Array, Array]:
    """Slow twin: sum over every state of every labeler. Evidence, states, (key, difficulty)."""
    grid, n_abilities = model.answers.difficulties, model.space.n_abilities
    n_items, n_options = benchmarks.key_probs.shape
    n_people = int(log.labeler.max()) + 1
    curves = np.array(
        [accuracy_curve(model.answers, n_options, p, model.space.thetas) for p in np.eye(len(grid))]
    )
    shortcut = np.array([shortcut_likelihood(model, log, benchmarks, a) for a in range(len(log.item))])
    states = np.flatnonzero(prior).tolist()
    people, items = np.zeros((n_people, model.space.size)), np.zeros((n_items, n_options, len(grid)))
    evidence = 0.0
    for given_states in itertools.product(states, repeat=n_people):
        weight = math.prod(prior[s] for s in given_states)
        parts = np.empty((n_items, n_options, len(grid)))
        for i in range(n_items):
            answers = np.flatnonzero(log.item == i)
            by_shortcut = [a for a in answers if given_states[log.labeler[a]] >= n_abilities]
            able = [a for a in answers if given_states[log.labeler[a]] < n_abilities]
            fixed = math.prod(shortcut[a, given_states[log.labeler[a]]] for a in by_shortcut)
            for key in range(n_options):
                wrong = [int(log.choice[a]) for a in able if log.choice[a] != key]
                curve = np.full(len(grid), fixed * wrong_urn(model, wrong, n_options, key))
                for a in able:
                    right = curves[:, given_states[log.labeler[a]]]
                    curve = curve * (right if log.choice[a] == key else 1 - right)
                parts[i, key] = benchmarks.key_probs[i, key] * model.answers.difficulty_prior * curve
        masses = parts.sum(axis=(1, 2))
        mass = weight * masses.prod()
        evidence += mass
        items += mass * parts / masses[:, None, None]
        for j, state in enumerate(given_states):
            people[j, state] += mass
    return math.log(evidence), people / evidence, items / evidence


def shortcut_likelihood(model: Model, log: AnswerLog, benchmarks: Benchmarks, answer: int) -> Array:
    """The service's own likelihood of one answer for every state; shortcut rows do not depend on the item."""
    item, n_options = log.item[answer], benchmarks.key_probs.shape[1]
    picks = {name: (int(picked[item]),) for name, picked in benchmarks.picks.items()}
    weights = model.answers.difficulty_prior
    table = item_table(model, np.full(n_options, 1 / n_options), weights, picks)
    row = np.array(table[:, log.choice[answer]])
    assert log.first is not None
    random = row[model.space.state_of("random")]
    hit = log.first[answer] == log.choice[answer]
    row[model.space.state_of("first")] = model.lapse * random + (1 - model.lapse) * hit
    row[model.space.state_of("last")] = random
    return row


def held(model: Model, log: AnswerLog, benchmarks: Benchmarks, rounds: int) -> tuple[float, Array, Array]:
    """Both sides in turn, population and bells held: bound, states, (key, difficulty)."""
    shrinkage = Shrinkage(people=0, items=0)
    items = items_of(log, benchmarks, model, shrinkage, classes=False)
    people = people_of(log, benchmarks, model, shrinkage)
    bound = 0.0
    for _ in range(rounds):
        bound = items.update(people.abilities) + people.bound()
        people.update(items.expectations())
    return bound, people.posteriors, items.joint


def coarse(model: Model, states: int = 4) -> Model:
    """A prior on a few abilities and all shortcuts, so that the twin has little to sum over."""
    prior = np.array(model.prior)
    prior[: model.space.n_abilities][np.arange(model.space.n_abilities) % (20 // states) != 2] = 0
    prior[model.space.state_of("leaker")] = 0
    return replace(model, prior=prior / prior.sum())


@pytest.mark.parametrize("seed", range(4))
def test_the_bound_lies_under_the_exact_evidence(seed: int) -> None:
    """Summed over every state of every labeler, the evidence is at least the bound, and not far from it."""
    model, log, benchmarks = tiny(seed)
    model = coarse(model)
    evidence, _, _ = exact(model, log, benchmarks, model.prior)
    bound, _, _ = held(model, log, benchmarks, 40)
    assert evidence - 1.5 < bound < evidence


@pytest.mark.parametrize("seed", range(4))
def test_known_labelers_make_items_exact(seed: int) -> None:
    """Where every labeler's state is known, items' keys and difficulties equal the slow exact twin's."""
    model, log, benchmarks = tiny(seed)
    spike = np.zeros(model.space.size)
    spike[9] = 1.0
    model = replace(model, prior=spike)
    evidence, _, items = exact(model, log, benchmarks, spike)
    bound, _, joint = held(model, log, benchmarks, 3)
    np.testing.assert_allclose(joint, items, atol=1e-6)
    assert bound == pytest.approx(evidence, abs=1e-5)


@pytest.mark.parametrize("seed", range(4))
def test_known_items_make_labelers_exact(seed: int) -> None:
    """Where items are known and mistakes have one way to go, labelers equal the slow exact twin's."""
    model, log, benchmarks = tiny(seed)
    log = replace(log, choice=np.minimum(log.choice, 1))
    assert log.first is not None
    log = replace(log, first=np.minimum(log.first, 1))
    answers = replace(model.answers, difficulty_prior=np.maximum(np.eye(19)[7], 1e-300))
    model = coarse(replace(model, answers=answers))
    picks = {"longest": np.array([0, 1, 1, 0])}
    benchmarks = Benchmarks(np.tile([1.0, 0.0], (4, 1)), np.full(4, 2), picks)
    evidence, people, _ = exact(model, log, benchmarks, model.prior)
    bound, posteriors, _ = held(model, log, benchmarks, 3)
    np.testing.assert_allclose(posteriors, people, atol=1e-5)
    assert bound == pytest.approx(evidence, abs=1e-5)


def test_twice_the_labelers_narrow_intervals_by_the_root_of_two() -> None:
    """Half a log gives wider intervals, and its estimates differ from the whole log's within them."""
    truth = simulate(11, labelers=300, items=60, each=40, level=-2.5)
    model = make_model(BAR)
    whole = estimate(truth.log, truth.benchmarks, model)
    half, whole_log = truth.log.labeler < 150, truth.log
    log = AnswerLog(whole_log.labeler[half], whole_log.item[half], whole_log.choice[half])
    part = estimate(log, truth.benchmarks, model)
    grid = model.answers.difficulties
    means = [e.difficulty_weights @ grid for e in (whole, part)]
    spread = [
        np.sqrt(e.difficulty_weights @ grid**2 - m**2) for e, m in zip((whole, part), means, strict=True)
    ]
    assert 1.2 < (spread[1] / spread[0]).mean() < 1.5
    assert np.abs((means[0] - means[1]) / spread[1]).mean() < 0.9


def test_a_shared_confusion_is_learned() -> None:
    """With classes, mistakes of one class for another are found across items, each with few answers."""
    truth = simulate(5, labelers=600, items=300, each=20, n_options=3, wrong_keys=0)
    key, honest = truth.key[truth.log.item], truth.honest[truth.log.labeler]
    swapped = np.where(key < 2, 1 - key, 0)  # 0 and 1 are taken for each other, 2 for 0
    wrong = honest & (truth.log.choice != key) & (truth.log.choice < 3)
    rare = np.random.default_rng(1).random(len(key)) < 0.1
    choice = np.where(wrong, np.where(rare, 3 - key - swapped, swapped), truth.log.choice)
    log = replace(truth.log, choice=choice)
    estimates = estimate(log, replace(truth.benchmarks, level=-2.5), make_model(BAR), classes=True)
    assert estimates.confusion is not None
    expected = [[0, 0.9, 0.1], [0.9, 0, 0.1], [0.9, 0.1, 0]]
    np.testing.assert_allclose(estimates.confusion, expected, atol=0.1)


def test_items_may_differ_in_their_options() -> None:
    """An item with two options beside items with four: columns that it lacks stay empty."""
    two, four = (simulate(seed, labelers=200, items=30, each=20, n_options=k) for seed, k in ((1, 2), (2, 4)))
    pad = ((0, 0), (0, 2))
    benchmarks = Benchmarks(
        np.concatenate([np.pad(two.benchmarks.key_probs, pad), four.benchmarks.key_probs]),
        np.repeat([2, 4], 30),
        {"longest": np.concatenate([t.benchmarks.picks["longest"] for t in (two, four)])},
        level=-2.5,
    )
    log = AnswerLog(
        np.concatenate([two.log.labeler, four.log.labeler + 200]),
        np.concatenate([two.log.item, four.log.item + 30]),
        np.concatenate([two.log.choice, four.log.choice]),
    )
    estimates = estimate(log, benchmarks, make_model(BAR))
    assert np.abs(estimates.key_probs[:30, 2:]).max() < 1e-12
    assert np.abs(estimates.wrong[:30, 2:]).max() == 0
    assert (estimates.key_probs.argmax(axis=1) == np.concatenate([two.key, four.key])).mean() > 0.95
    np.testing.assert_allclose(estimates.wrong.sum(axis=1), 1)


def test_without_shown_orders_position_rules_pass_as_random() -> None:
    """A log without orders is estimated all the same; first-clickers are then taken for random ones."""
    truth = simulate(6, labelers=300, items=100, each=40, level=-2.5)
    log = replace(truth.log, first=None, last=None)
    model = make_model(BAR)
    estimates = estimate(log, truth.benchmarks, model)
    assert estimates.posteriors[truth.kind == FIRST][:, : model.space.n_abilities].sum(axis=1).mean() < 0.02


def test_no_answers_to_an_item_leave_it_at_the_pools_bell() -> None:
    """An item that nobody answered keeps its key's prior and gets the fitted bell of its group."""
    truth = simulate(7, labelers=100, items=50, each=30, level=-2.5)
    seen = truth.log.item > 0
    log = AnswerLog(truth.log.labeler[seen], truth.log.item[seen], truth.log.choice[seen])
    estimates = estimate(log, truth.benchmarks, make_model(BAR))
    np.testing.assert_allclose(estimates.key_probs[0], truth.benchmarks.key_probs[0], atol=1e-9)
    np.testing.assert_allclose(estimates.difficulty_weights[0], estimates.bells[0], atol=0.02)


@pytest.mark.parametrize("share", [0.0, 0.1])
def test_leakers_are_found_by_exposures(share: float) -> None:
    """A tenth that is right on exposed items and random on fresh ones is found; where none is, few are."""
    truth = simulate(8, labelers=600, items=150, each=60, wrong_keys=0, level=-2.5)
    rng, model = np.random.default_rng(1), make_model(BAR)
    order = rng.permutation(len(truth.log.item))
    exposures = np.empty(len(order), dtype=np.int64)
    served = np.zeros(150, dtype=np.int64)
    for answer in order:
        exposures[answer] = served[truth.log.item[answer]]
        served[truth.log.item[answer]] += 1
    leakers = np.arange(600) < 600 * share
    knows = rng.random(len(order)) < exposures / (exposures + model.leak_half)
    leaked = np.where(knows, truth.key[truth.log.item], rng.integers(4, size=len(order)))
    choice = np.where(leakers[truth.log.labeler], leaked, truth.log.choice)
    log = replace(truth.log, choice=choice, exposures=exposures)
    estimates = estimate(log, truth.benchmarks, model)
    assert estimates.prior[model.space.state_of("leaker")] == pytest.approx(share, abs=0.03)
    assert estimates.prior.sum() == pytest.approx(1)


def test_stretches_cut_long_histories() -> None:
    """Answers of a labeler are cut in their order, and every stretch knows its owner."""
    stretch, owner = stretches(np.array([3, 0, 3, 3, 0, 3, 3]), at_most=2)
    assert stretch.tolist() == [1, 0, 1, 2, 0, 2, 3]
    assert owner.tolist() == [0, 3, 3, 3]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"item": np.array([0, 7])}, "same items"),
        ({"choice": np.array([0, 5])}, "outside 0..K"),
        ({"labeler": np.array([0])}, "one of each"),
        ({"labeler": np.array([0, -1])}, "numbered from 0"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(change: dict[str, Any], words: str) -> None:
    """The error names what does not belong together."""
    log = AnswerLog(np.array([0, 1]), np.array([0, 1]), np.array([0, 1]))
    benchmarks = Benchmarks(np.full((2, 4), 0.25), np.full(2, 4), {})
    with pytest.raises(ShapeError, match=words):
        estimate(replace(log, **change), benchmarks, make_model(BAR))
    with pytest.raises(ShapeError, match="sum to 1"):
        estimate(log, replace(benchmarks, key_probs=np.full((2, 4), 0.3)), make_model(BAR))


@given(
    owners=st.lists(st.integers(0, 5), max_size=400),
    seed=st.integers(0, 1000),
)
def test_group_sums_equal_adding_one_by_one(owners: list[int], seed: int) -> None:
    """The plan's sums are those of a loop, also for owners with no entries or very many."""
    rng = np.random.default_rng(seed)
    source = rng.integers(7, size=len(owners))
    table = rng.normal(size=(7, 3)).astype(np.float32)
    expected = np.zeros((6, 3))
    for owner, row in zip(owners, source, strict=True):
        expected[owner] += table[row]
    plan = group_sums(np.array(owners, dtype=np.int64), source, 6)
    np.testing.assert_allclose(plan.sums(table), expected, atol=1e-4)


@given(st.floats(1e-3, 1e4))
def test_special_functions_equal_their_definitions(x: float) -> None:
    """Log-gamma as in the standard library; digamma by its recurrence and as a slope."""
    at = np.array([x])
    assert log_gamma(at)[0] == pytest.approx(math.lgamma(x), rel=1e-10, abs=1e-10)
    assert digamma(at + 1)[0] == pytest.approx(digamma(at)[0] + 1 / x, rel=1e-10)
    slope = (math.lgamma(x * 1.0001) - math.lgamma(x * 0.9999)) / (0.0002 * x)
    assert digamma(at)[0] == pytest.approx(slope, rel=1e-4, abs=1e-4)


def test_a_bell_has_the_moments_of_its_target() -> None:
    """The fitted bell has the target's mean and spread, and is a discrete normal distribution."""
    grid = np.linspace(-5.5, 3.5, 19)
    target = np.random.default_rng(2).dirichlet(np.exp(-0.5 * (grid + 1) ** 2) * 30 + 0.01)
    bell = fitted_bell(grid, target)
    assert bell @ grid == pytest.approx(target @ grid, abs=1e-6)
    assert bell @ grid**2 == pytest.approx(target @ grid**2, abs=1e-6)
    np.testing.assert_allclose(np.diff(np.log(bell), n=3), 0, atol=1e-6)
