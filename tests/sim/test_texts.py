"""The generator of descriptive texts keeps its promises about truth, length and variety."""

import re

import numpy as np
import pytest

from goldvein.sim.texts import Text, texts


def _longest(text: Text) -> int:
    return max(range(4), key=lambda place: len(text.options[place]))


@pytest.mark.parametrize("share", [0.85, 0.5, 0.0, 1.0])
def test_the_longest_is_the_truth_on_the_share_asked_for(share: float) -> None:
    """The flag says so of each text, and their share is as asked."""
    generated = list(texts(1000, np.random.default_rng(5), longest_right=share))

    assert all((_longest(text) == text.truth) == text.longest_is_truth for text in generated)
    assert np.mean([text.longest_is_truth for text in generated]) == pytest.approx(share, abs=0.04)


def test_texts_are_distinct_answerable_and_their_truth_stands_anywhere() -> None:
    """Four different options, no text twice, the truth a quarter of the time at each place."""
    generated = list(texts(2000, np.random.default_rng(6)))
    places = np.bincount([text.truth for text in generated], minlength=4) / 2000

    assert len({(text.prompt, text.options) for text in generated}) == 2000
    assert all(len(set(text.options)) == 4 for text in generated)
    assert np.allclose(places, 0.25, atol=0.04)
    assert all(text.near != text.truth for text in generated)


def test_the_truth_describes_most() -> None:
    """The right continuation has more sentences with a detail than any other."""
    for text in texts(300, np.random.default_rng(8)):
        details = [len(re.findall(r"(?:The|An?) [a-z]", option)) for option in text.options]

        assert max(range(4), key=details.__getitem__) == text.truth
        assert max(details) > sorted(details)[-2]


def test_the_same_seed_gives_the_same_texts() -> None:
    """A run can be repeated."""
    first, second = (list(texts(50, np.random.default_rng(9))) for _ in range(2))

    assert first == second
