"""Time on task: when an answer is too quick to have been thought about, and who gives such answers.

Answers that do the job take log-normal times around what the task's length asks for, each person at an own
speed; guesses take a short time whatever the task. Only where the two come apart do times tell anything.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from goldvein.stats.arrays import Array, BoolArray, IntArray, ShapeError
from goldvein.stats.model import Rapid

DECIDED = 0.3
"""How far from one half P(good) must be for a labeler's times to count."""
LEAST_ANSWERS = 500
LEAST_LABELERS = 20
_ROUNDS = 80
_SHORTEST = 0.05  # seconds; anything less is a clock's error
_APART = 2.0  # Ashman's D under which two bells make one hump
_TWICE_AS_FAST = float(np.log(2.0))
_LEAST_SHARE = 0.005
_STEADY_SPEED = 4.0  # answers' worth of belief that a person is of average speed
_COUNTED = 20  # answers of one labeler that count at most, since they are alike
_PRIOR_ANSWERS = 20.0  # answers' worth of belief that times tell nothing
_LARGEST_FACTOR = 8.0


@dataclass(frozen=True, slots=True, eq=False)
class Times:
    """Answers with the time each took.

    Attributes
    ----------
    log_seconds : (n,) float
    characters : (n,) float
        Length of the task as shown.
    labeler : (n,) int
        Indices from 0.
    guessing : (n,) float
        P(its labeler was not doing the job), from the standing; 0.5 where nothing is known.
    """

    log_seconds: Array
    characters: Array
    labeler: IntArray
    guessing: Array


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """The mixture of thinking and of rapid guessing.

    Attributes
    ----------
    base, slope : float
        Seconds that thinking takes at the median: ``base + slope * characters``.
    spread : float
        Of log seconds around a person's own median.
    speed : (n_labelers,) float
        Log of how much longer than others each one takes.
    rapid_mean, rapid_spread : float
        Of log seconds of rapid guesses.
    share_thinking, share_guessing : float
        Rapid guesses among answers of people who do the job, and of people who do not.
    log_chance : float
        Log P(all times).
    rapid : (n,) float
        P(rapid guess) of each answer.
    """

    base: float
    slope: float
    spread: float
    speed: Array
    rapid_mean: float
    rapid_spread: float
    share_thinking: float
    share_guessing: float
    log_chance: float
    rapid: Array


def fit_rapid(
    seconds: Array, characters: Array, labeler: IntArray, guessing: Array | None = None
) -> Rapid | None:
    """Learn from which time on an answer is rapid, and what that tells.

    Parameters
    ----------
    seconds : (n,) float
        From showing to answering.
    characters : (n,) float
        Length of each task.
    labeler : (n,) int
        Who gave each answer; any integers.
    guessing : (n,) float, optional
        P(the labeler was in a shortcut state), from the standing. Without it people are told by their times
        alone.

    Returns
    -------
    Rapid or None
        None where times tell nothing: too few answers or people, or one hump instead of two.

    Source
    ------
    Speed and length: van der Linden (2007). Rapid guessing beside solution behaviour: Wise and Kong (2005);
    a threshold that grows with the task: Wise and Ma (2012).
    """
    times = _times(seconds, characters, labeler, guessing)
    if len(seconds) < LEAST_ANSWERS or int(times.labeler.max(initial=-1)) + 1 < LEAST_LABELERS:
        return None
    one = _one_hump(times)
    two = _two_humps(times, one)
    if not _comes_apart(times, one, two):
        return None
    factor = _threshold(times, two)
    told = replace(times, guessing=_by_times(times, two)) if guessing is None else times
    return _shares(told, factor * two.base, factor * two.slope)


def is_rapid(
    seconds: Array, characters: Array, base_seconds: float, seconds_per_character: float
) -> BoolArray:
    """Whether answers were quicker than their tasks allow, elementwise."""
    quick: BoolArray = seconds < base_seconds + seconds_per_character * characters
    return quick


def _times(seconds: Array, characters: Array, labeler: IntArray, guessing: Array | None) -> Times:
    if not len(seconds) == len(characters) == len(labeler) or (
        guessing is not None and len(guessing) != len(seconds)
    ):
        raise ShapeError("seconds, characters, labeler and guessing must be equally long")
    _, people = np.unique(labeler, return_inverse=True)
    unknown = np.full(len(seconds), 0.5)
    return Times(
        np.log(np.maximum(seconds, _SHORTEST)), np.asarray(characters, dtype=float), people.astype(np.int64),
        unknown if guessing is None else np.clip(guessing, 0.0, 1.0),
    )  # fmt: skip


