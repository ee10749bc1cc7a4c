"""Tasks as they truly are: how hard, which option is right, where mistakes go, what every rule picks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from goldvein.sim.contest.knobs import rules_of
from goldvein.sim.contest.scenario import features_of
from goldvein.stats.arrays import Array, IntArray

if TYPE_CHECKING:
    from collections.abc import Mapping

    from goldvein.sim.contest.scenario import Scenario

ORDINARY_POOL = 20_000


@dataclass(frozen=True, slots=True, eq=False)
class Items:
    """Tasks with all that is true of them.

    Attributes
    ----------
    difficulty, discrimination : (n,) float
        An able labeler finds the key with ``1/K + (1 - 1/K) sigmoid(discrimination (theta - difficulty))``.
    key : (n,) int
        The right option.
    stored_key : (n,) int
        What the system takes for the key.
    wrong : (n, K) float
        Where honest mistakes go: sums to one, 0 at the key.
    features : mapping of str to (n, K) float
        Every feature of every option, without ties.
    picks : mapping of str to (n,) int
        The option that each content rule picks.
    characters : (n,) float
        Length of the prompt and all options.
    """

    difficulty: Array
    discrimination: Array
    key: IntArray
    stored_key: IntArray
    wrong: Array
    features: Mapping[str, Array]
    picks: Mapping[str, IntArray]
    characters: Array

    def __len__(self) -> int:
        """Count the tasks."""
        return len(self.key)

    @property
    def n_options(self) -> int:
        """K."""
        return int(self.wrong.shape[1])


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """A scenario with its tasks. Ordinary tasks stand in a pool, from which rows are drawn at random."""

    scenario: Scenario
    benchmarks: Items
    ordinary: Items


def make_world(rng: np.random.Generator, scenario: Scenario) -> World:
    """Draw the tasks of a scenario."""
    from goldvein.sim.contest.mined import directed_benchmarks

    if scenario.mining == "directed":
        benchmarks = directed_benchmarks(rng, scenario)
    else:
        benchmarks = make_items(rng, scenario, scenario.benchmarks, ordinary=False)
    return World(scenario, benchmarks, make_items(rng, scenario, ORDINARY_POOL, ordinary=True))


def make_items(rng: np.random.Generator, scenario: Scenario, n: int, *, ordinary: bool) -> Items:
    """Draw tasks.

    Parameters
    ----------
    rng : numpy.random.Generator
    scenario : Scenario
    n : int
        How many.
    ordinary : bool
        Whether they are ordinary tasks: these have their own share of long right answers, may be harder, and
        have no stored key that could be wrong.
    """
    key = rng.integers(scenario.options, size=n)
    longest_right = scenario.ordinary_longest_right if ordinary else scenario.longest_right
    features = _features(rng, scenario, key, longest_right)
    picks: dict[str, IntArray] = {}
    for feature, values in features.items():
        most, least = rules_of(feature)
        picks[most], picks[least] = values.argmax(axis=1), values.argmin(axis=1)
    wrong = _spread_of_mistakes(rng, scenario, key, picks["longest"])
    harder = scenario.ordinary_difficulty if ordinary else 0.0
    return Items(
        difficulty=rng.normal(scenario.difficulty + harder, scenario.difficulty_spread, n),
        discrimination=np.exp(rng.normal(0, scenario.discrimination_spread, n)),
        key=key,
        stored_key=key if ordinary else _stored(rng, key, wrong, scenario.wrong_keys),
        wrong=wrong,
        features=features,
        picks=picks,
        characters=features["length"].sum(axis=1) + np.exp(rng.normal(5.0, 0.5, n)),
    )


def draw_wrong(rng: np.random.Generator, wrong: Array) -> IntArray:
    """One wrong option for every row of ``wrong``."""
    over: IntArray = (rng.random((len(wrong), 1)) >= wrong.cumsum(axis=1)[:, :-1]).sum(axis=1)
    return over


def finding(items: Items, theta: Array, item: IntArray) -> Array:
    """P(finding what one holds for right) on these items, at these abilities; shapes must fit."""
    chance = 1 / items.n_options
    slope = items.discrimination[item] * (theta - items.difficulty[item])
    found: Array = chance + (1 - chance) / (1 + np.exp(-slope))
    return found


def _features(
    rng: np.random.Generator, scenario: Scenario, key: IntArray, longest_right: float
) -> dict[str, Array]:
    """Features of the options: the key has the most of each on its share of the tasks.

    A length is a number of characters, about 150; every other feature is a standardised number. Features
    are independent of each other.
    """
    features = {}
    for feature in features_of(scenario):
        share = longest_right if feature == "length" else scenario.features.get(feature)
        values = rng.normal(size=(len(key), scenario.options))
        if share is not None:
            _give_most_to_key(rng, values, key, share)
        features[feature] = np.exp(5.0 + 0.35 * values) if feature == "length" else values
    return features


def _give_most_to_key(rng: np.random.Generator, values: Array, key: IntArray, share: float) -> None:
    """Swap values so that the key has the largest on a share of the rows, and on no other."""
    rows, options = np.arange(len(values)), values.shape[1]
    chosen = rng.permutation(len(values)) < round(share * len(values))
    elsewhere = (key + rng.integers(1, options, len(values))) % options
    top = values.argmax(axis=1)
    home = np.where(chosen, key, np.where(top == key, elsewhere, top))
    values[rows, top], values[rows, home] = values[rows, home], values[rows, top]


def _spread_of_mistakes(
    rng: np.random.Generator, scenario: Scenario, key: IntArray, longest: IntArray
) -> Array:
    """One wrong option attracts most mistakes, unless they are drawn to the longest."""
    n, options = len(key), scenario.options
    rows = np.arange(n)
    attractor = (key + rng.integers(1, options, n)) % options
    if options == 2:
        wrong = np.zeros((n, options))
    else:
        wrong = np.full((n, options), (1 - scenario.attractor) / (options - 2))
    wrong[rows, attractor] = scenario.attractor if options > 2 else 1.0
    wrong[rows, key] = 0.0
    leaning = scenario.mistakes_longest * (longest != key)
    wrong *= (1 - leaning)[:, None]
    wrong[rows, longest] += leaning
    return wrong


def _stored(rng: np.random.Generator, key: IntArray, wrong: Array, share: float) -> IntArray:
    """Keys with a share of wrong ones; a panel errs where people err."""
    erring = rng.permutation(len(key)) < round(share * len(key))
    return np.where(erring, draw_wrong(rng, wrong), key)
