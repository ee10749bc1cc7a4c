"""Do posteriors mean what they say: where the truth falls in what the filter believes of it.

Where the population is the model's prior, the truth's place in the posterior (its probability integral
transform) is uniform. Abilities are drawn between the grid's points, so that the grid itself is on trial.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import exp, sqrt
from typing import TYPE_CHECKING

import numpy as np

from goldvein.stats.items import item_table, leaked_share, served_likelihoods
from goldvein.stats.mining import task_evidence
from goldvein.stats.posterior import advance, condition, good_mass, newcomer
from goldvein.stats.states import LEAKER, POSITION_RULES, RANDOM

if TYPE_CHECKING:
    from goldvein.stats.arrays import Array, BoolArray, IntArray
    from goldvein.stats.model import Model

N_OPTIONS = 4
MOST_EXPOSED = 40


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """Who they truly are: a state each, and for an ability its place between the grid's points.

    Attributes
    ----------
    state : (n,) int
    offset : (n,) float
        Grid steps from the state's ability, in [-0.5, 0.5); of a shortcut, its place among its like.
    """

    state: IntArray
    offset: Array


@dataclass(frozen=True, slots=True, eq=False)
class Belief:
    """The end of a run.

    Attributes
    ----------
    posterior : (n_states, n) float
        What the filter believes.
    truth : People
    p_good : (n,) float
        Believed probability of being at or over the bar.
    is_good : (n,) bool
        Whether the labeler is.
    """

    posterior: Array
    truth: People
    p_good: Array
    is_good: BoolArray


def draw_people(rng: np.random.Generator, shares: Array, n: int) -> People:
    """People from a distribution over states: (n_states,) to n of them."""
    return People(rng.choice(len(shares), size=n, p=shares), rng.uniform(-0.5, 0.5, n))


def make_tables(rng: np.random.Generator, model: Model, n: int) -> list[Array]:
    """Likelihood tables of benchmarks that four trusted labelers agreed on, with content rules at random."""
    tables = []
    for key, longest in rng.integers(N_OPTIONS, size=(n, 2)).tolist():
        known = task_evidence(model.answers, N_OPTIONS, [key] * 4)
        rules = {"longest": (longest,), "shortest": ((longest + 1) % N_OPTIONS,)}
        tables.append(item_table(model, known.key_probs, known.difficulty_weights(key), rules))
    return tables


def live(
    rng: np.random.Generator,
    model: Model,
    people: People,
    tables: list[Array],
    *,
    answers: int,
    benchmark_share: float = 0.3,
    life: Model | None = None,
) -> Belief:
    """Let people answer and change, and the filter follow.

    Parameters
    ----------
    rng : numpy.random.Generator
    model : Model
    people : People
        At their first answer; the filter starts from ``model.prior`` whatever they are.
    tables : list of (n_states, K + 1) float
        Benchmarks, drawn at random with repeats.
    answers : int
        How many each of them gives.
    benchmark_share : float
        Probability that a task is a benchmark; ordinary ones only let time pass.
    life : Model, optional
        How people truly change, with the states of ``model``; as ``model`` says when not given.
    """
    n, life = len(people.state), life or model
    belief = newcomer(model, n)
    for _ in range(answers):
        belief, people = advance(belief, model), changed(rng, life, people)
        at = np.flatnonzero(rng.random(n) < benchmark_share)
        if not len(at):
            continue
        served = [tables[item] for item in rng.integers(len(tables), size=len(at))]
        orders = rng.random((len(at), N_OPTIONS)).argsort(axis=1)
        exposures = rng.integers(MOST_EXPOSED, size=len(at))
        here = People(people.state[at], people.offset[at])
        choices = answered(rng, model, here, served, orders, exposures)
        likelihood = served_likelihoods(model, served, list(orders), choices.tolist(), exposures.tolist())
        belief[:, at], _ = condition(belief[:, at], likelihood)
    return Belief(belief, people, good_mass(belief, model), model.space.good[people.state])


def changed(rng: np.random.Generator, model: Model, people: People) -> People:
    """Who they are one answer later: a step on the ability grid, or rarely somebody else."""
    state, offset = people.state.copy(), people.offset.copy()
    draw, n_abilities = rng.random(len(state)), model.space.n_abilities
    able = state < n_abilities
    up = able & (draw < model.walk) & (state + 1 < n_abilities)
    down = able & (draw >= model.walk) & (draw < 2 * model.walk) & (state > 0)
    state += up.astype(np.int64) - down
    other = rng.random(len(state)) < model.hazard
    new = draw_people(rng, model.turns, int(other.sum()))
    state[other], offset[other] = new.state, new.offset
    return People(state, offset)


def answered(
    rng: np.random.Generator,
    model: Model,
    people: People,
    tables: list[Array],
    orders: IntArray,
    exposures: IntArray,
) -> IntArray:
    """What they answer to one benchmark each: (n,) options, K for "cannot be answered".

    Between two grid points the answers are interpolated; at the grid's ends they are those of the end.
    """
    place, space = np.arange(len(people.state)), model.space
    stacked = np.array(tables)
    able = people.state < space.n_abilities
    near = np.clip(people.state + np.sign(people.offset).astype(np.int64), 0, space.n_abilities - 1)
    share = np.where(able, np.abs(people.offset), 0.0)[:, None]
    neighbour = np.where(able, near, people.state)
    odds = (1 - share) * stacked[place, people.state] + share * stacked[place, neighbour]
    at_random = stacked[place, space.state_of(RANDOM)]
    for rule, position in zip(POSITION_RULES, (0, -1), strict=True):
        mine = people.state == space.state_of(rule)
        odds[mine] = model.lapse * at_random[mine]
        odds[mine, orders[mine, position]] += 1 - model.lapse
    mine = people.state == space.state_of(LEAKER)
    known = leaked_share(model, exposures)[mine, None]
    odds[mine] = known * odds[mine] + (1 - known) * at_random[mine]
    below = odds.cumsum(axis=1) / odds.sum(axis=1, keepdims=True)
    choices: IntArray = (rng.random((len(place), 1)) >= below[:, :-1]).sum(axis=1)
    return choices


def truth_places(belief: Belief) -> Array:
    """Probability integral transform of the truth under the belief, interpolated inside its state: (n,)."""
    place = np.arange(belief.posterior.shape[1])
    state = belief.truth.state
    below = np.cumsum(belief.posterior, axis=0)[state, place] - belief.posterior[state, place]
    inside: Array = below + (belief.truth.offset + 0.5) * belief.posterior[state, place]
    return inside


def uniformity(values: Array) -> tuple[float, float]:
    """Kolmogorov-Smirnov distance of some values from the uniform distribution, and its p-value.

    Source
    ------
    Kolmogorov's asymptotic series ``2 sum (-1)^(k-1) exp(-2 k^2 x^2)`` with Stephens' (1970) correction
    ``x = (sqrt(n) + 0.12 + 0.11 / sqrt(n)) D``.
    """
    n, ordered = len(values), np.sort(values)
    ranks = np.arange(n + 1) / n
    distance = float(max((ranks[1:] - ordered).max(), (ordered - ranks[:-1]).max()))
    x = (sqrt(n) + 0.12 + 0.11 / sqrt(n)) * distance
    if x < 0.2:  # the series has not begun to fall there; the value is 1 to nine digits
        return distance, 1.0
    series = 2 * sum((-1) ** (k - 1) * exp(-2 * (k * x) ** 2) for k in range(1, 101))
    return distance, min(1.0, max(0.0, series))


def reliability(belief: Belief, cuts: tuple[float, ...] = (0.05, 0.5, 0.95)) -> list[dict[str, float]]:
    """Between each two cuts of the believed P(good): how many, what was believed, and what is true."""
    edges = (0.0, *cuts, 1.0 + 1e-9)
    lines = []
    for low, high in pairwise(edges):
        inside = (belief.p_good >= low) & (belief.p_good < high)
        count = int(inside.sum())
        lines.append(
            {
                "from": low,
                "to": min(high, 1.0),
                "labelers": float(count),
                "believed": float(belief.p_good[inside].mean()) if count else float("nan"),
                "true": float(belief.is_good[inside].mean()) if count else float("nan"),
            }
        )
    return lines
