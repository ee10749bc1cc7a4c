"""What a policy has to answer in a contest, and what is written down of a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from goldvein.sim.contest.behaviour import Given, Served
    from goldvein.stats.arrays import Array, BoolArray, IntArray

NONE, BENCHMARK, DELIVERED, HELD, DISCARDED, WITHDRAWN, DECOY = range(7)
"""Fates in ``Record.fate``. A released answer is DELIVERED; a WITHDRAWN one was delivered before; one to a
DECOY never is.
"""


def _no_answers() -> IntArray:
    return np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Moves:
    """What a policy does upon one step's answers; n is the number of labelers served in that step.

    Attributes
    ----------
    delivered : (n,) bool
        This ordinary answer goes out now.
    held : (n,) bool
        This ordinary answer waits. One that is neither delivered nor held is discarded.
    dismissed : (n,) bool
        This labeler gets no work any more.
    released, discarded, withdrawn : (any,) int
        Answers of earlier steps, or of this one, by id: ``step * N + labeler``.
    """

    delivered: BoolArray
    held: BoolArray
    dismissed: BoolArray
    released: IntArray = field(default_factory=_no_answers)
    discarded: IntArray = field(default_factory=_no_answers)
    withdrawn: IntArray = field(default_factory=_no_answers)


class Player(Protocol):
    """A policy in a contest. It sees what an operator sees: choices, orders, seconds and stored keys."""

    name: str

    def rates(self, who: IntArray) -> Array:
        """Probability that the next task of each of these labelers is a benchmark: (n,) to (n,)."""
        ...

    def draw(self, rng: np.random.Generator, who: IntArray, unseen: BoolArray) -> IntArray:
        """Choose a benchmark for each of these labelers among those it has not seen.

        Parameters
        ----------
        rng : numpy.random.Generator
        who : (n,) int
        unseen : (n, n_benchmarks) bool

        Returns
        -------
        (n,) int
            Index of the benchmark, -1 where none is left: an ordinary task is served instead.
        """
        ...

    def judge(self, served: Served, given: Given, step: int) -> Moves:
        """Take in the answers of one step and decide on them."""
        ...

    def delivering(self) -> BoolArray:
        """Whether an ordinary answer of each labeler would be delivered now: (N,)."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """All that happened in one run: T steps, in each of which N labelers answer one task.

    Attributes
    ----------
    fate : (T, N) int8
        What became of the answer: NONE (dismissed before, no work), BENCHMARK, DELIVERED, ...
    correct : (T, N) bool
        Whether the answer was right.
    bad : (T, N) bool
        Whether the labeler was bad when it answered: under the bar, or following a shortcut.
    dismissed_at : (N,) int
        Step whose answer ended the labeler's work, -1 for those who stayed.
    delivering_at_end : (N,) bool
        Whether one more ordinary answer would have been delivered.
    kinds : tuple of str
        Kinds of labeler in the population.
    kind_of : (N,) int
        Index into ``kinds``.
    changed_at : (N,) int
        Answers after which a sleeper turns, -1 for everybody else.
    """

    fate: NDArray[np.int8]
    correct: BoolArray
    bad: BoolArray
    dismissed_at: IntArray
    delivering_at_end: BoolArray
    kinds: tuple[str, ...]
    kind_of: IntArray
    changed_at: IntArray
