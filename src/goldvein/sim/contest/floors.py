"""What theory asks for: benchmarks per verdict when an optimal test sees only right and wrong.

A policy that knows which option was chosen, and which benchmarks tell most, may get under these floors; one
that gets near them wastes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, log
from typing import Any

import numpy as np

TOO_CLOSE = 0.02  # accuracies nearer than this are told apart by nobody within a run
LONG = 100  # benchmarks from which Wald's approximation is good to a few percent
STEP = 40  # lattice points of CUSUM's larger step


@dataclass(frozen=True, slots=True)
class Sprt:
    """Wald's sequential probability ratio test of a good accuracy against a bad one.

    Attributes
    ----------
    if_good, if_bad : float
        Expected benchmarks to the verdict.
    rejected_good, accepted_bad : float
        Error rates.
    """

    if_good: float
    if_bad: float
    rejected_good: float
    accepted_bad: float


def divergence(p: float, q: float) -> float:
    """Kullback-Leibler divergence of a coin p from a coin q, in nats per benchmark."""
    terms = ((p, q), (1 - p, 1 - q))
    return sum(x * (log(x / y) if y else inf) for x, y in terms if x)


def wald_sprt(good: float, bad: float, rejected_good: float = 0.01, accepted_bad: float = 0.01) -> Sprt:
    """Expected benchmarks by Wald's approximation, which lets the walk end exactly on a bound.

    ``E[N | good] = ((1 - a) A - a B) / KL(good || bad)`` and
    ``E[N | bad] = ((1 - b) B - b A) / KL(bad || good)``, with ``A = ln((1 - a) / b)`` and
    ``B = ln((1 - b) / a)``.

    Parameters
    ----------
    good, bad : float
        Accuracies on benchmarks, apart from each other.
    rejected_good, accepted_bad : float
        Error rates a and b.

    Source
    ------
    Wald (1945), Sequential tests of statistical hypotheses; optimal by Wald and Wolfowitz (1948).
    """
    up, down = _bounds(rejected_good, accepted_bad)
    if_good = ((1 - rejected_good) * up - rejected_good * down) / divergence(good, bad)
    if_bad = ((1 - accepted_bad) * down - accepted_bad * up) / divergence(bad, good)
    return Sprt(if_good, if_bad, rejected_good, accepted_bad)


def exact_sprt(
    good: float, bad: float, rejected_good: float = 0.01, accepted_bad: float = 0.01, longest: int = 5_000
) -> Sprt:
    """Expected benchmarks and error rates with the overshoot over the bounds, by the chain of right answers.

    The state after n benchmarks is the number of right ones; a state outside the bounds has its verdict.
    """
    up, down = _bounds(rejected_good, accepted_bad)
    right, wrong = log(good / bad), log((1 - good) / (1 - bad))
    ends = []
    for p in (good, bad):
        mass, steps, accepted = np.ones(1), 0.0, 0.0
        for n in range(1, longest + 1):
            steps += float(mass.sum())
            mass = np.concatenate([mass * (1 - p), [0.0]]) + np.concatenate([[0.0], mass * p])
            ratio = np.arange(n + 1) * right + (n - np.arange(n + 1)) * wrong
            accepted += float(mass[ratio >= up].sum())
            mass = np.where((ratio >= up) | (ratio <= -down), 0.0, mass)
            if mass.sum() < 1e-9:
                break
        ends.append((steps, accepted))
    (if_good, good_accepted), (if_bad, bad_accepted) = ends
    return Sprt(if_good, if_bad, 1 - good_accepted, bad_accepted)


def simulated_sprt(
    rng: np.random.Generator,
    good: float,
    bad: float,
    rejected_good: float = 0.01,
    accepted_bad: float = 0.01,
    runs: int = 20_000,
) -> Sprt:
    """Run the test on coins: the slow twin of ``exact_sprt``."""
    up, down = _bounds(rejected_good, accepted_bad)
    right, wrong = log(good / bad), log((1 - good) / (1 - bad))
    ends = []
    for p in (good, bad):
        ratio, steps = np.zeros(runs), np.zeros(runs)
        running = np.ones(runs, dtype=bool)
        while running.any():
            steps += running
            ratio += running * np.where(rng.random(runs) < p, right, wrong)
            running = (ratio < up) & (ratio > -down)
        ends.append((float(steps.mean()), float((ratio >= up).mean())))
    return Sprt(ends[0][0], ends[1][0], 1 - ends[0][1], ends[1][1])


def lorden_bound(good: float, bad: float, false_alarm_after: float) -> float:
    """Lorden's first-order bound on the mean delay, in benchmarks: ``ln(gamma) / KL(bad || good)``.

    Parameters
    ----------
    good, bad : float
        Accuracy before and after the change.
    false_alarm_after : float
        Mean benchmarks to a false alarm, gamma.

    Source
    ------
    Lorden (1971), Procedures for reacting to a change in distribution. Loose at tens of benchmarks.
    """
    return log(false_alarm_after) / divergence(bad, good)


def exact_cusum(good: float, bad: float, false_alarm_after: float) -> float:
    """Mean delay in benchmarks of the CUSUM test, which no other test of the same false alarms undercuts.

    The threshold is that of the wanted mean time to a false alarm. CUSUM of coins meets few mean times
    exactly; between two thresholds the delay is interpolated, as a test that draws one of them would have it.

    Source
    ------
    Page (1954); minimax by Moustakides (1986). Run lengths by the Markov chain of Brook and Evans (1972), on
    the lattice that Reynolds and Stoumbos (1999) use for coins.
    """
    steps = lattice(good, bad)
    low, high = 1, 2
    while run_length(good, steps, high) < false_alarm_after:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        if run_length(good, steps, middle) < false_alarm_after:
            low = middle
        else:
            high = middle
    early, late = run_length(good, steps, low), run_length(good, steps, high)
    share = min(1.0, max(0.0, (false_alarm_after - early) / (late - early)))
    return (1 - share) * run_length(bad, steps, low) + share * run_length(bad, steps, high)


def lattice(good: float, bad: float) -> tuple[int, int]:
    """Whole steps of CUSUM, down upon a right answer and up upon a wrong one, in nearly their ratio."""
    right, wrong = log(good / bad), log((1 - bad) / (1 - good))
    unit = max(right, wrong) / STEP
    return max(1, round(right / unit)), max(1, round(wrong / unit))


def run_length(p: float, steps: tuple[int, int], threshold: int) -> float:
    """Mean benchmarks until CUSUM, starting from zero, reaches the threshold on coins p."""
    down, up = steps
    here = np.arange(threshold)
    stays = here + up < threshold
    chain = np.eye(threshold)
    np.subtract.at(chain, (here, np.maximum(here - down, 0)), p)
    np.subtract.at(chain, (here[stays], here[stays] + up), 1 - p)
    return float(np.linalg.solve(chain, np.ones(threshold))[0])


def simulated_cusum(
    rng: np.random.Generator, p: float, steps: tuple[int, int], threshold: int, runs: int = 5_000
) -> float:
    """Run CUSUM on coins: the slow twin of ``run_length``."""
    statistic, benchmarks = np.zeros(runs, dtype=int), np.zeros(runs)
    running = np.ones(runs, dtype=bool)
    while running.any():
        benchmarks += running
        moved = np.maximum(statistic + np.where(rng.random(runs) < p, -steps[0], steps[1]), 0)
        statistic = np.where(running, moved, statistic)
        running = statistic < threshold
    return float(benchmarks.mean())


def verdict_floor(
    good: float, bad: float, *, change: bool, false_alarm_after: float = 1_000
) -> dict[str, Any]:
    """Floor of benchmarks per verdict on bad labelers, to stand beside what a policy spends.

    Parameters
    ----------
    good, bad : float
        Accuracies on benchmarks, as measured. NaN where nobody was bad, or nobody good.
    change : bool
        True where good labelers turn bad: a change has to be found (CUSUM); else a newcomer has to be judged
        (the sequential test with 1% errors).

    Returns
    -------
    dict
        ``"test"``, ``"good"``, ``"bad"`` and ``"benchmarks"``; the last is None where right and wrong alone
        tell nobody apart: the accuracies are equal, or the bad ones are the better.
    """
    test = "cusum" if change else "sprt"
    found: dict[str, Any] = {"test": test, "good": good, "bad": bad, "benchmarks": None}
    if not bad < good - TOO_CLOSE:  # also where one of them is NaN
        return found
    inner_good, inner_bad = min(good, 0.999), max(bad, 0.001)
    if change:
        found["benchmarks"] = exact_cusum(inner_good, inner_bad, false_alarm_after)
    else:
        rough = wald_sprt(inner_good, inner_bad).if_bad
        found["benchmarks"] = rough if rough > LONG else exact_sprt(inner_good, inner_bad).if_bad
    return found


def _bounds(rejected_good: float, accepted_bad: float) -> tuple[float, float]:
    """Wald's bounds on the log-likelihood ratio, both as positive numbers: accept at up, reject at -down."""
    return log((1 - rejected_good) / accepted_bad), log((1 - accepted_bad) / rejected_good)
