"""Shortcuts: what each rule chooses, which share of benchmarks it passes, which traces it leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from goldvein.stats.arrays import Array, BoolArray, ShapeError, frozen
from goldvein.stats.states import POSITION_RULES, RANDOM

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from goldvein.stats.model import Model


def extremes(values: Sequence[float]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Options with the largest and with the smallest value of a feature; several where they tie.

    Parameters
    ----------
    values : K numbers
        One feature of the options, in content order.

    Returns
    -------
    largest, smallest : tuple of int
        Empty when all options are alike: then the rule has nothing to go by.
    """
    if len(values) < 2:
        raise ShapeError(f"{len(values)} option(s) cannot be compared; a rule needs at least two")
    high, low = max(values), min(values)
    if high == low:
        return (), ()
    largest = tuple(i for i, value in enumerate(values) if value == high)
    return largest, tuple(i for i, value in enumerate(values) if value == low)


def length_choices(options: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """Choices of ``longest`` and ``shortest`` among texts, by number of characters."""
    longest, shortest = extremes([len(option) for option in options])
    return {"longest": longest, "shortest": shortest}


def class_rules(n_classes: int) -> dict[str, tuple[int, ...]]:
    """One rule per class, "always this one", for projects whose classes are fixed."""
    return {f"class {index}": (index,) for index in range(n_classes)}


def shortcut_pass_shares(model: Model, tables: Sequence[Array], keys: Sequence[int]) -> dict[str, float]:
    """For each shortcut, the share of the benchmarks that it would pass.

    A share near the bar is an alarm: right and wrong alone would not tell that shortcut from honest work.

    Parameters
    ----------
    model : Model
    tables : n tables, each (n_states, K_i + 1) float
    keys : n options
        The stored key of each benchmark.

    Raises
    ------
    ShapeError
        If there are no benchmarks.
    """
    if not tables:
        raise ShapeError("no benchmarks to report on; mine or write some first")
    passed = [table[model.space.n_abilities :, key] for table, key in zip(tables, keys, strict=True)]
    shares = np.mean(np.array(passed), axis=0)
    return {name: float(share) for name, share in zip(model.space.shortcuts, shares, strict=True)}


def followed_rules(
    model: Model, order: Sequence[int], choice: int, choices_of_rules: Mapping[str, Sequence[int]]
) -> BoolArray:
    """Which shortcuts an answer agrees with, by state: (n_states,) bool."""
    followed = np.zeros(model.space.size, dtype=bool)
    for rule, position in zip(POSITION_RULES, (0, -1), strict=True):
        followed[model.space.state_of(rule)] = order[position] == choice
    for rule, chosen in choices_of_rules.items():
        if rule in model.space.shortcuts:
            followed[model.space.state_of(rule)] = choice in chosen
    return followed


def signal_levels(model: Model, n_options: int, *, shuffled: bool = True) -> Array:
    """Weight of an ordinary answer that follows, or breaks, each shortcut's rule.

    Likelihood ratio of the shortcut against an honest labeler, raised to ``model.temper`` and capped, since
    nobody knows how ordinary tasks differ from benchmarks. Honest people agree with a shuffled position once
    in K; with a content rule as often as ``model.follow_shares`` says. What is unknown weighs nothing.

    Parameters
    ----------
    model : Model
    n_options : int
    shuffled : bool
        Whether options are shown in random order; in a fixed order a position means something.

    Returns
    -------
    (2, n_states) float
        Row 0 for a broken rule, row 1 for a followed one; ones for abilities and for random answers.
    """
    levels = np.ones((2, model.space.size))
    for name in model.space.shortcuts:
        share = 1 / n_options if name in POSITION_RULES and shuffled else model.follow_shares.get(name)
        if name == RANDOM or share is None:
            continue
        follows = 1 - model.lapse + model.lapse / n_options
        ratios = np.array([(1 - follows) / (1 - share), follows / share])
        cap = model.signal_cap
        levels[:, model.space.state_of(name)] = np.clip(ratios**model.temper, 1 / cap, cap)
    return frozen(levels)


def ordinary_signal(levels: Sequence[Array], followed: Sequence[BoolArray]) -> Array:
    """Signal likelihood of ordinary answers, for ``p_all`` only.

    Parameters
    ----------
    levels : n arrays, each (2, n_states) float
        From ``signal_levels``.
    followed : n masks, each (n_states,) bool
        From ``followed_rules``.

    Returns
    -------
    (n_states, n) float
    """
    return np.where(
        np.array(followed).T, np.array([x[1] for x in levels]).T, np.array([x[0] for x in levels]).T
    )
