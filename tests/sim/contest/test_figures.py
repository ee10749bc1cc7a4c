"""Figures of merit, on records small enough to count by hand."""

from dataclasses import replace

import numpy as np
import pytest

from goldvein.sim.contest.figures import figures, measure
from goldvein.sim.contest.player import BENCHMARK, DELIVERED, DISCARDED, HELD, NONE, WITHDRAWN, Record
from goldvein.sim.contest.ratios import Ratio, interval
from goldvein.stats.intervals import wilson

B, D, H, X, W = BENCHMARK, DELIVERED, HELD, DISCARDED, WITHDRAWN


def record() -> Record:
    """Four labelers, six steps: good, wrongly dismissed, always bad, and a sleeper who turns after two."""
    fate = np.array([
        [B, B, B, B],
        [H, D, X, D],
        [D, B, X, D],
        [D, NONE, B, D],
        [B, NONE, D, B],
        [D, NONE, D, W],
    ], dtype=np.int8)  # fmt: skip
    bad = np.zeros(fate.shape, dtype=bool)
    bad[:, 2] = True
    bad[2:, 3] = True
    return Record(
        fate=fate,
        correct=~bad,
        bad=bad,
        dismissed_at=np.array([-1, 2, -1, 5]),
        delivering_at_end=np.array([True, False, True, False]),
        kinds=("honest", "random", "sleeper"),
        kind_of=np.array([0, 0, 1, 2]),
        changed_at=np.array([-1, -1, -1, 2]),
    )


def test_figures_are_what_they_say() -> None:
    """Every figure of a record that is small enough to count."""
    found = figures([measure(record())])
    assert found["false_rejection"] == 1 / 3  # the second, of three who were good for a part
    assert found["false_acceptance"] == 1 / 2  # the third still delivers, the fourth was dismissed
    assert found["bad_share"] == 5 / 10
    assert found["bad_share_kept"] == 4 / 9
    assert found["accuracy_delivered"] == 5 / 10
    assert found["benchmark_share"] == 8 / 21
    assert found["held_honest"] == 1 / 6
    assert found["sleeper_delay"] == 4
    assert found["sleeper_bad_delivered"] == 3
    assert found["sleeper_bad_kept"] == 2
    assert (found["withdrawn_bad"], found["withdrawn_good"]) == (1, 0)
    assert found["counts"]["bad_share"] == [5, 10]


def test_kinds_are_told_apart() -> None:
    """Each kind has its share of the labels, and its benchmarks from the start or from the change."""
    kinds = figures([measure(record())])["kinds"]
    assert kinds["honest"]["delivered_share"] == 4 / 10
    assert kinds["random"]["bad_share"] == 2 / 10
    assert kinds["honest"]["benchmarks_to_dismissal"] == 2
    assert kinds["sleeper"]["benchmarks_to_dismissal"] == 1  # from the change on
    assert kinds["sleeper"]["benchmarks_to_last_label"] == 1
    assert kinds["random"]["benchmarks_to_last_label"] == 2
    assert kinds["sleeper"]["floor"]["test"] == "cusum"
    assert kinds["random"]["floor"]["test"] == "sprt"


def test_a_sleeper_that_never_turned_counts_nowhere() -> None:
    """Who was dismissed before the change, or would have changed after the end, has no delay."""
    early = replace(record(), changed_at=np.array([-1, 4, -1, 99]))
    found = figures([measure(early)])
    assert np.isnan(found["sleeper_delay"])
    assert found["counts"]["sleeper_delay"] == [0, 0]


def test_a_sleeper_caught_at_once_has_no_delay() -> None:
    """Nothing delivered after the change is a delay of zero, not of the labels before it."""
    caught = record()
    caught.fate[2:, 3] = X
    found = figures([measure(caught)])
    assert found["sleeper_delay"] == 0
    assert found["sleeper_bad_delivered"] == 0


def test_seeds_are_pooled() -> None:
    """Two seeds of the same give the same figure from twice the counts."""
    one, two = (figures([measure(record())] * times) for times in (1, 2))
    assert one["bad_share"] == two["bad_share"]
    assert two["counts"]["bad_share"] == [10, 20]
    assert one["withdrawn_bad"] == two["withdrawn_bad"] == 1
    assert one["kinds"]["honest"]["labelers"] == two["kinds"]["honest"]["labelers"] == 2


def test_interval_over_seeds_is_students() -> None:
    """Values 0.1, 0.2, 0.3 have mean 0.2 and a half width of 4.303 times 0.1 / sqrt(3)."""
    ratios = [Ratio(np.array([hits]), np.array([10.0])) for hits in (1.0, 2.0, 3.0)]
    low, high = interval([replace(ratio, share=False) for ratio in ratios])
    assert high == pytest.approx(0.2 + 4.303 * 0.1 / 3**0.5)
    assert low == 0.0  # cut off, as no figure is negative


def test_interval_of_no_event_is_not_empty() -> None:
    """Seeds that all count zero tell little: the interval is Wilson's over all labelers."""
    none = Ratio(np.zeros(1_000), np.ones(1_000), of_labelers=True)
    assert interval([none, none]) == pytest.approx((0.0, 0.00192), abs=2e-5)
    assert wilson(0, 0) == (0.0, 1.0)


def test_interval_over_labelers_covers() -> None:
    """With one seed, the interval of a share of answers covers the truth about 95 times in 100."""
    rng, covered = np.random.default_rng(5), 0
    for _ in range(400):
        rates = rng.beta(2, 8, 200)
        bottom = rng.integers(20, 60, 200)
        low, high = interval([Ratio(rng.binomial(bottom, rates).astype(float), bottom.astype(float))])
        covered += low <= 0.2 <= high
    assert 0.92 <= covered / 400 <= 0.98
