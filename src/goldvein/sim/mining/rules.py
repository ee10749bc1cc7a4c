"""Rules that turn a panel's answers into benchmarks: ours, and those that others use or propose.

A rule sees how often each option was chosen, and says: promote the leading option, drop the task, or ask one
more. It never reads a kind, a key or an accuracy of the pool.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from math import log
from typing import TYPE_CHECKING

from goldvein.decisions.mining import Continue, Promote, settle
from goldvein.stats.mining import task_evidence

if TYPE_CHECKING:
    from goldvein.domain.policy import Policy
    from goldvein.stats.model import AnswerModel

PROMOTE, DROP, ASK = "promote", "drop", "ask"
Counts = tuple[int, ...]
"""Answers by option, the most chosen first; "cannot be answered" stands last, whatever its number."""
Rule = Callable[[Counts], str]

OURS = "goldvein"
FLAT_ACCURACY = 0.9
GRID_ANSWERS = 14


def ordered(counts: Counts) -> Counts:
    """Put the options in falling order: rules know nothing else of them."""
    return (*sorted(counts[:-1], reverse=True), counts[-1])


def unanimous(needed: int) -> Rule:
    """Promote once so many agree; stop at the first dissent."""
    return lead_of(needed, needed)


def lead_of(needed: int, asked: int) -> Rule:
    """Promote once ``needed`` of at most ``asked`` agree; stop once they cannot any more."""

    def rule(counts: Counts) -> str:
        if counts[0] >= needed:
            return PROMOTE
        left = asked - sum(counts)
        return ASK if counts[0] + left >= needed else DROP

    return rule


def settled(answers: AnswerModel, options: int, policy: Policy, trusted: int) -> Rule:
    """``decisions.mining.settle``, as the service calls it."""

    @cache
    def rule(counts: Counts) -> str:
        settlement = settle(answers, options, choices_of(counts), trusted - sum(counts), policy)
        if isinstance(settlement, Promote):
            return PROMOTE
        return ASK if isinstance(settlement, Continue) else DROP

    return rule


def grid(answers: AnswerModel, options: int, key_at: float, ease: float = 0.0, clean_at: float = 0.0) -> Rule:
    """Ask until the posterior of key and difficulty is sure, without giving up before 14 answers.

    What the difficulty grid does when nobody tells it to abandon: it spends its answers on split tasks.
    """

    @cache
    def rule(counts: Counts) -> str:
        evidence = task_evidence(answers, options, choices_of(counts))
        sure = evidence.best < options and evidence.answer_probs[evidence.best] >= key_at
        if sure and evidence.clean_probability(ease) >= clean_at:
            return PROMOTE
        return ASK if sum(counts) < GRID_ANSWERS else DROP

    return rule


def flat(options: int, at: float = 0.99, accuracy: float = FLAT_ACCURACY) -> Rule:
    """Posterior that takes every trusted answer for 90% right, on every task: shown because it fails."""
    gain = log(accuracy * (options - 1) / (1 - accuracy))
    wanted = log(at / (1 - at))

    def rule(counts: Counts) -> str:
        # Log odds of the leader against all others together; "cannot be answered" tells nothing here.
        others = sum(2.718281828459045 ** (gain * (count - counts[0])) for count in counts[1:-1])
        if -log(others) >= wanted:
            return PROMOTE
        return ASK if sum(counts) < GRID_ANSWERS else DROP

    return rule


def both(first: Rule, second: Rule) -> Rule:
    """Promote where both do, drop where either does: a mix."""

    def rule(counts: Counts) -> str:
        said = {first(counts), second(counts)}
        if said == {PROMOTE}:
            return PROMOTE
        return DROP if DROP in said else ASK

    return rule


def choices_of(counts: Counts) -> tuple[int, ...]:
    """Write counts as choices: the order of answers is irrelevant to every rule."""
    return tuple(option for option, count in enumerate(counts) for _ in range(count))


def all_rules(answers: AnswerModel, options: int, policy: Policy, trusted: int) -> Mapping[str, Rule]:
    """Every rule of the contest by name, ours first."""
    cleaner = replace(policy, promote_at=0.88)
    cheaper = replace(policy, promote_at=0.75, promote_exhausted_at=min(0.75, policy.promote_exhausted_at))
    ease = policy.ease_at_least
    return {
        OURS: settled(answers, options, policy, trusted),
        f"{OURS}, promote_at .88": settled(answers, options, cleaner, trusted),
        f"{OURS}, promote_at .75": settled(answers, options, cheaper, trusted),
        **{f"unanimous {m}": unanimous(m) for m in range(2, 7)},
        "4 of 5": lead_of(4, 5),
        "5 of 6": lead_of(5, 6),
        "6 of 7": lead_of(6, 7),
        "grid, key .95": grid(answers, options, 0.95),
        "grid, key .99": grid(answers, options, 0.99),
        f"grid, key and ease {ease:g} .835": grid(answers, options, 0.0, ease, 0.835),
        "5 of 6 and grid, key .99": both(lead_of(5, 6), grid(answers, options, 0.99)),
        "flat accuracy .9": flat(options),
    }
