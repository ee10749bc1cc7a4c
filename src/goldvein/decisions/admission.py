"""How many people the benchmarks can test, how many benchmarks are wanted, and how long they will last."""

from __future__ import annotations

from dataclasses import dataclass, replace
from heapq import heapify, heappop
from math import ceil, inf
from typing import TYPE_CHECKING, Final

import numpy as np

from goldvein.decisions.gate import State
from goldvein.decisions.serving import benchmark_rate
from goldvein.stats.characteristic import by_formula, contrasts
from goldvein.stats.servings import outcomes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from goldvein.domain.policy import Policy
    from goldvein.stats.model import Model
    from goldvein.stats.servings import Servings


MOST_WANTED: Final = 1_000_000
"""No supply is mined beyond this, whatever a policy asks for."""
AHEAD_HOURS: Final = 24.0
"""What comes to the end of its budget within this time is mined anew before it does."""
IN_USE_HOURS: Final = 6.0
"""So long the benchmarks should last, at the present pace, before they are served beyond the exposure cap."""
_HORIZON: Final = 60
_SAMPLE: Final = 400


def may_open(active_benchmarks: int, policy: Policy) -> bool:
    """Whether a project has enough benchmarks to admit its first labelers."""
    return active_benchmarks >= policy.open_at


def capacity(active_benchmarks: int, policy: Policy, each: int | None = None) -> int:
    """How many labelers the supply can test: servings left by the exposure cap, over servings for one.

    Nobody below ``open_at``: with a handful of benchmarks a labeler would see them all before a verdict.

    Parameters
    ----------
    active_benchmarks : int
        Benchmarks in service, those at their exposure cap not counted.
    policy : Policy
    each : int, optional
        Benchmarks that a verdict takes, from ``benchmarks_to_verdict``; the policy's
        ``benchmarks_per_labeler`` is never undercut.
    """
    if not may_open(active_benchmarks, policy):
        return 0
    return active_benchmarks * _bears(policy) // max(policy.benchmarks_per_labeler, each or 0)


def _bears(policy: Policy) -> int:
    """Servings that a benchmark is good for, worn or spent."""
    return min(policy.exposure_cap, policy.exposure_budget)


def benchmarks_to_verdict(model: Model, servings: Servings, policy: Policy) -> int:
    """How many benchmarks a newcomer takes until there is a verdict at the errors that the policy allows.

    The mean over the people whom the model expects, by formula: some milliseconds, where the simulation of
    the operating characteristic takes seconds.
    """
    sample = _spread(servings)
    states = range(model.space.size)
    watched = bool(model.leans)
    formula = by_formula(
        model, contrasts(outcomes(model, sample)), list(states),
        deliver_at=policy.deliver_at if watched else max(policy.deliver_at, policy.suspect_below),
        dismiss_at=policy.dismiss_at, least=policy.min_benchmarks, horizon=_HORIZON,
        rate=lambda p, n: benchmark_rate(
            p, np.ones_like(p) if watched else p, n, State.ADMITTED, policy, is_watched=watched
        ),
    )  # fmt: skip
    return ceil(float(model.prior @ formula.to_verdict))


