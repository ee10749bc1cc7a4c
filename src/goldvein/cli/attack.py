"""``goldvein attack-benchmarks``: whether what labelers receive tells benchmarks from other work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import rich_click as click

from goldvein.cli.common import errors_for_people, json_option, knobs, percent, progress, terminal, write_json

if TYPE_CHECKING:
    from collections.abc import Mapping


@click.command("attack-benchmarks")
@click.option(
    "--items",
    type=click.IntRange(500, 1_000_000),
    default=20_000,
    show_default=True,
    help="Servings attacked.",
)
@click.option(
    "--people", type=click.IntRange(10, 1_000), default=24, show_default=True, help="Labelers in all."
)
@click.option(
    "--think",
    type=click.FloatRange(0, 60),
    default=0.2,
    show_default=True,
    help="Mean seconds a task takes.",
)
@click.option("--minutes", type=click.FloatRange(0.1, 600), default=15, show_default=True, help="At most.")
@click.option("--policy", "changes", multiple=True, metavar="KNOB=VALUE", help="A knob of the policy.")
@click.option(
    "--seed", type=click.IntRange(0), default=1, show_default=True, help="Of the operation that is attacked."
)
@click.option(
    "--seeds",
    type=click.IntRange(0),
    default=5,
    show_default=True,
    help="Populations on which rings of colluders are played; 0 plays none.",
)
@json_option
def attack_benchmarks(
    items: int,
    people: int,
    think: float,
    minutes: float,
    changes: tuple[str, ...],
    seed: int,
    seeds: int,
    json_path: str | None,
) -> None:
    """Attack the disguise of benchmarks with everything that labelers receive, on a database of its own.

    Simulated people work over HTTP and keep every byte and every time. Then learners, cross-validated, try to
    tell the benchmarks: by form and time (the key `auc`), with the place in the stream, with their cards, by
    content alone, and as colluders who pool what they saw. It needs `goldvein[attack]`, and ends with exit
    code 1 where a target is missed.
    """
    from goldvein.cli.logs import set_up_logs
    from goldvein.settings import read_settings
    from goldvein.sim.attack.attack import attack
    from goldvein.sim.attack.operation import Plan, record
    from goldvein.sim.attack.telling import check_learners
    from goldvein.sim.scratch import server_url

    set_up_logs("warning")
    console = terminal()
    with errors_for_people():
        check_learners()
        plan = Plan(
            items=items, people=people, think=think, seed=seed, minutes=minutes, policy=knobs(changes)
        )
        with server_url(read_settings()) as server, progress(console) as bars:
            bar = bars.add_task("items", total=plan.total)
            recording = record(server, plan, lambda done, _: bars.update(bar, completed=done))
        with console.status("attacking") as status:
            report = attack(recording, seeds, status.update)
    write_json(report, json_path)
    if json_path != "-":
        _show(report)
    if not all(verdict is not False for verdict in report["held"].values()):
        raise SystemExit(1)


def _show(report: Mapping[str, Any]) -> None:
    """Print the figures for people."""
    print(
        f"{report['items']:,} items of {report['labelers']} labelers, {report['benchmarks']:,} of them "
        f"benchmarks, {report['decoys']:,} decoys"
    )
    stream, content = report["stream"], report["content"]
    for what, found in (
        ("by form and time", report["form"]),
        ("with the place in the stream", stream),
        ("with the card as well", report["card"]),
        ("by content, as easy", content["matched"]),
        ("by content, all", content["unmatched"]),
    ):
        said = (
            f"{found['auc']:.3f} ({found['low']:.3f} to {found['high']:.3f})"
            if found
            else "too little to say"
        )
        print(f"AUC {what:30} {said}")
    even = report["evenness"]
    print(
        f"draws against their rates: worst of {len(even['tests'])} tests {even['worst']}, p {even['p']:.2g}"
    )
    _show_rings(report)
    for name, verdict in report["held"].items():
        print(f"{name:12} {'not measured' if verdict is None else 'held' if verdict else 'MISSED'}")


def _show_rings(report: Mapping[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False, width=120)
    if report.get("pooling"):
        grid = Table("cap", "decoys", "ring", "precision", "recall", "forewarned", box=None)
        for line in report["pooling"]:
            shares = (line["decoy_share"], line["precision"], line["recall"], line["forewarned"])
            decoys, *rest = map(percent, shares)
            grid.add_row(str(line["exposure_cap"]), decoys, str(line["ring"]), *rest)
        console.print(grid)
    for line in report.get("damage", []):
        print(
            f"a ring of {line['ring']} in {line['of']}, {line['kind']}: {percent(line['bad_share'], 2)} of "
            f"delivered labels; benchmarks and decoys {percent(line['checked'])} of work"
        )
