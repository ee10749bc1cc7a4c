"""Seconds of process CPU to estimate a whole log of answers to benchmarks.

1.5 million answers: 20,000 labelers (30% follow shortcuts) x 75 of 5,000 items with 4 options, 5% wrong keys.
Run: ``python -m perf.estimation [--labelers N] [--items N] [--json FILE]``.
"""

from __future__ import annotations

import argparse
import json
import platform
from dataclasses import replace
from pathlib import Path
from time import perf_counter, process_time

import numpy as np

from goldvein.stats.estimation import estimate
from goldvein.stats.model import make_model
from tests.stats.answer_logs import simulate


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--labelers", type=int, default=20_000)
    parser.add_argument("--items", type=int, default=5_000)
    parser.add_argument("--each", type=int, default=75)
    parser.add_argument("--json", help="write the figures to this file; - for standard output")
    arguments = parser.parse_args()
    truth = simulate(
        1, labelers=arguments.labelers, items=arguments.items, each=arguments.each, discrimination_sd=0.3
    )
    benchmarks = replace(truth.benchmarks, level=float(truth.difficulty.mean()))
    model = make_model(-2.5)
    cpu, wall = process_time(), perf_counter()
    estimates = estimate(truth.log, benchmarks, model)
    cpu, wall = process_time() - cpu, perf_counter() - wall
    means = estimates.difficulty_weights @ model.answers.difficulties
    figures = {
        "answers": len(truth.log.item),
        "cpu_seconds": round(cpu, 2),
        "wall_seconds": round(wall, 2),
        "difficulty_correlation": round(float(np.corrcoef(means, truth.difficulty)[0, 1]), 4),
        "keys_right": round(float((estimates.key_probs.argmax(axis=1) == truth.key).mean()), 5),
        "stored_keys_right": round(float((truth.stored == truth.key).mean()), 5),
        "python": platform.python_version(),
        "numpy": np.__version__,
    }
    for name, value in figures.items():
        print(f"{name:24} {value}")
    if arguments.json:
        text = json.dumps(figures, indent=1)
        print(text) if arguments.json == "-" else Path(arguments.json).write_text(
            text + "\n", encoding="utf-8"
        )


if __name__ == "__main__":
    main()
