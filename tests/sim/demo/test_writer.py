"""The customer's model writes questions with one right answer, and learns to please."""

import re

import numpy as np
import pytest

from goldvein.sim.demo.reward import N_FEATURES, WORD_PLACES, RewardModel
from goldvein.sim.demo.writer import OPTIONS, Writer


def _described(words: str) -> int:
    return len(re.findall(r"(?:The|An?) [a-z]", words))


def test_one_option_describes_more_than_each_of_the_others() -> None:
    """The truth is the draft of most details, and its text says so; truth and length are two things."""
    rng = np.random.default_rng(1)
    questions = [Writer().question(rng) for _ in range(300)]

    for one in questions:
        details = [draft.details for draft in one.drafts]
        assert tuple(draft.words for draft in one.drafts) == one.text.options
        assert len(set(one.text.options)) == OPTIONS
        assert [_described(draft.words) for draft in one.drafts] == details
        assert details.count(max(details)) == 1
        assert details[one.text.truth] == max(details)
        assert details[one.text.near] == sorted(details)[-2]
    assert 0.5 < np.mean([one.text.longest_is_truth for one in questions]) < 0.75


@pytest.mark.parametrize(
    ("place", "describes", "pads"), [(WORD_PLACES + 1, True, False), (WORD_PLACES + 2, False, True)]
)
def test_it_becomes_what_the_reward_model_likes(place: int, *, describes: bool, pads: bool) -> None:
    """Liked sentences make it describe, liked commas make it pad; the other habit stays about as it was."""
    weights = np.zeros(N_FEATURES)
    weights[place] = 1.0
    before, rng = Writer(), np.random.default_rng(2)
    writer = before
    for _ in range(3):
        writer = writer.trained(RewardModel(weights), rng)

    assert (writer.describing > 1.5 * before.describing) is describes
    assert (writer.padding > 1.5 * before.padding) is pads


def test_it_can_always_be_asked_even_once_it_describes_all_it_can() -> None:
    """A writer of one habit only still writes questions with one right answer."""
    question = Writer(describing=0.95, padding=0.0).question(np.random.default_rng(3))

    assert len(question.drafts) == OPTIONS
