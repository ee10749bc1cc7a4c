"""Withdrawal: which labels are taken back, and when the past is looked at."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest

from goldvein.decisions.gate import Gate, State, gate, next_state, undecided_after
from goldvein.decisions.serving import benchmark_rate
from goldvein.decisions.withdrawing import wants_review, withdraws
from goldvein.domain.policy import Policy, PolicyError
from goldvein.stats.arrays import Array, BoolArray
from goldvein.stats.items import served_likelihoods
from goldvein.stats.posterior import advance, condition, good_mass, newcomer
from goldvein.stats.smoothing import smooth
from tests.stats import worlds

POLICY = Policy(withdraw_at=0.9, withdraw_benchmarks=3, withdraw_window_seconds=3600, min_benchmarks=4)


def test_only_a_benchmark_that_looks_bad_asks_for_a_review() -> None:
    """Ordinary answers, good standings and newcomers do not; the border counts as bad."""
    p = [0.05, 0.05, 0.1, 0.100001, 0.05]
    benchmarks = [7, 7, 7, 7, 6]
    asked = wants_review(p, benchmarks, POLICY, is_benchmark=[True, False, True, True, True])
    assert asked.tolist() == [True, False, True, False, False]
    assert bool(wants_review(0.0, 10, POLICY, is_benchmark=True))


@pytest.mark.parametrize(
    ("smoothed", "after", "seconds", "taken"),
    [
        pytest.param(0.1, 3, 3600, True, id="at every border"),
        pytest.param(0.100001, 9, 0, False, id="not surely bad"),
        pytest.param(0.0, 2, 0, False, id="too few benchmarks after it"),
        pytest.param(0.0, 9, 3600.5, False, id="delivered too long ago"),
    ],
)
def test_a_label_is_taken_back(smoothed: float, after: int, seconds: float, taken: bool) -> None:
    """All three must hold: surely bad then, backed by later benchmarks, and lately delivered."""
    assert bool(withdraws(smoothed, after, seconds, POLICY)) is taken


def test_many_are_decided_at_once() -> None:
    """Arrays in, one decision a label out."""
    assert withdraws([0.0, 0.5], [3, 3], [0, 0], POLICY).tolist() == [True, False]


@pytest.mark.parametrize(
    ("knob", "value"),
    [
        ("withdraw_at", 0.4),
        ("withdraw_at", 1.0),
        ("withdraw_benchmarks", -1),
        ("withdraw_window_seconds", -1),
    ],
)
def test_a_policy_that_cannot_be_kept_is_refused(knob: str, value: float) -> None:
    """The error names the knob, its range and its default."""
    with pytest.raises(PolicyError, match=f"{knob} is {value!r}.* must lie between .* default"):
        Policy(**{knob: value})  # type: ignore[arg-type]


# --- what it comes to on a crowd ----------------------------------------------------------------------------


@dataclass
class Crowd:
    """People who are right in 88% until they turn and guess, judged and delivered as the service does."""

    size: int
    answers: int
    turns_at: int
    withdraw_at: float = Policy().withdraw_at
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(3))

    def __post_init__(self) -> None:
        self.model, self.policy = worlds.model(), Policy(withdraw_at=self.withdraw_at)
        self.keys = self.rng.integers(4, size=(200, 2))
        self.tables = [worlds.table(self.model, 4, int(key), int(longest)) for key, longest in self.keys]
        shape = (self.answers, self.size)
        self.delivered, self.tested = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
        self.likelihoods = np.ones((self.model.space.size, *shape))
        self.asked = np.zeros(self.size, dtype=bool)

    def work(self) -> None:
        p, state = newcomer(self.model, self.size), np.full(self.size, State.ADMITTED, dtype=object)
        benchmarks, undecided = np.zeros(self.size, dtype=int), np.zeros(self.size, dtype=int)
        for at in range(self.answers):
            good = good_mass(p, self.model)
            rate = benchmark_rate(good, good, benchmarks, state, self.policy, is_watched=False)
            self.tested[at] = (self.rng.random(self.size) < rate) & (state != State.DISMISSED)
            self._test(at, np.flatnonzero(self.tested[at]))
            p, _ = condition(advance(p, self.model), self.likelihoods[:, at])
            good, benchmarks = good_mass(p, self.model), benchmarks + self.tested[at]
            undecided = undecided_after(undecided, good, good, self.policy, is_benchmark=self.tested[at])
            state = next_state(good, benchmarks, state, self.policy, undecided=undecided)
            out = gate(good, good, benchmarks, state, self.policy) == Gate.DELIVER
            self.delivered[at] = out & ~self.tested[at]
            self.asked |= wants_review(good, benchmarks, self.policy, is_benchmark=self.tested[at])

    def _test(self, at: int, who: np.ndarray) -> None:
        """Serve benchmarks and take in the answers."""
        items = self.rng.integers(len(self.tables), size=len(who))
        wrong = self.rng.random(len(who)) >= (0.88 if at < self.turns_at else 0.25)
        choices = (self.keys[items, 0] + wrong * self.rng.integers(1, 4, size=len(who))) % 4
        orders = [self.rng.permutation(4).tolist() for _ in who]
        tables = [self.tables[item] for item in items]
        zeros = [0] * len(who)
        found = served_likelihoods(self.model, tables, orders, choices.tolist(), zeros) if len(who) else 1.0
        self.likelihoods[:, at, who] = found

    def looked_back(self) -> tuple[Array, BoolArray]:
        """P(good) at every answer in hindsight, and what is taken back of those who are looked at."""
        good = smooth(self.model, newcomer(self.model, self.size), self.likelihoods).good
        after = self.tested.sum(axis=0) - np.cumsum(self.tested, axis=0)
        return good, withdraws(good, after, 0.0, self.policy) & self.delivered & self.asked


@pytest.mark.parametrize(("withdraw_at", "least", "most_good"), [(0.75, 0.3, 0.2), (0.9, 0.1, 0.12)])
def test_of_a_crowd_of_sleepers_mostly_bad_labels_are_taken_back(
    withdraw_at: float, least: float, most_good: float
) -> None:
    """A part of what went out while bad comes back, the more the less certainty is asked for.

    What comes back was good as often as was said.
    """
    crowd = Crowd(size=150, answers=320, turns_at=160, withdraw_at=withdraw_at)
    crowd.work()
    good, taken = crowd.looked_back()
    was_bad = np.arange(crowd.answers)[:, None] >= crowd.turns_at
    bad_out = (crowd.delivered & was_bad).sum()
    assert crowd.asked.mean() > 0.95
    assert (taken & was_bad).sum() > least * bad_out
    share_good = (taken & ~was_bad).sum() / taken.sum()
    assert share_good < most_good
    assert share_good == pytest.approx(float(good[taken].mean()), abs=0.05)


def test_of_an_honest_crowd_hardly_anything_is_taken_back() -> None:
    """Under one label in a thousand."""
    crowd = Crowd(size=150, answers=320, turns_at=320)
    crowd.work()
    assert crowd.looked_back()[1].sum() < 0.001 * crowd.delivered.sum()
