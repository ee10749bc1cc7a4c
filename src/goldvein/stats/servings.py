"""What can happen when the benchmarks of a project are served, and the same for benchmarks unlike them.

An outcome is the option chosen and whether it was shown first, last or between: all that the filter looks at.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from goldvein.stats.arrays import Array, IntArray, frozen
from goldvein.stats.items import as_served, stack_tables

if TYPE_CHECKING:
    from collections.abc import Sequence

    from goldvein.stats.model import Model


@dataclass(frozen=True, slots=True, eq=False)
class Servings:
    """What can happen when each benchmark of a pool is served.

    Attributes
    ----------
    tables : (n_states, n_items, K + 1) float
        From ``items.stack_tables``.
    exposures : (n_items,) int
        Servings until now.
    n_options : (n_items,) int
    keys : (n_items,) int
    shuffled : bool
        Whether options are shown in random order; classes are shown in a fixed one.
    """

    tables: Array
    exposures: IntArray
    n_options: IntArray
    keys: IntArray
    shuffled: bool = True

    @property
    def n_items(self) -> int:
        """Number of benchmarks."""
        return int(self.tables.shape[1])


def make_servings(
    tables: Sequence[Array], exposures: Sequence[int], keys: Sequence[int], *, shuffled: bool = True
) -> Servings:
    """Lay the benchmarks of a project side by side.

    Parameters
    ----------
    tables : n tables, each (n_states, K_i + 1) float
    exposures : n counts
    keys : n options
        The stored key of each.
    shuffled : bool

    Raises
    ------
    ShapeError
        If there are no benchmarks.
    """
    options = np.array([table.shape[1] - 1 for table in tables])
    return Servings(stack_tables(tables), np.asarray(exposures), options, np.asarray(keys), shuffled)


def outcomes(model: Model, servings: Servings) -> Array:
    """P(option chosen, and whether it was shown first, last or between) for every state and benchmark.

    Divided by the share of orders that show the option there, it is ``items.served_likelihoods``; so its
    columns serve both for drawing answers and, up to a factor that cancels, for Bayes' rule.

    Parameters
    ----------
    model : Model
    servings : Servings

    Returns
    -------
    (n_states, n_items, 3 (K + 1)) float
        Rows of each item sum to one over the last axis.
    """
    states, items, width = servings.tables.shape
    exposures = np.repeat(servings.exposures, width)
    parts = []
    for place, share in enumerate(_shown_shares(servings, width)):
        shown = (np.full(items * width, place == 0), np.full(items * width, place == 1))
        flat = servings.tables.reshape(states, -1).copy()
        parts.append(as_served(model, flat, shown, exposures).reshape(servings.tables.shape) * share)
    return frozen(np.concatenate(parts, axis=2))


def _shown_shares(servings: Servings, width: int) -> tuple[Array, Array, Array]:
    """Share of orders that show an option first, last, and between: each (n_items, K + 1)."""
    options, place = servings.n_options[:, None], np.arange(width)[None, :]
    if servings.shuffled:
        first = np.where(place < options, 1 / options, 0.0)
        last = first
    else:
        first = np.broadcast_to(place == 0, (servings.n_items, width)).astype(float)
        last = (place == options - 1).astype(float)
    return first, last, np.where(place <= options, 1 - first - last, 0.0)


def accuracies(model: Model, servings: Servings) -> Array:
    """Mean P(stored key) of every state on the benchmarks as they are served: (n_states,)."""
    items = np.arange(servings.n_items)
    chosen = outcomes(model, servings).reshape(model.space.size, servings.n_items, 3, -1).sum(axis=2)
    right: Array = chosen[:, items, servings.keys].mean(axis=1)
    return right


def harder(model: Model, servings: Servings, logits: float) -> Servings:
    """Return the same benchmarks with every difficulty raised by so much; the bar stays where it is.

    Answers depend on ability minus difficulty, so an ability meets a harder item as a lower one meets this
    item: rows move along the ability grid, between whose points they are interpolated. Beyond the grid its
    last row stands.

    Parameters
    ----------
    model : Model
    servings : Servings
    logits : float
        Negative for easier.
    """
    grid = model.space.n_abilities
    thetas = model.space.thetas
    at = np.clip(thetas - logits, thetas[0], thetas[-1])
    below = np.clip(np.searchsorted(thetas, at, side="right") - 1, 0, grid - 2)
    share = ((at - thetas[below]) / (thetas[below + 1] - thetas[below]))[:, None, None]
    tables = servings.tables.copy()
    tables[:grid] = (1 - share) * servings.tables[below] + share * servings.tables[below + 1]
    return replace(servings, tables=frozen(tables))


def counter_example_share(model: Model, servings: Servings, shortcut: str) -> float:
    """Share of benchmarks on which a shortcut does not give the key more often than not."""
    row = servings.tables[model.space.state_of(shortcut)]
    return float(np.mean(row[np.arange(servings.n_items), servings.keys] < 0.5))


def with_counter_examples(model: Model, servings: Servings, shortcut: str, share: float) -> Servings:
    """Return the benchmarks with so many of them counter-examples for a content rule.

    On as many as are wanting, the rule's pick is moved from the key to the option after it.

    Parameters
    ----------
    model : Model
    servings : Servings
    shortcut : str
        A content rule.
    share : float
        Of counter-examples; where there are as many already, nothing changes.
    """
    state = model.space.state_of(shortcut)
    items = np.arange(servings.n_items)
    passed = np.flatnonzero(servings.tables[state][items, servings.keys] >= 0.5)
    wanted = round(share * servings.n_items) - (servings.n_items - len(passed))
    spaced = np.linspace(0, len(passed), max(wanted, 0), endpoint=False).astype(np.int64)
    moved = passed[spaced[: len(passed)]]
    tables = servings.tables.copy()
    key = servings.keys[moved]
    other = (key + 1) % servings.n_options[moved]
    tables[state, moved, key], tables[state, moved, other] = (
        servings.tables[state, moved, other],
        servings.tables[state, moved, key],
    )
    return replace(servings, tables=frozen(tables))