def _one_hump(times: Times) -> Fit:
    """Everybody thinks."""
    base, slope = _median_line(times)
    start = Fit(base, slope, 0.6, np.zeros(times.labeler.max() + 1), 0.0, 0.4, 0.0, 0.0, 0.0,
                np.zeros(len(times.labeler)))  # fmt: skip
    for _ in range(20):
        start = _refit_thinking(times, start)
    density = _normal(times.log_seconds, _expected(times, start), start.spread)
    return replace(start, log_chance=float(np.log(density).sum()))


def _two_humps(times: Times, one: Fit) -> Fit:
    """Expectation-maximisation, from the quickest answers on."""
    quick = float(np.quantile(times.log_seconds, 0.03))
    fit = replace(one, rapid_mean=quick, rapid_spread=0.4, share_thinking=0.05, share_guessing=0.3)
    for _ in range(_ROUNDS):
        fit = _weigh(times, fit)
        fit = _refit_thinking(times, _refit_rapid(times, fit))
    return _weigh(times, fit)


def _weigh(times: Times, fit: Fit) -> Fit:
    """P(rapid guess) of each answer, and the chance of all times."""
    share = fit.share_thinking + (fit.share_guessing - fit.share_thinking) * times.guessing
    rapid = share * _normal(times.log_seconds, fit.rapid_mean, fit.rapid_spread)
    thought = (1 - share) * _normal(times.log_seconds, _expected(times, fit), fit.spread)
    total = rapid + thought
    return replace(fit, rapid=rapid / total, log_chance=float(np.log(total).sum()))


def _refit_rapid(times: Times, fit: Fit) -> Fit:
    """Time of rapid guesses, and who gives them."""
    weight = max(float(fit.rapid.sum()), 1e-9)
    mean = float(fit.rapid @ times.log_seconds) / weight
    spread = float(np.sqrt(fit.rapid @ np.square(times.log_seconds - mean) / weight))
    share = fit.share_thinking + (fit.share_guessing - fit.share_thinking) * times.guessing
    by_guesser = np.divide(
        times.guessing * fit.share_guessing, share, out=np.zeros_like(share), where=share > 0
    )
    guessed = float((fit.rapid * by_guesser).sum())
    guessers = guessed + float(
        ((1 - fit.rapid) * times.guessing * (1 - fit.share_guessing) / np.maximum(1 - share, 1e-9)).sum()
    )
    thinkers = len(share) - guessers
    return replace(
        fit,
        rapid_mean=mean,
        rapid_spread=float(np.clip(spread, 0.15, 0.8)),
        share_thinking=float(np.clip((fit.rapid.sum() - guessed + 0.5) / (thinkers + 10), 1e-4, 0.9)),
        share_guessing=float(np.clip((guessed + 0.5) / (guessers + 1), 1e-4, 0.999)),
    )


def _refit_thinking(times: Times, fit: Fit) -> Fit:
    """Reading line, speeds and spread, from answers in proportion to P(thought about)."""
    weight = 1 - fit.rapid
    # Pauses are no reading: what lies far above counts as just slow.
    pulled = np.minimum(times.log_seconds, _expected(times, fit) + 2.5 * fit.spread)
    people = len(fit.speed)
    median = np.log(fit.base + fit.slope * times.characters)
    own = np.bincount(times.labeler, weight * (pulled - median), people)
    speed = own / (np.bincount(times.labeler, weight, people) + _STEADY_SPEED)
    speed -= speed.mean()
    base, slope = _step(fit, times.characters, pulled - speed[times.labeler], weight)
    left = pulled - np.log(base + slope * times.characters) - speed[times.labeler]
    spread = float(np.sqrt((weight @ np.square(left)) / max(float(weight.sum()), 1e-9)))
    return replace(fit, base=base, slope=slope, speed=speed, spread=float(np.clip(spread, 0.1, 2.0)))


