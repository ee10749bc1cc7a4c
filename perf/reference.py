"""How soon the reference check finds a drop of five points, and how often it cries wolf.

    python -m perf.reference [--runs N] [--seed N] [--json FILE]

A sample of 200 tasks with four options is answered once a day. Tasks differ in difficulty (Beta, with a
concentration of 2 as recorded crowds have it: 1.1 to 5.7 in eight of them; also of 4, and all alike).
Thresholds are those that the service would use: by what each run itself has shown so far, never by the
truth. A drop comes after 30 quiet days, of either kind: every task harder, or some people guessing; runs
with a false alert before are left out. Quiet runs have 60 days. Floors: CUSUM with everything known in
advance, on the number right a day."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Final

import numpy as np

from goldvein.sim.contest.table import markdown
from goldvein.stats.arrays import Array
from goldvein.stats.reference import difficulty, evidence
from goldvein.stats.reference_power import Kind, Sample, draw_tasks, dropped, play, smallest_drop, threshold

TASKS: Final = 200
CHANCE: Final = 0.25
DROP: Final = 0.05
BEFORE, AFTER, QUIET = 30, 5, 60
ALIKE: Final = 10_000.0
HEADINGS: Final = (
    "accuracy", "difficulties", "drop", "within 1 day", "3 days", "5 days", "60 days quiet",
    "floor, 3 / 5 days", "sees",
)  # fmt: skip


def alerts(answered: Array) -> Array:
    """On which days each run is over the threshold that the service would hold it to: (days, runs)."""
    ratios = evidence(answered, np.ones_like(answered), CHANCE, drop=DROP).ratio
    right = np.cumsum(answered, axis=0, dtype=np.float64)
    over = np.zeros(ratios.shape, dtype=bool)
    for day in range(len(ratios)):
        accuracy, alike = difficulty(right[day], np.full(right[day].shape, day + 1.0))
        for run in np.flatnonzero(ratios[day] > 3):  # no threshold lies under it
            seen = Sample(TASKS, float(accuracy[run, 0]), float(alike[run, 0]), CHANCE).rounded()
            over[day, run] = ratios[day, run] > threshold(seen, DROP)
    return over


def floor(rng: np.random.Generator, right: float, days: tuple[int, ...], runs: int = 4000) -> list[float]:
    """Share found within some days by CUSUM on the number right, whose mean and variance are known."""
    shift = DROP / np.sqrt(right * (1 - right) / TASKS)
    bar = float(np.quantile(_cusum(rng.normal(size=(QUIET, runs)), shift).max(0), 0.9))
    z = rng.normal(size=(BEFORE + max(days), runs))
    z[BEFORE:] += shift
    over = _cusum(z, shift) > bar
    over = over[:, ~over[:BEFORE].any(0)]
    return [float(over[BEFORE : BEFORE + day].any(0).mean()) for day in days]


def _cusum(z: Array, shift: float) -> Array:
    total, told = np.zeros(z.shape[1]), []
    for day in z:
        total = np.maximum(total, 0) + shift * day - shift**2 / 2
        told.append(total)
    return np.array(told)


def measure(seed: int, runs: int, accuracy: float, alike: float) -> list[dict[str, Any]]:
    """One sample: a line for each kind of drop."""
    rng = np.random.default_rng(seed)
    sample = Sample(TASKS, accuracy, alike, CHANCE)
    quiet = 1 - alerts(play(rng, draw_tasks(rng, sample, runs), QUIET)).any(0).mean()
    known = floor(rng, accuracy, (3, 5))
    lines = []
    for kind in ("careless", "alike"):
        before = draw_tasks(rng, sample, runs)
        after = dropped(before, DROP, _kind(kind), CHANCE)
        over = alerts(np.concatenate([play(rng, before, BEFORE), play(rng, after, AFTER)]))
        over = over[:, ~over[:BEFORE].any(0)]
        found = [float(over[BEFORE : BEFORE + day].any(0).mean()) for day in (1, 3, 5)]
        lines.append(
            {
                "accuracy": accuracy, "concentration": alike, "drop": kind, "runs": runs, "found_1": found[0],
                "found_3": found[1], "found_5": found[2], "quiet": float(quiet), "floor_3": known[0],
                "floor_5": known[1], "sees": smallest_drop(sample.rounded(), DROP),
            }
        )  # fmt: skip
    return lines


def _kind(name: str) -> Kind:
    return "careless" if name == "careless" else "alike"


def row(line: dict[str, Any]) -> list[str]:
    """A line as it is printed."""
    spread = "all alike" if line["concentration"] == ALIKE else f"Beta, {line['concentration']:g}"
    kind = {"careless": "some guess", "alike": "all harder"}[line["drop"]]
    shares = [f"{line[name]:.1%}" for name in ("found_1", "found_3", "found_5", "quiet")]
    sees = "-" if line["sees"] is None else f"{100 * line['sees']:g} points"
    floors = f"{line['floor_3']:.0%} / {line['floor_5']:.0%}"
    return [f"{line['accuracy']:.2f}", spread, kind, *shares, floors, sees]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", help="write the report to FILE; - for standard output")
    options = parser.parse_args()
    lines = [
        line
        for accuracy in (0.80, 0.90)
        for alike in (2.0, 4.0, ALIKE)
        for line in measure(options.seed, options.runs, accuracy, alike)
    ]
    if options.json == "-":
        json.dump(lines, sys.stdout, indent=1)
        return
    print(markdown(HEADINGS, [row(line) for line in lines]))
    if options.json:
        Path(options.json).write_text(json.dumps(lines, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
