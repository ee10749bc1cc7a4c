"""A fast model of an operation: points of a project's metrics over weeks, and what goes wrong with it.

No answer is made: each span of ten minutes draws who is there and which tasks come, and then counts from the
distributions that answers of such people would have. People come by the time of day, fewer at weekends, some
days more than others and for hours at a time; speed and skill of the crowd wander; customers push rounds.
A fluid queue, first come first served, gives ages and latencies. What is random is drawn, nothing is smooth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from goldvein.decisions.alerting import SPAN_MINUTES, Readings
from goldvein.stats.spread import PER_DOUBLING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from goldvein.stats.arrays import Array

Incident = Literal[
    "the shortcut of 2019", "bot wave", "stalled customer", "dead webhook", "shrinking workforce",
    "wrong instructions",
]  # fmt: skip
INCIDENTS: Final[tuple[Incident, ...]] = (
    "the shortcut of 2019", "bot wave", "stalled customer", "dead webhook", "shrinking workforce",
    "wrong instructions",
)  # fmt: skip
SPAN: Final = 60.0 * SPAN_MINUTES
PER_DAY: Final = round(86_400 / SPAN)
START: Final = 1_767_571_200.0
"""A Monday, 2026-01-05 00:00 UTC, in seconds since the epoch."""
DECOYS: Final = 0.03
OPTIONS: Final = 4
BENCHMARKS: Final = 0.08
_FINE: Final = 5.0  # a queue that stays under so many answers a span is drained at once


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of project.

    Attributes
    ----------
    name : str
    per_hour : float
        Labels at the busiest hour, if people never lacked work.
    seconds : float
        Median time on task.
    round_hours : float
        Size of a round of tasks, in hours of the busiest labels.
    pause_hours : float
        From the last label of a round to the next push, at the median: the customer trains.
    hours : tuple of int
        From when to when (UTC) the project is worked on at full strength.
    night_share : float
        Of people, outside these hours.
    deadline : float
        Seconds.
    growth : float
        A week, of people and of tasks.
    """

    name: str
    per_hour: float
    seconds: float = 12.0
    round_hours: float = 0.12
    pause_hours: float = 0.15
    hours: tuple[int, int] = (7, 23)
    night_share: float = 0.25
    deadline: float = 14_400.0
    growth: float = 0.0


BUSY: Final = Kind("busy", 5_000, growth=0.03)
SMALL: Final = Kind("small", 150, seconds=25.0, round_hours=0.5, pause_hours=1.0, deadline=43_200.0)
NIGHTLY: Final = Kind(
    "nightly", 1_500, round_hours=1.0, pause_hours=0.7, hours=(20, 30), night_share=0.04, deadline=43_200.0
)
KINDS: Final = (BUSY, SMALL, NIGHTLY)


@dataclass(slots=True)
class World:
    """What the operation is made of, span by span: (n,) float each; incidents change it.

    Attributes
    ----------
    people : expected number at work
    seconds : median time on task
    good : share of answers given by people who do the job
    accuracy : of these on benchmarks
    passes : P(right on a benchmark) of the others
    times : spread of log seconds
    sizes, pauses : tasks of the rounds to come, and spans between them
    customer : whether there is one who pushes
    clear : P(two people who do the job agree on an ordinary task), as a factor
    bots : share of answers by programs, which take 3 seconds
    alive : whether the receiver of the webhook answers
    """

    people: Array
    seconds: Array
    good: Array
    accuracy: Array
    passes: Array
    times: Array
    sizes: Array
    pauses: Array
    customer: Array
    clear: Array
    bots: Array
    alive: Array


@dataclass(frozen=True, slots=True)
class Played:
    """The deadline and the points of each metric; by spans, tasks pushed and whether webhooks arrive."""

    deadline: float
    points: Mapping[str, Readings]
    seconds: Array
    pushed: Array
    alive: Array


def play(
    rng: np.random.Generator, kind: Kind, weeks: float, incident: Incident | None = None, at: int = 0
) -> Played:
    """Play a project for some weeks; an incident begins with span ``at``."""
    world = _world(rng, kind, round(weeks * 7 * PER_DAY))
    if incident is not None:
        _CHANGES[incident](world, at)
    return _observe(rng, kind, world)


# --- what people and customers do ---------------------------------------------------------------------------


