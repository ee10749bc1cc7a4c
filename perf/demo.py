"""The demonstration over several seeds: what training on delivered labels gains over anybody's first answers.

python -m perf.demo [--seeds 5] [--minutes 3] [--people 300] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import threading
import time
from pathlib import Path
from typing import Any

from goldvein.cli.logs import set_up_logs
from goldvein.settings import read_settings
from goldvein.sim.demo.run import Plan, run_demo
from goldvein.sim.scratch import server_url


def run_one(server: str, plan: Plan) -> dict[str, Any]:
    began, pages = time.perf_counter(), []
    report = run_demo(
        server,
        plan,
        ready=lambda _: pages.append(time.perf_counter() - began),
        show=lambda _: None,
        stop=threading.Event(),
    )
    return {**report, "pages_after_seconds": pages[0]}


def summary(run: dict[str, Any]) -> dict[str, Any]:
    last, writer = run["learning"]["curve"][-1], run["learning"]["writer"]
    labels = run["learning"]["labels_right"]
    delivered = {side: row["delivered"] for side, row in run["confusion"]["answers"].items()}
    latency = run["latency_since_open_seconds"]
    return {
        "seed": run["seed"],
        "pages_after_s": run["pages_after_seconds"],
        "opened_after_s": run["opened_after_seconds"],
        "answers": run["answers"],
        "labels": last["labels"],
        "p50_s": latency["p50"],
        "p95_s": latency["p95"],
        "labels_right": labels["delivered"],
        "first_right": labels["unfiltered"],
        "model_right": last["delivered"]["accuracy"],
        "first_model_right": last["unfiltered"]["accuracy"],
        "gain": statistics.mean(
            line["delivered"]["accuracy"] - line["unfiltered"]["accuracy"]
            for line in run["learning"]["curve"]
        ),
        "needed": run["learning"]["labels_needed"]["delivered"],
        "first_needed": run["learning"]["labels_needed"]["unfiltered"],
        "padding": writer["delivered"]["padding"],
        "first_padding": writer["unfiltered"]["padding"],
        "bad_delivered": delivered["bad"] / max(1, sum(delivered.values())),
        "verify": run["verify"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=3)
    parser.add_argument("--people", type=int, default=300)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    set_up_logs("warning")
    runs, lines = [], []
    with server_url(read_settings()) as server:
        for seed in range(arguments.first, arguments.first + arguments.seeds):
            plan = Plan(seconds=60 * arguments.minutes, people=arguments.people, seed=seed)
            runs.append(run_one(server, plan))
            lines.append(summary(runs[-1]))
            print(", ".join(f"{name} {_short(value)}" for name, value in lines[-1].items()), file=sys.stderr)
    gains = [line["gain"] for line in lines]
    spread = statistics.stdev(gains) if len(gains) > 1 else float("nan")
    print(f"gain over the curve: mean {statistics.mean(gains):+.3f}, standard deviation {spread:.3f}")
    if arguments.json:
        arguments.json.write_text(json.dumps({"seeds": lines, "runs": runs}, indent=2, default=str) + "\n")


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
