"""Leaks are found by who is right, and rarely where there is none."""

from __future__ import annotations

import numpy as np

from goldvein.stats.leaks import leak_evidence

ALARM = np.log(1000.0)


def answers(rng: np.random.Generator, n: int, *, ring: float = 0.0, half: float = 15.0) -> float:
    """Evidence after n servings: half of the people do the job, a ring of the others learns the key."""
    p_able = np.where(rng.random(n) < 0.5, rng.beta(20, 1, n), rng.beta(1, 20, n))
    able, exposures = rng.random(n) < p_able, np.arange(n)
    knows = (rng.random(n) < ring) & (rng.random(n) < exposures / (exposures + half))
    p_right = np.where(able, 0.85, np.where(knows, 1.0, 0.25))
    return leak_evidence(rng.random(n) < p_right, p_able, np.full(n, 0.85), exposures, 0.25)


def test_no_leak_is_rarely_seen() -> None:
    """The factor averages to one where nothing leaks, so 1,000 is passed once in 1,000 benchmarks at most."""
    rng = np.random.default_rng(1)
    found = np.array([answers(rng, 60) for _ in range(4000)])

    assert np.exp(np.minimum(found, 8)).mean() < 1.6
    assert (found >= ALARM).mean() <= 0.0025


def test_a_leak_to_a_ring_is_seen() -> None:
    """Where six in ten of the others know the key of what was often served, most are found."""
    rng = np.random.default_rng(2)
    found = np.array([answers(rng, 100, ring=0.6) for _ in range(200)])

    assert (found >= ALARM).mean() > 0.55


def test_good_people_leak_nothing() -> None:
    """That those who do the job are right tells nothing of a leak."""
    right, n = np.ones(80, dtype=bool), 80

    assert leak_evidence(right, np.full(n, 0.999), np.full(n, 0.9), np.arange(n), 0.25) < 1.0
    assert leak_evidence([], [], [], [], 0.25) == 0.0
