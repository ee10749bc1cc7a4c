"""Reference checks: drops are found, quiet stays quiet, and intervals cover."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldvein.stats import reference
from goldvein.stats.reference import (
    accuracy_interval,
    clustering,
    difficulty,
    evidence,
    learn,
    paired_interval,
)
from goldvein.stats.reference_power import (
    Kind,
    Sample,
    draw_tasks,
    dropped,
    found_share,
    play,
    simulate_threshold,
    smallest_drop,
    threshold,
)

CHANCE = 0.25
USUAL = Sample(200, 0.9, 2.0, CHANCE)


def test_quiet_runs_stay_quiet_at_the_threshold_that_was_simulated() -> None:
    """Sixty days without a drop: nine in ten runs raise nothing, on tasks drawn anew."""
    bar = threshold(USUAL, 0.05)
    rng = np.random.default_rng(11)
    answered = play(rng, draw_tasks(rng, USUAL, 300), 60)
    ratios = evidence(answered, np.ones_like(answered), CHANCE, drop=0.05).ratio
    assert (ratios.max(0) <= bar).mean() >= 0.87  # 0.9 less two standard errors of 300 runs


@pytest.mark.parametrize(
    ("accuracy", "kind", "days", "least"),
    [
        (0.8, "careless", 5, 0.95),
        (0.8, "alike", 5, 0.85),
        (0.9, "careless", 3, 0.95),
        (0.9, "alike", 3, 0.87),
    ],
)
def test_a_drop_of_five_points_is_found_within_days(
    accuracy: float, kind: Kind, days: int, least: float
) -> None:
    """With tasks as different as recorded crowds find them; the exact shares stand in docs/reference.md."""
    sample = Sample(200, accuracy, 2.0, CHANCE)
    bar = threshold(sample, 0.05)
    found = found_share(np.random.default_rng(3), sample, bar, 0.05, kind, drop=0.05, runs=300)
    assert found[days - 1] >= least
    assert (np.diff(found) >= 0).all()


def test_pairing_is_what_finds_it() -> None:
    """The same drop among tasks that are all alike is found less often: there, difficulty tells nothing."""
    alike = Sample(200, 0.9, 10_000.0, CHANCE)
    differ, same = (
        found_share(np.random.default_rng(3), one, threshold(one, 0.05), 0.05, "alike", drop=0.05, runs=300)[
            2
        ]
        for one in (USUAL, alike)
    )
    assert differ > same + 0.05


def test_the_simulated_threshold_does_not_hang_on_its_seed() -> None:
    """Two seeds agree to a unit of evidence that finding five points five times would give."""
    bars = [simulate_threshold(np.random.default_rng(s), USUAL, drop=0.05, runs=400) for s in (4, 5)]
    assert abs(bars[0] - bars[1]) < 1.5


def test_more_answers_see_smaller_drops() -> None:
    """Power is stated in half points, and grows with the sample."""
    seen = [smallest_drop(Sample(n, 0.9, 2.0, CHANCE), 0.05) for n in (50, 200, 600)]
    assert all(drop is not None and round(drop * 200) == pytest.approx(drop * 200) for drop in seen)
    assert seen[0] > seen[1] > seen[2]  # type: ignore[operator]
    assert smallest_drop(Sample(10, 0.3, 2.0, CHANCE), 0.05) is None


@given(st.floats(0.4, 0.97), st.floats(0.5, 30.0), st.integers(0, 10_000))
def test_difficulty_is_learned_back(accuracy: float, alike: float, seed: int) -> None:
    """Mean and concentration of many tasks come out as they were drawn; the latter within its error."""
    rng = np.random.default_rng(seed)
    right = rng.beta(accuracy * alike, (1 - accuracy) * alike, 4000)
    seen = rng.integers(10, 30, 4000).astype(float)
    mean, found = difficulty(rng.binomial(seen.astype(int), right).astype(float), seen)
    assert mean[0] == pytest.approx(right.mean(), abs=0.02)
    assert 1 / (found[0] + 1) == pytest.approx(1 / (alike + 1), abs=0.08)


@given(st.integers(0, 1000))
def test_evidence_needs_no_answer_to_every_task(seed: int) -> None:
    """Days on which part of the sample, or none of it, was answered are taken as they are."""
    rng = np.random.default_rng(seed)
    answered = play(rng, draw_tasks(rng, Sample(40, 0.8, 3.0, CHANCE), 2), 12)
    seen = (rng.random(answered.shape) < 0.3).astype(float)
    seen[5] = 0
    told = evidence(answered, seen, CHANCE)
    assert np.isfinite(told.ratio[reference.LEAST_DAYS + reference.SPANS[0] - 1 :]).all()
    assert (told.ratio[: reference.LEAST_DAYS + reference.SPANS[0] - 1] == -np.inf).all()
    assert (told.began <= np.arange(12)[:, None]).all()
    alone = evidence(answered[:, 0], seen[:, 0], CHANCE)
    np.testing.assert_allclose(alone.ratio, told.ratio[:, 0])


def test_evidence_is_as_told_by_hand() -> None:
    """The largest over spans of days up to the last, each by its own formula: a slow twin."""
    rng = np.random.default_rng(8)
    sample = Sample(30, 0.85, 2.0, CHANCE)
    answered = play(rng, draw_tasks(rng, sample, 1)[0], 9).astype(float)
    told = evidence(answered, np.ones_like(answered), CHANCE, drop=0.05).ratio[-1]
    best = -np.inf
    for days in reference.SPANS:
        began = 9 - days
        if began < reference.LEAST_DAYS:
            continue
        known = learn(answered[:began].sum(0), np.full(30, float(began)), CHANCE)
        variance = known.right * (1 - known.right)
        skill = np.maximum(known.right - CHANCE, 0.01)
        parts = []
        for prior, fall, weight in (
            (1 - reference.SOME_CARELESS, 0.05 * variance / variance.mean(), None),
            (reference.SOME_CARELESS, 0.05 * skill / skill.mean(), np.maximum(variance, 0.05)),
        ):
            w = fall / (variance if weight is None else weight)
            total = sum(float((w * (known.right - day)).sum()) for day in answered[began:])
            expected = days * (w * fall).sum()
            spread = days * (w**2 * known.within).sum() + days**2 * (w**2 * known.between).sum()
            spread += (days * known.error[0] * (w * known.pull).sum()) ** 2
            size = max(total, reference.LEAST_SIZE * expected)
            parts.append((size * total - size**2 / 2) / spread + np.log(prior))
        best = max(best, float(np.logaddexp(*parts)))
    assert told == pytest.approx(best)


@pytest.mark.parametrize("kind", ["alike", "careless"])
def test_a_drop_is_as_large_as_it_is_said_to_be(kind: Kind) -> None:
    """Both kinds lower the mean by the drop, and no task gets easier."""
    before = draw_tasks(np.random.default_rng(2), USUAL, 5)
    after = dropped(before, 0.05, kind, CHANCE)
    np.testing.assert_allclose(before.mean(1) - after.mean(1), 0.05, atol=1e-4)
    assert (after <= np.maximum(before, CHANCE) + 1e-9).all()


@pytest.mark.parametrize("accuracy", [0.6, 0.9])
def test_intervals_cover(accuracy: float) -> None:
    """Of the accuracy on all such tasks, and of that on these very tasks: 95% each, the latter narrower."""
    rng = np.random.default_rng(6)
    sample = Sample(150, accuracy, 2.0, CHANCE)
    tasks = draw_tasks(rng, sample, 2000)
    right = play(rng, tasks, 1)[0].sum(1)
    wide = np.array([accuracy_interval(float(k), 150) for k in right])
    paired = np.array([paired_interval(float(k), p) for k, p in zip(right, tasks, strict=True)])
    covered = ((wide[:, 0] <= accuracy) & (accuracy <= wide[:, 1])).mean()
    own = tasks.mean(1)
    covered_own = ((paired[:, 0] <= own) & (own <= paired[:, 1])).mean()
    assert covered == pytest.approx(0.95, abs=0.025)
    assert covered_own == pytest.approx(0.95, abs=0.03)
    assert np.ptp(paired, axis=1).mean() < np.ptp(wide, axis=1).mean()


def test_few_people_count_as_fewer_answers() -> None:
    """Labelers whose accuracies differ make sums vary more; independent answers do not."""
    rng = np.random.default_rng(5)
    able = rng.choice([0.5, 1.0], 400)
    residuals = [np.asarray((rng.random(12) < p) - 0.75) for p in able]
    alone = [np.asarray((rng.random(12) < 0.75) - 0.75) for _ in able]
    assert clustering(residuals) > 2
    assert clustering(alone) < 1.3
    assert clustering([]) == 1.0
    narrow, wide = accuracy_interval(80, 100), accuracy_interval(80, 100, 3.0)
    assert wide[0] < narrow[0] < narrow[1] < wide[1]
    assert accuracy_interval(0, 0) == (0.0, 1.0) == paired_interval(0, np.zeros(0))
