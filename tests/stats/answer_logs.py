"""Logs of answers to benchmarks by labelers of known ability to items of known difficulty."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from goldvein.stats.estimation import AnswerLog, Benchmarks

if TYPE_CHECKING:
    from goldvein.stats.arrays import Array, BoolArray, IntArray

HONEST, RANDOM, LONGEST, FIRST = range(4)


@dataclass(frozen=True, slots=True)
class Truth:
    """A simulated log, what is known of its items, and what is not."""

    log: AnswerLog
    benchmarks: Benchmarks
    difficulty: Array
    ability: Array
    kind: IntArray
    key: IntArray
    stored: IntArray

    @property
    def right(self) -> BoolArray:
        return np.asarray(self.log.choice == self.key[self.log.item])

    @property
    def honest(self) -> BoolArray:
        return np.asarray(self.kind == HONEST)


def simulate(
    seed: int,
    *,
    labelers: int,
    items: int,
    each: int,
    n_options: int = 4,
    shortcuts: float = 0.3,
    wrong_keys: float = 0.05,
    panel: int = 0,
    discrimination_sd: float = 0.0,
    spread: float = 1.0,
    level: float | None = None,
) -> Truth:
    """Labelers answer ``each`` different items: P(key) = 1/K + (1 - 1/K) sigmoid(a (theta - b)).

    A share follows shortcuts (a third each: random, longest, first shown; 3% lapses). 60% of honest mistakes
    go to one attractor, 5% to "cannot be answered". The longest option is the key on 85%. The first ``panel``
    labelers are trusted: honest, ability N(0, 0.5).
    """
    rng, k = np.random.default_rng(seed), n_options
    slope = np.exp(rng.normal(0, discrimination_sd, items))
    difficulty = rng.normal(-2.5, spread, items)

    def another(of: IntArray) -> IntArray:
        return np.asarray((of + rng.integers(1, k, size=len(of))) % k)

    key = rng.integers(k, size=items)
    attractor = another(key)
    longest = np.where(rng.random(items) < 0.85, key, another(key))
    kind = rng.choice(4, p=[1 - shortcuts, *[shortcuts / 3] * 3], size=labelers)
    ability = rng.normal(-1.0, 0.8, labelers)
    kind[:panel], ability[:panel] = HONEST, rng.normal(0, 0.5, panel)

    labeler = np.repeat(np.arange(labelers), each)
    item = np.concatenate([rng.permutation(items)[:each] for _ in range(labelers)])
    n = len(item)
    solved = rng.random(n) < 1 / (1 + np.exp(-slope[item] * (ability[labeler] - difficulty[item])))
    chance = rng.integers(k, size=n)
    mistake = np.where(rng.random(n) < 0.6, attractor[item], another(key[item]))
    mistake = np.where(rng.random(n) < 0.05, k, mistake)
    honest = np.where(solved | (chance == key[item]), key[item], mistake)
    order = np.argsort(rng.random((n, k)), axis=1)
    follows = rng.random(n) >= 0.03
    by_kind = [
        honest,
        chance,
        np.where(follows, longest[item], chance),
        np.where(follows, order[:, 0], chance),
    ]
    stored = np.where(rng.random(items) < wrong_keys, another(key), key)
    key_probs = np.full((items, k), 0.05 / (k - 1))
    key_probs[np.arange(items), stored] = 0.95
    return Truth(
        log=AnswerLog(
            labeler,
            item,
            np.choose(kind[labeler], by_kind),
            order[:, 0],
            order[:, -1],
            np.arange(labelers) < panel if panel else None,
        ),
        benchmarks=Benchmarks(
            key_probs,
            np.full(items, k),
            {"longest": longest, "shortest": (longest + 1) % k},
            level=level,
        ),
        difficulty=difficulty,
        ability=ability,
        kind=kind,
        key=key,
        stored=stored,
    )
