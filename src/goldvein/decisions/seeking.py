"""Which waiting tasks to mine first: those on which shortcuts that today's benchmarks let pass are wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from goldvein.stats.states import BUILT_IN, RANDOM

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from goldvein.stats.arrays import Array
    from goldvein.stats.model import Model

DIRECTED_SHARE: Final = 0.5
"""New candidates that are sought; the others come in the queue's order: benchmarks must look like work."""
MOST_LOOKED_AT: Final = 64
"""Waiting tasks compared at once."""
_LOOKED_AT_EACH: Final = 16
_CERTAIN: Final = 0.98
_DIGITS: Final = 9


def looked_at(wanted: int) -> int:
    """How many waiting tasks are compared for so many new candidates."""
    return max(wanted, min(_LOOKED_AT_EACH * wanted, MOST_LOOKED_AT))


def lenient(pass_shares: Mapping[str, float], bar: float) -> dict[str, float]:
    """Content rules that pass too much, with how much: what lies over halfway between chance and the bar.

    At the bar, right and wrong alone would not tell the rule from honest work; well before it, they tell the
    two apart slowly.

    Parameters
    ----------
    pass_shares : mapping of str to float
        Share of the benchmarks that each shortcut passes; empty while there are none.
    bar : float
        The policy's ``quality_bar``.
    """
    halfway = (pass_shares.get(RANDOM, 0.0) + bar) / 2
    return {
        rule: share - halfway
        for rule, share in pass_shares.items()
        if rule not in BUILT_IN and share > halfway
    }


def sought(
    model: Model,
    pass_shares: Mapping[str, float],
    bar: float,
    picks: Sequence[Mapping[str, Sequence[int]]],
    n_options: Sequence[int],
) -> Array:
    """How much a benchmark made of each task would bring down what lenient rules pass.

    A task's key is not known yet; but good labelers lean to some options. Where the options of several rules
    fall apart, or a rule finds no difference to go by, following it is likely wrong. A rule whose leaning is
    not learned yet is taken to be right as often as on the benchmarks.

    Parameters
    ----------
    model : Model
    pass_shares, bar
        As for ``lenient``.
    picks : n mappings of content rules to the options they pick
    n_options : n counts

    Returns
    -------
    (n,) float
        Rounded, so that tasks that are alike are equal; all 0 where no rule is lenient.
    """
    too_much = lenient(pass_shares, bar)
    scores = np.zeros(len(picks))
    for place, (own, count) in enumerate(zip(picks, n_options, strict=True) if too_much else ()):
        right = _leaning(model, pass_shares, own, count)
        for rule, excess in too_much.items():
            picked = own.get(rule, ())
            passes = right[list(picked)].mean() if picked else 1 / count
            scores[place] += excess * (pass_shares[rule] - passes)
    rounded: Array = np.round(scores, _DIGITS)
    return rounded


def _leaning(
    model: Model, pass_shares: Mapping[str, float], picks: Mapping[str, Sequence[int]], n_options: int
) -> Array:
    """P(a good labeler takes this option): (K,)."""
    weights = np.ones(n_options)
    for rule, picked in picks.items():
        odds = model.leans.get(rule)
        if odds is None and rule in pass_shares:
            share = min(max(pass_shares[rule], 1 - _CERTAIN), _CERTAIN)
            odds = share / (1 - share) * (n_options - 1)
        if odds is not None:
            weights[list(picked)] *= odds
    shares: Array = weights / weights.sum()
    return shares


def preferred(rng: np.random.Generator, scores: Array, wanted: int) -> list[int]:
    """Which of some waiting tasks become candidates: half by score, half as they come.

    Parameters
    ----------
    scores : (n,) float
        In the queue's order, which breaks ties.
    wanted : int

    Returns
    -------
    list of int
        Rising places, ``wanted`` of them or all there are. An odd one is sought or not by chance.
    """
    places = list(range(len(scores)))
    if len(places) <= wanted or np.ptp(scores) == 0:
        return places[:wanted]
    best = np.argsort(-scores, kind="stable")[: int(wanted * DIRECTED_SHARE + rng.random())].tolist()
    others = [place for place in places if place not in best]
    return sorted(best + others[: wanted - len(best)])
