"""Whether benchmarks come in clumps, at fixed places, alike for all, or not to all: from the logged draws.

Whether an item is a benchmark is an independent draw at the logged rate, given all that went before. So the
draws less their rates are a martingale's steps, and any sum of them weighted by the past has mean zero and a
variance that is known: no resampling, and no assumption on how rates move.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from goldvein.sim.attack.operation import Recording
    from goldvein.stats.arrays import Array
    from goldvein.store.facts import ServingFact

LAGS = 12
PLACES = 40
ACTIVE = 30
"""Items from which a labeler counts as active."""
LEAST_VARIANCE = 2.0


@dataclass(frozen=True, slots=True)
class Draws:
    """One labeler's items in order: what was drawn, at what rate, and which benchmark."""

    is_benchmark: Array
    rate: Array
    task: Sequence[int]


def evenness(recording: Recording) -> dict[str, Any]:
    """Report on clumps, fixed places, sameness and reach."""
    by_labeler = draws_of(recording.servings)
    return {
        **clumps(list(by_labeler.values())),
        **_sameness(by_labeler),
        **_reach(recording, by_labeler),
    }


def draws_of(servings: Sequence[ServingFact]) -> dict[int, Draws]:
    """Items of each labeler that were drawn at a rate: panel work is not."""
    rows: dict[int, list[ServingFact]] = {}
    for serving in servings:
        if serving.stage in {"label", "benchmark", "decoy"} and serving.rate is not None:
            rows.setdefault(serving.labeler, []).append(serving)
    return {
        labeler: Draws(
            np.array([one.stage == "benchmark" for one in own], dtype=float),
            np.array([one.rate for one in own], dtype=float),
            [one.task for one in own],
        )
        for labeler, own in rows.items()
    }


def clumps(people: Sequence[Draws]) -> dict[str, Any]:
    """Test the draws against their rates: in all, after each other, at a distance, and at each place.

    ``z`` of each test is standard normal if the draws are independent at the logged rates; ``worst`` is the
    largest of them, ``p`` the probability of one as large among so many (Bonferroni).
    """
    tests: dict[str, float] = {"in all": _z([(one.is_benchmark, one.rate, None) for one in people])}
    for lag in range(1, LAGS + 1):
        tests[f"{lag} after a benchmark"] = _z(
            [
                (one.is_benchmark[lag:], one.rate[lag:], one.is_benchmark[:-lag])
                for one in people
                if len(one.rate) > lag
            ]
        )
    for place in range(PLACES):
        tests[f"place {place + 1}"] = _z(
            [
                (one.is_benchmark[place : place + 1], one.rate[place : place + 1], None)
                for one in people
                if len(one.rate) > place
            ]
        )
    for every in (5, 10, 20, 25):
        tests[f"every {every}"] = _z(
            [(one.is_benchmark[every - 1 :: every], one.rate[every - 1 :: every], None) for one in people]
        )
    known = {name: value for name, value in tests.items() if np.isfinite(value)}
    worst = max(known, key=lambda name: abs(known[name]), default=None)
    runs = [_longest_run(one.is_benchmark) for one in people]
    expected = sum(float(one.rate.sum()) for one in people)
    return {
        "tests": known,
        "worst": worst,
        "p": None if worst is None else min(1.0, len(known) * _two_sided(known[worst])),
        "benchmarks": int(sum(one.is_benchmark.sum() for one in people)),
        "expected_benchmarks": expected,
        "longest_run": max(runs, default=0),
    }


def _z(parts: Sequence[tuple[Array, Array, Array | None]]) -> float:
    """Standardised sum of draws less rates, over the items that the weights of the past choose."""
    total = variance = 0.0
    for drawn, rate, weight in parts:
        weights = np.ones_like(rate) if weight is None else weight
        total += float((weights * (drawn - rate)).sum())
        variance += float((weights**2 * rate * (1 - rate)).sum())
    return total / float(np.sqrt(variance)) if variance >= LEAST_VARIANCE else float("nan")


def _two_sided(z: float) -> float:
    from math import erfc, sqrt

    return erfc(abs(z) / sqrt(2))


def _longest_run(drawn: Array) -> int:
    longest = run = 0
    for one in drawn.tolist():
        run = run + 1 if one else 0
        longest = max(longest, run)
    return longest


def _sameness(by_labeler: Mapping[int, Draws]) -> dict[str, Any]:
    """How alike labelers' benchmarks are: the commonest first one, and shared order of what two have seen."""
    orders = [
        [task for task, is_one in zip(one.task, one.is_benchmark.tolist(), strict=True) if is_one]
        for one in by_labeler.values()
    ]
    orders = [order for order in orders if order]
    firsts = [order[0] for order in orders]
    agreeing = []
    for place, one in enumerate(orders):
        at = {task: number for number, task in enumerate(one)}
        for other in orders[place + 1 :]:
            shared = [at[task] for task in other if task in at]
            if len(shared) >= 2:
                pairs = np.subtract.outer(shared, shared)[np.triu_indices(len(shared), 1)]
                agreeing.append(float((pairs < 0).mean()))
    return {
        "labelers_with_benchmarks": len(orders),
        "commonest_first": max((firsts.count(task) for task in set(firsts)), default=0) / max(1, len(firsts)),
        "same_order": float(np.mean(agreeing)) if agreeing else None,
    }


def _reach(recording: Recording, by_labeler: Mapping[int, Draws]) -> dict[str, Any]:
    """Whether every active labeler gets benchmarks, and how many labelers each benchmark has reached."""
    active = [one for one in by_labeler.values() if len(one.rate) >= ACTIVE]
    shares = [float(one.is_benchmark.mean()) for one in active]
    reached: dict[int, set[int]] = {}
    for labeler, one in by_labeler.items():
        for task, is_one in zip(one.task, one.is_benchmark.tolist(), strict=True):
            if is_one:
                reached.setdefault(task, set()).add(labeler)
    counts = [
        len(reached.get(key.task, ()))
        for key in recording.keys
        if key.key is not None and key.state == "active"
    ]
    return {
        "active_labelers": len(active),
        "active_without_benchmarks": sum(share == 0 for share in shares),
        "least_share": min(shares, default=None),
        "labelers_per_benchmark": {
            "least": min(counts, default=0),
            "median": float(np.median(counts)) if counts else 0.0,
            "most": max(counts, default=0),
        },
        "benchmarks_unserved": sum(count == 0 for count in counts),
    }
