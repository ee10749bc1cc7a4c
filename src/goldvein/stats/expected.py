"""What is expected of a metric at each hour, learned from its past, and how far off a new point is.

A point is a mean of some evidence, so a point of little evidence is allowed to be further off. What is left
over that noise is the metric's own spread; how long deviations last is told from blocks of points. All of it
is robust: a tenth of the past may have been anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np

from goldvein.stats.arrays import Array, BoolArray, IntArray, ShapeError
from goldvein.stats.cusum import highest, threshold

Family = Literal["count", "share", "duration", "amount"]
"""Whether a value counts events, is a share of its evidence, lasts, or is any number."""

HOURS: Final = 24
BINS: Final = 2 * HOURS
"""Hours of a working day, then those of a weekend (UTC)."""
LEAST_SPREAD: Final = 0.05
"""Of the log or logit: nothing is believed to be steadier than this."""
_LEAST_POINTS: Final = 6
"""Of an hour and its neighbours, for a class of days to have a centre of its own."""
_HUBER: Final = 2.0
_SPELL: Final = 72
"""Points that are believed together: chance alone makes single ones of little evidence look absurd."""
_WANDERS: Final = 1.5
_LEAST_CHANGE: Final = {"count": 0.5, "share": 0.6, "duration": 0.25, "amount": 0.15}
_BLOCKS: Final = (6, 18, 36)
_FEWEST_BLOCKS: Final = 8
_LONGEST: Final = 4.0
_MOST_SPREAD: Final = 5.0
_DAY: Final = 86_400
_LOUD_DAYS: Final = 0.1
_ROUNDS: Final = 6
_NORMAL_MEDIAN: Final = 0.6745
_NORMAL_MOST: Final = 1.4395
_NORMAL_DECILES: Final = 2.5631


@dataclass(frozen=True, slots=True)
class Scale:
    """How a metric varies by chance.

    Attributes
    ----------
    family : str
        ``count``: overdispersed Poisson. ``share``: overdispersed binomial. ``duration``: on a log scale.
        ``amount``: as it is.
    unit : float
        What varies by chance: for counts what one event adds to the value, for durations and amounts the
        variance of a value of evidence 1. Unused for shares.
    offset : float
        Added to a duration before its log is taken.
    least_spread : float
        However steady the past was, more is to be expected.
    """

    family: Family
    unit: float = 1.0
    offset: float = 0.0
    least_spread: float = LEAST_SPREAD

    def work(self, values: Array) -> Array:
        """Values on the scale on which they are compared: (n,) to (n,)."""
        result: Array = np.log(np.maximum(values, 0.0) + self.offset + 1e-9) if self._is_log else values
        return result

    def value(self, worked: Array) -> Array:
        """The inverse of ``work``."""
        result: Array = np.maximum(np.exp(worked) - self.offset, 0.0) if self._is_log else worked
        return result

    def deviation(self, centre: Array, evidence: Array, spread: float) -> Array:
        """Standard deviation of points around what is expected: (n,), (n,) to (n,), working scale."""
        chance, lever = self.variation(centre, evidence)
        result: Array = np.sqrt(chance + np.square(spread * lever))
        return result

    def variation(self, centre: Array, evidence: Array) -> tuple[Array, Array]:
        """The variance by chance, and what a spread of 1 adds as a standard deviation: (n,) each."""
        if self.family == "count":
            return self.unit * np.maximum(centre, 0.05 * self.unit), centre
        if self.family == "share":
            centre = np.clip(centre, 1e-4, 1 - 1e-4)
            own = centre * (1 - centre)
            return own / np.maximum(evidence, 1e-9), own
        return self.unit / np.maximum(evidence, 1e-9), np.ones_like(centre)

    @property
    def least_change(self) -> float:
        """The least change worth an alert: of a log, of a logit, or of the amount."""
        return _LEAST_CHANGE[self.family]

    def ratio(self, centre: Array, change: float, worked: Array, evidence: Array, spread: float) -> Array:
        """Log-likelihood ratio of a change against none, tempered where points vary by more than chance."""
        if self.family == "count":
            centre = np.maximum(centre, 0.05 * self.unit)
            own = self.unit * centre
            plain = (worked * change - centre * np.expm1(change)) / self.unit
        elif self.family == "share":
            centre = np.clip(centre, 1e-4, 1 - 1e-4)
            own = centre * (1 - centre) / np.maximum(evidence, 1e-9)
            # log((1 - p1) / (1 - p0)) is -log(1 + p0 (e^change - 1)); worked is the share that was seen.
            plain = evidence * (np.minimum(worked, 1.0) * change - np.log1p(centre * np.expm1(change)))
        else:
            variance = np.square(self.deviation(centre, evidence, spread))
            own, plain = variance, ((worked - centre) * change - 0.5 * change**2) / variance
        tempered: Array = plain * own / np.square(self.deviation(centre, evidence, spread))
        return tempered

    @property
    def _is_log(self) -> bool:
        return self.family == "duration"

    def tells_spread(self, centre: Array, evidence: Array) -> BoolArray:
        """Which points have evidence enough to tell more than chance: (n,), (n,) to (n,)."""
        if self.family == "count":
            return centre >= 3 * self.unit
        if self.family == "share":
            return evidence * centre * (1 - centre) >= 0.5
        return evidence > 0


@dataclass(frozen=True, slots=True)
class Range:
    """What is expected of one metric.

    Attributes
    ----------
    centres : (48,) floats
        By hour, of working days and of weekends; working scale.
    points : (48,) floats
        How many points each rests upon.
    spread : float
        Beyond chance: relative for counts, of the logit for shares, of the working scale otherwise.
    inflation : float
        By how much sums of consecutive deviations vary more than if each were independent; at least 1.
    tempered : float
        By how much less every point speaks than its distribution says, so that the past that the range was
        learned from would have been as quiet as it had to be; at least 1.
    widened : float
        Factor on the spread: over 1 where the range is borrowed.
    """

    centres: tuple[float, ...]
    points: tuple[float, ...]
    spread: float
    inflation: float
    tempered: float = 1.0
    widened: float = 1.0


def bins(seconds: Array) -> IntArray:
    """The bin of each moment, given in seconds since the epoch (UTC): (n,) to (n,)."""
    hours = (np.asarray(seconds) // 3600).astype(np.int64)
    weekday = (hours // HOURS + 3) % 7  # the epoch was a Thursday
    result: IntArray = hours % HOURS + HOURS * (weekday >= 5)
    return result


def learn(scale: Scale, seconds: Array, values: Array, evidence: Array) -> Range:
    """Learn what is expected from a past.

    Parameters
    ----------
    scale : Scale
    seconds : (n,) float
        When each point was, since the epoch, rising.
    values, evidence : (n,) float
        Evidence over 0, except that of counts, which is not read.

    Raises
    ------
    ShapeError
        If there is no point, or the lengths differ.

    Source
    ------
    Centres: Huber's weights (Huber 1964), by half days, over variances, which are those of an overdispersed
    Poisson or binomial count (McCullagh and Nelder 1989, 4.5). Spread: so that half of the deviations are
    under 0.6745, and 85% under 1.4395. Inflation: long-run variance from means of blocks (Carlstein
    1986), by their deciles.
    """
    if not len(seconds) or not len(seconds) == len(values) == len(evidence):
        raise ShapeError(f"{len(seconds)} moments, {len(values)} values, {len(evidence)} of evidence")
    worked, place = scale.work(np.asarray(values, dtype=float)), bins(seconds)
    spread, weight = 0.25, np.ones(len(worked))
    overall = float(np.average(worked, weights=np.maximum(evidence, 1e-9)))
    if scale.family in ("duration", "amount"):
        overall = float(np.median(worked))
    centres, counts = np.full(BINS, overall), np.ones(BINS)
    off = np.zeros(len(worked))
    for _ in range(_ROUNDS):
        deviation = scale.deviation(centres[place], evidence, spread)
        centres, counts = _centres(worked, weight / np.square(deviation), place)
        expected = centres[place]
        spread = _spread(scale, worked, expected, evidence)
        off = (worked - expected) / scale.deviation(expected, evidence, spread)
        weight = _trust(off)
    tells = scale.family != "count" or scale.tells_spread(centres[place], evidence)
    inflation = _inflation(off[np.broadcast_to(tells, off.shape)])
    return Range(tuple(map(float, centres)), tuple(map(float, counts)), spread, inflation)


def speaks(scale: Scale, known: Range, side: float, seconds: Array, values: Array, evidence: Array) -> Array:
    """How much each point speaks for a change to one side, against none: (n,) log-likelihood ratios.

    The change is the least worth an alert, or one and a half times what the metric wanders by itself,
    whichever is more. A ratio is tempered by how much more than by chance points vary, and how much
    longer they stay off; what is not known of a range that rests upon few points counts as such, too.

    Parameters
    ----------
    scale : Scale
    known : Range
    side : float
        1 for a change upwards, -1 for one downwards.
    seconds, values, evidence : (n,) float
    """
    place = bins(seconds)
    expected, points = np.array(known.centres)[place], np.array(known.points)[place]
    spread = known.spread * known.widened
    wander = known.inflation**2 * (1 + known.inflation**2 / np.maximum(points, 1.0))
    change = max(scale.least_change, _WANDERS * spread * known.inflation)
    ratios: Array = scale.ratio(expected, side * change, scale.work(values), evidence, spread)
    ratios /= wander * known.tempered
    return ratios


def temper(
    scale: Scale, known: Range, sides: Iterable[float], seconds: Array, values: Array, evidence: Array
) -> Range:
    """Temper a range until its own past is quiet, whatever the shape of what the metric does.

    A sum of honest ratios passes h on one day of ten at most, where h is the threshold of the points of ten
    days. Where the past, played back a day at a time, gets higher on a tenth of its days, all ratios are made
    smaller by that factor. So days on which anything may have happened, if they are fewer, do not count.

    Parameters
    ----------
    sides : iterable of float
        That are watched: 1 or -1.
    seconds, values, evidence : (n,) float
        The past from which the range was learned.
    """
    days = np.flatnonzero(np.diff(seconds // _DAY)) + 1
    usual = threshold(len(seconds) / (len(days) + 1) / _LOUD_DAYS)
    loud = [
        np.quantile([highest(day) for day in np.split(said, days)], 1 - _LOUD_DAYS, method="lower")
        for said in (speaks(scale, known, side, seconds, values, evidence) for side in sides)
    ]
    return replace(known, tempered=max(1.0, known.tempered * float(max(loud, default=0.0)) / usual))


def beyond(scale: Scale, bound: float, side: float, values: Array, evidence: Array) -> Array:
    """How much each point speaks for a metric past a fixed bound, against one on it: (n,) ratios."""
    values = np.asarray(values, dtype=float)
    expected = np.broadcast_to(scale.work(np.full(1, bound)), values.shape)
    return scale.ratio(expected, side * scale.least_change, scale.work(values), evidence, LEAST_SPREAD)


def band(scale: Scale, known: Range, seconds: Array, evidence: Array, width: float = 3.0) -> Array:
    """Lower and upper end of what is ordinary for single points of some evidence: (2, n), as values."""
    place = bins(seconds)
    expected = np.array(known.centres)[place]
    half = width * scale.deviation(expected, evidence, known.spread * known.widened)
    ends = np.array([expected - half, expected + half])
    most = 1.0 if scale.family == "share" else np.inf
    least = -np.inf if scale.family == "amount" else 0.0
    within: Array = np.clip(scale.value(ends), least, most)
    return within


def widen(known: Range, factor: float) -> Range:
    """A range of another project, trusted less."""
    return replace(known, widened=known.widened * factor)


def _centres(worked: Array, weight: Array, place: IntArray) -> tuple[Array, Array]:
    """Weighted means by hour, neighbours counting half; a class of days with few points takes all days."""
    sums = np.array(
        [np.bincount(place, one, BINS) for one in (weight * worked, weight, np.ones_like(weight))]
    )
    smooth = _smooth(sums.reshape(3, 2, HOURS))
    together = smooth.sum(axis=1, keepdims=True)
    use = np.where(smooth[2:, :, :] >= _LEAST_POINTS, smooth, together)
    everything = sums.sum(axis=1)
    empty = use[1] <= 0
    means = np.where(empty, everything[0] / everything[1], use[0] / np.where(empty, 1.0, use[1]))
    return means.ravel(), np.where(empty, 1.0, use[2]).ravel()


def _smooth(by_hour: Array) -> Array:
    result: Array = by_hour + 0.5 * (np.roll(by_hour, 1, axis=-1) + np.roll(by_hour, -1, axis=-1))
    return result


def _trust(off: Array) -> Array:
    """Huber's weights of spells of points, by their sums: (n,)."""
    begins = np.arange(0, len(off), _SPELL)
    sizes = np.diff(np.append(begins, len(off)))
    sums = np.add.reduceat(off, begins) / np.sqrt(sizes)
    usual = max(1.0, float(np.median(np.abs(sums))) / _NORMAL_MEDIAN)
    return np.repeat(np.minimum(1.0, _HUBER * usual / np.maximum(np.abs(sums), 1e-9)), sizes)