def _step(fit: Fit, characters: Array, wanted: Array, weight: Array) -> tuple[float, float]:
    """One Gauss-Newton step for ``log(base + slope * characters)``, both kept at or over zero."""
    median = fit.base + fit.slope * characters
    left = wanted - np.log(median)
    slopes = np.array([1 / median, characters / median])
    moments = (weight * slopes) @ slopes.T
    moments += np.diag(1e-6 * np.diag(moments) + 1e-12)
    change = np.linalg.solve(moments, (weight * slopes) @ left)
    base, slope = fit.base + float(change[0]), fit.slope + float(change[1])
    if slope < 0 or base <= 0:
        # At the border: only length, or no length at all, whichever is allowed.
        shift = float(weight @ left / max(float(weight.sum()), 1e-9))
        return (fit.base * np.exp(shift), fit.slope * np.exp(shift))
    return base, slope


def _median_line(times: Times) -> tuple[float, float]:
    """Where the fit starts: medians of short and of long tasks."""
    long = times.characters > np.median(times.characters)
    seconds = np.exp(times.log_seconds)
    if not long.any() or long.all():
        return float(np.median(seconds)), 0.0
    x = [float(times.characters[part].mean()) for part in (~long, long)]
    y = [float(np.median(seconds[part])) for part in (~long, long)]
    slope = max(0.0, (y[1] - y[0]) / max(x[1] - x[0], 1e-9))
    return max(y[0] - slope * x[0], 0.1 * y[0]), slope


def _expected(times: Times, fit: Fit) -> Array:
    return np.log(fit.base + fit.slope * times.characters) + fit.speed[times.labeler]


def _normal(x: Array, mean: Array | float, spread: float) -> Array:
    density: Array = np.exp(-0.5 * np.square((x - mean) / spread)) / (spread * np.sqrt(2 * np.pi)) + 1e-12
    return density


def _comes_apart(times: Times, one: Fit, two: Fit) -> bool:
    """Two humps: better by the Bayesian information criterion, far enough apart, and both of some size."""
    gain = 2 * (two.log_chance - one.log_chance) - 4 * np.log(len(times.labeler))
    typical = float(np.log(two.base + two.slope * times.characters).mean())
    distance = typical - two.rapid_mean
    around = np.sqrt((two.spread**2 + two.speed.var() + two.rapid_spread**2) / 2)
    share = float(two.rapid.mean())
    return bool(
        gain > 10
        and distance > _TWICE_AS_FAST
        and distance / around > _APART
        and _LEAST_SHARE <= share <= 0.8
    )


def _threshold(times: Times, fit: Fit) -> float:
    """Fraction of the median time under which an answer is likelier rapid than thought about."""
    typical = float(np.log(fit.base + fit.slope * times.characters).mean())
    around = float(np.hypot(fit.spread, fit.speed.std()))
    share = float(fit.rapid.mean())
    low, high = fit.rapid_mean, typical
    for _ in range(50):
        middle = 0.5 * (low + high)
        rapid = np.log(share / fit.rapid_spread) - 0.5 * ((middle - fit.rapid_mean) / fit.rapid_spread) ** 2
        thought = np.log((1 - share) / around) - 0.5 * ((middle - typical) / around) ** 2
        low, high = (middle, high) if rapid > thought else (low, middle)
    return float(np.exp(low - typical))


def _by_times(times: Times, fit: Fit) -> Array:
    """Without standings: the share of rapid guesses among a person's answers stands for P(guessing)."""
    people = len(fit.speed)
    counts = np.bincount(times.labeler, minlength=people)
    shares = (np.bincount(times.labeler, fit.rapid, people) + fit.rapid.mean()) / (counts + 1)
    guessing: Array = shares[times.labeler]
    return guessing


def _shares(times: Times, base: float, slope: float) -> Rapid:
    """Shares of rapid answers: least squares on P(guessing), with a prior that pulls both together.

    No labeler counts for more than a few answers, since those are alike.
    """
    rapid = is_rapid(np.exp(times.log_seconds), times.characters, base, slope)
    weight = np.minimum(1.0, _COUNTED / np.bincount(times.labeler))[times.labeler]
    overall = float(weight @ rapid / weight.sum())
    kinds = np.array([1 - times.guessing, times.guessing])
    moments = (weight * kinds) @ kinds.T + _PRIOR_ANSWERS * np.eye(2)
    solving, guessing = np.linalg.solve(moments, (weight * kinds) @ rapid + _PRIOR_ANSWERS * overall)
    guessing = float(np.clip(guessing, 1e-3, 0.98))
    solving = float(np.clip(solving, guessing / _LARGEST_FACTOR, 0.98))
    # Were people who do the job the quicker ones, times would tell nothing of who does not.
    return Rapid(base, slope, min(solving, guessing), guessing)
