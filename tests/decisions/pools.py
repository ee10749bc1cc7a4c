"""A pool of benchmarks of mixed ease for tests of what a policy does with it."""

from __future__ import annotations

import numpy as np

from goldvein.stats.items import bar_theta, item_table
from goldvein.stats.mining import task_evidence
from goldvein.stats.model import Model, make_answer_model, make_model
from goldvein.stats.servings import Servings, make_servings


def pool(
    n_items: int = 200, *, n_options: int = 4, longest_right: float = 0.85, exposures: int = 10, seed: int = 3
) -> tuple[Model, Servings]:
    """A model and benchmarks on which panels of 3 to 7 agreed, one dissenter at times."""
    rng = np.random.default_rng(seed)
    answers = make_answer_model()
    found = []
    for _ in range(n_items):
        key = int(rng.integers(n_options))
        dissent = [(key + 1) % n_options] * int(rng.random() < 0.2)
        evidence = task_evidence(answers, n_options, [key] * int(rng.integers(3, 8)) + dissent)
        longest = key if rng.random() < longest_right else (key + 1) % n_options
        found.append((key, evidence, longest))
    weights = [evidence.difficulty_weights(key) for key, evidence, _ in found]
    model = make_model(bar_theta(0.7, answers, [n_options] * n_items, weights), answers=answers)
    tables = [
        item_table(
            model, evidence.key_probs, evidence.difficulty_weights(key),
            {"longest": (longest,), "shortest": ((longest + 1) % n_options,)},
        )
        for key, evidence, longest in found
    ]  # fmt: skip
    return model, make_servings(tables, [exposures] * n_items, [key for key, _, _ in found])
