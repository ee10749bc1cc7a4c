"""What a project knows when the crowd comes in: its model and its benchmarks' likelihoods."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from goldvein.stats.items import curve_table, stack_tables
from goldvein.stats.model import Model, make_model

if TYPE_CHECKING:
    from goldvein.sim.contest.items import Items, World
    from goldvein.stats.arrays import Array

LISTED_RULES = ("longest", "shortest")


@dataclass(frozen=True, slots=True, eq=False)
class Knowledge:
    """Model and (n_states, n_items, K + 1) likelihoods of the benchmarks."""

    model: Model
    pool: Array


def given_knowledge(world: World) -> Knowledge:
    """The true item parameters, for a contest in which the policy is given them."""
    items = world.benchmarks
    model = make_model(_true_bar(items, world.scenario.quality_bar), content_rules=LISTED_RULES)
    key = (world.ordinary.key == world.ordinary.picks["longest"]).mean()
    share = 0.86 * key + 0.14 * (1 - key) / 3
    leans = {"longest": share / ((1 - share) / 3), "shortest": 1.0}
    model = replace(model, leans=MappingProxyType(leans))
    return Knowledge(model, stack_tables([_true_table(model, items, i) for i in range(len(items))]))


def _true_curves(items: Items, thetas: Array) -> Array:
    chance = 1 / items.n_options
    slopes = items.discrimination * (thetas[:, None] - items.difficulty)
    curves: Array = chance + (1 - chance) / (1 + np.exp(-slopes))
    return curves


def _true_bar(items: Items, accuracy: float) -> float:
    low, high = -20.0, 20.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        mean = _true_curves(items, np.array([middle])).mean()
        low, high = (middle, high) if mean < accuracy else (low, middle)
    return 0.5 * (low + high)


def _true_table(model: Model, items: Items, item: int) -> Array:
    right = _true_curves(items, model.space.thetas)[:, item]
    key_probs = np.full(items.n_options, 0.02 / (items.n_options - 1))
    key_probs[items.stored_key[item]] = 0.98
    picks = {rule: (int(chosen[item]),) for rule, chosen in items.picks.items()}
    return curve_table(model, right, key_probs, picks)