def _spread(servings: Servings) -> Servings:
    """No more benchmarks than are needed for a mean: every so many-th."""
    if servings.n_items <= _SAMPLE:
        return servings
    own = np.linspace(0, servings.n_items - 1, _SAMPLE).astype(np.int64)
    return replace(
        servings, tables=servings.tables[:, own], exposures=servings.exposures[own],
        n_options=servings.n_options[own], keys=servings.keys[own],
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Need:
    """Active benchmarks wanted for each purpose; the largest counts, with headroom and what wears out.

    Attributes
    ----------
    to_open : int
        What the policy asks before the crowd comes in.
    to_test : float
        So that the people who are in, or here, can each be tested until a verdict.
    unseen : int
        So that whoever has seen most still finds some never seen.
    in_use : float
        What ``IN_USE_HOURS`` at the present pace wear out to the exposure cap.
    wearing_out : int
        Those that ``AHEAD_HOURS`` at the present pace bring to the end of their exposure or age budget.
    """

    to_open: int
    to_test: float
    unseen: int
    in_use: float
    wearing_out: int

    def target(self, policy: Policy) -> int:
        """Active benchmarks wanted; mining runs while there are fewer."""
        most = max(self.to_open, self.to_test, self.unseen, self.in_use)
        return min(ceil(policy.supply_headroom * most) + self.wearing_out, MOST_WANTED)


def need(
    labelers: int,
    most_seen: int,
    policy: Policy,
    *,
    each: int | None = None,
    per_hour: float | None = None,
    wearing_out: int = 0,
) -> Need:
    """What so many people need.

    Parameters
    ----------
    labelers : int
        Labelers admitted or waiting.
    most_seen : int
        Active benchmarks already seen by the labeler who has seen most.
    policy : Policy
    each : int, optional
        As for ``capacity``.
    per_hour : float, optional
        Servings of benchmarks in an hour, where that is known.
    wearing_out : int
        Benchmarks that will go out of use within ``AHEAD_HOURS``.
    """
    to_test = labelers * max(policy.benchmarks_per_labeler, each or 0) / _bears(policy)
    in_use = (per_hour or 0.0) * IN_USE_HOURS / _bears(policy)
    return Need(policy.open_at, to_test, most_seen + policy.reserve, in_use, wearing_out)


def supply_target(labelers: int, most_seen: int, policy: Policy, each: int | None = None) -> int:
    """Active benchmarks wanted, with headroom, by what is known on the way of an answer."""
    return need(labelers, most_seen, policy, each=each).target(policy)


def left_after(
    exposures: Sequence[int], ages: Sequence[float], per_hour: float, hours: float, policy: Policy
) -> int:
    """How many of these benchmarks are still in use after so many hours, if none is added."""
    return sum(moment > hours for moment in _ends(exposures, ages, per_hour, policy))


def runs_out_in(
    exposures: Sequence[int], ages: Sequence[float], per_hour: float, policy: Policy
) -> float | None:
    """Hours until fewer than ``open_at`` of these benchmarks are in use, if none is added and use goes on.

    Parameters
    ----------
    exposures : n counts
        Servings so far.
    ages : n floats
        Seconds since each was promoted.
    per_hour : float
        Servings in an hour, spread evenly.
    policy : Policy

    Returns
    -------
    float or None
        0 where there are too few already; None if nothing ends them.
    """
    ends = _ends(exposures, ages, per_hour, policy)
    too_few = len(ends) - policy.open_at
    moment = ends[too_few] if too_few >= 0 else 0.0
    return None if moment == inf else moment


def _ends(exposures: Sequence[int], ages: Sequence[float], per_hour: float, policy: Policy) -> list[float]:
    """When each of these benchmarks goes out of use, in hours, the first first; the rest wear out faster."""
    by_age = [(max(0.0, policy.age_budget_seconds - age) / 3600, place) for place, age in enumerate(ages)]
    by_use = [(max(0.0, float(policy.exposure_budget - used)), place) for place, used in enumerate(exposures)]
    heapify(by_age)
    heapify(by_use)
    gone: set[int] = set()
    now = servings = 0.0
    ends: list[float] = []
    while len(gone) < len(exposures):
        live = len(exposures) - len(gone)
        worn = now + (by_use[0][0] - servings) * live / per_hour if per_hour > 0 else inf
        moment, heap = (worn, by_use) if worn <= by_age[0][0] else (by_age[0][0], by_age)
        servings += (moment - now) * per_hour / live if per_hour > 0 else 0.0
        now = moment
        gone.add(heappop(heap)[1])
        ends.append(moment)
        for one in (by_use, by_age):
            while one and one[0][1] in gone:
                heappop(one)
    return ends


def opens_in(missing: int, per_hour: float | None) -> float | None:
    """Hours until so many more benchmarks are promoted; None where nothing is known of how fast that goes."""
    if missing <= 0:
        return 0.0
    return missing / per_hour if per_hour else None
