"""Standings computed anew from all their answers, some of which do not count any more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from goldvein.decisions.gate import State, next_state, undecided_after
from goldvein.decisions.judging import hold_joints, judge
from goldvein.sim.contest.behaviour import Given, Served
from goldvein.stats.posterior import good_mass, newcomer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from goldvein.decisions.gate import Names
    from goldvein.domain.policy import Policy
    from goldvein.stats.arrays import Array, BoolArray, IntArray
    from goldvein.stats.model import Model


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """Everybody's answer of one step, n in all; of the orders, the two ends.

    Attributes
    ----------
    who, item, choice, first, last, exposures : (n,) int
    is_benchmark : (n,) bool
    seconds : (n,) float
    """

    who: IntArray
    is_benchmark: BoolArray
    item: IntArray
    choice: IntArray
    first: IntArray
    last: IntArray
    exposures: IntArray
    seconds: Array


@dataclass(slots=True, eq=False)
class Retold:
    """Standings of n labelers as they come out; columns of ``joints`` go with the held answers asked for."""

    posterior_benchmarks: Array
    posterior_all: Array
    p_benchmarks: Array
    p_all: Array
    benchmarks: IntArray
    undecided: IntArray
    state: Names
    joints: Array


class Judge(Protocol):
    """Who says what answers tell: the policy that plays."""

    model: Model
    policy: Policy

    @property
    def n_options(self) -> int:
        """K."""
        ...

    def evidence(self, served: Served, given: Given) -> tuple[Array, Array]:
        """Likelihoods of answers to benchmarks, and signals: each (n_states, n)."""
        ...


def replay(
    player: Judge, who: IntArray, steps: Sequence[Step], frozen: BoolArray, held: IntArray, size: int
) -> Retold:
    """Tell the standings of some labelers anew from their first answer on.

    Parameters
    ----------
    player : Judge
        What answers tell is taken as it would be told today.
    who : (n,) int
        In rising order.
    steps : sequence of Step
    frozen : (n_items,) bool
        Benchmarks whose answers do not count: only time passes with them.
    held : (n_held,) int
        Answers of these labelers that are held now, by id: ``step * size + labeler``.
    size : int
        Number of all labelers.

    Returns
    -------
    Retold
    """
    model = player.model
    n, none = len(who), np.zeros(len(who), dtype=np.int64)
    told = Retold(
        newcomer(model, n), newcomer(model, n), np.zeros(n), np.zeros(n), none, none.copy(),
        np.full(n, State.ADMITTED.value, dtype="<U9"), np.zeros((model.space.size, len(held))),
    )  # fmt: skip
    told.p_benchmarks = good_mass(told.posterior_benchmarks, model)
    told.p_all = good_mass(told.posterior_all, model)
    for place, step in enumerate(steps):
        mine = np.flatnonzero(np.isin(step.who, who))
        if len(mine):
            _tell(player, told, who, _some(step, mine), frozen, (held, place, size))
    return told


def _some(step: Step, at: IntArray) -> Step:
    return Step(**{name: getattr(step, name)[at] for name in Step.__slots__})


def _tell(
    player: Judge,
    told: Retold,
    who: IntArray,
    step: Step,
    frozen: BoolArray,
    holding: tuple[IntArray, int, int],
) -> None:
    """One step of some of the labelers ``who``."""
    own = np.searchsorted(who, step.who)
    held, place, size = holding
    served, given = _as_served(player, step)
    likelihood, signal = player.evidence(served, given)
    struck = step.is_benchmark & frozen[np.where(step.is_benchmark, step.item, 0)]
    likelihood[:, struck] = signal[:, struck] = 1.0
    open_ = np.flatnonzero((held // size < place) & np.isin(held % size, step.who))
    owners = np.searchsorted(step.who, held[open_] % size)
    verdicts = judge(
        player.model, told.posterior_benchmarks[:, own], told.posterior_all[:, own], likelihood, signal,
        told.joints[:, open_], owners,
    )  # fmt: skip
    told.posterior_benchmarks[:, own] = verdicts.posterior_benchmarks
    told.posterior_all[:, own] = verdicts.posterior_all
    told.p_benchmarks[own], told.p_all[own] = verdicts.p_benchmarks, verdicts.p_all
    told.joints[:, open_] = verdicts.joints
    counted = step.is_benchmark & ~struck
    told.benchmarks[own] += counted
    told.undecided[own] = undecided_after(
        told.undecided[own], verdicts.p_benchmarks, verdicts.p_all, player.policy, is_benchmark=counted
    )
    told.state[own] = next_state(
        verdicts.p_benchmarks, told.benchmarks[own], told.state[own], player.policy,
        undecided=told.undecided[own],
    )  # fmt: skip
    begun = np.flatnonzero(held // size == place)
    columns = np.searchsorted(who, held[begun] % size)
    told.joints[:, begun] = hold_joints(player.model, told.posterior_benchmarks[:, columns])


def _as_served(player: Judge, step: Step) -> tuple[Served, Given]:
    """The step in the words of the contest; between the ends of an order nobody looks."""
    n = len(step.who)
    order = np.zeros((n, player.n_options), dtype=np.int64)
    order[:, 0], order[:, -1] = step.first, step.last
    rates, unknown = np.zeros(n), np.zeros(n, dtype=bool)
    served = Served(step.who, step.is_benchmark, step.item, order, step.exposures, rates)
    return served, Given(step.choice, step.seconds, unknown)
