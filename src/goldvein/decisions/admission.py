"""How many people the present supply of benchmarks can test, and how many benchmarks are wanted."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from goldvein.domain.policy import Policy


MOST_WANTED: Final = 1_000_000
"""No supply is mined beyond this, whatever a policy asks for."""


def may_open(active_benchmarks: int, policy: Policy) -> bool:
    """Whether a project has enough benchmarks to admit its first labelers."""
    return active_benchmarks >= policy.open_at


def capacity(active_benchmarks: int, policy: Policy) -> int:
    """How many labelers the supply can test: servings left by the exposure cap, over servings for one.

    Nobody below ``open_at``: with a handful of benchmarks a labeler would see them all before a verdict.

    Parameters
    ----------
    active_benchmarks : int
        Benchmarks in service, those at their exposure cap not counted.
    policy : Policy
    """
    if not may_open(active_benchmarks, policy):
        return 0
    return active_benchmarks * policy.exposure_cap // policy.benchmarks_per_labeler


def supply_target(labelers: int, most_seen: int, policy: Policy) -> int:
    """Active benchmarks wanted, with headroom; mining runs while there are fewer.

    Parameters
    ----------
    labelers : int
        Labelers admitted or waiting.
    most_seen : int
        Active benchmarks already seen by the labeler who has seen most.
    policy : Policy
    """
    to_test = labelers * policy.benchmarks_per_labeler / policy.exposure_cap
    wanted = policy.supply_headroom * max(policy.open_at, most_seen + policy.reserve, to_test)
    return min(ceil(wanted), MOST_WANTED)
