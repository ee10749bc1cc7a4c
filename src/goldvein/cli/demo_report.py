"""The closing report of ``goldvein demo``, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from goldvein.cli.common import percent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

_BAR: Final = 24
_MOST_LINES: Final = 10


def show_report(report: Mapping[str, Any]) -> None:
    """Print what came of a demonstration."""
    from rich.console import Console

    console = Console(highlight=False, width=120)
    _show_summary(report)
    _show_kinds(report["kinds"], console)
    _show_confusion(report["confusion"], console)
    _show_learning(report["learning"])
    if report["example"] is not None:
        _show_example(report["example"])
    print(f"\nverify: {report['verify']} (every standing and every gate decision recomputed from the log)")


def _show_summary(report: Mapping[str, Any]) -> None:
    opened, latency = report["opened_after_seconds"], report["latency_since_open_seconds"]
    keys = report["benchmarks"]
    print(
        f"\n{report['answers']:,} answers of {report['people']} people under {report['accounts']} names in "
        f"{report['seconds']:.0f} s; {'never opened' if opened is None else f'opened after {opened:.0f} s'}\n"
        f"{keys['active']} benchmarks, mined by the trusted; {keys['wrong_keys']} with a wrong key\n"
        f"{report['delivered']:,} of {report['pushed']:,} tasks have their label: "
        f"{percent(report['accuracy_delivered'])} right; of the crowd's answers to ordinary tasks, "
        f"{percent(report['accuracy_answers'])}\n"
        f"{report['withdrawn']:,} labels were withdrawn, {report['held']:,} answers are held at the end"
    )
    if latency["p50"] is not None:
        print(f"push to label, since the opening: p50 {latency['p50']:.1f} s, p95 {latency['p95']:.1f} s")
    print()


def _show_kinds(lines: Sequence[Mapping[str, Any]], console: Console) -> None:
    columns = ("people", "let_in", "dismissed", "delivering", "benchmarks", "answers")
    rows = [
        (
            line["kind"],
            *(f"{line[name]:,}" for name in columns),
            percent(line["accuracy_answers"]),
            f"{line['delivered']:,}",
            percent(line["accuracy_delivered"]),
        )
        for line in lines
    ]
    heads = (
        "kind",
        "names",
        "let in",
        "dismissed",
        "delivered any",
        "benchmarks",
        "answers",
        "right",
        "delivered",
        "right",
    )
    _print_table(console, heads, rows)


def _show_confusion(table: Mapping[str, Any], console: Console) -> None:
    print("\nWhat the filter made of them (good: does the job, at or over the bar)")
    for what, sides in table.items():
        columns = list(sides["good"])
        _print_table(
            console,
            (what, *columns),
            [(side, *(f"{counts[column]:,}" for column in columns)) for side, counts in sides.items()],
        )
    delivered = {side: counts["delivered"] for side, counts in table["answers"].items()}
    total = sum(delivered.values())
    if total:
        share = percent(delivered["bad"] / total)
        print(f"{delivered['bad']:,} of {total:,} delivered labels are of somebody who was bad then: {share}")


def _show_learning(learning: Mapping[str, Any]) -> None:
    curve = learning["curve"]
    if not curve:
        print("\nToo few labels came to train a reward model: give it more --minutes")
        return
    print(
        "\nThe reward model, right on fresh texts: trained on delivered labels (#) and, for the same tasks,"
        "\non what anybody answered first (o)"
    )
    low = min(min(_accuracies(line)) for line in curve)
    for line in _thinned(curve):
        pair = _accuracies(line)
        print(f"{line['labels']:7,} labels  {percent(pair[0]):>6} {percent(pair[1]):>6}  {_marks(pair, low)}")
    needed = ("not yet" if count is None else f"{count:,}" for count in learning["labels_needed"].values())
    print("labels from which on it stays 95% right: {}, of first answers {}".format(*needed))
    right, writer = learning["labels_right"], learning["writer"]
    print(
        f"of those labels {percent(right['delivered'])} are right, of those first answers "
        f"{percent(right['unfiltered'])}"
    )
    print(f"\n{writer['steps']} steps of best-of-n turn a text of {_habits(writer['before'])} into")
    print(f"  {_habits(writer['delivered'])}, by the model of delivered labels")
    print(f"  {_habits(writer['unfiltered'])}, by the model of first answers")
    asked = ", ".join(f"{one['details']:.1f}" for one in learning["rounds"])
    print(f"details a text that the customer's model wrote, round by round: {asked}")


def _accuracies(line: Mapping[str, Any]) -> tuple[float, float]:
    return line["delivered"]["accuracy"], line["unfiltered"]["accuracy"]


def _habits(writer: Mapping[str, float]) -> str:
    return f"{writer['details']:.1f} details and {writer['padding']:.1f} empty phrases"


def _thinned(curve: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Keep as many lines as fit, the first and the last among them."""
    last = len(curve) - 1
    kept = sorted({round(place * last / (_MOST_LINES - 1)) for place in range(_MOST_LINES)})
    return [curve[place] for place in kept]


def _marks(pair: tuple[float, float], low: float) -> str:
    """Draw two shares on one line that runs from ``low`` to 1."""
    cells = [" "] * (_BAR + 1)
    for share, mark in zip(reversed(pair), "o#", strict=True):
        cells[round(_BAR * (share - low) / (1 - low)) if low < 1 else _BAR] = mark
    return f"|{''.join(cells)}|"


def _show_example(story: Mapping[str, Any]) -> None:
    print(f"\n{story['subject']}: {story['verdict']}")
    for moment in story["moments"][-8:]:
        print(f"{'>' if moment['tipped'] else ' '} {moment['at'][11:19]}  {moment['text']}")


def _print_table(console: Console, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.table import Table

    table = Table(box=None)
    for place, name in enumerate(heads):
        table.add_column(name, justify="right" if place else "left", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    console.print(table)
