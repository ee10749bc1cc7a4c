"""``goldvein demo``: the whole operation on this machine, with simulated people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import rich_click as click

from goldvein.cli.common import errors_for_people, json_option, percent, terminal, write_json

if TYPE_CHECKING:
    from goldvein.sim.demo import State


@click.command()
@click.option("--minutes", type=click.FloatRange(0.1, 600), default=1.5, show_default=True)
@click.option("--people", type=click.IntRange(10, 1_000), default=100, show_default=True)
@click.option(
    "--think", type=click.FloatRange(0, 60), default=0.8, show_default=True, help="Mean seconds a task takes."
)
@click.option("--seed", type=int, default=1, show_default=True)
@json_option
def demo(minutes: float, people: int, think: float, seed: int, json_path: str | None) -> None:
    """Watch a whole operation for a minute and a half, on a database of its own that is dropped in the end.

    A customer pushes rounds of tasks ("which continuation is the most descriptive?"). A hundred simulated
    people answer over HTTP, a third of them badly: at random, always the longest or the first option, or well
    until they are trusted. Five trusted ones mine benchmarks, the crowd is let in, and the table at the end
    says who was let in, who was dismissed, and how right the delivered labels were. Ctrl-C ends it early.
    """
    import threading

    from goldvein.cli.logs import set_up_logs
    from goldvein.settings import read_settings
    from goldvein.sim.demo import run_demo
    from goldvein.sim.scratch import server_url

    set_up_logs("warning")
    console = terminal()
    with (
        errors_for_people(),
        console.status("starting PostgreSQL") as status,
        server_url(read_settings()) as server,
    ):
        report = run_demo(
            server,
            seconds=60 * minutes,
            size=people,
            think=think,
            seed=seed,
            show=lambda state: status.update(_line(state, 60 * minutes)),
            stop=threading.Event(),
        )
    write_json(report, json_path)
    if json_path != "-":
        _show(report)
    if report["verify"] != "ok":
        raise SystemExit(1)


def _line(state: State, seconds: float) -> str:
    """One line of what goes on."""
    import time

    elapsed = time.monotonic() - state.began
    phase = "mining benchmarks" if state.opened_after is None else f"open since {state.opened_after:.0f} s"
    right = f", {percent(state.right / state.labels)} right" if state.labels else ""
    return (
        f"{elapsed:3.0f} of {seconds:.0f} s  {phase}; round {state.round}, {state.pushed:,} tasks pushed, "
        f"{state.answers:,} answers, {state.labels:,} labels delivered{right}"
    )


def _show(report: dict[str, Any]) -> None:
    """Print the closing tables."""
    from rich.console import Console
    from rich.table import Table

    opened = report["opened_after_seconds"]
    latency = report["latency_since_open_seconds"]
    print(
        f"{report['answers']:,} answers of {sum(line['people'] for line in report['kinds'])} people in "
        f"{report['seconds']:.0f} s; opened after {'-' if opened is None else f'{opened:.0f} s'} with "
        f"benchmarks mined by the trusted ({report['benchmarks']['active']} by now, "
        f"{report['benchmarks']['wrong_keys']} with a wrong key)"
    )
    print(
        f"{report['delivered']:,} of {report['pushed']:,} tasks have their label: "
        f"{percent(report['accuracy_delivered'])} right; of all answers to ordinary tasks, "
        f"{percent(report['accuracy_answers'])}"
    )
    if latency["p50"] is not None:
        print(f"push to label, since the opening: p50 {latency['p50']:.1f} s, p95 {latency['p95']:.1f} s")
    table = Table(box=None)
    columns = (
        "kind",
        "people",
        "let in",
        "dismissed",
        "delivering",
        "benchmarks",
        "answers",
        "right",
        "delivered",
        "right",
    )
    for place, name in enumerate(columns):
        table.add_column(name, justify="right" if place else "left", no_wrap=True)
    for line in report["kinds"]:
        cells = [
            line[name] for name in ("people", "let_in", "dismissed", "delivering", "benchmarks", "answers")
        ]
        table.add_row(
            line["kind"],
            *(f"{cell:,}" for cell in cells),
            percent(line["accuracy_answers"]),
            f"{line['delivered']:,}",
            percent(line["accuracy_delivered"]),
        )
    Console(highlight=False, width=120).print(table)
    if report["example"] is not None:
        story = report["example"]
        print(f"\n{story['subject']}: {story['verdict']}")
        for moment in story["moments"][-8:]:
            print(f"{'>' if moment['tipped'] else ' '} {moment['at'][11:19]}  {moment['text']}")
    print(f"\nverify: {report['verify']} (every standing and every gate decision recomputed from the log)")
