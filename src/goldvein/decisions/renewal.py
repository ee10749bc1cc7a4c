"""Which benchmarks make room for newer ones, so that what is served keeps looking like what is pushed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from goldvein.domain.policy import Policy

DAY = 86_400.0


def makes_room(
    pushed_seconds_ago: Sequence[float], renewable: Sequence[bool], target: int, policy: Policy
) -> list[int]:
    """Places of the active benchmarks that retire today for their age, the oldest first.

    A day's share of what ``fresh_share`` asks for within ``fresh_seconds``, and no more than is wanting. Only
    while the supply is complete: then the planner mines as many anew, of tasks pushed lately; where it could
    not, the pool stays short, and nothing more is given up.

    Parameters
    ----------
    pushed_seconds_ago : (n,) float
        Since the push of each active benchmark's task.
    renewable : (n,) bool
        Whether it was mined; nobody makes new ones by hand because a day has passed.
    target : int
        Active benchmarks that mining aims at.
    policy : Policy
    """
    age, mined = np.asarray(pushed_seconds_ago, dtype=float), np.asarray(renewable, dtype=bool)
    active = len(age)
    wanting = policy.fresh_share * active - float((age <= policy.fresh_seconds).sum())
    if active < target or active <= policy.open_at or wanting <= 0:
        return []
    today = int(np.ceil(policy.fresh_share * active * min(1.0, DAY / policy.fresh_seconds)))
    count = min(today, int(np.ceil(wanting)), active - policy.open_at)
    old = np.flatnonzero(mined & (age > policy.fresh_seconds))
    return [int(place) for place in old[np.argsort(-age[old], kind="stable")][:count]]
