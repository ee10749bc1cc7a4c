"""The table of docs/shortcuts.md: the incident of 2019, simulated and live over HTTP.

    python -m perf.incident [--seeds 4] [--live 3] [--json FILE]

Each filter stands before benchmarks mined at random and before those that directed mining finds: how many of
those who take the longest option still deliver in the end, after how many benchmarks they are caught, and how
many honest people are lost. `--live 0` leaves the live runs out.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from goldvein.sim.builtin import SCENARIOS
from goldvein.sim.contest.scenario import read_scenario
from goldvein.sim.incident.live import Live, play_live
from goldvein.sim.incident.simulated import ACCURACY, FILTERS, OURS, Fate, play_incident
from goldvein.store.embedded import EmbeddedServer

MININGS = ("random", "directed")
NAMES = {"random": "random", "directed": "anti-shortcut"}
HEAD = (
    "| filter | mining | deliver in the end | caught after benchmarks: median | max | "
    "not within 5 | honest lost |\n|---|---|---|---|---|---|---|"
)


def joined(fates: Sequence[Fate]) -> dict[str, Any]:
    """Runs of the same filter and mining, as one line."""
    caught = np.concatenate([fate.caught for fate in fates])
    late = np.where(caught < 0, np.inf, caught)
    people, honest = sum(f.people for f in fates), sum(f.honest for f in fates)
    return {
        "filter": fates[0].filter,
        "mining": fates[0].mining,
        "people": people,
        "delivering": sum(f.delivering for f in fates) / people,
        "caught_median": _number(float(np.median(late))),
        "caught_max": _number(float(late.max())),
        "not_within_5": float((late > 5).mean()),
        "honest": honest,
        "honest_lost": sum(f.honest_lost for f in fates) / honest,
    }


def _number(value: float) -> float | None:
    return value if np.isfinite(value) else None


def row(line: dict[str, Any]) -> str:
    """One line of the table."""
    median, most = ("never" if line[k] is None else f"{line[k]:g}" for k in ("caught_median", "caught_max"))
    return (
        f"| {line['filter']} | {NAMES[line['mining']]} | {line['delivering']:.1%} | {median} | {most} | "
        f"{line['not_within_5']:.1%} | {line['honest_lost']:.1%} |"
    )


def simulated(seeds: int) -> Iterator[dict[str, Any]]:
    """Six lines of 2,000 labelers a seed."""
    for name in FILTERS:
        for mining in MININGS:
            scenario = read_scenario(SCENARIOS / f"incident-{mining}.toml")
            yield joined([play_incident(scenario, name, seed) for seed in range(1, seeds + 1)])


def live(seeds: int) -> Iterator[tuple[str, list[Live]]]:
    """Runs on a real service."""
    with _server() as url:
        for mining in MININGS:
            yield mining, [play_live(url, mining, seed=seed) for seed in range(1, seeds + 1)]  # type: ignore[arg-type]


@contextmanager
def _server() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="gv-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        with EmbeddedServer(Path(folder) / "home", durable=False) as server:
            yield server.url


def said(title: str, lines: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Print a table as it comes."""
    print(f"\n{title}\n\n{HEAD}", flush=True)
    kept = []
    for line in lines:
        print(row(line), flush=True)
        kept.append(line)
    return kept


def main() -> None:
    """Play, print, keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--live", type=int, default=3)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    report: dict[str, Any] = {}
    if asked.seeds:
        report["simulated"] = said("Simulated", simulated(asked.seeds))
    if asked.live:
        runs = list(live(asked.live))
        by_filter = [
            joined([fate for run in found for fate in run.fates if fate.filter == name])
            for name in (ACCURACY, OURS)
            for _, found in runs
        ]
        report["live"] = said("Live, over HTTP", by_filter)
        for mining, found in runs:
            opened = ", ".join(str(run.opened_after) for run in found)
            passes = ", ".join(f"{run.passes:.2f}" for run in found)
            print(f"\n{NAMES[mining]}: opened after {opened} answers; the longest option passes {passes}")
    if asked.json:
        asked.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
