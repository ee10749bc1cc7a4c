"""Elliptical slice sampling: draws from a posterior over a standard normal prior, with nothing to tune."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from goldvein.stats.arrays import Array


def elliptical_slices(
    rng: np.random.Generator,
    log_likelihood: Callable[[Array], Array],
    n_values: int,
    *,
    chains: int = 24,
    warm_up: int = 40,
    steps: int = 48,
    every: int = 4,
) -> Array:
    """Draws of ``x`` with density ``N(x; 0, I) exp(log_likelihood(x))``.

    Chains are many, short and independent, and move in lockstep, so that the likelihood is asked for all of
    them at once. Each starts at a draw of the prior.

    Parameters
    ----------
    rng : numpy Generator
    log_likelihood : function of (n, n_values) float to (n,) float
        Finite everywhere.
    n_values : int
    chains, warm_up, steps, every : int
        Steps of the warm-up are thrown away; of the others every so many-th is kept.

    Returns
    -------
    (chains * steps // every, n_values) float

    Source
    ------
    Murray, Adams & MacKay (2010), "Elliptical slice sampling", figure 2.
    """
    x = rng.standard_normal((chains, n_values))
    height = log_likelihood(x)
    kept = []
    for step in range(warm_up + steps):
        x, height = _step(rng, log_likelihood, x, height)
        if step >= warm_up and (step - warm_up + 1) % every == 0:
            kept.append(x)
    return np.concatenate(kept)


def _step(
    rng: np.random.Generator, log_likelihood: Callable[[Array], Array], x: Array, height: Array
) -> tuple[Array, Array]:
    """Move every chain once."""
    chains = len(x)
    other = rng.standard_normal(x.shape)
    floor = height + np.log(rng.random(chains))
    angle = rng.uniform(0.0, 2 * np.pi, chains)
    low, high = angle - 2 * np.pi, angle.copy()
    moved, reached = x.copy(), height.copy()
    open_ = np.arange(chains)
    while len(open_):
        turn = angle[open_, None]
        tried = x[open_] * np.cos(turn) + other[open_] * np.sin(turn)
        value = log_likelihood(tried)
        fits = value > floor[open_]
        moved[open_[fits]], reached[open_[fits]] = tried[fits], value[fits]
        open_ = open_[~fits]
        # The bracket shrinks towards where the chain stands, which always fits: so this ends.
        back = angle[open_] < 0
        low[open_[back]], high[open_[~back]] = angle[open_[back]], angle[open_[~back]]
        angle[open_] = rng.uniform(low[open_], high[open_])
    return moved, reached
