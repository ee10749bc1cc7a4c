"""What all peers share: what they are told, counts of right and wrong, uniform draws, dismissal."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from goldvein.sim.contest.player import Moves

if TYPE_CHECKING:
    from collections.abc import Mapping

    from goldvein.sim.contest.behaviour import Given, Served
    from goldvein.stats.arrays import Array, BoolArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Setting:
    """What a peer is told about the contest.

    Attributes
    ----------
    n_labelers : int
    key : (n_benchmarks,) int
        Keys as stored, wrong ones included.
    picks : mapping of str to (n_benchmarks,) int
        What each rule would choose on every benchmark.
    bar : float
        Accuracy asked for.
    scale : float
        Factor on the number of benchmarks as published.
    """

    n_labelers: int
    key: IntArray
    picks: Mapping[str, IntArray]
    bar: float = 0.70
    scale: float = 1.0


class Peer(ABC):
    """Counts, uniform draws and dismissals that all peers share.

    Parameters
    ----------
    name : str
    setting : Setting
    """

    def __init__(self, name: str, setting: Setting) -> None:
        self.name = name
        self.setting = setting
        n = setting.n_labelers
        self.right = np.zeros(n, dtype=np.int64)
        self.wrong = np.zeros(n, dtype=np.int64)
        self.ordinary = np.zeros(n, dtype=np.int64)
        self.out = np.zeros(n, dtype=bool)

    @abstractmethod
    def rates(self, who: IntArray) -> Array:
        """Probability of a benchmark next."""

    @abstractmethod
    def fails(self, who: IntArray) -> BoolArray:
        """Whether labelers who have just answered a benchmark are out by that: (n,) to (n,)."""

    def draw(self, rng: np.random.Generator, who: IntArray, unseen: BoolArray) -> IntArray:  # noqa: ARG002
        """Any unseen benchmark, each as likely as the other."""
        return uniform_draw(rng, unseen)

    def judge(self, served: Served, given: Given, step: int) -> Moves:  # noqa: ARG002
        """Count, dismiss who fails, deliver every ordinary answer."""
        who, tested = served.who, served.is_benchmark
        hits = np.zeros(len(who), dtype=bool)
        hits[tested] = given.choice[tested] == self.setting.key[served.item[tested]]
        self.right[who[tested & hits]] += 1
        self.wrong[who[tested & ~hits]] += 1
        self.ordinary[who[~tested]] += 1
        self.note(who[tested], hits[tested])
        dismissed = np.zeros(len(who), dtype=bool)
        dismissed[tested] = self.fails(who[tested])
        self.out[who[dismissed]] = True
        nothing = np.zeros(len(who), dtype=bool)
        return Moves(delivered=~tested, held=nothing, dismissed=dismissed)

    def note(self, who: IntArray, hits: BoolArray) -> None:  # noqa: B027  a hook that most need not fill
        """Remember more than counts of right and wrong; nothing by default."""

    def delivering(self) -> BoolArray:
        """Everybody who is not out."""
        return ~self.out

    @property
    def benchmarks(self) -> IntArray:
        """Benchmarks answered by each labeler."""
        total: IntArray = self.right + self.wrong
        return total


class Recent:
    """Right and wrong of each labeler's last so many benchmarks.

    Parameters
    ----------
    n_labelers, length : int
    """

    def __init__(self, n_labelers: int, length: int) -> None:
        self._hits = np.zeros((n_labelers, length), dtype=bool)
        self._seen = np.zeros(n_labelers, dtype=np.int64)

    def add(self, who: IntArray, hits: BoolArray) -> None:
        """Put one answer of each in the place of its oldest."""
        self._hits[who, self._seen[who] % self._hits.shape[1]] = hits
        self._seen[who] += 1

    def counts(self, who: IntArray) -> tuple[IntArray, IntArray]:
        """Right ones, and how many there are: (n,) and (n,)."""
        right: IntArray = self._hits[who].sum(axis=1)
        return right, np.minimum(self._seen[who], self._hits.shape[1])


def uniform_draw(rng: np.random.Generator, unseen: BoolArray) -> IntArray:
    """One unseen benchmark for each row, all equally likely; -1 where none is left: (n, B) to (n,)."""
    left = unseen.sum(axis=1)
    place = np.floor(rng.random(len(unseen)) * left).astype(np.int64)
    drawn = np.argmax(np.cumsum(unseen, axis=1) > place[:, None], axis=1)
    return np.where(left > 0, drawn, -1)
