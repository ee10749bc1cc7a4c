"""How well audits tell how often the filter errs, and how many a design saves against a random sample.

    python -m perf.audits [--populations 200] [--audits 80] [--answers 7] [--first 1] [--at-once 10]
                         [--json FILE]

Populations of a thousand people whose truth is known, each judged by a filter with a flaw of its own
(none, too sure of itself, keys known to the bad, people who turned since, another crowd than it learned
from), are audited as the design draws (some at a time, as the service does, each time by what was found until
then) and at random. A random sample is judged twice: by the same model as the design's, so that nothing but
the drawing differs, and plainly, by nothing but its own answers.
Printed for each flaw and all together are the share of 90% intervals that hold the truth, and their mean
width; and how many random audits the width of the design's takes, for each of its own.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from goldvein.domain.policy import Policy
from goldvein.sim.audited import FLAWS, Errors, World, at_random, by_boundary, make_world, plainly
from goldvein.stats.auditdesign import PART

Way = Callable[[np.random.Generator, World, int, int], Errors]
SHARES = ("bad_delivering", "good_kept_out")


def ways(audits: int, at_once: int) -> dict[str, tuple[Way, int]]:
    """What is compared, and with how many audits."""
    return {
        "design": (partial(by_boundary, at_once=at_once), audits),
        "random": (at_random, audits),
        "random, twice as many": (at_random, 2 * audits),
        "plain": (plainly, audits),
        "plain, twice as many": (plainly, 2 * audits),
    }


def played(seed: int, audits: int, answers: int, at_once: int) -> dict[str, dict[str, tuple[bool, float]]]:
    """One population: for each way and share, whether the interval holds the truth, and its width."""
    world = make_world(np.random.default_rng([seed, 0]), FLAWS[seed % len(FLAWS)])
    found = {}
    for name, (way, count) in ways(audits, at_once).items():
        errors = way(np.random.default_rng([seed, count]), world, count, answers)
        found[name] = {
            share: (interval.low <= truth <= interval.high, interval.high - interval.low)
            for share, interval, truth in zip(
                SHARES,
                (errors.bad_delivering, errors.good_kept_out),
                (errors.bad_truly, errors.good_truly),
                strict=True,
            )
        }
    return found


def summary(runs: Sequence[dict[str, dict[str, tuple[bool, float]]]]) -> dict[str, Any]:
    """Coverage and mean width of each way and share."""
    return {
        name: {
            share: {
                "coverage": float(np.mean([run[name][share][0] for run in runs])),
                "width": float(np.mean([run[name][share][1] for run in runs])),
            }
            for share in SHARES
        }
        for name in runs[0]
    }


def as_many(found: dict[str, Any], family: str, share: str) -> float:
    """Random audits that the design's width takes, for each of its own: on a straight line of logarithms."""
    names = ("design", family, f"{family}, twice as many")
    design, once, twice = (np.log(found[name][share]["width"]) for name in names)
    return float(2.0 ** ((once - design) / max(once - twice, 1e-9)))


def main() -> None:
    """Play, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--populations", type=int, default=200)
    parser.add_argument(
        "--audits", type=int, default=2 * Policy().audit_labelers, help="two weeks', by default"
    )
    parser.add_argument("--answers", type=int, default=Policy().audit_answers)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--at-once", type=int, default=PART)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    runs: dict[str, list[Any]] = defaultdict(list)
    for seed in range(given.first, given.first + given.populations):
        one = played(seed, given.audits, given.answers, given.at_once)
        runs[FLAWS[seed % len(FLAWS)]].append(one)
        runs["all"].append(one)
    report = {name: summary(own) for name, own in runs.items()}
    for name, found in report.items():
        print(f"{name}: {len(runs[name])} populations")
        for way, shares in found.items():
            said = "   ".join(
                f"{share} covers {of['coverage']:.1%}, width {of['width']:.3f}"
                for share, of in shares.items()
            )
            print(f"  {way:<24}{said}")
    times = {
        family: {share: as_many(report["all"], family, share) for share in SHARES}
        for family in ("random", "plain")
    }
    for family, of in times.items():
        said = ", ".join(f"{share} {many:.1f}" for share, many in of.items())
        print(f"{family} audits for the width of one of the design: {said}")
    if given.json:
        given.json.write_text(json.dumps({**vars(given), "json": None, "report": report, "times": times}))


if __name__ == "__main__":
    main()
