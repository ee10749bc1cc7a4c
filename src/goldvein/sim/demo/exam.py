"""The exam of a reward model: fresh texts whose truth is known, on which nothing was ever trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from goldvein.sim.demo.reward import features

if TYPE_CHECKING:
    from goldvein.sim.demo.reward import RewardModel
    from goldvein.sim.demo.writer import Writer
    from goldvein.stats.arrays import Array, IntArray

QUESTIONS: Final = 500
CONTESTS: Final = 100
BEST_OF: Final = 16


@dataclass(frozen=True, slots=True)
class Marks:
    """How a model did.

    Attributes
    ----------
    accuracy : float
        Share of the questions in which it rates the truth highest.
    details, padding : float
        Of what it picks among ``BEST_OF`` drafts, on average.
    """

    accuracy: float
    details: float
    padding: float


@dataclass(frozen=True, slots=True, eq=False)
class Exam:
    """Questions of as many options as people get, and contests among many drafts.

    Attributes
    ----------
    looks : (n, K, N_FEATURES) float
    truths : (n,) int
    contests : (CONTESTS, BEST_OF, N_FEATURES) float
    details, padding : (CONTESTS, BEST_OF) int
        Of the drafts in the contests.
    """

    looks: Array
    truths: IntArray
    contests: Array
    details: IntArray
    padding: IntArray

    @classmethod
    def of_writer(cls, writer: Writer, rng: np.random.Generator) -> Exam:
        """Let a writer write an exam."""
        questions = [writer.question(rng) for _ in range(QUESTIONS)]
        contests = [[writer.draft(rng) for _ in range(BEST_OF)] for _ in range(CONTESTS)]
        return cls(
            np.array([[features(draft.words) for draft in one.drafts] for one in questions]),
            np.array([one.text.truth for one in questions]),
            np.array([[features(draft.words) for draft in one] for one in contests]),
            np.array([[draft.details for draft in one] for one in contests]),
            np.array([[draft.padding for draft in one] for one in contests]),
        )

    def take(self, model: RewardModel) -> Marks:
        """Mark a model."""
        right = model.scores(self.looks).argmax(axis=1) == self.truths
        picked = np.arange(len(self.contests)), model.scores(self.contests).argmax(axis=1)
        return Marks(
            float(right.mean()), float(self.details[picked].mean()), float(self.padding[picked].mean())
        )