def _spread(scale: Scale, worked: Array, expected: Array, evidence: Array) -> float:
    """The spread at which half, and 85%, of the deviations are as small as they should be.

    By the median alone a metric that is mostly at rest, as the age of an empty queue, would have no spread.
    """
    tells = scale.tells_spread(expected, evidence)
    if tells.sum() < _LEAST_POINTS:
        return scale.least_spread
    chance, lever = scale.variation(expected[tells], evidence[tells])
    far = np.square(worked - expected)[tells]
    # The squared spread at which a point lies just as far off as it may: so many must lie below the answer.
    needed = [
        np.quantile((far / most**2 - chance) / np.square(lever), share)
        for share, most in ((0.5, _NORMAL_MEDIAN), (0.85, _NORMAL_MOST))
    ]
    return float(np.sqrt(np.clip(max(needed), scale.least_spread**2, _MOST_SPREAD**2)))


def _inflation(off: Array) -> float:
    """Standard deviation of sums of consecutive deviations, as a multiple of that of independent ones."""
    found = [1.0]
    for length in _BLOCKS:
        count = len(off) // length
        if count >= _FEWEST_BLOCKS:
            sums = np.clip(off[: count * length], -4, 4).reshape(count, length).sum(axis=1) / np.sqrt(length)
            low, high = np.quantile(sums, [0.1, 0.9])
            found.append(float(high - low) / _NORMAL_DECILES)
    return min(_LONGEST, max(found))
