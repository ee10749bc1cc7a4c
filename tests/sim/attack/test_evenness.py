"""Draws at the logged rates pass; clumps and fixed places are seen."""

import numpy as np
import pytest

from goldvein.sim.attack.evenness import Draws, clumps

PEOPLE, ITEMS = 40, 300


def people(rng: np.random.Generator, *, drawn: str) -> list[Draws]:
    made = []
    for _ in range(PEOPLE):
        rate = np.where(np.arange(ITEMS) < 10, 0.75, 0.05)
        is_benchmark = rng.random(ITEMS) < rate
        if drawn == "clumps":
            is_benchmark[1:] |= is_benchmark[:-1] & (rng.random(ITEMS - 1) < 0.3)
        elif drawn == "places":
            is_benchmark = np.arange(ITEMS) % 20 == 19
        made.append(Draws(is_benchmark.astype(float), rate, list(range(ITEMS))))
    return made


def test_independent_draws_pass() -> None:
    """The worst of all tests is no worse than chance among so many, in nearly every run."""
    low = sum(clumps(people(np.random.default_rng(seed), drawn="fairly"))["p"] < 0.05 for seed in range(20))
    assert low <= 4


@pytest.mark.parametrize(("drawn", "told"), [("clumps", "1 after a benchmark"), ("places", "every 20")])
def test_what_is_not_drawn_at_its_rate_is_seen(drawn: str, told: str) -> None:
    """Benchmarks that follow each other, and every twentieth task, are named."""
    found = clumps(people(np.random.default_rng(1), drawn=drawn))
    assert found["p"] < 1e-6
    assert abs(found["tests"][told]) > 6