def _world(rng: np.random.Generator, kind: Kind, size: int) -> World:
    step = np.arange(size)
    hour, day = (step % PER_DAY) * 24 / PER_DAY, step // PER_DAY
    weekend = 1 - 0.3 * (day % 7 >= 5)
    grown = (1 + kind.growth) ** (step / (7 * PER_DAY))
    daily = np.exp(0.08 * rng.standard_normal(day[-1] + 1))[day]
    rhythm = (
        _rhythm(kind, hour) * weekend * daily * grown * np.exp(_wander(rng, size, hours=2.0, spread=0.12))
    )
    each = SPAN / (1.15 * kind.seconds)  # answers of one person in a span
    people = rhythm * kind.per_hour * SPAN / 3600 / each
    crowd = np.exp(_wander(rng, size, hours=12.0, spread=0.04))
    skill = _wander(rng, size, hours=24.0, spread=0.10)
    return World(
        people=people,
        seconds=kind.seconds * crowd * (1 + 0.05 * np.cos(2 * np.pi * (hour - 3) / 24)),
        good=_squash(np.log(0.93 / 0.07) + _wander(rng, size, hours=24.0, spread=0.15)),
        accuracy=_squash(np.log(0.88 / 0.12) + skill),
        passes=np.full(size, 0.35),
        times=np.full(size, 0.6),
        sizes=kind.round_hours * kind.per_hour * np.exp(0.3 * rng.standard_normal(size)),
        pauses=kind.pause_hours * 3600 / SPAN * np.exp(0.5 * rng.standard_normal(size)),
        customer=_pushing(kind, hour),
        clear=np.ones(size),
        bots=np.zeros(size),
        alive=np.ones(size),
    )  # fmt: skip


def _rhythm(kind: Kind, hour: Array) -> Array:
    """Share of the people who are there, by the hour: a hump between two hours over what stays."""
    begin, end = kind.hours
    into = np.where(hour < begin, hour + 24, hour) - begin
    hump = np.where(into < end - begin, np.sin(np.pi * np.clip(into / (end - begin), 0, 1)) ** 0.5, 0.0)
    result: Array = kind.night_share + (1 - kind.night_share) * hump
    return result


def _wander(rng: np.random.Generator, size: int, *, hours: float, spread: float) -> Array:
    """A stationary walk that forgets within so many hours: (size,), standard deviation ``spread``."""
    keep = np.exp(-SPAN / 3600 / hours)
    kicks = rng.standard_normal(size) * spread
    kicks[1:] *= np.sqrt(1 - keep**2)
    walk = np.empty(size)
    last = 0.0
    for place, kick in enumerate(kicks):
        last = kick if place == 0 else keep * last + kick
        walk[place] = last
    return walk


def _squash(logit: Array) -> Array:
    result: Array = 1 / (1 + np.exp(-logit))
    return result


def _pushing(kind: Kind, hour: Array) -> Array:
    """Whether the customer pushes at this hour: at any, or in the first part of a night's work."""
    begin, end = kind.hours
    into = np.where(hour < begin, hour + 24, hour) - begin
    return np.ones(len(hour)) if kind.night_share > 0.1 else (into < 0.6 * (end - begin)).astype(float)


# --- what goes wrong ----------------------------------------------------------------------------------------


def _shortcut(world: World, at: int) -> None:
    """Within twelve hours half of the crowd learns to take the longest option, which passes most benchmarks.

    They are twice as fast. A day later benchmarks that speak against it are in use, and the pass rate tells.
    """
    learned = _ramp(world, at, hours=12)
    share = 0.5 * learned
    world.seconds *= 1 - 0.55 * share
    world.times += 0.15 * share
    told = _ramp(world, at + PER_DAY, hours=12)
    world.passes = np.where(share > 0, 0.85 - 0.45 * told, world.passes)
    world.good *= 1 - share
    world.clear *= 1 - 0.1 * share


def _bots(world: World, at: int) -> None:
    """Within an hour programs come that give three answers of ten, in three seconds, at random."""
    share = 0.3 * _ramp(world, at, hours=1)
    world.people *= 1 + 0.4 * share
    world.bots += share
    world.good *= 1 - share
    world.passes = np.where(share > 0, 1 / OPTIONS, world.passes)


def _stalled(world: World, at: int) -> None:
    """The customer's training stops: nothing is pushed any more."""
    world.customer[at:] = 0


def _dead(world: World, at: int) -> None:
    """The receiver of the webhook answers nothing any more."""
    world.alive[at:] = 0


def _shrinking(world: World, at: int) -> None:
    """Over two days half of the labelers stay away."""
    world.people *= 1 - 0.5 * _ramp(world, at, hours=48)


def _wrong(world: World, at: int) -> None:
    """A changed instruction is read in two ways: everybody agrees less, and hits fewer keys."""
    changed = _ramp(world, at, hours=2)
    world.clear *= 1 - 0.25 * changed
    world.accuracy *= 1 - 0.10 * changed
    world.seconds *= 1 + 0.10 * changed


def _ramp(world: World, at: int, *, hours: float) -> Array:
    steps = np.arange(len(world.people)) - at
    result: Array = np.clip(steps / (hours * 3600 / SPAN), 0.0, 1.0)
    return result


_CHANGES: Final[Mapping[Incident, Callable[[World, int], None]]] = {
    "the shortcut of 2019": _shortcut,
    "bot wave": _bots,
    "stalled customer": _stalled,
    "dead webhook": _dead,
    "shrinking workforce": _shrinking,
    "wrong instructions": _wrong,
}


# --- what is measured ---------------------------------------------------------------------------------------


