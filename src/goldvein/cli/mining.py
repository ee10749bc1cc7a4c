"""``goldvein simulate`` on a scenario with a ``[mining]`` table: rules of mining compete."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import rich_click as click

from goldvein.cli.common import errors_for_people, progress, terminal, write_json

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

WIDE = 150  # columns of a terminal that takes the table with its intervals


def simulate_mining(scenario: Path, seeds: int, json_path: str | None) -> None:
    """Play every rule on the pool of a scenario; print and write what came of it."""
    from goldvein.sim.mining.contest import MiningContest
    from goldvein.sim.mining.scenario import read_mining

    with errors_for_people():
        contest = MiningContest(read_mining(scenario), seeds)
    console, began = terminal(), time.perf_counter()
    with progress(console) as bars:
        bar = bars.add_task("rules", total=contest.steps)
        contest.play(lambda what, done: bars.update(bar, description=what, completed=done))
    report = contest.report()
    console.print(f"{contest.steps} rounds in {time.perf_counter() - began:.0f} s")
    write_json(report, json_path)
    _show(console if json_path == "-" else None, report)


def refuse_contest_options(policies: tuple[str, ...], *, matched: bool, plot: bool) -> None:
    """Labelers' policies, overhead and pictures belong to the other kind of scenario."""
    given = [name for name, on in (("--policy", policies), ("--matched", matched), ("--plot", plot)) if on]
    if given:
        raise click.UsageError(
            f"{given[0]} is for scenarios with labelers, but this one has a [mining] table, where all rules "
            f"play; leave {given[0]} out"
        )


def _show(console: Console | None, report: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    from goldvein.sim.mining import table

    console = console or Console(highlight=False)
    seeds = report["seeds"]
    said = f"seed {seeds[0]}" if len(seeds) == 1 else f"seeds {seeds[0]} to {seeds[-1]}"
    wide = console.width >= WIDE
    intervals = "95% intervals" if wide else "95% intervals in a wider terminal, or by --json"
    console.print(
        f"{report['scenario']}: {report['tasks']:,} tasks of {report['options']} options, a panel of "
        f"{report['trusted']}, {said}; {intervals}"
    )
    grid = Table(box=None, pad_edge=False, collapse_padding=True)
    for place, heading in enumerate(table.HEADINGS):
        grid.add_column(heading, justify="right" if place else "left")
    for row in table.rows(report, with_interval=wide):
        grid.add_row(*row)
    console.print(grid)
