"""Who may answer candidates: those who earned it on keys that others made, and those who were appointed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from math import inf, sqrt
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from goldvein.decisions.gate import State, at_least

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from goldvein.domain.policy import Policy
    from goldvein.stats.arrays import Array
    from goldvein.stats.model import Model

CONTRADICTED: Final = 0.5
"""Share of a newcomer's P(able) under which trust that was brought along ends at once."""
GRANTED_OVER: Final = 0.0
ENDS_UNDER: Final = -0.3
"""Lower bound of ability over the trust bar, logits: trust elsewhere is granted over one, and ends under the
other; in between it stays as it is."""
DISMISSED_SINCE: Final = timedelta(days=90)
"""So long does a dismissal anywhere keep somebody from being trusted elsewhere."""
_PROJECTS_DIFFER: Final = 0.25
_DRIFT_A_MONTH: Final = 0.2
_MONTH: Final = timedelta(days=30)


def trusted_mass(model: Model, posterior_benchmarks: Array) -> float:
    """P(ability at or over the one asked of trusted labelers): (n_states,) to float."""
    grid = model.space.n_abilities
    able = model.space.thetas >= model.trust_theta
    return float(posterior_benchmarks[:grid][able].sum())


def earns_trust(model: Model, posterior_benchmarks: Array, benchmarks: int, policy: Policy) -> bool:
    """Whether a standing shows, on keys that others made, that this labeler may make keys.

    Parameters
    ----------
    model : Model
    posterior_benchmarks : (n_states,) float
        Signals play no part: they could only be gamed.
    benchmarks : int
        Benchmarks answered since the last admission.
    policy : Policy
    """
    enough = benchmarks >= policy.trust_benchmarks
    return enough and bool(at_least(trusted_mass(model, posterior_benchmarks), policy.trust_at))


def keeps_trust(
    model: Model, posterior_benchmarks: Array, benchmarks: int, state: str, policy: Policy
) -> bool:
    """Whether earned trust stays: it ends well under where it is earned, so that it does not flicker.

    Trust that was brought along, from other projects or from the first batch, is on probation until
    ``trust_benchmarks`` were answered here: till then it ends if the benchmarks speak against it.
    """
    if state != State.ADMITTED:
        return False
    mass = trusted_mass(model, posterior_benchmarks)
    if benchmarks >= policy.trust_benchmarks:
        return bool(at_least(mass, policy.trust_below))
    return mass >= CONTRADICTED * trusted_mass(model, model.prior)


def panel_after(
    model: Model,
    posterior_benchmarks: Array,
    benchmarks: int,
    state: str,
    policy: Policy,
    *,
    before: str | None,
    is_benchmark: bool,
) -> str | None:
    """What a standing says of the panel, one answer later.

    Parameters
    ----------
    before : str or None
        ``appointed`` stays; ``earned`` may end with any answer; without either, a benchmark may earn it.
    is_benchmark : bool
        Whether the answer was to a benchmark.
    """
    if before == "appointed":
        return before
    if before == "earned":
        keeps = keeps_trust(model, posterior_benchmarks, benchmarks, state, policy)
        return "earned" if keeps else None
    if is_benchmark and state == State.ADMITTED:
        return "earned" if earns_trust(model, posterior_benchmarks, benchmarks, policy) else None
    return None


def panel_basis(
    role: str, basis: str | None, panel: str | None, *, has_standing: bool
) -> Literal["appointed", "earned"] | None:
    """Why somebody may answer a project's candidates; null for who may not.

    Parameters
    ----------
    role : str
        Of the labeler; ``trusted`` is appointed everywhere.
    basis : str or None
        What the project has noted of this labeler.
    panel : str or None
        What the standing says. Where there is one, it decides whether trust was earned.
    has_standing : bool
    """
    if basis == "barred":
        return None
    if role == "trusted" or basis == "appointed":
        return "appointed"
    if has_standing:
        return "earned" if panel == "earned" else None
    return "earned" if basis is not None else None


def takes_turn(rng: np.random.Generator, basis: str | None, policy: Policy) -> bool:
    """Whether somebody on the panel looks for candidates first, or for ordinary work.

    Who earned trust is wanted for labels too: mining takes ``panel_share`` of that time. Drawn anew for each
    request, so that nothing is to be counted, and nobody can tell by the turn what comes next.
    """
    return basis == "appointed" or (basis == "earned" and rng.random() < policy.panel_share)


@dataclass(frozen=True, slots=True)
class Shown:
    """What somebody has shown in one project: ability over its trust bar, at the least, and when last."""

    project: int
    margin: float
    benchmarks: int
    at: datetime


def margin_below(model: Model, posterior_benchmarks: Array, certain: float) -> float:
    """Ability over the trust bar that is reached with probability ``certain``: (n_states,) to logits.

    Whatever a shortcut may be is no ability: minus infinity, if it takes up too much.
    """
    grid = model.space.n_abilities
    reached = np.cumsum(posterior_benchmarks[:grid][::-1])[::-1]
    places = np.flatnonzero(reached >= certain - 1e-9)
    return float(model.space.thetas[places[-1]] - model.trust_theta) if len(places) else -inf


def lower_elsewhere(shown: Sequence[Shown], now: datetime) -> float:
    """Lower bound of somebody's ability over the trust bar of a project never seen: logits.

    The mean of what every project shows at the least, minus what projects differ by, and what people change
    by in the time since they last showed anything.

    Parameters
    ----------
    shown : sequence of Shown
        Of none nothing is certain: minus infinity.
    now : datetime
    """
    if not shown:
        return -inf
    months = max(0.0, (now - max(one.at for one in shown)) / _MONTH)
    spread = _PROJECTS_DIFFER**2 * (1 + 1 / len(shown)) + _DRIFT_A_MONTH**2 * months
    return sum(one.margin for one in shown) / len(shown) - 1.28 * sqrt(spread)


def trusted_elsewhere(lower: float, *, before: bool) -> bool:
    """Whether a new project may use somebody by what others show; ``before``: it did until now."""
    return lower >= (ENDS_UNDER if before else GRANTED_OVER)
