"""Benchmarks that go on in a copy of their project: which, and how sure of their keys one may still be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from goldvein.domain.policy import Policy
    from goldvein.stats.arrays import Array

ELSEWHERE: Final = 0.01
"""P(a key is another one in the copy): the same words may be meant differently there."""
OLD: Final = 0.02
"""The same for one whose age budget is used up, of which the age so far takes its share."""
WORN: Final = 0.02
"""The same for one whose exposure budget is used up."""


def most_exposures(exposures: Sequence[int], policy: Policy) -> int:
    """Servings from which a benchmark is too worn to go on: by the pool it comes from, and by its budget."""
    mean = sum(exposures) // max(1, len(exposures))
    return min(policy.exposure_budget, max(policy.exposure_cap, 2 * mean))


def carried_key(key_probs: Sequence[float], age_seconds: float, exposures: int, policy: Policy) -> Array:
    """P(each option is the key) in the copy: (K,), a little more even the older and the more served it is."""
    old = min(1.0, max(0.0, age_seconds) / policy.age_budget_seconds)
    worn = min(1.0, exposures / policy.exposure_budget)
    doubt = ELSEWHERE + OLD * old + WORN * worn
    before = np.asarray(key_probs, dtype=float)
    return (1 - doubt) * before + doubt / len(before)