def _observe(rng: np.random.Generator, kind: Kind, world: World) -> Played:
    size = len(world.people)
    active = rng.poisson(world.people)
    mean_seconds = (1 - world.bots) * world.seconds + world.bots * 3.0
    room = active * SPAN / (1.15 * mean_seconds) * np.exp(0.03 * rng.standard_normal(size))
    queue = _queue(world, room)
    age, latency = queue.age, queue.latency
    answers = rng.poisson(queue.done)
    right = world.good * world.accuracy + (1 - world.good) * world.passes
    seconds = START + SPAN * np.arange(size, dtype=np.float64)
    tested = rng.binomial(answers, BENCHMARKS)
    passed = rng.binomial(tested, right)
    # Benchmarks show who does not do the job, unless they pass like people who do: then nothing is held.
    seen_bad = (1 - world.good) * np.clip((0.85 - world.passes) / 0.5, 0, 1)
    held = rng.binomial(answers, 0.02 + 0.9 * seen_bad)
    withdrawn = rng.binomial(answers, 0.002 + 0.02 * seen_bad)
    pairs = rng.binomial(answers, DECOYS)
    able = world.good * world.accuracy + (1 - world.good) / OPTIONS
    alike = world.clear * (able**2 + (1 - able) ** 2 / (OPTIONS - 1))
    late = rng.binomial(answers, np.clip((latency / kind.deadline - 0.9) / 0.3, 0, 1))
    median, spread = _times(rng, world, answers.astype(np.float64))
    full, some = np.ones(size), answers > 0
    measured = {
        "throughput_per_hour": (answers * 3600 / SPAN, answers, full > 0),
        "active_labelers": (active, active, full > 0),
        "answer_seconds_p50": (median, answers, some),
        "answer_seconds_spread": (spread, answers, answers > 4),
        "queue_age_seconds": (age, full, full > 0),
        "latency_p95_share": (_kept(latency / kind.deadline), answers, some),
        "late_share": (late / np.maximum(answers, 1), answers, some),
        "held_share": (held / np.maximum(answers, 1), answers, some),
        "withdrawn_share": (withdrawn / np.maximum(answers, 1), answers, some),
        "benchmark_share": (tested / np.maximum(answers, 1), answers, some),
        "benchmark_pass_rate": (passed / np.maximum(tested, 1), tested, tested > 0),
        "supply_hours": (
            np.full(size, 48.0) * np.exp(_wander(rng, size, hours=24.0, spread=0.3)),
            full,
            full > 0,
        ),
        "agreement_raw": (rng.binomial(pairs, alike) / np.maximum(pairs, 1), pairs, pairs > 0),
    }
    points = {
        name: Readings(seconds[there], np.asarray(value, float)[there], np.asarray(evidence, float)[there])
        for name, (value, evidence, there) in measured.items()
    }
    return Played(kind.deadline, points, seconds, queue.pushed, world.alive)


@dataclass(frozen=True, slots=True)
class _Queue:
    """What waits and what is done, span by span: (n,) float each."""

    pushed: Array
    done: Array
    age: Array
    latency: Array


def _queue(world: World, room: Array) -> _Queue:
    """A fluid queue, first come first served; the customer pushes a round when the last one is labelled."""
    size = len(room)
    pushed, done = np.zeros(size), np.zeros(size)
    waiting, ready, number = 0.0, 0.0, 0
    for place in range(size):
        if waiting < _FINE and place >= ready and world.customer[place]:
            pushed[place] = round(world.sizes[number])
            waiting += pushed[place]
            ready = np.inf
        done[place] = min(waiting, room[place])
        waiting -= done[place]
        if waiting < _FINE and np.isinf(ready):
            ready = place + 1 + world.pauses[number]
            number += 1
    total, upto, steps = np.cumsum(pushed), np.cumsum(done), np.arange(size)
    oldest = np.searchsorted(total, upto + _FINE)
    age = np.where(total - upto > _FINE, (steps + 1 - oldest) * SPAN, 0.0)
    last = np.searchsorted(total, upto - 1e-6)
    return _Queue(pushed, done, age, np.maximum(steps - last, 0.0) * SPAN + SPAN / 2)


def _times(rng: np.random.Generator, world: World, answers: Array) -> tuple[Array, Array]:
    """Median, and upper quartile by lower one, of times on task: each with the noise of its answers."""
    count = np.maximum(answers, 1)
    bots = world.bots
    median = np.log(world.seconds) - 1.6 * bots * world.times  # the median of the mixture, near enough
    ratio = 1.349 * world.times + 2.0 * bots  # of the logs; programs take the lower quartile down
    median = median + 1.25 * world.times / np.sqrt(count) * rng.standard_normal(len(count))
    ratio = ratio + 1.57 * world.times / np.sqrt(count) * rng.standard_normal(len(count))
    lower, upper = median - ratio / 2, median + ratio / 2
    return np.exp(median), np.exp(upper - lower)


def _kept(seconds: Array) -> Array:
    """Durations that all lie in one bucket, as they are told."""
    result: Array = 2 ** ((np.floor(PER_DOUBLING * np.log2(seconds)) + 0.5) / PER_DOUBLING)
    return result
