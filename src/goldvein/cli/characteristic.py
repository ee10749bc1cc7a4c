"""``goldvein characteristic``: what a project's benchmarks and policy do to good and to bad labelers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from goldvein.cli.common import database, errors_for_people, json_option, percent, write_json

if TYPE_CHECKING:
    from collections.abc import Iterator


@click.command()
@click.argument("project", type=int)
@click.option(
    "--target",
    type=click.FloatRange(0.001, 0.5),
    help="Share of mistakes aimed at; by default what the policy's `deliver_at` leaves.",
)
@json_option
@click.option(
    "--plot",
    "plot_path",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Draw wrong dismissals and acceptances against true accuracy (needs `goldvein[plot]`).",
)
def characteristic(project: int, target: float | None, json_path: str | None, plot_path: Path | None) -> None:
    """Show whom a project's present benchmarks and policy let in, keep out and dismiss, and how fast.

    People of every true ability, and followers of every shortcut, are simulated against the project's own
    benchmarks with the rules of the service; nobody's standing is touched. Then the same people meet harder
    and easier benchmarks, and more of those that speak against a shortcut.
    """
    from goldvein.services.characteristic import operating_characteristic

    with errors_for_people():
        if plot_path is not None:
            from goldvein.sim.contest.plot import check_plot

            check_plot(plot_path)
    with database() as db:
        found = operating_characteristic(db, project, target)
    write_json(found, json_path)
    if not found["computed"]:
        raise click.ClickException(f"there is no operating characteristic: {found['reason']}")
    if plot_path is not None:
        draw(found, plot_path)
    if json_path == "-":
        return
    for line in [*table(found), "", *sentences(found)]:
        print(line)


def table(found: dict[str, Any]) -> Iterator[str]:
    """One line for each true ability and shortcut."""
    after = found["after"]
    columns = [n for n in (8, 20) if n in after] + after[-1:]
    heads = "".join(f"{'in by ' + str(n):>11}" for n in dict.fromkeys(columns))
    yield f"{'true accuracy':<26}{heads}{'delivered':>11}{'dismissed':>11}{'verdict after':>15}"
    for one in found["people"]:
        name = one["shortcut"] or ("good" if one["good"] else "not good")
        shares = "".join(f"{percent(one['let_through'][after.index(n)]):>11}" for n in dict.fromkeys(columns))
        yield (
            f"{percent(one['accuracy']):<7} {name:<18}{shares}{percent(one['delivered_share']):>11}"
            f"{percent(one['dismissed'][-1]):>11}{one['benchmarks_to_verdict']:>15.1f}"
        )


def sentences(found: dict[str, Any]) -> Iterator[str]:
    """What the figures mean, for people."""
    needed, seen = found["needed"], found["simulated"]["benchmarks_each"]
    sure, errors = percent(1 - found["target"], 0), found["population"]
    yield (
        f"{found['benchmarks']} benchmarks, bar at {percent(found['quality_bar'], 0)} of them right, "
        f'{seen} benchmarks looked ahead; "in by n": has been delivering within n benchmarks; '
        '"delivered": ordinary answers that go out, at once or after a hold.'
    )
    yield (
        f"Of the people whom the project expects, {percent(errors['wrongly_dismissed'], 2)} of the good are "
        f"dismissed and {percent(errors['wrongly_delivering'], 2)} of the others still deliver after {seen} "
        "benchmarks."
    )
    yield _about_good(needed["let_in"], found["set_aside_per_labeler"], sure, seen)
    yield _about_bad(needed["keep_out"], percent(found["target"], 0), seen)
    for rule, one in needed["shortcuts"].items():
        yield f"{rule}: right on {percent(one['accuracy'])} of the benchmarks, {_dismissal(one, sure, seen)}."
    now, *changes = found["what_if"]
    for change in changes:
        yield _about_change(now["needed"], change)


def _about_good(one: dict[str, Any], set_aside: int, sure: str, seen: int) -> str:
    who = f"Someone who is right on {percent(one['accuracy'])} of the benchmarks (one logit over the bar)"
    if one["benchmarks"] is None:
        when = (
            f"is let in within {seen} benchmarks in {percent(one['share_at_end'], 0)} of cases, not in {sure}"
        )
    else:
        when = f"is let in within {one['benchmarks']} benchmarks in {sure} of cases"
    return (
        f"{who} {when}; {set_aside} are set aside for each labeler, and within these "
        f"{percent(one['share_by_set_aside'], 0)} are let in."
    )


def _about_bad(one: dict[str, Any], target: str, seen: int) -> str:
    who = f"Someone who is right on {percent(one['accuracy'])} (one logit under the bar)"
    if one["benchmarks"] is None:
        return f"{who} still delivers in more than {target} of cases after {seen} benchmarks."
    return (
        f"{who} delivers in at most {target} of cases from benchmark {one['benchmarks']} on, at some time in "
        f"{percent(one['share_ever_in'])}, and is dismissed in {percent(one['share_dismissed'])}."
    )


def _dismissal(one: dict[str, Any], sure: str, seen: int) -> str:
    if one["dismiss"] is None:
        return f"dismissed within {seen} benchmarks in {percent(one['share_dismissed'], 0)} of cases"
    return f"dismissed within {one['dismiss']} benchmarks in {sure} of cases"


def _about_change(now: dict[str, Any], change: dict[str, Any]) -> str:
    then = change["needed"]
    if change["change"] == "difficulty":
        way = "harder" if change["logits"] > 0 else "easier"
        said = f"If every benchmark was {abs(change['logits']):g} logit {way}, the bar being the same"
        pairs = [
            ("letting good people in", now["let_in"], then["let_in"]),
            ("a verdict on random answers", now["shortcuts"]["random"], then["shortcuts"]["random"]),
        ]
    else:
        rule = change["shortcut"]
        said = f"If {percent(change['share'], 0)} of the benchmarks spoke against {rule}"
        pairs = [(f"a verdict on {rule}", now["shortcuts"][rule], then["shortcuts"][rule])]
    costs = [
        f"{what} would take {b['mean_to_verdict']:.1f} benchmarks on average, not {a['mean_to_verdict']:.1f}"
        for what, a, b in pairs
    ]
    return f"{said}: {', '.join(costs)}."


def draw(found: dict[str, Any], path: Path) -> None:
    """Draw both errors against true accuracy, and how they fall with benchmarks."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from goldvein.sim.contest.plot import name_axes

    figure = Figure(figsize=(11, 4.8), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    able = [one for one in found["people"] if one["shortcut"] is None]
    accuracy, last = [one["accuracy"] for one in able], found["after"][-1]
    left.plot(
        accuracy, [one["let_through"][-1] for one in able], label="delivering at some time", linewidth=1.6
    )
    left.plot(
        accuracy, [one["delivered_share"] for one in able], label="ordinary answers delivered", linewidth=2.4
    )
    left.plot(accuracy, [one["dismissed"][-1] for one in able], label="dismissed", linewidth=1.6)
    left.axvline(found["quality_bar"], color="0.5", linestyle=":", label="bar")
    name_axes(left, "true accuracy on the benchmarks", f"share, within {last} benchmarks", "By true ability")
    for one in _drawn(found, able):
        name = one["shortcut"] or f"right on {percent(one['accuracy'], 0)}"
        key = "let_through" if one["good"] else "dismissed"
        right.plot(found["after"], one[key], label=f"{name}: {'let in' if one['good'] else 'dismissed'}")
    name_axes(right, "benchmarks answered", "share", "How fast a verdict comes")
    for axes in (left, right):
        axes.legend(fontsize="small", frameon=False)
    figure.suptitle(f"{found['benchmarks']} benchmarks, bar {percent(found['quality_bar'], 0)}")
    figure.savefig(path, dpi=150)


def _drawn(found: dict[str, Any], able: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """People for the right panel: a few abilities and every shortcut."""
    bar = found["quality_bar"]
    chosen = [min(able, key=lambda one: abs(one["accuracy"] - bar - away)) for away in (-0.15, 0.1, 0.2)]
    return [*{one["name"]: one for one in chosen}.values(), *(o for o in found["people"] if o["shortcut"])]
