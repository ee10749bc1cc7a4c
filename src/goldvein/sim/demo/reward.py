"""A small reward model: which of some continuations people would prefer, learned from their choices alone.

A conditional logit (Plackett and Luce, of which only the first place is seen) on what a text looks like:
how often it has each word, the words hashed into a few hundred places, and its shape. It knows nothing of
details or padding, nor of where an option stood.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from goldvein.stats.logit import conditional_logit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from goldvein.sim.demo.writer import Draft
    from goldvein.stats.arrays import Array

WORD_PLACES: Final = 128
N_FEATURES: Final = WORD_PLACES + 3
RIDGE: Final = 1.0
"""Precision of each weight's prior, around 0."""
_ENOUGH: Final = 1e-2
_WORD = re.compile(r"[\w'-]+")


def features(words: str) -> Array:
    """What a text looks like: (N_FEATURES,) counts of hashed words, then length, sentences and commas."""
    found = np.zeros(N_FEATURES)
    for word in _WORD.findall(words.casefold()):
        found[zlib.crc32(word.encode()) % WORD_PLACES] += 1
    found[WORD_PLACES:] = len(words) / 100, words.count("."), words.count(",")
    return found


@dataclass(frozen=True, slots=True, eq=False)
class RewardModel:
    """A trained model: (N_FEATURES,) weights."""

    weights: Array

    def scores(self, looks: Array) -> Array:
        """Rate texts by their features: (..., N_FEATURES) gives (...)."""
        return np.asarray(looks @ self.weights)

    def best(self, drafts: Sequence[Draft]) -> Draft:
        """Pick the draft that it rates highest."""
        looks = np.array([features(draft.words) for draft in drafts])
        return drafts[int(self.scores(looks).argmax())]


def train(looks: Sequence[Array], choices: Sequence[int]) -> RewardModel:
    """Fit the weights to choices.

    Parameters
    ----------
    looks : n arrays of (n_options, N_FEATURES)
        Features of the options of each task.
    choices : n int
        The option chosen in each.
    """
    fit = conditional_logit(np.array(looks), choices, ridge=RIDGE, tolerance=_ENOUGH)
    return RewardModel(fit.coefficients)
