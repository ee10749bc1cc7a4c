"""Time on task: thresholds and shares are found again, and nothing is found where there is nothing."""

import itertools
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from goldvein.stats.arrays import Array, BoolArray, IntArray, ShapeError
from goldvein.stats.model import Rapid
from goldvein.stats.timing import _one_hump, _times, _two_humps, fit_rapid, is_rapid


@dataclass
class Crowd:
    """People who read at 0.04 s a character after 3 s, and some who click after about one second."""

    seed: int = 1
    people: int = 60
    each: int = 60
    guessers: float = 0.2
    rapid_of_guessers: float = 0.8
    rapid_of_thinkers: float = 0.01
    rapid_seconds: float = 1.2
    length: tuple[float, float] = (100, 600)
    labeler: IntArray = field(init=False)
    characters: Array = field(init=False)
    seconds: Array = field(init=False)
    guessing: Array = field(init=False)
    rapid: BoolArray = field(init=False)

    def __post_init__(self) -> None:
        rng = np.random.default_rng(self.seed)
        n = self.people * self.each
        self.labeler = np.repeat(np.arange(self.people), self.each)
        self.characters = rng.uniform(*self.length, n)
        guesser = np.arange(self.people) < self.guessers * self.people
        speed = rng.normal(0, 0.25, self.people)
        share = np.where(guesser, self.rapid_of_guessers, self.rapid_of_thinkers)[self.labeler]
        self.rapid = rng.random(n) < share
        thought = (3 + 0.04 * self.characters) * np.exp(speed[self.labeler] + rng.normal(0, 0.4, n))
        quick = self.rapid_seconds * np.exp(rng.normal(0, 0.3, n))
        self.seconds = np.where(self.rapid, quick, thought)
        self.guessing = np.clip(guesser[self.labeler] * 0.9 + 0.05, 0, 1)

    def fit(self, **changes: Any) -> Rapid | None:
        given = {"guessing": self.guessing} | changes
        return fit_rapid(self.seconds, self.characters, self.labeler, **given)


def test_the_reading_line_and_the_rapid_guesses_are_found_again() -> None:
    """Base, slope, spreads and each answer's kind, within a tenth or two."""
    crowd = Crowd()
    times = _times(crowd.seconds, crowd.characters, crowd.labeler, crowd.guessing)
    fit = _two_humps(times, _one_hump(times))
    assert fit.base == pytest.approx(3, abs=1.5)
    assert fit.slope == pytest.approx(0.04, rel=0.15)
    assert fit.spread == pytest.approx(0.4, rel=0.15)
    assert np.exp(fit.rapid_mean) == pytest.approx(1.2, rel=0.1)
    assert fit.share_thinking == pytest.approx(0.01, abs=0.01)
    assert fit.share_guessing == pytest.approx(0.85, abs=0.1)
    assert np.mean((fit.rapid > 0.5) == crowd.rapid) > 0.99


@pytest.mark.parametrize("seed", range(5))
def test_shares_mean_what_they_say(seed: int) -> None:
    """Of guessers' answers as many are rapid as is said, within what was shrunk; thinkers' hardly any."""
    crowd = Crowd(seed=seed)
    found = crowd.fit()
    assert found is not None
    quick = is_rapid(crowd.seconds, crowd.characters, found.base_seconds, found.seconds_per_character)
    assert np.mean(quick == crowd.rapid) > 0.98
    guessers = crowd.guessing > 0.5
    assert found.share_guessing == pytest.approx(quick[guessers].mean(), abs=0.08)
    assert quick[~guessers].mean() < found.share_solving < 0.13
    assert found.seconds_per_character > 0


def test_without_standings_people_are_told_by_their_times() -> None:
    """The same order of shares, a little closer together."""
    found = Crowd().fit(guessing=None)
    assert found is not None
    assert found.share_guessing > 3 * found.share_solving


@pytest.mark.parametrize(
    "crowd",
    [
        Crowd(guessers=0, rapid_of_thinkers=0),
        Crowd(rapid_of_guessers=0, rapid_of_thinkers=0),
        Crowd(people=15, each=60),
        Crowd(people=40, each=10),
        Crowd(rapid_seconds=12.0),
    ],
    ids=["nobody is quick", "guessers take their time", "few people", "few answers", "quick is usual"],
)
def test_times_that_tell_nothing_give_none(crowd: Crowd) -> None:
    """One hump, or too little to see two."""
    assert crowd.fit() is None


@pytest.mark.parametrize("seed", range(6))
def test_a_long_tail_of_one_hump_is_no_second_hump(seed: int) -> None:
    """Times of heavier tails than a bell's, pauses among them."""
    rng = np.random.default_rng(seed)
    n = 2000
    characters = rng.uniform(100, 600, n)
    seconds = (3 + 0.04 * characters) * np.exp(0.35 * rng.standard_t(4, n))
    seconds[rng.random(n) < 0.03] *= 30
    assert fit_rapid(seconds, characters, rng.integers(40, size=n), rng.random(n)) is None


def test_quickness_alike_in_all_weighs_nothing() -> None:
    """Rapid answers there are, but doing the job or not makes no difference: the factor is near one."""
    found = Crowd(rapid_of_guessers=0.2, rapid_of_thinkers=0.2, people=80).fit()
    assert found is not None
    assert 1 <= found.share_guessing / found.share_solving < 1.3


def test_the_factor_grows_with_the_difference_and_is_bounded() -> None:
    """The more guessers hurry, the more a rapid answer tells; never more than eight times."""
    factors = []
    for share in (0.1, 0.3, 0.6, 0.9):
        found = Crowd(rapid_of_guessers=share, rapid_of_thinkers=0.03, people=100).fit()
        assert found is not None
        factors.append(found.share_guessing / found.share_solving)
    assert all(later > earlier - 0.3 for earlier, later in itertools.pairwise(factors))
    assert factors[-1] > 2 * factors[0]
    assert max(factors) <= 8 + 1e-9


def test_tasks_of_one_length_have_no_slope_to_learn() -> None:
    """The threshold is about the same time for all of them."""
    crowd = Crowd(length=(300, 300))
    found = crowd.fit()
    assert found is not None
    limit = found.base_seconds + 300 * found.seconds_per_character
    assert 1.5 < limit < 8


def test_lengths_must_agree() -> None:
    """A clear error instead of a wrong pairing."""
    with pytest.raises(ShapeError, match="equally long"):
        fit_rapid(np.ones(3), np.ones(2), np.ones(3, dtype=np.int64))
