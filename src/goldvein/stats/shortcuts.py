"""Shortcuts: what each rule chooses, which share of benchmarks it passes, which traces it leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from goldvein.stats.arrays import Array, BoolArray, ShapeError
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


def ordinary_likelihoods(
    model: Model,
    picks: Sequence[Mapping[str, Sequence[int]]],
    orders: Sequence[Sequence[int]],
    choices: Sequence[int],
) -> Array:
    """Evidence of ordinary answers relative to chance, for ``p_all`` only.

    An ordinary task is a benchmark whose key nobody knows; but good labelers lean to some options, and each
    shortcut has its own. A content rule whose lean is not known weighs nothing: good work may look just like
    it. Positions need no learning while the order is shuffled. Hot path: + - x / only.

    Parameters
    ----------
    model : Model
    picks : n mappings of content rules to the options they pick
    orders : n orders; ``orders[i][position]`` is the option shown at that position
    choices : n options chosen, in content order

    Returns
    -------
    (n_states, n) float
        See ``ordinary_signal``.
    """
    chance = np.array([1 / len(order) for order in orders])
    shown = [np.array([o[place] == c for o, c in zip(orders, choices, strict=True)]) for place in (0, -1)]
    lean = np.array([_lean(model, *one) for one in zip(picks, orders, choices, strict=True)])
    hits = [
        [_hit(own.get(rule, ()), c, len(o)) for own, o, c in zip(picks, orders, choices, strict=True)]
        for rule in model.space.content_rules
    ]
    return ordinary_signal(model, chance, (shown[0], shown[1]), lean, np.array(hits))


def _lean(model: Model, picks: Mapping[str, Sequence[int]], order: Sequence[int], choice: int) -> float:
    """P(a good labeler takes this option), by the rules that pick it."""
    weights = [1.0] * len(order)
    for rule, lean in model.leans.items():
        for option in _picked(rule, picks, order):
            weights[option] *= lean
    return weights[choice] / sum(weights)


def _picked(rule: str, picks: Mapping[str, Sequence[int]], order: Sequence[int]) -> Sequence[int]:
    """Options that a rule picks; a position's is the one that stood there."""
    if rule in POSITION_RULES:
        return (order[0 if rule == POSITION_RULES[0] else -1],)
    return picks.get(rule, ())


def _hit(picked: Sequence[int], choice: int, n_options: int) -> float:
    """P(a follower who does not lapse takes this option)."""
    return (choice in picked) / len(picked) if picked else 1 / n_options


def ordinary_signal(
    model: Model, chance: Array, shown: tuple[BoolArray, BoolArray], lean: Array, hits: Array
) -> Array:
    """Evidence of ordinary answers relative to chance, from what each rule says of the option taken.

    ``1 - w + w P(option | state) / chance`` with w the model's ``ordinary_weight``: nobody knows how ordinary
    tasks differ from benchmarks, so a share of them is taken to tell nothing. That tempers the evidence and
    bounds it, with + and x alone.

    Parameters
    ----------
    model : Model
    chance : (n,) float
        1 / K of each task.
    shown : pair of (n,) bool
        Whether the option taken stood first, and whether it stood last.
    lean : (n,) float
        P(a good labeler takes this option).
    hits : (n_content_rules, n) float
        P(a follower of the rule who does not lapse takes this option).

    Returns
    -------
    (n_states, n) float
        1 where a state tells nothing.
    """
    likelihood = chance + model.solving[:, None] * (lean - chance)
    lapsed = model.lapse * chance
    for rule, hit in zip((*POSITION_RULES, *model.space.content_rules), (*shown, *hits), strict=True):
        if rule not in POSITION_RULES and rule not in model.leans:
            likelihood[model.space.state_of(rule)] = chance
            continue
        likelihood[model.space.state_of(rule)] = lapsed + (1 - model.lapse) * hit
    signal: Array = 1 - model.ordinary_weight + model.ordinary_weight * (likelihood / chance)
    return signal


def rapid_signal(model: Model, rapid: BoolArray) -> Array:
    """Evidence of answers given quickly or not, relative to people who do the job: (n,) to (n_states, n).

    Source
    ------
    Wise and Kong (2005), response time effort: the share of answers slower than a task's threshold; tempered
    like all evidence that is not a benchmark's.
    """
    if model.rapid is None:
        return np.ones((model.space.size, len(rapid)))
    solving, guessing = model.rapid.share_solving, model.rapid.share_guessing
    ratio = np.where(rapid, guessing / solving, (1 - guessing) / (1 - solving))
    signal = np.ones((model.space.size, len(rapid)))
    signal[model.space.n_abilities :] = 1 - model.ordinary_weight + model.ordinary_weight * ratio
    return signal


def hurried_signal(model: Model, likelihood: Array) -> Array:
    """What makes rapid answers to benchmarks say nothing of ability: (n_states, n) likelihoods to the same.

    Whoever did not read did not try: the answer counts as a random one for every ability.

    Source
    ------
    Wise and DeMars (2006), effort-moderated item response model.
    """
    solved = likelihood[: model.space.n_abilities]
    guessed = np.broadcast_to(likelihood[model.space.state_of(RANDOM)], solved.shape)
    signal = np.ones_like(likelihood)
    np.divide(guessed, solved, out=signal[: model.space.n_abilities], where=solved > 0)
    return signal
