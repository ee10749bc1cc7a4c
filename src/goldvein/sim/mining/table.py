"""A mining contest's figures as rows, for the terminal and for the documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from goldvein.sim.mining.contest import FIGURES

if TYPE_CHECKING:
    from collections.abc import Mapping

    Report = Mapping[str, Any]

HEADINGS = ("rule", *(heading for heading, _ in FIGURES.values()), "optimum", "over it")
"""Headings of ``rows``: the last two are the fewest labels that any rule spends at as many wrong keys, and
how much more this rule spends, both exact."""


def rows(report: Report, *, with_interval: bool = True) -> list[list[str]]:
    """One row per rule, its name first."""
    return [
        [name, *(cell(rule, figure, with_interval=with_interval) for figure in FIGURES), *_beside(rule)]
        for name, rule in report["rules"].items()
    ]


def cell(rule: Report, figure: str, *, with_interval: bool = True) -> str:
    """One figure with its interval, such as ``1.22% (1.05-1.39)``."""
    value, ends = rule[figure], rule["intervals"][figure]
    if value is None or not with_interval or ends is None or None in ends:
        return "-" if value is None else _shown(value, figure)
    low, high = (_shown(end, figure).rstrip("%") for end in ends)
    return f"{_shown(value, figure)} ({low}-{high})"


def _beside(rule: Report) -> list[str]:
    best, spent = rule["optimum_labels"], rule["exact"]["labels_per_benchmark"]
    if best is None or spent is None:
        return ["-", "-"]
    return [f"{best:.2f}", f"{spent / best - 1:+.1%}"]


def _shown(value: float | None, figure: str) -> str:
    if value is None:
        return "-"
    if not FIGURES[figure][1]:
        return f"{value:.2f}"
    return f"{value:.2%}" if value < 0.1 else f"{value:.1%}"
