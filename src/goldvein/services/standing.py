"""Standings between their stored form and the arrays of the filter."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from goldvein.stats.arrays import Array
from goldvein.stats.model import Model
from goldvein.stats.posterior import good_mass, newcomer
from goldvein.store.standings import Standing


def unpack(standings: Sequence[Standing]) -> tuple[Array, Array]:
    """Posteriors under benchmarks and under all evidence, each (states, n)."""
    both = np.array([np.frombuffer(standing.posterior) for standing in standings])
    states = both.shape[1] // 2
    return both[:, :states].T.copy(), both[:, states:].T.copy()


def pack(posterior_benchmarks: Array, posterior_all: Array) -> list[bytes]:
    """The stored form of n standings' posteriors, each (states, n)."""
    both = np.ascontiguousarray(np.concatenate([posterior_benchmarks, posterior_all]).T)
    return [row.tobytes() for row in both]


def admitted(
    project: int, labeler: int, model: Model, model_version: int, *, panel: str | None, now: datetime
) -> Standing:
    """The standing of a labeler who has just been let in."""
    prior = newcomer(model)
    p = float(good_mass(prior, model)[0])
    return Standing(
        project, labeler, "admitted", panel, 0, model_version, pack(prior, prior)[0], p, p,
        benchmarks=0, undecided=0, answers=0, skips=0, held=0, grace=0, seen=b"", admitted_at=now,
    )  # fmt: skip
