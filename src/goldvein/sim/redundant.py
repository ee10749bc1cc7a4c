"""A redundant first batch of a crowd whose truth is known: for a start without anybody trusted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from goldvein.stats.arrays import Array, BoolArray, IntArray
from goldvein.stats.bootstrap import make_batch
from goldvein.stats.passing import Batch

K = 4
HARDNESS = ((0.5, -3.0, 0.7), (0.25, -1.0, 0.7), (0.25, 0.7, 0.8))
"""Share, difficulty and pull of the attractor of clear, medium and ambiguous tasks (STATS.md B4)."""


@dataclass(frozen=True)
class World:
    """A batch, and what nobody who answered it was told."""

    batch: Batch
    key: IntArray
    kind: IntArray
    honest: BoolArray
    ability: Array


def world(
    seed: int,
    *,
    tasks: int = 80,
    answers: int = 8,
    labelers: int = 24,
    guessers: float = 0.0,
    longest: float = 0.0,
    clique: float = 0.0,
    longest_right: float = 0.85,
    mean: float = 0.0,
    sd: float = 0.7,
) -> World:
    """Draw a crowd: honest people of some ability, and shares of those who are not."""
    rng = np.random.default_rng(seed)
    kind = rng.choice(3, tasks, p=[share for share, _, _ in HARDNESS])
    key, other = np.zeros(tasks, dtype=int), rng.integers(1, K, tasks)
    key[:] = rng.integers(0, K, tasks)
    long = np.where(rng.random(tasks) < longest_right, key, (key + rng.integers(1, K, tasks)) % K)
    attractor = (key + other) % K
    shared = rng.integers(0, K, tasks)  # what the clique agreed on
    counts = [round(share * labelers) for share in (guessers, longest, clique)]
    kinds = np.repeat([1, 2, 3], counts)
    who = rng.permutation(np.concatenate([np.zeros(labelers - len(kinds), dtype=int), kinds]))
    ability = np.where(who == 0, rng.normal(mean, sd, labelers), np.nan)
    pairs = [(who, task) for task in range(tasks) for who in rng.choice(labelers, answers, replace=False)]
    choices = [
        _answer(rng, who[one], ability[one], kind[t], key[t], attractor[t], long[t], shared[t])
        for one, t in pairs
    ]
    labeler, task = np.array(pairs).T
    choice = np.array(choices)
    shown_first = rng.integers(0, K, len(pairs))
    hits = {
        "longest": (long[task] == choice).astype(float),
        "shortest": ((long[task] + 1) % K == choice).astype(float),
        "first": (shown_first == choice).astype(float),
        "last": ((shown_first + 1) % K == choice).astype(float),
    }
    batch = make_batch(labeler, task, choice, np.full(tasks, K), hits)
    return World(batch, key, kind, who == 0, ability)


def _answer(
    rng: np.random.Generator,
    who: int,
    theta: float,
    kind: int,
    key: int,
    attractor: int,
    long: int,
    shared: int,
) -> int:
    if who == 2 and rng.random() < 0.95:
        return long
    if who == 3 and rng.random() < 0.95:
        return shared
    if who != 0:
        return int(rng.integers(0, K))
    _, b, pull = HARDNESS[kind]
    if rng.random() < 1 / K + (1 - 1 / K) / (1 + np.exp(b - theta)):
        return key
    if rng.random() < pull:
        return attractor
    return int(rng.choice([k for k in range(K) if k not in (key, attractor)]))


def accuracy_on_clean(ability: Array) -> Array:
    """P(right) on clear tasks: what a trusted labeler is asked for."""
    solved: Array = 1 / K + (1 - 1 / K) / (1 + np.exp(HARDNESS[0][1] - ability))
    return solved
