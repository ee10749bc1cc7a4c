"""Where the truth falls in the filter's belief: for people drawn from the prior, and for others.

    python -m perf.calibration [--labelers 2000] [--answers 200] [--seeds 5] [--json FILE]

The first population must be uniform; the others say what a wrong prior costs once benchmarks have spoken.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from goldvein.sim import calibration
from goldvein.stats.model import make_model
from goldvein.stats.population import population_prior

if TYPE_CHECKING:
    from goldvein.stats.arrays import Array
    from goldvein.stats.model import Model

BAR = -2.5


def populations(model: Model) -> dict[str, tuple[Array, Model]]:
    """Shares of the states, and the model after which people live."""
    space = model.space
    weak = population_prior(space, shortcut_mass=0.28, mean=0.0)
    return {
        "the prior": (model.prior, model),
        "5% follow shortcuts": (population_prior(space, shortcut_mass=0.05), model),
        "60% follow shortcuts": (population_prior(space, shortcut_mass=0.60), model),
        "abilities centred at the bar": (weak, model),
        "people change five times as often": (model.prior, replace(model, hazard=5 * model.hazard)),
        "people never change": (model.prior, replace(model, hazard=0.0, walk=0.0)),
    }


def measure(model: Model, shares: Array, life: Model, options: argparse.Namespace) -> dict[str, Any]:
    found, lines = [], []
    for seed in range(1, options.seeds + 1):
        rng = np.random.default_rng(seed)
        tables = calibration.make_tables(rng, model, 100)
        people = calibration.draw_people(rng, shares, options.labelers)
        belief = calibration.live(
            rng, model, people, tables, answers=options.answers, benchmark_share=options.share, life=life
        )
        found.append(calibration.uniformity(calibration.truth_places(belief)))
        lines.append(calibration.reliability(belief))
    return {
        "distance": [distance for distance, _ in found],
        "p": [p for _, p in found],
        "p_good": [
            {
                name: float(np.nanmean([line[place][name] for line in lines]))
                for name in ("from", "to", "labelers", "believed", "true")
            }
            for place in range(len(lines[0]))
        ],
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--labelers", type=int, default=2_000)
    parser.add_argument("--answers", type=int, default=200)
    parser.add_argument("--share", type=float, default=0.2, help="share of benchmarks among the answers")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--json", dest="json_path", help="file of the figures; - for standard output")
    options = parser.parse_args()
    model = make_model(BAR)
    report = {}
    for name, (shares, life) in populations(model).items():
        report[name] = found = measure(model, shares, life, options)
        distances, ps = (" ".join(f"{x:.3f}" for x in found[key]) for key in ("distance", "p"))
        print(f"{name}\n  KS distance {distances}; p {ps}")
        for line in found["p_good"]:
            print(
                f"  P(good) {line['from']:.2f} to {line['to']:.2f}: {line['labelers']:6.0f} labelers, "
                f"believed {line['believed']:.4f}, true {line['true']:.4f}"
            )
    if options.json_path:
        text = json.dumps(report, indent=1) + "\n"
        print(text) if options.json_path == "-" else Path(options.json_path).write_text(
            text, encoding="utf-8"
        )


if __name__ == "__main__":
    main()
