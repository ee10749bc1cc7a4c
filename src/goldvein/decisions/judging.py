"""The step: one answer of each of n labelers moves n standings.

The live service and ``verify`` run this same code. Hot path: + - x / only, and a labeler's result does not
depend on who else is in the group.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from goldvein.stats.posterior import advance, condition, condition_joint, good_mass, held_joint, smoothed_good

if TYPE_CHECKING:
    from goldvein.stats.arrays import Array, IntArray
    from goldvein.stats.model import Model


@dataclass(frozen=True, slots=True, eq=False)
class Verdicts:
    """Standings after the step.

    Attributes
    ----------
    posterior_benchmarks, posterior_all : (n_states, n) float
    p_benchmarks, p_all : (n,) float
        P(at or over the bar).
    joints : (n_states, n_held) float
        Joints of the answers that were held before, one answer later.
    smoothed : (n_held,) float
        P(good at the held answer | everything until now).
    """

    posterior_benchmarks: Array
    posterior_all: Array
    p_benchmarks: Array
    p_all: Array
    joints: Array
    smoothed: Array


def judge(
    model: Model,
    posterior_benchmarks: Array,
    posterior_all: Array,
    likelihood: Array,
    signal: Array | None = None,
    joints: Array | None = None,
    owners: IntArray | None = None,
) -> Verdicts:
    """Move n distinct standings by one answer each: time first, then the evidence.

    Parameters
    ----------
    model : Model
    posterior_benchmarks, posterior_all : (n_states, n) float
    likelihood : (n_states, n) float
        From ``items.served_likelihoods`` for answers to benchmarks; ones for ordinary answers.
    signal : (n_states, n) float, optional
        Weak evidence, for ``posterior_all`` only; ones where there is none.
    joints : (n_states, n_held) float, optional
        Held answers of these labelers, oldest state of knowledge: before this answer.
    owners : (n_held,) int, optional
        For each held answer, the column of its labeler. Needed with ``joints``.

    Returns
    -------
    Verdicts
    """
    before_benchmarks, norm = condition(advance(posterior_benchmarks, model), likelihood)
    evidence = likelihood if signal is None else likelihood * signal
    before_all, _ = condition(advance(posterior_all, model), evidence)
    if joints is None or owners is None:
        joints = np.empty((model.space.size, 0))
    elif joints.shape[1]:
        joints = condition_joint(advance(joints, model), likelihood[:, owners], norm[owners])
    return _verdicts(model, before_benchmarks, before_all, joints)


def weigh(
    model: Model, posterior_benchmarks: Array, posterior_all: Array, likelihood: Array, joints: Array
) -> Verdicts:
    """Move one standing by what was found out of its past work: no time goes by.

    Parameters
    ----------
    model : Model
    posterior_benchmarks, posterior_all, likelihood : (n_states, 1) float
    joints : (n_states, n_held) float
        Answers of this labeler that are held.
    """
    before_benchmarks, norm = condition(posterior_benchmarks, likelihood)
    before_all, _ = condition(posterior_all, likelihood)
    if joints.shape[1]:
        joints = condition_joint(joints, likelihood, norm)
    return _verdicts(model, before_benchmarks, before_all, joints)


def _verdicts(model: Model, posterior_benchmarks: Array, posterior_all: Array, joints: Array) -> Verdicts:
    return Verdicts(
        posterior_benchmarks=posterior_benchmarks,
        posterior_all=posterior_all,
        p_benchmarks=good_mass(posterior_benchmarks, model),
        p_all=good_mass(posterior_all, model),
        joints=joints,
        smoothed=smoothed_good(joints) if joints.shape[1] else np.empty(0),
    )


def hold_joints(model: Model, posterior_benchmarks: Array) -> Array:
    """Joints with which new held answers start, from their labelers' standings after the step.

    Parameters
    ----------
    model : Model
    posterior_benchmarks : (n_states, n_new) float

    Returns
    -------
    (n_states, n_new) float
    """
    return held_joint(posterior_benchmarks, model)
