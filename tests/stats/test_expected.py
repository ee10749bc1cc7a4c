"""Expected ranges: right centres, honest widths, and a past that may have been bad for a while."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldvein.stats import cusum, expected
from goldvein.stats.arrays import Array, ShapeError
from goldvein.stats.expected import BINS, Scale

SPAN = 600.0
MONDAY = 1_767_571_200.0
COUNT, SHARE, DURATION = Scale("count", unit=6.0), Scale("share"), Scale("duration", unit=1.2)


def moments(days: float) -> Array:
    return MONDAY + SPAN * np.arange(round(days * 144), dtype=np.float64)


def day_and_night(seconds: Array) -> Array:
    hour = seconds / 3600 % 24
    rate: Array = 3000 + 2000 * np.sin(2 * np.pi * (hour - 9) / 24)
    return rate


def test_bins_are_hours_of_working_days_and_of_weekends() -> None:
    """A Monday's midnight is bin 0; Saturday 01:00 is bin 25."""
    assert expected.bins(np.array([MONDAY, MONDAY + 5 * 86_400 + 3600])).tolist() == [0, 25]


@pytest.mark.parametrize("spread", [0.1, 0.3])
def test_an_overdispersed_count_is_told_apart_from_its_chance(spread: float) -> None:
    """Centres follow the time of day, and the spread beyond chance is found within a quarter."""
    rng, seconds = np.random.default_rng(1), moments(21)
    rate = day_and_night(seconds)
    seen = rng.poisson(rate / 6 * np.maximum(0.05, 1 + spread * rng.standard_normal(len(seconds))))
    values = 6.0 * seen.astype(np.float64)
    known = expected.learn(COUNT, seconds, values, values / 6)

    centres = np.array(known.centres)[expected.bins(seconds)]
    assert np.abs(centres / rate - 1).mean() < 0.06
    assert known.spread == pytest.approx(spread, rel=0.25)
    assert known.inflation < 1.2


def quiet_ratios(scale: Scale, seed: int, *, evidence: float, walk: float = 0.0) -> Array:
    """What a later week of the same process says for a change upwards, by ranges of three weeks."""
    rng, seconds = np.random.default_rng(seed), moments(28)
    off = np.zeros(len(seconds))
    for place in range(1, len(off)):
        off[place] = 0.9 * off[place - 1] + walk * rng.standard_normal()
    if scale.family == "share":
        counts = rng.binomial(int(evidence), 1 / (1 + np.exp(3.5 - off)), len(seconds))
        values, known = counts / evidence, np.full(len(seconds), evidence)
    elif scale.family == "count":
        values = (6.0 * rng.poisson(evidence * np.exp(off))).astype(np.float64)
        known = values / 6
    else:
        values = 12 * np.exp(off + np.sqrt(1.2 / evidence) * rng.standard_normal(len(seconds)))
        known = np.full(len(seconds), evidence)
    past = seconds < MONDAY + 21 * 86_400
    found = expected.learn(scale, seconds[past], values[past], known[past])
    later = (seconds[~past], values[~past], known[~past])
    return np.concatenate([expected.speaks(scale, found, side, *later) for side in (1.0, -1.0)])


@pytest.mark.parametrize("scale", [COUNT, SHARE, DURATION])
@pytest.mark.parametrize("evidence", [4.0, 400.0])
def test_quiet_points_speak_against_a_change(scale: Scale, evidence: float) -> None:
    """Ratios are honest whatever the evidence: their exponentials are one on average, at most."""
    ratios = np.concatenate([quiet_ratios(scale, seed, evidence=evidence) for seed in range(4)])
    assert np.exp(np.minimum(ratios, 5.0)).mean() < 1.1
    assert ratios.mean() < 0


