"""The best that any rule of mining can do on a pool, by dynamic programming; how far each rule is from it.

    python -m perf.mining_optimum [SCENARIO.toml ...] [--corners 12] [--docs docs/mining.md] [--json FILE]

Without names mining/mixed is taken; ``--docs`` takes all of mining/* and writes
their tables between the marks of that page. All figures are exact: sums over numbers of answers by option
(``goldvein.sim.mining.lattice``), for tasks drawn at random from the pool. The frontier minimises labels plus
a price times wrong keys for each promoted benchmark, at every price: each line is a corner of its lower hull.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from goldvein.decisions.mining import Promote, settle
from goldvein.sim.builtin import SCENARIOS
from goldvein.sim.contest.table import markdown
from goldvein.sim.mining.contest import MiningContest
from goldvein.sim.mining.lattice import Chances, Lattice, fewest_labels
from goldvein.sim.mining.rules import ASK, GRID_ANSWERS, PROMOTE, Counts, Rule, all_rules, choices_of, settled
from goldvein.sim.mining.scenario import MiningScenario, read_mining
from goldvein.sim.mining.table import HEADINGS, rows
from goldvein.stats.model import make_answer_model

FOLDER = SCENARIOS / "mining"
BEGIN, END = "<!-- tables: begin -->", "<!-- tables: end -->"
ANSWERS = make_answer_model()
CORNER = ("labels per benchmark", "wrong keys", "ambiguous", "good tasks lost", "promoted")
RULE = ("rule", *CORNER, "optimum's labels", "over it")


def numbers(chances: Chances) -> list[str]:
    if not chances.promoted:
        return ["-"] * 3 + [f"{chances.lost:.1%}", "0.0%"]
    return [
        f"{chances.labels_per_promoted:.2f}",
        f"{chances.wrong_share:.3%}",
        f"{chances.ambiguous / chances.promoted:.2%}",
        f"{chances.lost:.1%}",
        f"{chances.promoted:.1%}",
    ]


def lattice_of(scenario: MiningScenario) -> Lattice:
    return Lattice(scenario.pool, max(GRID_ANSWERS, scenario.policy.panel_max))


def rules_of(scenario: MiningScenario) -> dict[str, Rule]:
    return dict(all_rules(ANSWERS, scenario.pool.options, scenario.policy, scenario.pool.trusted))


def believed_wrong(scenario: MiningScenario, lattice: Lattice) -> float:
    """Share of wrong keys that our rule itself expects: what its benchmarks carry as P(key wrong)."""
    pool = scenario.pool
    rule = settled(ANSWERS, pool.options, scenario.policy, pool.trusted)
    reached: dict[Counts, float] = {lattice.start: 1.0}
    promoted = wrong = 0.0
    while reached:
        counts, chance = reached.popitem()
        said = rule(counts)
        if said == PROMOTE:
            left = pool.trusted - sum(counts)
            found = settle(ANSWERS, pool.options, choices_of(counts), left, scenario.policy)
            assert isinstance(found, Promote)
            promoted += chance
            wrong += chance * (1 - float(found.key_probs[found.key]))
        elif said == ASK and sum(counts) < lattice.deepest:
            for more, step in lattice.next_chances(counts).items():
                reached[more] = reached.get(more, 0.0) + chance * step
    return wrong / promoted


def compare(scenario: MiningScenario, corners: int) -> dict[str, Any]:
    """Print frontier and rules of one pool, exactly."""
    lattice = lattice_of(scenario)
    frontier = lattice.frontier()
    shown = [frontier[place] for place in sorted({*np.linspace(0, len(frontier) - 1, corners).astype(int)})]
    print(f"## {scenario.name}: the optimum, {len(shown)} of {len(frontier)} corners\n")
    print(markdown(CORNER, [numbers(corner) for corner in shown]))
    body, report = [], {}
    for name, rule in rules_of(scenario).items():
        chances = lattice.evaluate(rule)
        best = fewest_labels(frontier, chances.wrong_share) if chances.promoted else float("nan")
        over = chances.labels_per_promoted / best - 1 if chances.promoted else float("nan")
        beside = ["-", "-"] if np.isnan(best) else [f"{best:.2f}", f"{over:+.1%}"]
        body.append([name, *numbers(chances), *beside])
        report[name] = {
            "labels_per_benchmark": chances.labels_per_promoted if chances.promoted else None,
            "wrong_keys": chances.wrong_share if chances.promoted else None,
            "over_optimum": None if np.isnan(over) else over,
        }
    print(f"\n{markdown(RULE, body)}\n")
    print(f"Our rule expects {believed_wrong(scenario, lattice):.2%} of its keys to be wrong.\n")
    hull = [[corner.wrong_share, corner.labels_per_promoted] for corner in frontier]
    return {"frontier": hull, "rules": report}


# --- the tables of the documents -------------------------------------------------------------------------


def story(path: Path) -> str:
    return path.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")


def section(path: Path, seeds: int) -> str:
    """Table of one pool, as ``goldvein simulate`` shows it."""
    scenario = read_mining(path)
    contest = MiningContest(scenario, seeds)
    contest.play()
    lattice = lattice_of(scenario)
    believed = believed_wrong(scenario, lattice)
    about = (
        f"{story(path)} K = {scenario.pool.options}, a panel of {scenario.pool.trusted}. `goldvein` itself "
        f"expects {believed:.2%} of its keys to be wrong."
    )
    return "\n\n".join([f"### {path.stem}", about, markdown(HEADINGS, rows(contest.report()))])


def frontier_section(scenario: MiningScenario) -> str:
    frontier = lattice_of(scenario).frontier()
    near = [corner for corner in frontier if 0.0004 < corner.wrong_share < 0.07]
    return "\n\n".join([f"### the optimum on {scenario.name}", markdown(CORNER, [numbers(c) for c in near])])


def write_docs(page: Path, seeds: int) -> None:
    paths = sorted(FOLDER.glob("*.toml"), key=lambda path: (path.stem != "mixed", path.stem))
    first = section(paths[0], seeds)
    parts = [first, frontier_section(read_mining(paths[0])), *(section(path, seeds) for path in paths[1:])]
    text = page.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    tables = "\n\n".join(parts)
    page.write_text(f"{head}{BEGIN}\n\n{tables}\n\n{END}{rest.partition(END)[2]}", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("scenarios", nargs="*", type=Path)
    parser.add_argument("--corners", type=int, default=12, help="of the frontier, shown")
    parser.add_argument("--json", dest="json_path", type=Path)
    parser.add_argument("--docs", type=Path, help="write the tables of the page, with intervals")
    parser.add_argument("--seeds", type=int, default=5, help="for --docs")
    options = parser.parse_args(arguments)
    if options.docs:
        write_docs(options.docs, options.seeds)
        return
    paths = options.scenarios or [FOLDER / "mixed.toml"]
    report = {path.stem: compare(read_mining(path), options.corners) for path in paths}
    if options.json_path:
        options.json_path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
