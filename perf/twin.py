"""Whether a fitted twin's intervals hold what another policy comes to, in scenarios that it was not made for.

    python -m perf.twin [--scenarios 10] [--draws 8] [--size 240] [--answers 240] [--json FILE]

A scenario is played under a policy A; the twin is fitted to its record, which holds nothing true; it predicts
bad share and benchmark share under a policy B; then the scenario is played under B by another crowd.
"""

from __future__ import annotations

import argparse
import json
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from goldvein.sim.contest.figures import measure
from goldvein.sim.contest.rounds import OURS, play_round
from goldvein.sim.contest.scenario import scenario_from_dict
from goldvein.sim.twin.predicting import IN_FORCE, predict
from goldvein.sim.twin.recording import record

WANTED = ("bad_share", "benchmark_share")
CHANGES: tuple[dict[str, float], ...] = (
    {"rate_floor": 0.03},
    {"rate_ceiling": 0.4},
    {"rate_slope": 0.5},
    {"deliver_at": 0.97, "suspect_below": 0.97},
    {"deliver_at": 0.75, "suspect_below": 0.8},
    {"min_benchmarks": 15},
    {"best_of": 20},
    {"dismiss_at": 0.02},
    {"rate_ceiling": 0.9, "rate_floor": 0.02},
    {"deliver_at": 0.8, "suspect_below": 0.8, "rate_floor": 0.01},
)


def truth(number: int, size: int, answers: int) -> dict[str, Any]:
    """A crowd by its number: shares, abilities and times differ, and some kinds are not the twin's."""
    rng = np.random.default_rng(1_000 + number)
    shares = rng.dirichlet([12.0, 1.5, 1.5, 1.0, 1.0, 1.0])
    low = float(rng.uniform(0.66, 0.78))
    span = [low, float(rng.uniform(0.88, 0.96))]
    start = int(rng.integers(20, answers // 2))
    odds: tuple[dict[str, Any], ...] = (
        {"kind": "honest", "name": "drifting", "accuracy": span, "drift": 0.02},
        {"kind": "part-timer", "accuracy": span, "guesses": 0.3, "spell": 15},
    )
    kinds: tuple[dict[str, Any], ...] = (
        {"kind": "honest", "accuracy": span},
        {"kind": "random"},
        {"kind": "shortcut", "rule": "longest", "lapse": 0.05},
        {"kind": "shortcut", "rule": "first", "lapse": 0.05},
        {"kind": "sleeper", "accuracy": span, "after": [start, start + 60], "becomes": "random"},
        odds[number % 2],
    )
    labelers = [{**kind, "share": float(share)} for kind, share in zip(kinds, shares, strict=True)]
    project = {
        "benchmarks": int(rng.integers(200, 500)),
        "longest_right": float(rng.uniform(0.4, 0.9)),
        "wrong_keys": float(rng.choice([0.0, 0.02])),
        "difficulty_spread": float(rng.uniform(0.7, 1.3)),
    }
    population = {"size": size, "answers_each": answers}
    return {"population": population, "project": project, "labelers": labelers, "policy": {}}


def hold_out(number: int, draws: int, size: int, answers: int) -> dict[str, Any]:
    """Fit to a scenario under one policy, predict another one, and play that."""
    tables, change = truth(number, size, answers), CHANGES[number % len(CHANGES)]
    past, before = record(scenario_from_dict(tables, f"truth {number}"), seed=number)
    policies = {IN_FORCE: {}, "changed": change}
    predicted = predict(past, policies, seed=number, draws=draws)["changed"]
    changed = scenario_from_dict({**tables, "policy": change}, f"changed {number}")
    after = measure(play_round(changed, OURS, seed=10_000 + number))
    return {
        "scenario": number,
        "change": change,
        "before": {name: before.ratios[name].value for name in WANTED},
        "predicted": {name: asdict(predicted[name]) for name in WANTED},
        "after": {name: after.ratios[name].value for name in WANTED},
        "held": {name: predicted[name].holds(after.ratios[name].value) for name in WANTED},
    }


def main() -> None:
    """Print a line for each scenario, and how many intervals held."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scenarios", type=int, default=10)
    parser.add_argument("--first", type=int, default=0, help="number of the first scenario")
    parser.add_argument("--draws", type=int, default=8)
    parser.add_argument("--size", type=int, default=240)
    parser.add_argument("--answers", type=int, default=240)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--json", dest="json_path", help="file of the figures; - for standard output")
    options = parser.parse_args()
    numbers = range(options.first, options.first + options.scenarios)
    found = []
    with ProcessPoolExecutor(options.processes) as pool:
        jobs = [
            pool.submit(hold_out, number, options.draws, options.size, options.answers) for number in numbers
        ]
        for job in jobs:
            found.append(job.result())
            print(line(found[-1]), flush=True)
    both = sum(all(one["held"].values()) for one in found)
    each = {name: sum(one["held"][name] for one in found) for name in WANTED}
    print(f"held: {each['bad_share']} bad shares, {each['benchmark_share']} benchmark shares, both in {both} "
          f"of {len(found)} scenarios")  # fmt: skip
    if options.json_path:
        text = json.dumps({"scenarios": found, "held": each, "both": both}, indent=2)
        if options.json_path == "-":
            print(text)
        else:
            Path(options.json_path).write_text(text + "\n", encoding="utf-8")


def line(one: dict[str, Any]) -> str:
    """One scenario for people."""
    parts = [f"{one['scenario']:>3} {', '.join(f'{k}={v:g}' for k, v in one['change'].items()):<48}"]
    for name in WANTED:
        p = one["predicted"][name]
        mark = " " if one["held"][name] else "!"
        parts.append(
            f"{name} {one['before'][name]:.2%} -> {one['after'][name]:.2%}{mark} "
            f"({p['estimate']:.2%}: {p['low']:.2%} to {p['high']:.2%})"
        )
    return "  ".join(parts)


if __name__ == "__main__":
    main()
