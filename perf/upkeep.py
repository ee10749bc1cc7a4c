"""What upkeep does about wrong keys: how soon, how many right ones fall with them, and what it is worth.

    python -m perf.upkeep [--seeds 5] [--first 1] [--labelers 400] [--answers 150] [--wrong .05] [--json FILE]

A project's first day: what is known of the benchmarks is what six of the panel said. A share of the keys is
wrong without anybody knowing, since the panel erred as one. The crowd of `example` works, once
with upkeep and once without. Keys that the panel's own slips made wrong come on top and are counted apart.
More labelers at once serve a benchmark dozens of times in the first step of the clock, before anybody looks.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from goldvein.decisions.upkeep import Rekey
from goldvein.domain.policy import Policy
from goldvein.sim.builtin import path_of
from goldvein.sim.contest.behaviour import Crowd
from goldvein.sim.contest.course import play
from goldvein.sim.contest.figures import measure
from goldvein.sim.contest.items import make_world
from goldvein.sim.contest.knowledge import knowledge
from goldvein.sim.contest.scenario import Scenario, read_scenario
from goldvein.sim.contest.searching import Searching
from goldvein.sim.contest.upkeeping import Upkept

SCENARIO = path_of("wrong-keys")
SOON = 30
FIGURES = ("false_rejection", "false_acceptance", "bad_share", "benchmark_share", "held_honest")


def played(scenario: Scenario, seed: int, *, upkeep: bool) -> dict[str, Any]:
    """One population, with upkeep or without."""
    streams = np.random.SeedSequence(seed).spawn(4)
    tasks, people, learning, course = (np.random.default_rng(stream) for stream in streams)
    world, policy = make_world(tasks, scenario), Policy.from_dict(scenario.policy)
    known, crowd = knowledge(learning, world, policy), Crowd(people, world)
    player = (Upkept if upkeep else Searching)(world, scenario.size, known, policy)
    ratios = measure(play(world, crowd, player, course)).ratios
    figures: dict[str, Any] = {name: ratios[name].value for name in FIGURES}
    if isinstance(player, Upkept):
        figures |= found(player, world.benchmarks.key, world.benchmarks.stored_key, known.starts)
    return figures


def found(player: Upkept, key: Any, stored: Any, starts: Any) -> dict[str, Any]:
    """Keys found wrong: of the injected ones, of the panel's own slips, and of the right ones."""
    in_force = starts[:, :-1].sum(axis=2).argmax(axis=1)
    injected = (stored != key) & (in_force != key)
    first = {one.item: one for one in reversed(player.mended)}
    taken_at = np.array([first[i].exposures if i in first else -1 for i in range(len(key))])
    soon, served = (taken_at >= 0) & (taken_at < SOON), player.servings
    told = soon | (served >= SOON) | (taken_at >= 0)  # the others were hardly served in this run
    right = in_force == key
    mended = [
        one.item for one in player.mended if isinstance(one.what, Rekey) and one.what.key == key[one.item]
    ]
    return {
        "injected": int((injected & told).sum()),
        "injected_found_soon": int((injected & soon).sum()),
        "injected_found_at": sorted(taken_at[injected & (taken_at >= 0)].tolist()),
        "injected_hardly_served": int((injected & ~told).sum()),
        "slips_of_the_panel": int(((in_force != key) & ~injected & told).sum()),
        "slips_found": int(((in_force != key) & ~injected & (taken_at >= 0)).sum()),
        "right": int(right.sum()),
        "right_condemned": int((right & (taken_at >= 0)).sum()),
        "mended": len(mended),
        "mended_wrongly": len([one for one in player.mended if isinstance(one.what, Rekey)]) - len(mended),
    }


def share(top: int, bottom: int) -> str:
    """A share with its 95% interval (Wilson)."""
    if not bottom:
        return "-"
    p, z = top / bottom, 1.96
    middle = (p + z * z / (2 * bottom)) / (1 + z * z / bottom)
    half = z / (1 + z * z / bottom) * np.sqrt(p * (1 - p) / bottom + z * z / (4 * bottom**2))
    return (
        f"{100 * p:.2f}% ({100 * max(0, middle - half):.2f}-{100 * (middle + half):.2f})  {top} of {bottom}"
    )


def show(runs: Sequence[dict[str, Any]], without: Sequence[dict[str, Any]]) -> None:
    """Print the figures of all seeds."""
    total = {name: sum(run[name] for run in runs) for name in runs[0] if isinstance(runs[0][name], int)}
    at = [one for run in runs for one in run["injected_found_at"]]
    print(f"injected wrong keys found before {SOON} exposures: ", end="")
    print(share(total["injected_found_soon"], total["injected"]))
    print(f"  median exposures {np.median(at):.0f}, 95% by {np.quantile(at, 0.95):.0f}; ", end="")
    print(f"{total['injected_hardly_served']} more were served fewer than {SOON} times and not found yet")
    print("right keys frozen or changed:", share(total["right_condemned"], total["right"]))
    print("slips of the panel found:", share(total["slips_found"], total["slips_of_the_panel"]))
    print(f"given the right key without anybody's help: {total['mended']}, another wrong one: ", end="")
    print(total["mended_wrongly"])
    for name in FIGURES:
        cells = [np.array([run[name] for run in some]) for some in (runs, without)]
        means = [f"{100 * one.mean():6.2f}% ({100 * one.min():.2f}-{100 * one.max():.2f})" for one in cells]
        print(f"{name:17} with {means[0]:26} without {means[1]}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first", type=int, default=1, help="first seed")
    parser.add_argument("--labelers", type=int, default=400)
    parser.add_argument("--answers", type=int, default=150)
    parser.add_argument("--wrong", type=float, default=0.05)
    parser.add_argument("--json", dest="json_path", type=Path)
    options = parser.parse_args()
    scenario = replace(
        read_scenario(SCENARIO), size=options.labelers, answers_each=options.answers,
        wrong_keys=options.wrong, item_parameters="panel",
    )  # fmt: skip
    seeds = range(options.first, options.first + options.seeds)
    runs, without = ([played(scenario, seed, upkeep=on) for seed in seeds] for on in (True, False))
    show(runs, without)
    if options.json_path:
        report = {"seeds": list(seeds), "with": runs, "without": without}
        options.json_path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
