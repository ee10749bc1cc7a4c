"""How often intervals of agreement hold the truth, and how wide they are: crowds whose pairs are drawn.

    python -m perf.agreement [--runs 2000] [--seed 1] [--json FILE]

The intervals promise 90%.
"""

import argparse
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from goldvein.stats.arrays import Array
from goldvein.stats.pairs import Estimate, Pair, agreement

COUNTS = (10, 20, 50, 200, 1000)


def crowd(prior: Array, right: float) -> Array:
    """P(pair) where two people pick the right option with one probability, else any other: (K, K)."""
    wrong = (1 - right) / (len(prior) - 1)
    answers = np.full((len(prior), len(prior)), wrong) + np.eye(len(prior)) * (right - wrong)
    table: Array = np.einsum("k,ka,kb->ab", prior, answers, answers)
    return table


CROWDS = {
    "four options, 80% right": [crowd(np.full(4, 0.25), 0.8)],
    "four options, 95% right": [crowd(np.full(4, 0.25), 0.95)],
    "four options, half right": [crowd(np.full(4, 0.25), 0.5)],
    "two options, 99% right": [crowd(np.full(2, 0.5), 0.99)],
    "guesses at four options": [np.full((4, 4), 1 / 16)],
    "a class of 90%, 90% right": [crowd(np.array([0.9, 0.1]), 0.9)],
    "a class of 97%, 97% right": [crowd(np.array([0.97, 0.03]), 0.97)],
    "three uneven classes, 70% right": [crowd(np.array([0.7, 0.2, 0.1]), 0.7)],
    "two options and five, mixed": [crowd(np.full(2, 0.5), 0.85), crowd(np.full(5, 0.2), 0.75)],
}
"""Tables of pairs, by number of options, in equal shares."""


def truth(tables: list[Array]) -> dict[str, float]:
    """The coefficients that endless pairs would show."""
    differ = np.mean([1 - np.trace(table) for table in tables])
    diversity = [1 - (table.sum(axis=0) ** 2).sum() for table in tables]
    ac1_chance = np.mean([d / (len(table) - 1) for d, table in zip(diversity, tables, strict=True)])
    return {
        "raw": float(1 - differ),
        "alpha": float(1 - differ / np.mean(diversity)),
        "ac1": float(1 - differ / (1 - ac1_chance)),
    }


def measure(tables: list[Array], count: int, runs: int, rng: np.random.Generator) -> dict[str, Any]:
    """Shares of runs whose intervals hold the truth, and their mean widths."""
    exact = truth(tables)
    cells = [
        Pair(len(table), min(a, b), max(a, b))
        for table in tables
        for a in range(len(table))
        for b in range(len(table))
    ]
    shares = np.concatenate([table.ravel() / len(tables) for table in tables])
    holding, told, width = Counter[str](), Counter[str](), dict.fromkeys(exact, 0.0)
    for counts in rng.multinomial(count, shares, size=runs):
        pairs = Counter[Pair]()
        for cell, n in zip(cells, counts, strict=True):
            pairs[cell] += int(n)
        found = agreement(pairs)
        assert found is not None
        estimates = {"raw": found.raw, "alpha": found.alpha, "ac1": found.ac1}
        for name, one in estimates.items():
            if isinstance(one, Estimate):
                told[name] += 1
                holding[name] += one.low <= exact[name] <= one.high
                width[name] += one.high - one.low
    return {
        name: {
            "holds": holding[name] / told[name],
            "width": width[name] / told[name],
            "defined": told[name] / runs,
        }
        for name in exact
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    rng, rows = np.random.default_rng(asked.seed), list[dict[str, Any]]()
    print(f"{'crowd':34}{'pairs':>6}   share of intervals that hold the truth (mean width)")
    for name, tables in CROWDS.items():
        for count in COUNTS:
            found = measure(tables, count, asked.runs, rng)
            rows.append({"crowd": name, "pairs": count, **found})
            told = (f"{key} {one['holds']:.3f} ({one['width']:.2f})" for key, one in found.items())
            print(f"{name:34}{count:6}   {'   '.join(told)}")
            sys.stdout.flush()
    if asked.json is not None:
        asked.json.write_text(json.dumps({"runs": asked.runs, "seed": asked.seed, "rows": rows}, indent=1))


if __name__ == "__main__":
    main()
