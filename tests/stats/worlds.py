"""Small models and benchmarks that many tests start from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from goldvein.stats.items import item_table
from goldvein.stats.mining import task_evidence
from goldvein.stats.model import Model, make_model

if TYPE_CHECKING:
    import numpy as np

    from goldvein.stats.arrays import Array

BAR = -2.5


def model(**changes: Any) -> Model:
    """A model whose bar is where a project with mined benchmarks usually has it."""
    return make_model(BAR, **changes)


def table(of: Model, n_options: int = 4, key: int = 0, longest: int = 0, agreeing: int = 4) -> Array:
    """A benchmark that so many trusted labelers agreed on."""
    evidence = task_evidence(of.answers, n_options, [key] * agreeing)
    rules = {"longest": (longest,), "shortest": ((longest + 1) % n_options,)}
    return item_table(of, evidence.key_probs, evidence.difficulty_weights(key), rules)


def random_tables(of: Model, rng: np.random.Generator, n: int, n_options: int = 4) -> list[Array]:
    """Benchmarks with random keys and features."""
    draws = rng.integers(n_options, size=(n, 2)).tolist()
    return [table(of, n_options, key, longest) for key, longest in draws]
