"""The tables of docs/policies.md: ours against every peer, each at its own and at our share of benchmarks.

    python -m perf.contest_table [SCENARIO.toml ...] [--seeds 5] [--json FILE] [--docs docs/policies.md]

Without names all that are not of mining are played. What is done is saved after each policy; a scenario that
stands complete in FILE with the same seeds is not played again, unless --fresh is given.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from goldvein.cli.common import progress
from goldvein.sim.builtin import SCENARIOS
from goldvein.sim.contest import table
from goldvein.sim.contest.peers import PEERS
from goldvein.sim.contest.rounds import MATCHED, OURS, Contest, chosen
from goldvein.sim.contest.scenario import read_scenario

Report = dict[str, Any]

HEAD = """\
# Policies compared

Made by `{command}`; every figure with its 95% interval over seeds {first} to {last}. Each policy meets the
same people and the same tasks, seed by seed. Definitions of the figures: `goldvein.sim.contest.figures`;
sources of the other policies: `goldvein.sim.contest.peers`; how to play one scenario yourself:
[simulate](simulate.md).

`default` is Goldvein's own policy. A peer stands here at **equal overhead**: its one knob is turned until it
spends the share of benchmarks that `default` spends ("x 0.6" is the factor on what is published). Rows *as
published* are there for the first scenario. Under each table stands, plainly, where `default` is not ahead.
"""

NOTES = """\
Floors: the benchmarks that Wald's test (SPRT, 1% errors), or CUSUM at one false alarm in 1,000 benchmarks,
needs on average when it sees right and wrong alone. A policy that looks at the option chosen, at the shown
order and at ordinary answers, and that chooses telling benchmarks, may need fewer.
"""


def play(
    path: Path, policies: tuple[str, ...], seeds: int, kept: dict[str, Report], save: Any, *, published: bool
) -> Report:
    contest = Contest(read_scenario(path), policies, seeds, matched=True, published=published)
    old = kept.get(path.stem)
    if old and old["seeds"] == list(contest.seeds) and set(contest.rounds) <= set(old["policies"]):
        return old
    began = time.perf_counter()
    with progress() as bars:
        bar = bars.add_task(path.stem, total=contest.answers)

        def show(what: str, done: int) -> None:
            bars.update(bar, description=f"{path.stem}: {what}", completed=done)

        contest.play(show, lambda report: save(path.stem, report))
    print(f"{path.stem}: {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
    return contest.report()


def story(path: Path) -> str:
    """The comment at the top of a scenario's file."""
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.removeprefix("#").strip())
    return " ".join(lines)


def section(path: Path, report: Report, *, published: bool) -> str:
    policies = report["policies"]
    ours = policies[OURS]
    shown = {OURS: ours}
    for name, figures in policies.items():
        if name.endswith(MATCHED):
            shown[f"{name.removesuffix(MATCHED)} x {figures['scale']:.2g}"] = figures
    if published:
        shown |= {f"{name}, as published": policies[name] for name in policies if name in PEERS}
    parts = [
        f"## {path.stem}",
        story(path),
        f"{report['labelers']:,} labelers, {report['answers_each']:,} answers each.",
        table.markdown(table.headings(), table.rows(shown)),
        behind(ours, policies),
        f"`{OURS}` by kind of labeler; it {table.withdrawn(ours)}:",
        table.markdown(table.KIND_HEADINGS, table.kind_rows(ours)),
    ]
    return "\n\n".join(part for part in parts if part)


def behind(ours: Report, policies: dict[str, Report]) -> str:
    """Say plainly where a peer at equal overhead does better than ours."""
    lines = []
    for name, peer in policies.items():
        if not name.endswith(MATCHED):
            continue
        short = name.removesuffix(MATCHED)
        for figure in table.not_ahead(ours, peer):
            heading = table.COLUMNS[figure][0]
            why = price(peer, figure)
            apart = "" if table.apart(ours, peer, figure) else "; the intervals overlap"
            mine, theirs = (table.cell(one, figure, with_interval=False) for one in (ours, peer))
            lines.append(f"- {heading}: `{short}` {theirs}, `{OURS}` {mine}{why}{apart}")
        if abs(peer["benchmark_share"] - ours["benchmark_share"]) > 0.1 * ours["benchmark_share"]:
            share = table.cell(peer, "benchmark_share", with_interval=False)
            lines.append(f"- `{short}` could not be brought to the same overhead: it spends {share}")
    return "Not ahead:\n\n" + "\n".join(lines) if lines else f"No peer is ahead of `{OURS}` in any figure."


def price(peer: Report, figure: str) -> str:
    """At what price a peer is ahead in a figure, where that is not another figure of the table."""
    good = peer["withdrawn_good"]
    if figure == "false_rejection" and peer["dismissed"] == 0:
        return " (it dismisses nobody)"
    if figure == "held_honest":
        return " (it holds nothing back)"
    return f" (it withdrew {good:,.0f} labels of good labelers)" if figure.endswith("_kept") and good else ""


def document(done: list[tuple[Path, Report]], command: str) -> str:
    seeds = done[0][1]["seeds"]
    head = HEAD.format(command=command, first=seeds[0], last=seeds[-1])
    sections = [section(path, report, published=not place) for place, (path, report) in enumerate(done)]
    return "\n".join([head, NOTES, "\n\n".join(sections), ""])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "scenarios", nargs="*", type=Path, help="files; all that are not of mining by default"
    )
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--policy", action="append", help="a peer, several times; all by default")
    parser.add_argument("--json", dest="json_path", type=Path, help="keep the reports in this file")
    parser.add_argument(
        "--docs", type=Path, help="write the tables to this file; standard output if not given"
    )
    parser.add_argument("--fresh", action="store_true", help="play what the file has as well")
    options = parser.parse_args()
    paths = options.scenarios or sorted(
        SCENARIOS.glob("*.toml"), key=lambda path: (path.stem != "example", path.stem)
    )
    kept: dict[str, Report] = {}
    if options.json_path and options.json_path.exists() and not options.fresh:
        kept = json.loads(options.json_path.read_text(encoding="utf-8"))

    def save(name: str, report: Report) -> None:
        kept[name] = report
        if options.json_path:
            partial = options.json_path.with_suffix(".partial")
            partial.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
            partial.replace(options.json_path)

    policies = chosen((OURS, *(options.policy or ("all",))))
    done = [
        (path, play(path, policies, options.seeds, kept, save, published=path == paths[0])) for path in paths
    ]
    command = f"python -m perf.contest_table --seeds {options.seeds}"
    text = document(done, command)
    if options.docs:
        options.docs.write_text(text, encoding="utf-8")
    else:
        print(text)


if __name__ == "__main__":
    main()
