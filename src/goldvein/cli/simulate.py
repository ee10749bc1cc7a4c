"""``goldvein simulate``: policies compete on a population whose truth is known."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from goldvein.cli.common import errors_for_people, json_option, progress, terminal, write_json
from goldvein.cli.mining import refuse_contest_options, simulate_mining

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

DEFAULT = "default"
LABEL_WIDTH, CELL_WIDTH = 24, 24  # columns of the terminal for a figure's name, and for one policy


def _file_of(_context: click.Context, _parameter: click.Parameter, value: str) -> Path:
    """Find a scenario: a file that is there goes before the name of one that comes along."""
    from goldvein.sim.builtin import names, path_of

    if Path(value).is_file():
        return Path(value)
    if value not in names():
        raise click.BadParameter(
            f"there is no file {value!r}, and no scenario of that name comes along: "
            "`goldvein simulate --list` shows those that do"
        )
    return path_of(value)


def _list(context: click.Context, _parameter: click.Parameter, wanted: bool) -> None:  # noqa: FBT001
    """Print the scenarios that come along, each with what it is for."""
    if not wanted or context.resilient_parsing:
        return
    from goldvein.sim.builtin import about, names

    click.echo("\n".join(f"{name:22} {about(name)}" for name in names()))
    context.exit()


@click.command()
@click.argument("scenario", callback=_file_of)
@click.option(
    "--list",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_list,
    help="Print the scenarios that come with Goldvein, and end.",
)
@click.option(
    "--policy",
    "policies",
    multiple=True,
    metavar="NAME",
    help=f"A policy to play, `all` for every one; may be given several times; `{DEFAULT}` if not given.",
)
@click.option("--seeds", type=click.IntRange(1), default=1, show_default=True, help="Populations to draw.")
@click.option(
    "--matched",
    is_flag=True,
    help="Play each other policy a second time, with as many benchmarks as `default` spends.",
)
@click.option(
    "--plot",
    "plot_path",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Draw how long sleepers deliver and how good and bad are told apart (needs `goldvein[plot]`).",
)
@json_option
def simulate(
    scenario: Path,
    policies: tuple[str, ...],
    seeds: int,
    *,
    matched: bool,
    plot_path: Path | None,
    json_path: str | None,
) -> None:
    """Let policies compete on the population of SCENARIO, on a virtual clock.

    SCENARIO is a TOML file, or the name of a scenario that comes along (`--list`).

    Every policy meets the same people and tasks, seed by seed. `default` is Goldvein's own, made of the same
    functions that the service calls; the others are what further systems do: `fixed-rate`,
    `fixed-rate-antibias`, `window`, `mephisto`, `toloka`, `potato`, `potato-blocking`.

    The table shows each figure with its 95% interval. For instance:
    `goldvein simulate example --policy all --seeds 5`.

    Where SCENARIO has a `[mining]` table, rules that make benchmarks compete instead: all of them on the same
    tasks and the same panel's answers, beside the optimum for that pool. For instance:
    `goldvein simulate mining/mixed --seeds 5`.
    """
    from goldvein.sim.contest.plot import check_plot, draw_contest
    from goldvein.sim.contest.rounds import Contest, chosen
    from goldvein.sim.contest.scenario import read_scenario
    from goldvein.sim.mining.scenario import is_mining

    if is_mining(scenario):
        refuse_contest_options(policies, matched=matched, plot=plot_path is not None)
        simulate_mining(scenario, seeds, json_path)
        return
    with errors_for_people():
        contest = Contest(read_scenario(scenario), chosen(policies or (DEFAULT,)), seeds, matched=matched)
        if plot_path is not None:
            check_plot(plot_path)
    console, began = terminal(), time.perf_counter()
    with progress(console) as bars:
        bar = bars.add_task("answers", total=contest.answers)
        contest.play(lambda what, done: bars.update(bar, description=what, completed=done))
    console.print(f"{contest.given:,} answers in {time.perf_counter() - began:.0f} s")
    report = contest.report()
    write_json(report, json_path)
    if plot_path is not None:
        draw_contest(contest.runs, f"{contest.scenario.name}, {_seeds(report)}", plot_path)
    _show(console if json_path == "-" else None, report)


def _show(console: Console | None, report: dict[str, Any]) -> None:
    """Print the report for people: on standard error where standard output holds the JSON."""
    from rich.console import Console

    from goldvein.sim.contest import table

    console = console or Console(highlight=False)
    console.print(
        f"{report['scenario']}: {report['labelers']:,} labelers x {report['answers_each']:,} answers, "
        f"{_seeds(report)}; 95% intervals"
    )
    shown = report["policies"]
    fitting = max(1, (console.width - LABEL_WIDTH) // CELL_WIDTH)
    policies = list(shown)
    for start in range(0, len(policies), fitting):
        names = policies[start : start + fitting]
        _print(console, ["", *names], table.transposed({name: shown[name] for name in names}))
        console.print()
    for name, figures in shown.items():
        console.print(f"{name}: {table.withdrawn(figures)}")
        _print(console, table.KIND_HEADINGS, table.kind_rows(figures))
        console.print()


def _seeds(report: dict[str, Any]) -> str:
    seeds = report["seeds"]
    return f"seed {seeds[0]}" if len(seeds) == 1 else f"seeds {seeds[0]} to {seeds[-1]}"


def _print(console: Console, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.table import Table

    grid = Table(box=None, pad_edge=False, collapse_padding=True)
    for place, heading in enumerate(headings):
        grid.add_column(heading, justify="right" if place else "left")
    for row in rows:
        grid.add_row(*row)
    console.print(grid)
