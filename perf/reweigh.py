"""How often what draws on record say of other rates is what happens under them.

    python -m perf.reweigh [--towns 40] [--truths 10] [--people 200] [--answers 8] [--json FILE]

Towns of people (four in five right in 75 to 95%, one a guesser or somebody who takes the first option shown)
work in virtual time through the real services, two stretches each, under the default policy; each says by
`goldvein reweigh` what other rates would come to. For a precise truth others work under these rates from the
beginning, and others again from the second stretch on. Printed are the share of 95% intervals that hold the
truth (which is a mean of as many towns, and uncertain by as much), their mean half width, and that of a plain
record of the other rates.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from goldvein.services import projects
from goldvein.services.reweighing import MEASURES, reweigh
from goldvein.settings import read_settings
from goldvein.sim.scratch import scratch_database, server_url
from goldvein.store.database import Database
from tests.services.town import Town, guesses, knows

CHANGES: tuple[dict[str, float], ...] = ({"rate_ceiling": 0.6}, {"rate_ceiling": 0.85})
WINDOWS = ("newcomers", "later")


def first_shown(*_: object) -> dict[str, int]:
    """Somebody who takes the first option shown."""
    return {"choice": 0}


def hired(db: Database, policy: dict[str, float], people: int, answers: int, seed: int) -> Town:
    """A town with work for two stretches, in which nobody has done any."""
    town = Town(db, policy, seed)
    town.open_by_hand(150)
    town.push(2 * people * answers)
    rng = np.random.default_rng(1_000_000 + seed)
    for n in range(people):
        bad = guesses if n % 10 == 0 else first_shown
        town.hire(f"person {n}", knows(float(rng.uniform(0.75, 0.95))) if n % 5 else bad)
    return town


def said_by(server: str, changes: dict[str, float], seed: int, options: Any) -> Any:
    """What a town under the default policy says of other rates."""
    with scratch_database(server) as url, Database(url) as db:
        town = hired(db, {}, options.people, options.answers, seed)
        town.run(2 * options.answers + 1)
        return reweigh(db, 1, changes, town.now, answers=options.answers)


def done_by(server: str, changes: dict[str, float], seed: int, options: Any) -> Any:
    """What towns do: newcomers under other rates, and those who met these after a first stretch."""
    with scratch_database(server) as url, Database(url) as db:
        town = hired(db, changes, options.people, options.answers, seed)
        town.run(2 * options.answers + 1)  # what is known in hindsight takes both stretches
        first = reweigh(db, 1, {}, town.now, answers=options.answers)
    with scratch_database(server) as url, Database(url) as db:
        town = hired(db, {}, options.people, options.answers, seed + 1_000)
        town.run(options.answers)  # the last of the stretch is in hand
        projects.update(db, 1, None, policy=changes, now=town.now)
        town.run(options.answers + 1)
        then = reweigh(db, 1, {}, town.now, answers=options.answers)
    return {"newcomers": first["newcomers"], "later": then["later"]}


def compare(server: str, changes: dict[str, float], options: Any) -> dict[str, Any]:
    """Say for each measure how often its interval held what other towns did."""
    truths = [done_by(server, changes, 10_000 + n, options) for n in range(options.truths)]
    said = [said_by(server, changes, n, options) for n in range(options.towns)]
    report: dict[str, Any] = {}
    for window in WINDOWS:
        report[window] = {
            "effective_people": float(np.mean([one[window]["effective_people"] for one in said])),
            "people": float(np.mean([one[window]["people"] for one in said])),
        }
        for name in MEASURES:
            did = [one[window][name]["was"] for one in truths]
            estimates = [one[window][name]["would"] for one in said if one[window][name]]
            report[window][name] = judged([one["estimate"] for one in did], did, estimates)
    return report


def judged(did: list[float], plain: list[dict[str, Any]], estimates: list[dict[str, Any]]) -> dict[str, Any]:
    """Coverage of the mean of what happened."""
    truth, plain_half = float(np.mean(did)), _half(plain)
    held = [
        abs(one["estimate"] - truth) <= np.hypot(np.ptp(one["interval"]) / 2, plain_half / len(did) ** 0.5)
        for one in estimates
    ]
    return {
        "truth": truth,
        "mean": float(np.mean([one["estimate"] for one in estimates])) if estimates else None,
        "held": float(np.mean(held)) if held else None,
        "said": len(estimates),
        "half": _half(estimates) if estimates else None,
        "plain_half": plain_half,
    }


def _half(estimates: Sequence[dict[str, Any]]) -> float:
    return float(np.mean([np.ptp(one["interval"]) / 2 for one in estimates]))


def main() -> None:
    """Print a table for each change."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--towns", type=int, default=40)
    parser.add_argument("--truths", type=int, default=10)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--answers", type=int, default=8)
    parser.add_argument("--json", type=Path, help="write the report to this file")
    options = parser.parse_args()
    report = {}
    with server_url(read_settings()) as server:
        for changes in CHANGES:
            name = ", ".join(f"{knob}={value:g}" for knob, value in changes.items())
            report[name] = compare(server, changes, options)
            show(name, report[name])
    if options.json:
        options.json.write_text(json.dumps(report, indent=1))


def show(name: str, report: dict[str, Any]) -> None:
    """One change for people."""
    for window, rows in report.items():
        print(f"{name}, {window}: {rows['people']:.0f} people count as {rows['effective_people']:.0f}")
        for measure in MEASURES:
            one = rows[measure]
            if one["held"] is None:
                print(f"  {measure:<18} nothing said")
                continue
            print(
                f"  {measure:<18} truth {one['truth']:.4f}  said {one['mean']:.4f}  held {one['held']:.0%} "
                f"of {one['said']}  half width {one['half']:.4f} (plain {one['plain_half']:.4f})",
                flush=True,
            )


if __name__ == "__main__":
    main()
