"""The model that the demonstration's customer trains: it writes continuations, and learns to please.

It has two habits, and no more: how much it describes and how much it pads. Both are drawn for each
continuation, independently, so that a longer text is often the more descriptive one, and often is not.
A step of training is best-of-n with distillation: of n continuations the reward model picks one, and the
habits move towards those of the picked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from goldvein.sim.texts import Text, beginning, continuation, ease, padded_out

if TYPE_CHECKING:
    from goldvein.sim.demo.reward import RewardModel

OPTIONS: Final = 4
MOST_DETAILS: Final = 10
MOST_PADDING: Final = 5
BEST_OF: Final = 4
PROMPTS_A_STEP: Final = 100
STEP: Final = 0.5
"""How far a step of training goes towards what was picked; 1 goes all the way."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A continuation, and what its writer knows of it: details described, and phrases that say nothing."""

    words: str
    details: int
    padding: int


@dataclass(frozen=True, slots=True)
class Question:
    """A task of the customer, and the drafts that are its options, in their order."""

    text: Text
    drafts: tuple[Draft, ...]


@dataclass(frozen=True, slots=True)
class Writer:
    """A writer of continuations.

    Attributes
    ----------
    describing, padding : float
        Chance of each of ``MOST_DETAILS`` possible details, and of each of ``MOST_PADDING`` empty phrases.
    """

    describing: float = 0.15
    padding: float = 0.2

    def draft(self, rng: np.random.Generator) -> Draft:
        """Write one continuation."""
        details = int(rng.binomial(MOST_DETAILS, self.describing))
        padding = int(rng.binomial(MOST_PADDING, self.padding))
        words = continuation(details, rng)
        for _ in range(padding):
            words = padded_out(words, rng)
        return Draft(words, details, padding)

    def question(self, rng: np.random.Generator) -> Question:
        """Write a task of several continuations, one of which describes more than each of the others."""
        while True:
            drafts = tuple(self.draft(rng) for _ in range(OPTIONS))
            by_details = sorted(range(OPTIONS), key=lambda place: -drafts[place].details)
            truth, near = by_details[:2]
            lead = drafts[truth].details - drafts[near].details
            if lead and len({draft.words for draft in drafts}) == OPTIONS:
                break
        options = tuple(draft.words for draft in drafts)
        is_longest = len(options[truth]) == max(map(len, options))
        return Question(Text(beginning(rng), options, truth, near, ease(lead), is_longest), drafts)

    def trained(self, model: RewardModel, rng: np.random.Generator) -> Writer:
        """Take one step towards the drafts that a reward model picks."""
        picked = [model.best([self.draft(rng) for _ in range(BEST_OF)]) for _ in range(PROMPTS_A_STEP)]
        details = float(np.mean([draft.details for draft in picked])) / MOST_DETAILS
        padding = float(np.mean([draft.padding for draft in picked])) / MOST_PADDING
        return Writer(
            self.describing + STEP * (details - self.describing),
            self.padding + STEP * (padding - self.padding),
        )
