"""``goldvein replay``: a recorded crowd through the system."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from goldvein.cli.common import errors_for_people, json_option, knobs, percent, progress, terminal, write_json

if TYPE_CHECKING:
    from goldvein.sim.plan import Plan


@click.command()
@click.argument("crowd", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--tasks",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help='What the tasks show, as JSONL rows `{"task", "input", "truth"?}`.',
)
@click.option("--classes", help="The classes in their order, by comma, if not all of them occur as answers.")
@click.option("--trusted", help="Labelers who start as the panel, by comma.")
@click.option(
    "--trusted-top",
    type=click.IntRange(1),
    metavar="N",
    help="Trust the N who agree most with the others on the first fifth of the answers; no truth is used.",
)
@click.option(
    "--mode",
    type=click.Choice(("live", "as-recorded")),
    help="Default: live if everybody answered everything and the record has no clock.",
)
@click.option(
    "--quality-bar",
    type=click.FloatRange(0.05, 0.99),
    default=0.8,
    show_default=True,
    help="The accuracy on benchmarks from which on a labeler is good.",
)
@click.option("--policy", "changes", multiple=True, metavar="KNOB=VALUE", help="Another knob of the policy.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of all draws.")
@json_option
def replay(
    crowd: Path,
    tasks: Path | None,
    classes: str | None,
    trusted: str | None,
    trusted_top: int | None,
    mode: Any,
    quality_bar: float,
    changes: tuple[str, ...],
    seed: int,
    json_path: str | None,
) -> None:
    """Run a recorded CROWD through the system and compare what it delivers with all that the crowd said.

    CROWD is CSV or JSONL with one answer a row: `task,labeler,answer` and, where known, `truth`, `seconds`,
    `started_at` and `benchmark` (1: `truth` is a key given by hand). `truth` serves the report, else nothing.

    *live*: each recorded labeler is an HTTP client that says what the record says to whatever it is asked.
    *as-recorded*: the record says who answers what, and the first answer that passes the gate is the label.

    Runs in a database of its own that is dropped in the end: on the embedded server, or on the one that
    `GOLDVEIN_DATABASE_URL` names. For instance: `goldvein replay edge.csv --trusted-top 4`.
    """
    from goldvein.cli.logs import set_up_logs
    from goldvein.settings import read_settings
    from goldvein.sim.plan import Plan, check_mode
    from goldvein.sim.recorded import load_crowd
    from goldvein.sim.scratch import server_url

    set_up_logs("warning")
    if trusted and trusted_top:
        raise click.UsageError("--trusted and --trusted-top contradict each other: give one of them")
    with errors_for_people():
        loaded = load_crowd(crowd, tasks, classes=classes.split(",") if classes else None)
        plan = Plan(
            loaded,
            check_mode(loaded, mode),
            seed=seed,
            trusted_names=[name.strip() for name in trusted.split(",")] if trusted else (),
            trusted_top=trusted_top,
            policy={"quality_bar": quality_bar, **knobs(changes)},
        )
        with server_url(read_settings()) as server:
            report = _run(server, plan)
    write_json(report, json_path)
    if json_path != "-":
        _show(report)
    if report["verify"] != "ok":
        raise SystemExit(1)


def _run(server: str, plan: Plan) -> dict[str, Any]:
    """Replay with a bar for what is counted: answers as recorded, tasks live."""
    from goldvein.sim.replay import replay as run_replay

    with progress() as bars:
        bar = bars.add_task("starting", total=None)

        def show(what: str, done: int, total: int) -> None:
            bars.update(bar, description=what, completed=done, total=total)

        return run_replay(server, plan, show)


def _show(report: dict[str, Any]) -> None:
    """Print the report for people."""
    gain, benchmarks, bar = report["gain"], report["benchmarks"], report["policy"]["quality_bar"]
    print(
        f"{report['crowd']}, {report['mode']}, seed {report['seed']}: {report['recorded_answers']:,} answers "
        f"to {report['tasks']:,} tasks; bar {bar:g}, {len(report['trusted'])} trusted"
    )
    print(
        f"  benchmarks   {benchmarks['mined']} mined, {benchmarks['active']} active, "
        f"{benchmarks['wrong_keys']} with a wrong key; {percent(report['benchmark_share'])} of the answers"
    )
    opened = report["opened_after_answers"]
    print(f"  opened       {'never' if opened is None else f'after {opened:,} answers'}")
    print(
        f"  labels       {report['delivered']:,} delivered ({report['delivered_by_panel']:,} by the panel), "
        f"{report['held']:,} held, {report['discarded']:,} discarded"
    )
    print(
        f"  accuracy     {percent(report['accuracy_delivered'])} of the labels, "
        f"{percent(report['accuracy_all_by_task'])} of everybody's answers to the same tasks"
    )
    if gain["mean"] is not None:
        print(
            f"  gain         {100 * gain['mean']:+.1f} points, "
            f"95% interval over tasks {100 * gain['low']:+.1f} to {100 * gain['high']:+.1f}"
        )
    if report.get("left_over"):
        why = report.get("reasons") or report["why_empty"]
        print(f"  left over    {report['left_over']:,} tasks, because nobody got work any more: {why}")
    if report.get("refused_tasks"):
        print(f"  refused      {report['refused_tasks']:,} tasks whose content breaks a rule")
    print(f"  verify       {report['verify']}")
    _show_labelers(report["labelers"])


def _show_labelers(lines: list[dict[str, Any]]) -> None:
    from rich.table import Table

    table = Table(box=None)
    for name in ("labeler", "answers", "benchmarks", "accuracy", "estimate", "P(good)", "state"):
        table.add_column(name, no_wrap=True, justify="left" if name in {"labeler", "state"} else "right")
    for line in sorted(lines, key=lambda one: -one["answers"])[:20]:
        table.add_row(
            line["id"],
            str(line["answers"]),
            str(line["benchmarks"]),
            percent(line["accuracy"]),
            percent(line["estimate"]),
            "-" if line["p_good"] is None else f"{line['p_good']:.3f}",
            line["state"] + (", trusted" if line["trusted"] else ""),
        )
    console = terminal()
    console.print(table)
    if len(lines) > 20:
        console.print(f"and {len(lines) - 20} more: see --json")
