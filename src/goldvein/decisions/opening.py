"""Whether enough benchmarks speak against every shortcut for a project to let the crowd in."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from goldvein.domain.policy import Policy

SOUGHT_EACH: Final = 40
"""Tasks mined for one counter-example at most: where they are rarer, going on costs more than it brings."""
_CLOSE: Final = 1e-9


def counterexamples(pass_counts: Mapping[str, float], active: int) -> dict[str, float]:
    """How many of the active benchmarks each rule gets wrong; ties count in part.

    Parameters
    ----------
    pass_counts : mapping of str to float
        By rule, the sum over benchmarks of P(its pick is the key); a rule with nothing to go by guesses.
    active : int
    """
    return {rule: active - count for rule, count in pass_counts.items()}


def why_not(
    pass_counts: Mapping[str, float], active: int, policy: Policy, mined: int | None = None
) -> str | None:
    """Why a project with enough benchmarks does not open yet; None if it may.

    Each content shortcut must get ``open_counterexamples`` active benchmarks wrong: else whoever follows it
    looks like somebody who does the job. With 0 nothing is asked.

    Parameters
    ----------
    pass_counts, active
        As for ``counterexamples``.
    policy : Policy
    mined : int, optional
        Tasks that were looked at for counter-examples, those put back included; the active ones by default.
    """
    rule, found = _worst(pass_counts, active)
    if rule is None or found >= policy.open_counterexamples - _CLOSE:
        return None
    said = (
        f"{active} benchmarks are ready, but the shortcut {rule!r} is wrong on only {found:.3g} of them, and "
        f"open_counterexamples asks for {policy.open_counterexamples}: "
    )
    looked_at = active if mined is None else mined
    if not is_hopeless(found, looked_at):
        return said + "mining goes on"
    way = "Push tasks on which it is wrong" if policy.directed_share else "Raise directed_share to seek some"
    return said + (
        f"of {looked_at} tasks mined hardly any contradicts it. {way}, add such benchmarks by hand, or, if "
        f"it is what the project asks for, set open_counterexamples to {int(found + _CLOSE)}"
    )


def short_of(pass_counts: Mapping[str, float], active: int, policy: Policy) -> int:
    """How many counter-examples to the worst rule are missing for opening."""
    rule, found = _worst(pass_counts, active)
    return 0 if rule is None else max(0, ceil(policy.open_counterexamples - found - _CLOSE))


def is_hopeless(found: float, mined: int) -> bool:
    """Whether counter-examples are so rare that seeking more of them is given up.

    Parameters
    ----------
    found : float
        Counter-examples so far.
    mined : int
        Tasks that were looked at for them.
    """
    return mined > SOUGHT_EACH * (1 + found)


def _worst(pass_counts: Mapping[str, float], active: int) -> tuple[str | None, float]:
    """The rule with fewest counter-examples, and how many."""
    found = counterexamples(pass_counts, active)
    rule = min(found, key=found.__getitem__, default=None)
    return rule, found[rule] if rule is not None else 0.0
