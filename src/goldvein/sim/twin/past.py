"""What a twin is fitted to: a project's answers as evidence by state, and what is stored of its benchmarks.

Nothing here is known to a simulation alone: no ability, no true key, nobody's kind.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from goldvein.domain.policy import Policy
    from goldvein.stats.arrays import Array, BoolArray, IntArray
    from goldvein.stats.model import Model


@dataclass(frozen=True, slots=True, eq=False)
class Past:
    """A project's record.

    Attributes
    ----------
    policy : Policy
        In force while it was made.
    model : Model
        What the project believes of its labelers.
    evidence : (T, n_states, N) float
        Likelihood of everybody's t-th answer by state; ones beyond a labeler's last.
    answers : (N,) int
    is_benchmark : (T, N) bool
    longest : (T, N) bool
        Whether the answer was the longest option.
    pool : (n_states, n_items, K + 1) float
        Likelihoods of the benchmarks.
    keys : (n_items,) int
        Their stored keys.
    key_right : (n_items,) float
        P(stored key is right).
    longest_picks : (n_items,) int
        The longest option of each; -1 where options have no length.
    """

    policy: Policy
    model: Model
    evidence: Array
    answers: IntArray
    is_benchmark: BoolArray
    longest: BoolArray
    pool: Array
    keys: IntArray
    key_right: Array
    longest_picks: IntArray

    @property
    def size(self) -> int:
        """Number of labelers, N."""
        return len(self.answers)

    @property
    def options(self) -> int:
        """Number of options, K."""
        return int(self.pool.shape[2]) - 1

    @property
    def key_curves(self) -> Array:
        """P(stored key) by ability and benchmark: (n_abilities, n_items)."""
        abilities = self.pool[: self.model.space.n_abilities]
        found: Array = abilities[:, np.arange(len(self.keys)), self.keys]
        return found

    def of(self, who: IntArray) -> Past:
        """The record of some of its labelers, one as often as it is named."""
        return replace(
            self, evidence=self.evidence[:, :, who], answers=self.answers[who],
            is_benchmark=self.is_benchmark[:, who], longest=self.longest[:, who],
        )  # fmt: skip
