"""How often a labeler sees a benchmark, and which one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import ArrayLike

from goldvein.decisions.gate import RANK_DIGITS, State, passes
from goldvein.stats.selection import remaining_variance

if TYPE_CHECKING:
    from collections.abc import Sequence

    from goldvein.domain.policy import Policy
    from goldvein.stats.arrays import Array, IntArray
    from goldvein.stats.model import Model


NOTHING_LEFT: Final = 0.0
"""Draw probability on an ordinary task that was served because no unseen benchmark was left."""


@dataclass(frozen=True, slots=True)
class Draw:
    """A benchmark drawn for one labeler.

    Attributes
    ----------
    index : int
        Position of the benchmark in the pool.
    probability : float
        Probability of this draw given the candidates that were compared.
    candidates : tuple of int
        The candidates, for the log.
    """

    index: int
    probability: float
    candidates: tuple[int, ...]


def benchmark_rate(
    p_benchmarks: ArrayLike,
    p_all: ArrayLike,
    benchmarks: ArrayLike,
    state: ArrayLike,
    policy: Policy,
    *,
    is_watched: bool,
) -> Array:
    """Share of benchmarks among what each of n labelers is served next.

    The ceiling until the labeler is delivered, then proportional to what is still in doubt, never under the
    floor. Luck is likeliest among the newly delivered. Where ordinary answers tell something it shows in
    them; elsewhere it would last until the next benchmark at the floor's rate, so there the share falls
    gradually, by the square of benchmarks answered.

    Parameters
    ----------
    p_benchmarks, p_all : (n,) float
        Signals cannot convict, but they do make us look.
    benchmarks : (n,) int
        Benchmarks answered since the last admission.
    state : (n,) names
        Of ``State``; the boundary and the dismissed get the floor.
    policy : Policy
    is_watched : bool
        Whether ordinary answers tell something: the model knows where good labelers lean.

    Returns
    -------
    (n,) float
    """
    state = np.asarray(state)
    looked_at = 0 if is_watched else policy.rate_fresh_benchmarks
    fresh = policy.rate_ceiling * np.square(looked_at / np.maximum(benchmarks, 1))
    doubt = policy.rate_slope * (1.0 - np.minimum(p_benchmarks, p_all))
    delivered = np.clip(np.maximum(doubt, fresh), policy.rate_floor, policy.rate_ceiling)
    passed = passes(p_benchmarks, p_all, benchmarks, State.ADMITTED, policy)
    rate = np.where(passed, delivered, policy.rate_ceiling)
    return np.where((state == State.BOUNDARY) | (state == State.DISMISSED), policy.rate_floor, rate)


def serves_benchmark(rng: np.random.Generator, rate: float) -> bool:
    """Whether the next piece of work is a benchmark."""
    return bool(rng.random() < rate)


def eligible(unseen: IntArray, exposures: IntArray, policy: Policy) -> IntArray:
    """Unseen benchmarks that are not worn; worn ones only if nothing else is left, spent ones never.

    A benchmark is worn once it was served as often as the exposure cap says, and twice as often as the pool's
    average. By the cap alone the most telling ones would wear out first, and everybody would then be tested
    on the dull rest, at twice the cost, until the whole pool is worn. What a worn benchmark tells of somebody
    who may know its key is discounted in any case. One that has spent its ``exposure_budget`` is not served.

    Parameters
    ----------
    unseen : (U,) int
        Pool positions.
    exposures : (n_items,) int
        Servings of every benchmark of the pool.
    policy : Policy
    """
    if not len(unseen):
        return unseen
    worn_at = max(policy.exposure_cap, 2 * int(np.add.reduce(exposures)) // len(exposures))
    served = exposures[unseen]
    fresh = unseen[served < min(worn_at, policy.exposure_budget)]
    return fresh if len(fresh) else unseen[served < policy.exposure_budget]


def draw_benchmarks(
    rng: np.random.Generator,
    posteriors: Array,
    unseen: Sequence[IntArray],
    pool: Array,
    exposures: IntArray,
    model: Model,
    policy: Policy,
    weights: Array | None = None,
) -> list[Draw | None]:
    """Draw a benchmark for each of n labelers: one of the best few of some unseen ones.

    Not the best one, and not of all: the few most telling benchmarks would be worn out, and known, first.
    Those that tell equally much are ranked by chance.

    Parameters
    ----------
    rng : numpy Generator
    posteriors : (n_states, n) float
    unseen : n arrays of int
        Pool positions each labeler may still be served.
    pool : (n_states, n_items, K + 1) float
        From ``items.stack_tables``.
    exposures : (n_items,) int
        Servings of every benchmark of the pool.
    model : Model
    policy : Policy
    weights : (n_items,) float, optional
        How likely each is to be among those that are compared, relative to the others; all alike without.
        From ``stats.mix``, so that no shortcut passes what is compared more often than chance would.

    Returns
    -------
    list of Draw, None for a labeler who has seen everything
    """
    uniforms = rng.random((len(unseen), 2 * policy.candidates_drawn + 1))
    able = [i for i, items in enumerate(unseen) if len(items)]
    draws: list[Draw | None] = [None] * len(unseen)
    if not able:
        return draws
    left, (which, lots) = [unseen[i] for i in able], np.split(uniforms[able, :-1], 2, axis=1)
    if weights is None:
        candidates, counts = _candidates(left, which)
    else:
        candidates, counts = _weighted_candidates(left, which, weights)
    remaining = np.round(
        remaining_variance(posteriors[:, able], model, pool, candidates, exposures), RANK_DIGITS
    )
    remaining[np.arange(candidates.shape[1]) >= counts[:, None]] = np.inf
    best = np.lexsort((lots, remaining), axis=1)
    kept = np.minimum(counts, policy.best_of)
    taken = best[np.arange(len(able)), (uniforms[able, -1] * kept).astype(np.int64)]
    rows = zip(able, candidates.tolist(), counts.tolist(), kept.tolist(), taken.tolist(), strict=True)
    for labeler, drawn, count, n_best, place in rows:
        draws[labeler] = Draw(drawn[place], 1.0 / n_best, tuple(drawn[:count]))
    return draws


def _candidates(unseen: Sequence[IntArray], uniforms: Array) -> tuple[IntArray, IntArray]:
    """One item from each of equal stretches of each labeler's unseen ones: distinct, and cheap to draw.

    Returns (n, C) items and how many of each row count; the rest of a row repeats its last item.
    """
    sizes = np.array([len(items) for items in unseen])
    counts = np.minimum(sizes, uniforms.shape[1])
    places = np.minimum(np.arange(uniforms.shape[1]), counts[:, None] - 1)
    starts = places * sizes[:, None] // counts[:, None]
    widths = (places + 1) * sizes[:, None] // counts[:, None] - starts
    chosen = starts + (uniforms * widths).astype(np.int64)
    return np.array([items[row] for items, row in zip(unseen, chosen, strict=True)]), counts


def _weighted_candidates(
    unseen: Sequence[IntArray], uniforms: Array, weights: Array
) -> tuple[IntArray, IntArray]:
    """As ``_candidates``, from stretches of equal weight; an item that fills several of them counts once."""
    most = uniforms.shape[1]
    points = (np.arange(most) + uniforms) / most
    chosen = np.empty(uniforms.shape, dtype=np.int64)
    counts = np.empty(len(unseen), dtype=np.int64)
    for row, items in enumerate(unseen):
        found = items
        if len(items) > most:
            up_to = np.add.accumulate(weights[items])
            places = np.searchsorted(up_to, points[row] * up_to[-1], side="right")
            found = np.unique(items[np.minimum(places, len(items) - 1)])
        counts[row] = len(found)
        chosen[row, : len(found)] = found
        chosen[row, len(found) :] = found[-1]
    return chosen, counts
