"""The README's table: every recorded crowd, many seeds, gain of what was delivered over what everybody said.

    python -m perf.replay_table DATA_DIR [--seeds 20] [--sets edge,sketch] [--json FILE]

A first pass with a low bar measures how right the labelers are on the benchmarks that were mined; the bar is
the median of that less .10. Then one replay a seed. All of it on one embedded server, each run in a database
of its own.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from goldvein.cli.logs import set_up_logs
from goldvein.settings import read_settings
from goldvein.sim.outcome import mean_interval
from goldvein.sim.plan import Plan, check_mode
from goldvein.sim.recorded import Crowd, load_crowd
from goldvein.sim.replay import replay
from goldvein.sim.scratch import server_url

Report = dict[str, Any]
FIRST_PASS_SEEDS = (1001, 1002, 1003)
LOW_BAR = 0.5


@dataclass(frozen=True)
class Set:
    """One recorded crowd; ``trusted`` is how many of those who agree most start as the panel."""

    name: str
    answers: str
    trusted: int
    tasks: str | None = None


SETS = (
    Set("sketch", "object_recognition/sketch.csv", 3),
    Set("silhouette", "object_recognition/silhouette.csv", 4),
    Set("cue-conflict", "object_recognition/cue-conflict.csv", 4),
    Set("edge", "object_recognition/edge.csv", 4),
    Set("reading_choice", "reading_choice/answers.csv", 20, "reading_choice/tasks.jsonl"),
    Set("cf_amt", "sentiment/cf_amt.csv", 30),
    Set("sp", "sentiment/sp.csv", 30),
    Set("sp_amt", "sentiment/sp_amt.csv", 25),
)


def run_one(server: str, crowd: Crowd, trusted: int, bar: float, seed: int) -> Report:
    plan = Plan(crowd, check_mode(crowd, None), seed=seed, trusted_top=trusted, policy={"quality_bar": bar})
    return replay(server, plan, lambda *_: None)


def measure(server: str, one: Set, data: Path, seeds: int, bar: float | None) -> Report:
    crowd = load_crowd(data / one.answers, data / one.tasks if one.tasks else None)
    options = max(len(task.options) for task in crowd.tasks)
    medians: list[float | None] = []
    if bar is None:
        low = max(LOW_BAR, 1 / options + 0.1)
        first = [run_one(server, crowd, one.trusted, low, seed) for seed in FIRST_PASS_SEEDS]
        medians = [run["median_benchmark_accuracy"] for run in first]
        known = [median for median in medians if median is not None]
        print(f"{one.name}: median benchmark accuracy {np.round(known, 3).tolist()}", file=sys.stderr)
        bar = round(float(np.median(known)) - 0.10, 2)
    runs = []
    for seed in range(1, seeds + 1):
        began = time.perf_counter()
        runs.append(run_one(server, crowd, one.trusted, bar, seed))
        run = runs[-1]
        print(
            f"{one.name} bar {bar:.2f} seed {seed}: delivered {run['delivered']}, "
            f"{run['accuracy_all_by_task']:.3f} -> {run['accuracy_delivered']:.3f}, verify {run['verify']}, "
            f"{time.perf_counter() - began:.1f} s",
            file=sys.stderr,
            flush=True,
        )
    return {
        "set": one.name,
        "mode": runs[0]["mode"],
        "trusted": one.trusted,
        "median_benchmark_accuracy": medians,
        "bar": bar,
        "seeds": seeds,
        "tasks": len(crowd.tasks),
        "labelers": len(crowd.labelers),
        "gain": over_seeds([run["gain"]["mean"] for run in runs]),
        "gain_of_labelers": over_seeds([run["gain_of_labelers"]["mean"] for run in runs]),
        **{
            name: float(np.mean([run[name] for run in runs if run[name] is not None]))
            for name in (
                "delivered", "delivered_by_panel", "accuracy_all_by_task", "accuracy_delivered",
                "benchmark_share", "panel_share", "held", "discarded", "skill_correlation",
            )
        },
        "wrong_keys": float(np.mean([run["benchmarks"]["wrong_keys"] for run in runs])),
        "mined": float(np.mean([run["benchmarks"]["mined"] for run in runs])),
        "verify": "ok" if all(run["verify"] == "ok" for run in runs) else "broken",
    }  # fmt: skip


def over_seeds(values: list[float | None]) -> Report:
    """Mean over the seeds, its 95% interval, and the share of seeds above zero."""
    known = [value for value in values if value is not None]
    return {
        **mean_interval(known),
        "seeds_above_zero": float(np.mean(np.array(known) > 0)) if known else None,
    }


def table(rows: list[Report]) -> str:
    columns = (
        "crowd", "mode", "tasks / labelers", "trusted", "bar", "delivered", "of them by the panel",
        "all answers", "delivered labels", "gain in points, mean and 95% interval of the seeds", "verify",
    )  # fmt: skip
    lines = ["| " + " | ".join(columns) + " |", "|---" * len(columns) + "|"]
    for row in rows:
        gain = {name: 100 * row["gain"][name] for name in ("mean", "low", "high")}
        cells = (
            row["set"],
            row["mode"],
            f"{row['tasks']:,} / {row['labelers']}",
            str(row["trusted"]),
            f"{row['bar']:.2f}",
            f"{row['delivered']:,.0f}",
            f"{row['delivered_by_panel']:,.0f}",
            f"{100 * row['accuracy_all_by_task']:.1f}%",
            f"{100 * row['accuracy_delivered']:.1f}%",
            f"{gain['mean']:+.1f} ({gain['low']:+.1f} to {gain['high']:+.1f})",
            row["verify"],
        )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "data", type=Path, help="folder that holds object_recognition, reading_choice, sentiment"
    )
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--sets", default=",".join(one.name for one in SETS), help="names, by comma")
    parser.add_argument("--bar", type=float, help="use this bar instead of measuring one")
    parser.add_argument("--json", dest="json_path", help="file of the report; - for standard output")
    options = parser.parse_args()
    wanted = options.sets.split(",")
    set_up_logs("warning")
    rows = []
    with server_url(read_settings()) as server:
        for one in SETS:
            if one.name in wanted:
                rows.append(measure(server, one, options.data, options.seeds, options.bar))
                if options.json_path and options.json_path != "-":
                    Path(options.json_path).write_text(json.dumps(rows, indent=2) + "\n")
    if options.json_path == "-":
        print(json.dumps(rows, indent=2))
    else:
        print(table(rows))


if __name__ == "__main__":
    main()
