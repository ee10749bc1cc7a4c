"""What answers say about their labelers, as the filter takes it: the same for judging and for verifying."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from goldvein.domain.records import UNANSWERABLE
from goldvein.stats.arrays import Array
from goldvein.stats.items import served_likelihoods
from goldvein.stats.model import Model
from goldvein.stats.shortcuts import ordinary_likelihoods


@dataclass(frozen=True, slots=True)
class Observation:
    """One answer: of a benchmark with its likelihoods, or of ordinary work; options as they were shown."""

    table: Array | None
    shown: Sequence[int]
    choice: int


def likelihoods(model: Model, observed: Sequence[Observation]) -> Array:
    """Likelihood of each answer by state, ones for ordinary work: (states, n)."""
    likelihood = np.ones((model.space.size, len(observed)))
    places = [place for place, one in enumerate(observed) if one.table is not None]
    if places:
        tables = [one.table for one in observed if one.table is not None]
        choices = [
            observed[place].choice if observed[place].choice != UNANSWERABLE else table.shape[1] - 1
            for place, table in zip(places, tables, strict=True)
        ]
        shown = [observed[place].shown for place in places]
        likelihood[:, places] = served_likelihoods(model, tables, shown, choices, [0] * len(places))
    return likelihood


def signals(model: Model, observed: Sequence[Observation], *, shuffled: bool) -> Array | None:
    """Weak evidence of ordinary answers: whether they follow the position shown. (states, n), or none.

    In a fixed order a position means something, and an answer that is no option follows no rule.
    """
    if not shuffled:
        return None
    signal = np.ones((model.space.size, len(observed)))
    places = [p for p, one in enumerate(observed) if one.table is None and one.choice != UNANSWERABLE]
    if places:
        shown = [observed[place].shown for place in places]
        choices = [observed[place].choice for place in places]
        signal[:, places] = ordinary_likelihoods(model, [{}] * len(places), shown, choices)
    return signal
