"""What to mine next, how much at once, and when it is enough."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from goldvein.domain.policy import Policy

AT_ONCE_EACH: Final = 8
"""Candidates under way for each of the panel who is there: more would wait long for their last answer, and
with fewer somebody who has had them all would have nothing to do."""


def most_under_way(missing: int, there: int) -> int:
    """How many candidates may be under way.

    Parameters
    ----------
    missing : int
        Benchmarks wanted beyond those there are.
    there : int
        Panel members seen lately.
    """
    return min(2 * max(0, missing) + 2 * there, AT_ONCE_EACH * max(1, there))


def contradicts(picked: int, picks: Mapping[str, Sequence[int]], rules: Iterable[str]) -> bool:
    """Whether a good labeler's answer speaks against some of these rules: they pick something else."""
    return any(picks.get(rule) and picked not in picks[rule] for rule in rules)


def stream_chance(policy: Policy, *, lenient: Collection[str], speaks_against: bool) -> float:
    """P(a task goes on to the panel), given that somebody highly trusted has just answered it.

    As long as no shortcut passes too much, all have the same chance. Else the directed share goes to tasks on
    which such a shortcut is likely wrong, however few they are, and the rest is at random: benchmarks must go
    on to look like work.
    """
    if not lenient or not policy.directed_share:
        return policy.stream_share
    at_random = (1 - policy.directed_share) * policy.stream_share
    return at_random + policy.directed_share * speaks_against if policy.stream_share else 0.0
