"""Standings between their stored form and the arrays of the filter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import numpy as np

from goldvein.stats.arrays import Array
from goldvein.stats.model import Model, convert
from goldvein.stats.posterior import good_mass
from goldvein.stats.versions import Belief, prior_from_elsewhere
from goldvein.store.standings import Standing


def unpack(
    standings: Sequence[Standing], models: Mapping[int, Model], model_version: int
) -> tuple[Array, Array]:
    """Posteriors under benchmarks and under all evidence, each (states, n), on one model version.

    Parameters
    ----------
    standings : n standings
    models : mapping of int to Model
        Every version on which one of them rests, and the one wanted.
    model_version : int
    """
    if all(standing.model_version == model_version for standing in standings):
        both = np.array([np.frombuffer(standing.posterior) for standing in standings])
    else:
        both = np.array([_on(standing, models, model_version) for standing in standings])
    states = both.shape[1] // 2
    return both[:, :states].T.copy(), both[:, states:].T.copy()


def _on(standing: Standing, models: Mapping[int, Model], model_version: int) -> Array:
    """One standing's two posteriors, one after the other, on another model version than they are stored."""
    both = np.frombuffer(standing.posterior).reshape(2, -1).T
    return converted(both, models, standing.model_version, model_version).T.reshape(-1)


def converted(p: Array, models: Mapping[int, Model], stored: int, wanted: int) -> Array:
    """Posteriors or joints, (states, n), from the model version they are stored on to the one wanted."""
    return p if stored == wanted else convert(p, models[stored], models[wanted])


def pack(posterior_benchmarks: Array, posterior_all: Array) -> list[bytes]:
    """The stored form of n standings' posteriors, each (states, n)."""
    both = np.ascontiguousarray(np.concatenate([posterior_benchmarks, posterior_all]).T)
    return [row.tobytes() for row in both]


def newcomer_posteriors(model: Model, beliefs: Sequence[Belief]) -> tuple[Array, Array]:
    """Where a labeler starts: (states, 1) under benchmarks, and under what other projects say as well."""
    return model.prior[:, None].copy(), prior_from_elsewhere(model, beliefs)[:, None].copy()


def admitted(
    project: int,
    labeler: int,
    model: Model,
    model_version: int,
    beliefs: Sequence[Belief],
    *,
    panel: str | None,
    now: datetime,
) -> Standing:
    """The standing of a labeler who has just been let in."""
    both = newcomer_posteriors(model, beliefs)
    p_benchmarks, p_all = (float(good_mass(prior, model)[0]) for prior in both)
    return Standing(
        project, labeler, "admitted", panel, 0, model_version, pack(*both)[0], p_benchmarks, p_all,
        benchmarks=0, undecided=0, answers=0, skips=0, held=0, grace=0, seen=b"", admitted_at=now,
    )  # fmt: skip
