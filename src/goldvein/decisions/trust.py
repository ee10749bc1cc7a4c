"""Who may answer candidates: the best labelers, by their benchmarks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from goldvein.decisions.gate import at_least

if TYPE_CHECKING:
    from goldvein.domain.policy import Policy
    from goldvein.stats.arrays import Array
    from goldvein.stats.model import Model


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
