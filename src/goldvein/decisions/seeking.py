"""Which tasks become benchmarks: enough of those on which shortcuts are wrong.

Of a task that waits, features tell a little: those on which a lenient shortcut is likely wrong come first.
Of a candidate, a first answer of the panel tells nearly all: one that agrees with a shortcut which enough
benchmarks let pass goes back into the queue. That costs one trusted answer instead of a whole panel's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from goldvein.decisions.gate import RANK_DIGITS
from goldvein.decisions.opening import is_hopeless
from goldvein.stats.mix import STRETCH, rule_passes
from goldvein.stats.states import BUILT_IN, RANDOM

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from goldvein.domain.policy import Policy
    from goldvein.stats.arrays import Array
    from goldvein.stats.model import Model

PUT_BACK: Final = "agrees with a shortcut that enough benchmarks let pass"
"""Why a candidate went back into the queue before its panel was through."""
WITHHELD: Final = "speaks against a shortcut that is mostly right, and was sure but for that"
"""Why a candidate that would otherwise be a benchmark is none."""
MOST_LOOKED_AT: Final = 64
"""Waiting tasks compared at once."""
_LOOKED_AT_EACH: Final = 16
_CERTAIN: Final = 0.98
_MOSTLY: Final = 0.5


@dataclass(frozen=True, slots=True)
class Ended:
    """How many candidates ended without having been benchmarks.

    Attributes
    ----------
    put_back : int
        After an answer that agrees with a shortcut.
    withheld : int
        Sure, but for a shortcut against which they speak.
    dropped : int
        For anything else: ambiguous, not to be answered, or nobody left to ask.
    """

    put_back: int = 0
    withheld: int = 0
    dropped: int = 0


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
    rounded: Array = np.round(scores, RANK_DIGITS)
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


def leaning(
    pass_counts: Mapping[str, float], active: int, ended: Ended, picks: Mapping[str, Sequence[int]],
    n_options: int,
) -> Array | None:  # fmt: skip
    """Where the key of a task lies before anybody answers it, by the rule that is right most often.

    What counts are tasks of which a panel is sure. Right the rule is on the benchmarks that it passes, and on
    as many of those that went back for its sake as would have become benchmarks, had their panels gone on;
    wrong it is on the other benchmarks, and on what was withheld for its sake: without these, each refusal
    would make the next one more likely, and a small panel could refuse for ever. Guessing counts as
    ``n_options`` tasks more, so that few say little. Rules that agree with each other are one rule: only the
    strongest counts.

    Parameters
    ----------
    pass_counts, active
        As for ``plentiful``.
    ended : Ended
    picks : mapping of str to options
        What each rule picks of this task.
    n_options : int

    Returns
    -------
    (K,) float or None
        All above 0, in all 1; None where no rule that picks something is right more often than guessing.
    """
    spoken = {rule: count for rule, count in pass_counts.items() if 0 < len(picks.get(rule, ())) < n_options}
    if not spoken:
        return None
    rule = max(spoken, key=spoken.__getitem__)
    picked = list(picks[rule])
    sure = active + ended.withheld
    passed = ended.put_back * sure / max(1, sure + ended.dropped)
    share = min((spoken[rule] + passed + 1) / (sure + passed + n_options), _CERTAIN)
    if share <= len(picked) / n_options:
        return None
    leans = np.full(n_options, (1 - share) / (n_options - len(picked)))
    leans[picked] = share / len(picked)
    return leans


def preferred(rng: np.random.Generator, scores: Array, wanted: int, share: float) -> list[int]:
    """Which of some waiting tasks become candidates: a share by score, the others as they come.

    Benchmarks must go on to look like work.

    Parameters
    ----------
    scores : (n,) float
        In the queue's order, which breaks ties.
    wanted : int
    share : float
        The policy's ``directed_share``.

    Returns
    -------
    list of int
        Rising places, ``wanted`` of them or all there are. An odd one is sought or not by chance.
    """
    places = list(range(len(scores)))
    if len(places) <= wanted or np.ptp(scores) == 0:
        return places[:wanted]
    best = np.argsort(-scores, kind="stable")[: int(wanted * share + rng.random())].tolist()
    others = [place for place in places if place not in best]
    return sorted(best + others[: wanted - len(best)])


def counterexamples_wanted(target: int, chance: float, policy: Policy) -> float:
    """How many of so many benchmarks are to be ones that a shortcut gets wrong.

    As many as let serving come down to chance without any benchmark bearing more than ``STRETCH`` times its
    share, and never more than the policy's ``directed_share``: 0 mines at random.

    Parameters
    ----------
    target : int
        Benchmarks in all.
    chance : float
        Share of them that guessing passes.
    policy : Policy
    """
    return min(policy.directed_share, (1 - chance) / STRETCH) * target


def plentiful(
    pass_counts: Mapping[str, float], active: int, target: int, chance: float, put_back: int, policy: Policy
) -> list[str]:
    """Rules that pass as many benchmarks as they may: only counter-examples to them are wanted now.

    A rule to which counter-examples are too rare is let be until there are benchmarks enough;
    ``decisions.opening`` says so before the crowd comes in, and the shortcut report afterwards.

    Parameters
    ----------
    pass_counts : mapping of str to float
        By rule, the sum over active benchmarks of P(its pick is the key).
    active, target : int
        Benchmarks there are, and that are wanted in all.
    chance : float
        Share of benchmarks that guessing passes.
    put_back : int
        Candidates that went back so far.
    policy : Policy
    """
    wanted = counterexamples_wanted(target, chance, policy)
    if wanted <= 0:
        return []
    return [
        rule
        for rule, count in pass_counts.items()
        if count > target - wanted - 1
        and not (active < target and is_hopeless(active - count, active + put_back))
    ]


def agrees_with(
    rules: Sequence[str], picks: Mapping[str, Sequence[int]], answer: int, n_options: int
) -> str | None:
    """The rule for whose sake a candidate goes back; None if it speaks against any of these, and so goes on.

    Parameters
    ----------
    rules : sequence of str
        From ``plentiful``.
    picks : mapping of str to options
        What each rule picks of this task.
    answer : int
        What the panel holds for right so far; K for "cannot be answered", which agrees with nothing.
    n_options : int
    """
    if answer >= n_options:
        return None
    passes = [rule_passes(picks.get(rule, ()), answer, n_options) for rule in rules]
    return rules[0] if passes and min(passes) >= _MOSTLY else None
