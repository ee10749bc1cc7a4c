"""A labeler's history as a chart: what was thought of them step by step, and what made it so."""

from __future__ import annotations

from collections.abc import Callable

from goldvein.domain.records import UNANSWERABLE
from goldvein.services.following import Portrait
from goldvein.store.history import LogRow
from goldvein.web import format as shown
from goldvein.web.charts import Chart, Colour, Series


def history(portrait: Portrait) -> Chart:
    """Draw P(good) over the steps of a page, with benchmark answers, holds, withdrawals and a dismissal."""
    steps = [row for row in portrait.rows if row.n is not None and row.p_all is not None]
    withdrawn = {row.attempt for row in portrait.rows if row.kind == "withdraw"}
    dismissed = {(row.detail or {}).get("version") for row in portrait.rows if row.kind == "dismiss"}

    def points(name: str, colour: Colour, wanted: Callable[[LogRow], bool]) -> Series:
        values = [row.p_benchmarks if wanted(row) else None for row in steps]
        return Series(name, values, colour, "points", [_note(row) for row in steps])

    return Chart(
        "history", "P(good), step by step",
        "A step is an answer to a benchmark or an ordinary task. Signals move the second line alone.",
        [row.n or 0 for row in steps],
        [
            Series("on benchmarks", [row.p_benchmarks for row in steps], "accent"),
            Series("on all evidence", [row.p_all for row in steps], "ink-soft"),
            points("benchmark right", "good", lambda row: row.stage == "benchmark" and row.choice == row.key),
            points("benchmark wrong", "bad", lambda row: row.stage == "benchmark" and row.choice != row.key),
            points("held", "gold", lambda row: row.decision == "hold"),
            points("withdrawn since", "warn", lambda row: row.attempt in withdrawn and row.stage == "label"),
            *([points("dismissed", "bad", lambda row: row.n in dismissed)] if dismissed else []),
        ],
        "percent", "Step",
    )  # fmt: skip


def _note(row: LogRow) -> str:
    picked = "cannot be answered" if row.choice == UNANSWERABLE else f"option {row.choice}"
    key = f", key {row.key}" if row.key is not None else ""
    return f"{shown.percent(row.p_benchmarks)}: task {row.task}, {picked}{key}"
