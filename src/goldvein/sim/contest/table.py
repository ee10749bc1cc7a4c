"""A contest's figures as text: cells with their interval, rows for the terminal, tables for the documents."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Report = Mapping[str, Any]

PERCENT, NUMBER = "percent", "number"

COLUMNS: Mapping[str, tuple[str, str]] = {
    "false_rejection": ("false rejection", PERCENT),
    "false_acceptance": ("false acceptance", PERCENT),
    "bad_share": ("bad share", PERCENT),
    "bad_share_kept": ("bad share kept", PERCENT),
    "accuracy_delivered": ("accuracy delivered", PERCENT),
    "accuracy_kept": ("accuracy kept", PERCENT),
    "benchmark_share": ("benchmark share", PERCENT),
    "held_honest": ("held honest", PERCENT),
    "sleeper_delay": ("sleeper delay", NUMBER),
    "sleeper_bad_delivered": ("bad labels per sleeper", NUMBER),
}
"""Figures in the order in which they are shown: heading, and how the value is written."""

LOWER_IS_BETTER = (
    "false_rejection", "false_acceptance", "bad_share", "bad_share_kept", "held_honest", "sleeper_delay",
    "sleeper_bad_delivered",
)  # fmt: skip
HIGHER_IS_BETTER = ("accuracy_delivered", "accuracy_kept")


def cell(report: Report, name: str, *, with_interval: bool = True) -> str:
    """One figure for people, such as ``0.12% (0.08-0.16)``."""
    value, style = report[name], COLUMNS[name][1]
    if value is None or isnan(value):
        return "-"
    shown = f"{_number(value, style)}{'%' if style == PERCENT else ''}"
    low, high = report["intervals"][name]
    if not with_interval or low is None or isnan(low):
        return shown
    return f"{shown} ({_number(low, style)}-{_number(high, style)})"


def rows(reports: Mapping[str, Report]) -> list[list[str]]:
    """One row per policy, its name first."""
    return [[name, *(cell(report, figure) for figure in COLUMNS)] for name, report in reports.items()]


def headings() -> list[str]:
    """Headings of ``rows``."""
    return ["policy", *(heading for heading, _ in COLUMNS.values())]


def transposed(reports: Mapping[str, Report]) -> list[list[str]]:
    """One row per figure, its name first, and a column per policy: for terminals, which are narrow."""
    return [
        [heading, *(cell(report, figure) for report in reports.values())]
        for figure, (heading, _) in COLUMNS.items()
    ]


def kind_rows(report: Report) -> list[list[str]]:
    """One row per kind of labeler: what became of them, and what a verdict cost beside its floor."""
    return [
        [
            kind,
            f"{figures['labelers']:,.0f}",
            _percent(figures["dismissed"]),
            _percent(figures["delivering_at_end"]),
            _percent(figures["delivered_share"]),
            _percent(figures["bad_share"]),
            _plain(figures["benchmarks_to_dismissal"]),
            _plain(figures["benchmarks_to_last_label"]),
            floor(figures["floor"]),
        ]
        for kind, figures in report["kinds"].items()
    ]


KIND_HEADINGS = (
    "kind",
    "n",
    "dismissed",
    "in at end",
    "of labels",
    "while bad",
    "benchmarks to dismissal",
    "to last bad",
    "floor",
)
"""Headings of ``kind_rows``: how many; dismissed, and delivering at the end; of all delivered labels, theirs
and those given while bad; benchmarks to the dismissal, and to the last label delivered while bad, on average
over those who had one; the floor."""


def floor(found: Mapping[str, Any]) -> str:
    """The floor of benchmarks per verdict and the test that sets it; ``none`` where no test decides."""
    if found["bad"] is None or isnan(found["bad"]):
        return "-"
    benchmarks, test = found["benchmarks"], found["test"].upper()
    if benchmarks is None:
        return "none"
    return f"{benchmarks:,.0f} {test}" if benchmarks >= 100 else f"{benchmarks:.1f} {test}"


def withdrawn(report: Report) -> str:
    """What was taken back, in words, per seed."""
    bad, good = report["withdrawn_bad"], report["withdrawn_good"]
    kept = _percent(report["bad_share_kept"])
    return (
        f"withdrew {bad:,.0f} labels of bad and {good:,.0f} of good labelers; bad share of what stayed {kept}"
    )


def markdown(head: Sequence[str], body: Iterable[Sequence[str]]) -> str:
    """A table for the documents."""
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in body)])


def not_ahead(ours: Report, peer: Report) -> list[str]:
    """Figures in which a peer does better than ours, by name.

    Compared is every figure of the table but the share of benchmarks, which is meant to be equal; one that is
    unknown on either side is passed over.
    """
    found = []
    for name in (*LOWER_IS_BETTER, *HIGHER_IS_BETTER):
        a, b = ours[name], peer[name]
        if a is None or b is None or isnan(a) or isnan(b):
            continue
        if (b < a) if name in LOWER_IS_BETTER else (b > a):
            found.append(name)
    return found


def apart(one: Report, other: Report, name: str) -> bool:
    """Whether the 95% intervals of a figure do not overlap."""
    (low, high), (other_low, other_high) = one["intervals"][name], other["intervals"][name]
    return bool(high < other_low or other_high < low)


def _number(value: float, style: str) -> str:
    if style == PERCENT:
        return f"{100 * value:.2f}" if value < 0.2 else f"{100 * value:.1f}"
    return f"{value:.1f}"


def _percent(value: float | None) -> str:
    return "-" if value is None or isnan(value) else f"{_number(value, PERCENT)}%"


def _plain(value: float | None) -> str:
    return "-" if value is None or isnan(value) else _number(value, NUMBER)
