"""Microseconds per answer of the quality core: alone and in groups of 64.

One answer = likelihood of the choice + filter of both posteriors + gate + choosing the next benchmark where
one is drawn. Run: ``python -m perf.quality_core [--json FILE]``.
"""

from __future__ import annotations

import argparse
import json
import platform
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from goldvein.decisions.gate import gate
from goldvein.decisions.judging import judge
from goldvein.decisions.serving import benchmark_rate, draw_benchmarks
from goldvein.domain.policy import Policy
from goldvein.stats.items import item_table, served_likelihoods, stack_tables
from goldvein.stats.mining import task_evidence
from goldvein.stats.model import make_answer_model, make_model
from goldvein.stats.posterior import newcomer

if TYPE_CHECKING:
    from collections.abc import Callable

    from goldvein.stats.arrays import Array
    from goldvein.stats.model import Model

N_ITEMS = 400


def build(n_options: int, seed: int = 1) -> tuple[Model, list[Array], Array]:
    rng = np.random.default_rng(seed)
    answers = make_answer_model()
    model = make_model(-2.5, answers=answers)
    evidence = [task_evidence(answers, n_options, [key] * 4) for key in range(n_options)]
    tables = []
    for _ in range(N_ITEMS):
        key, longest = rng.integers(n_options, size=2)
        known = evidence[key]
        rules = {"longest": (int(longest),), "shortest": (int((longest + 1) % n_options),)}
        tables.append(item_table(model, known.key_probs, known.difficulty_weights(int(key)), rules))
    return model, tables, stack_tables(tables)


def group_step(n: int, n_options: int, share_drawn: float) -> Callable[[], None]:
    """One group of n answers, of which a share draws a benchmark next."""
    model, tables, pool = build(n_options)
    policy, rng = Policy(), np.random.default_rng(2)
    p_benchmarks, p_all = newcomer(model, n), newcomer(model, n)
    unseen = np.arange(20, N_ITEMS)
    orders = [list(rng.permutation(n_options)) for _ in range(n)]
    choices = [int(c) for c in rng.integers(n_options, size=n)]
    items = [tables[i] for i in rng.integers(N_ITEMS, size=n)]
    n_drawn, answered = round(n * share_drawn), np.full(n, 9)

    def step() -> None:
        likelihood = served_likelihoods(model, items, orders, choices, [9] * len(items))
        verdicts = judge(model, p_benchmarks, p_all, likelihood)
        shown, known = verdicts.p_benchmarks, verdicts.p_all
        gate(shown, known, answered, "admitted", policy)
        benchmark_rate(shown, known, answered, "admitted", policy, is_watched=False)
        drawn = verdicts.posterior_benchmarks[:, :n_drawn]
        draw_benchmarks(
            rng, drawn, [unseen] * n_drawn, pool, np.zeros(pool.shape[1], dtype=np.int64), model, policy
        )

    return step


def microseconds(step: Callable[[], None], answers: int, seconds: float = 0.4) -> float:
    """Best of five runs, per answer: on a shared machine the minimum repeats best."""
    step()
    best = float("inf")
    for _ in range(5):
        rounds, start = 0, perf_counter()
        while perf_counter() - start < seconds / 5:
            step()
            rounds += 1
        best = min(best, (perf_counter() - start) / rounds)
    return best / answers * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", help="write the figures to this file; - for standard output")
    arguments = parser.parse_args()
    figures: dict[str, float | str] = {"python": platform.python_version(), "numpy": np.__version__}
    for n_options in (2, 4, 16):
        for n in (1, 64):
            for share in (0.0, 1.0):
                name = f"K={n_options} n={n} drawn={share:.0%}"
                figures[name] = round(microseconds(group_step(n, n_options, share), n), 2)
                print(f"{name:24} {figures[name]:8} us per answer")
    if arguments.json:
        text = json.dumps(figures, indent=1)
        print(text) if arguments.json == "-" else Path(arguments.json).write_text(
            text + "\n", encoding="utf-8"
        )


if __name__ == "__main__":
    main()