@pytest.mark.parametrize("scale", [COUNT, SHARE, DURATION])
def test_deviations_that_last_for_hours_are_no_change(scale: Scale) -> None:
    """Where points stay off together, sums of ratios of six hours pass five hardly ever."""
    sums = []
    for seed in range(6):
        ratios = quiet_ratios(scale, seed, evidence=400.0, walk=0.2)
        sums.append(ratios[: len(ratios) // 36 * 36].reshape(-1, 36).sum(axis=1))
    assert (np.concatenate(sums) > 5).mean() < 0.02


def loud_days(seed: int) -> tuple[float, float]:
    """Of days after those learned from: how many get loud by a plain range and by a tempered one.

    On some days times are half as long again for an hour or three, at any hour: no spread tells of that.
    """
    rng, seconds = np.random.default_rng(seed), moments(63)
    off, evidence = np.zeros(len(seconds)), np.full(len(seconds), 100.0)
    for begin in np.flatnonzero(rng.random(len(seconds)) < 0.5 / 144):
        off[begin : begin + rng.integers(6, 20)] = 0.5
    values = 12 * np.exp(off + 0.11 * rng.standard_normal(len(seconds)))
    past = slice(21 * 144)
    before, later = ((seconds[of], values[of], evidence[of]) for of in (past, slice(past.stop, None)))
    plain = expected.learn(DURATION, *before)
    shares = [
        np.mean([cusum.highest(day) > cusum.threshold(1440) for day in np.split(said, 42)])
        for known in (plain, expected.temper(DURATION, plain, [1.0], *before))
        for said in [expected.speaks(DURATION, known, 1.0, *later)]
    ]
    return float(shares[0]), float(shares[1])


def test_a_range_is_tempered_until_its_own_past_is_quiet() -> None:
    """Where days get loud four times as often as they may, later ones hardly get so twice as often."""
    plain, tempered = np.mean([loud_days(seed) for seed in range(8)], axis=0)
    assert plain > 0.35
    assert tempered < 0.23


def test_what_its_past_allows_is_not_tempered() -> None:
    """Points that vary by chance alone, and two wild days, leave a range as eager as it was."""
    rng, seconds = np.random.default_rng(9), moments(21)
    evidence = np.full(len(seconds), 100.0)
    values = 12.0 * np.exp(0.11 * rng.standard_normal(len(seconds)))
    for wild in (1.0, 1.6):
        values[:288] *= wild
        known = expected.learn(DURATION, seconds, values, evidence)
        assert expected.temper(DURATION, known, (1.0, -1.0), seconds, values, evidence) == known


def test_a_bad_tenth_of_the_past_teaches_little() -> None:
    """Two days of twenty at half the usual time move a centre by less than a third of that."""
    rng, seconds = np.random.default_rng(4), moments(20)
    evidence = np.full(len(seconds), 100.0)
    values = 12.0 * np.exp(0.11 * rng.standard_normal(len(seconds)))
    bad = values.copy()
    bad[:288] *= 0.5
    clean, dirty = (expected.learn(DURATION, seconds, one, evidence) for one in (values, bad))

    moved = np.abs(np.array(clean.centres) - np.array(dirty.centres))
    assert moved.max() < np.log(2) / 3
    assert dirty.spread < clean.spread + 0.1


def test_short_pasts_make_wide_ranges() -> None:
    """The same point is less of a deviation from a range of three days than from one of three weeks."""
    rng, seconds = np.random.default_rng(5), moments(21)
    evidence = np.full(len(seconds), 50.0)
    values = rng.binomial(50, 0.8, len(seconds)) / 50
    offs = []
    for days in (3, 21):
        some = seconds < MONDAY + days * 86_400
        known = expected.learn(SHARE, seconds[some], values[some], evidence[some])
        assert len(known.centres) == BINS
        offs.append(known)
    short, long = (np.array(one.points).mean() for one in offs)
    assert short < long
    narrow = expected.band(SHARE, offs[1], seconds[:1], evidence[:1])
    assert 0 <= narrow[0, 0] < 0.8 < narrow[1, 0] <= 1


def test_a_borrowed_range_is_wider() -> None:
    """The same point says less against the range of another project."""
    rng, seconds = np.random.default_rng(6), moments(7)
    values = 10 * np.exp(0.3 * rng.standard_normal(len(seconds)))
    own = expected.learn(DURATION, seconds, values, np.full(len(seconds), 900.0))
    point = (1.0, seconds[:1], np.array([30.0]), np.array([900.0]))
    borrowed = expected.speaks(DURATION, expected.widen(own, 2.0), *point)[0]
    assert 0 < borrowed < expected.speaks(DURATION, own, *point)[0]


@given(st.floats(0.05, 0.6), st.integers(1, 500))
def test_a_fixed_bound_needs_evidence(bound: float, evidence: int) -> None:
    """A point on the bound speaks against a change; one far over it for one, the more evidence it has."""
    values = np.array([bound, (1 + bound) / 2, (1 + bound) / 2])
    said = expected.beyond(SHARE, bound, 1.0, values, np.array([evidence, evidence, 2.0 * evidence]))
    assert said[0] < 0 < said[1] < said[2]


def test_nothing_is_learned_from_nothing() -> None:
    """A past without points is refused."""
    with pytest.raises(ShapeError):
        expected.learn(SHARE, np.zeros(0), np.zeros(0), np.zeros(0))
